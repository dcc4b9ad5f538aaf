/* SPDX-License-Identifier: MIT */
#include "relay/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/check.h"

struct scene {
    char folder[64];
    char path[80];
    struct key_trust first;
    struct key_trust second;
    char ids[2][KEY_ID_SIZE];
};

static int set_scene(void **state)
{
    static struct scene scene;
    struct key_pair pair;
    (void)snprintf(scene.folder, sizeof scene.folder, "/tmp/etwas-keys.XXXXXX");
    if (key_library_open() != ETWAS_OK || mkdtemp(scene.folder) == NULL) {
        return 1;
    }
    (void)snprintf(scene.path, sizeof scene.path, "%s/keys", scene.folder);
    scene.first = (struct key_trust){.computer = "web1"};
    scene.second = (struct key_trust){.computer = "web2"};
    key_make(&pair);
    memcpy(scene.first.public_key, pair.public_key, KEY_PUBLIC_SIZE);
    key_id(pair.public_key, scene.ids[0]);
    key_make(&pair);
    memcpy(scene.second.public_key, pair.public_key, KEY_PUBLIC_SIZE);
    key_id(pair.public_key, scene.ids[1]);
    key_wipe(&pair);
    *state = &scene;
    return 0;
}

static int clear_scene(void **state)
{
    const struct scene *scene = *state;
    char pending[80];
    (void)snprintf(pending, sizeof pending, "%s/pending", scene->folder);
    (void)unlink(pending);
    (void)unlink(scene->path);
    return rmdir(scene->folder);
}

static void write_lines(const struct scene *scene, const struct key_trust *lines, size_t count)
{
    FILE *file = fopen(scene->path, "w");
    assert_non_null(file);
    for (size_t i = 0; i < count; i++) {
        char line[KEY_LINE_SIZE];
        key_trust_format(&lines[i], line);
        assert_true(fprintf(file, "# %zu\n%s\n", i, line) > 0);
    }
    assert_int_equal(fclose(file), 0);
}

static struct keys *open_keys(const struct scene *scene)
{
    struct keys *keys = NULL;
    struct etwas_error error;
    assert_int_equal(keys_open(scene->path, scene->folder, &keys, &error), ETWAS_OK);
    (void)keys_refresh(keys);
    return keys;
}

static void a_key_is_found_by_all_of_its_name(void **state)
{
    const struct scene *scene = *state;
    struct key_trust trust;
    char name[KEY_ID_SIZE + 1];
    write_lines(scene, &scene->first, 1);
    struct keys *keys = open_keys(scene);
    assert_int_equal(keys_find(keys, scene->ids[0], &trust), KEYS_TRUSTED);
    assert_string_equal(trust.computer, "web1");
    assert_memory_equal(trust.public_key, scene->first.public_key, KEY_PUBLIC_SIZE);
    assert_int_equal(keys_find(keys, scene->ids[1], &trust), KEYS_UNKNOWN);
    assert_int_equal(keys_find(keys, "", &trust), KEYS_UNKNOWN);
    (void)snprintf(name, sizeof name, "%sx", scene->ids[0]);
    assert_int_equal(keys_find(keys, name, &trust), KEYS_UNKNOWN);
    name[KEY_ID_SIZE - 2] = '\0';
    assert_int_equal(keys_find(keys, name, &trust), KEYS_UNKNOWN);
    keys_close(keys);
}

static void a_line_that_revokes_goes_before_all(void **state)
{
    const struct scene *scene = *state;
    struct key_trust revoked = scene->first;
    struct key_trust trust;
    revoked.revoked = 1;
    write_lines(scene, (const struct key_trust[]){scene->first, scene->second, revoked}, 3);
    struct keys *keys = open_keys(scene);
    assert_int_equal(keys_find(keys, scene->ids[0], &trust), KEYS_REVOKED);
    assert_int_equal(keys_find(keys, scene->ids[1], &trust), KEYS_TRUSTED);
    keys_close(keys);
}

static void a_key_that_is_approved_waits_no_longer(void **state)
{
    const struct scene *scene = *state;
    struct keys_pending pending[KEYS_MAX_PENDING];
    struct key_trust trust;
    struct etwas_error error;
    char name[KEY_ID_SIZE + 16];
    write_lines(scene, &scene->first, 1);
    struct keys *keys = open_keys(scene);
    keys_add_pending(keys, &scene->second, 1000);
    keys_add_pending(keys, &scene->second, 2000);
    assert_int_equal(keys_pending(keys, pending), 1);
    assert_true(pending[0].first_ms == 1000 && pending[0].last_ms == 2000);
    (void)keys_refresh(keys);
    (void)snprintf(name, sizeof name, "%s=no/name", scene->ids[1]);
    assert_int_equal(keys_approve(scene->path, scene->folder, name, &trust, &error),
                     ETWAS_MALFORMED);
    assert_int_equal(keys_approve(scene->path, scene->folder, scene->ids[0], &trust, &error),
                     ETWAS_NOT_FOUND);
    (void)snprintf(name, sizeof name, "%s=db1", scene->ids[1]);
    assert_int_equal(keys_approve(scene->path, scene->folder, name, &trust, &error), ETWAS_OK);
    assert_true(keys_refresh(keys).reread);
    assert_int_equal(keys_pending(keys, pending), 0);
    assert_int_equal(keys_find(keys, scene->ids[1], &trust), KEYS_TRUSTED);
    assert_string_equal(trust.computer, "db1");
    keys_close(keys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_key_is_found_by_all_of_its_name, set_scene, clear_scene),
        cmocka_unit_test_setup_teardown(a_line_that_revokes_goes_before_all, set_scene,
                                        clear_scene),
        cmocka_unit_test_setup_teardown(a_key_that_is_approved_waits_no_longer, set_scene,
                                        clear_scene),
    };
    return cmocka_run_group_tests_name("relay.keys", tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "relay/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
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

/* As an administrator writes it who has only the key at hand, or who says why. */
static void a_key_is_taken_back_whatever_else_is_in_the_line(void **state)
{
    static const char *const behind[] = {
        "", " ", " web1", " web1 # stolen", " the laptop of Bob", "\r", "\tn\303\266", " #"};
    const struct scene *scene = *state;
    for (size_t i = 0; i < sizeof behind / sizeof behind[0]; i++) {
        struct key_trust trust;
        char line[KEY_LINE_SIZE];
        key_trust_format(&scene->first, line);
        const size_t named = strlen(line) - strlen(" web1");
        FILE *file = fopen(scene->path, "w");
        assert_non_null(file);
        assert_true(fprintf(file, "%s\nrevoked %.*s%s\n", line, (int)named, line, behind[i]) > 0);
        assert_int_equal(fclose(file), 0);
        struct keys *keys = open_keys(scene);
        assert_int_equal(keys_find(keys, scene->ids[0], &trust), KEYS_REVOKED);
        keys_close(keys);
    }
}

static void a_line_that_revokes_no_key_is_named(void **state)
{
    const struct scene *scene = *state;
    struct keys *keys = NULL;
    struct etwas_error error;
    FILE *file = fopen(scene->path, "w");
    assert_non_null(file);
    assert_true(fprintf(file, "# one\nrevoked %s\nrevoked\n", scene->ids[0]) > 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(keys_open(scene->path, scene->folder, &keys, &error), ETWAS_OK);
    const struct keys_news news = keys_refresh(keys);
    assert_int_equal(news.bad_lines, 2);
    assert_int_equal(news.first_bad, 2);
    assert_non_null(news.why);
    keys_close(keys);
}

/* Whoever may write there says whom the relay trusts. */
static void a_file_that_is_everybodys_names_nobody(void **state)
{
    const struct scene *scene = *state;
    struct key_trust trust;
    write_lines(scene, &scene->first, 1);
    assert_int_equal(chmod(scene->path, 0666), 0);
    struct keys *keys = open_keys(scene);
    assert_int_equal(keys_find(keys, scene->ids[0], &trust), KEYS_UNKNOWN);
    assert_int_equal(chmod(scene->path, 0644), 0);
    assert_true(keys_refresh(keys).reread);
    assert_int_equal(keys_find(keys, scene->ids[0], &trust), KEYS_TRUSTED);
    keys_close(keys);
}

/* Without a descriptor to spare, as when all are connections. */
static void a_file_that_could_not_be_read_is_read_later(void **state)
{
    const struct scene *scene = *state;
    struct rlimit before;
    struct key_trust revoked = scene->first;
    struct key_trust trust;
    revoked.revoked = 1;
    write_lines(scene, &scene->first, 1);
    struct keys *keys = open_keys(scene);
    write_lines(scene, &revoked, 1);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    const struct rlimit none = {.rlim_cur = 0, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    const struct keys_news failed = keys_refresh(keys);
    const struct keys_news again = keys_refresh(keys);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_not_equal(failed.failed.status, ETWAS_OK);
    assert_int_equal(failed.count, 1);
    assert_int_equal(again.failed.status, ETWAS_OK); /* it is said once */
    assert_false(failed.reread || again.reread);
    assert_int_equal(keys_find(keys, scene->ids[0], &trust), KEYS_TRUSTED);
    const struct keys_news news = keys_refresh(keys);
    assert_true(news.reread);
    assert_true(news.before == 1 && news.count == 0);
    assert_int_equal(keys_find(keys, scene->ids[0], &trust), KEYS_REVOKED);
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
        cmocka_unit_test_setup_teardown(a_key_is_taken_back_whatever_else_is_in_the_line, set_scene,
                                        clear_scene),
        cmocka_unit_test_setup_teardown(a_line_that_revokes_no_key_is_named, set_scene,
                                        clear_scene),
        cmocka_unit_test_setup_teardown(a_file_that_is_everybodys_names_nobody, set_scene,
                                        clear_scene),
        cmocka_unit_test_setup_teardown(a_file_that_could_not_be_read_is_read_later, set_scene,
                                        clear_scene),
    };
    return cmocka_run_group_tests_name("relay.keys", tests, NULL, NULL);
}

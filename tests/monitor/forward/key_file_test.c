/* SPDX-License-Identifier: MIT */
#include "monitor/forward/key_file.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "monitor/forward/places.h"
#include "tests/check.h"

enum { THREADS = 8 };

static char folder[64];
static char config[80];
static char path[96];
static struct key_pair pair;
static struct etwas_error error;

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/etwas-key-XXXXXX");
    if (mkdtemp(folder) == NULL || key_library_open() != ETWAS_OK) {
        return -1;
    }
    (void)snprintf(config, sizeof config, "%s/config", folder);
    (void)snprintf(path, sizeof path, "%s/key", config);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    (void)unlink(path);
    (void)rmdir(path);
    (void)rmdir(config);
    return rmdir(folder);
}

static mode_t mode_of(const char *name)
{
    struct stat about;
    assert_int_equal(stat(name, &about), 0);
    return about.st_mode & 07777;
}

static void the_first_use_makes_a_key_that_stays(void **state)
{
    (void)state;
    struct key_pair again;
    const mode_t before = umask(0);
    assert_int_equal(key_file_read(path, &pair, &error), ETWAS_NOT_FOUND);
    assert_int_equal(key_file_open(path, &pair, &error), ETWAS_OK);
    (void)umask(before);
    assert_int_equal(mode_of(path), 0600);
    assert_int_equal(mode_of(config), 0700);
    assert_int_equal(key_file_open(path, &again, &error), ETWAS_OK);
    assert_memory_equal(&pair, &again, sizeof pair);
    assert_int_equal(key_file_read(path, &again, &error), ETWAS_OK);
}

static void *open_one(void *context)
{
    struct key_pair *made = context;
    struct etwas_error trouble;
    if (key_file_open(path, made, &trouble) != ETWAS_OK) {
        memset(made, 0, sizeof *made);
    }
    return NULL;
}

static void who_comes_at_the_same_time_gets_the_same_key(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    struct key_pair made[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, open_one, &made[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        (void)pthread_join(threads[i], NULL);
    }
    assert_int_equal(key_file_read(path, &pair, &error), ETWAS_OK);
    for (size_t i = 0; i < THREADS; i++) {
        assert_memory_equal(&made[i], &pair, sizeof pair);
    }
}

static void a_key_that_others_could_touch_is_refused(void **state)
{
    (void)state;
    static const mode_t modes[] = {0640, 0604, 0620, 0602, 0610, 0644, 0666};
    assert_int_equal(key_file_open(path, &pair, &error), ETWAS_OK);
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        assert_int_equal(chmod(path, modes[i]), 0);
        assert_int_equal(key_file_open(path, &pair, &error), ETWAS_DENIED);
        assert_int_equal(error.os_code, 0);
    }
    assert_int_equal(chmod(path, 0400), 0);
    assert_int_equal(key_file_open(path, &pair, &error), ETWAS_OK);
}

static void what_is_no_key_is_not_replaced(void **state)
{
    (void)state;
    assert_int_equal(mkdir(config, 0700), 0);
    const int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(write(file, "a secret of mine\n", 17), 17);
    (void)close(file);
    assert_int_equal(key_file_open(path, &pair, &error), ETWAS_MALFORMED);
    struct stat about;
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_size, 17);
}

static void what_is_no_file_is_refused(void **state)
{
    (void)state;
    assert_int_equal(mkdir(config, 0700), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(key_file_open(path, &pair, &error), ETWAS_DENIED);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(key_file_open(path, &pair, &error), ETWAS_DENIED);
}

static void a_folder_that_cannot_be_made_is_said(void **state)
{
    (void)state;
    assert_int_equal(key_file_open("/proc/none/key", &pair, &error), ETWAS_NOT_FOUND);
    assert_true(error.os_code != 0);
    assert_int_equal(key_file_open("/dev/null/key", &pair, &error), ETWAS_NOT_FOUND);
}

static void the_computer_has_a_name_that_relays_take(void **state)
{
    (void)state;
    struct key_trust trust;
    char line[KEY_LINE_SIZE];
    memset(&trust, 0, sizeof trust);
    places_computer(trust.computer, sizeof trust.computer);
    key_trust_format(&trust, line);
    assert_int_equal(key_trust_parse(line, strlen(line), &trust, &error), ETWAS_OK);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(the_first_use_makes_a_key_that_stays),
        CLAIM(who_comes_at_the_same_time_gets_the_same_key),
        CLAIM(a_key_that_others_could_touch_is_refused),
        CLAIM(what_is_no_key_is_not_replaced),
        CLAIM(what_is_no_file_is_refused),
        CLAIM(a_folder_that_cannot_be_made_is_said),
        CLAIM(the_computer_has_a_name_that_relays_take),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

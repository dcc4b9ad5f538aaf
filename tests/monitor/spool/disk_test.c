/* SPDX-License-Identifier: MIT */
/* Files that cannot be written. Needs root, for a small disk and for being somebody else. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "monitor/spool/spool.h"
#include "tests/check.h"
#include "tests/monitor/spool/spool_fixture.h"

enum { BODY = 60000, NOBODY = 65534, PATIENCE = 1500 /* times 10 ms */ };

/* A disk of 3 MiB below the fixture's folder, with a file that fills it but for `left` KiB. */
static void make_disk(int left)
{
    assert_int_equal(mkdir(fixture_base, 0700), 0);
    assert_int_equal(mount("none", fixture_base, "tmpfs", 0, "size=3m"), 0);
    const int file = open(fixture_file(fixture_base, "filler"), O_WRONLY | O_CREAT, 0600);
    assert_int_equal(posix_fallocate(file, 0, (off_t)(3 * 1024 - left) * 1024), 0);
    (void)close(file);
}

static void make_room(void)
{
    assert_int_equal(unlink(fixture_file(fixture_base, "filler")), 0);
}

static int tear_down(void **state)
{
    (void)umount2(fixture_base, MNT_DETACH);
    return fixture_tear_down(state);
}

/* Waits until the spool says something, which must hold `text`. */
static void await_notice(struct spool *spool, const char *text)
{
    const char *notice = NULL;
    for (int i = 0; i < PATIENCE && notice == NULL; i++) {
        const struct timespec moment = {.tv_nsec = INT64_C(10) * 1000 * 1000};
        notice = spool_notice(spool);
        (void)nanosleep(&moment, NULL);
    }
    assert_non_null(notice);
    assert_non_null(strstr(notice, text));
}

static struct spool_sink_stats stats_of(struct spool *spool)
{
    struct spool_sink_stats stats;
    spool_sink_stats(spool, 0, &stats);
    assert_int_equal(stats.dropped_events, stats.dropped_batches * FIXTURE_TRACED);
    return stats;
}

static void a_full_disk_is_survived_in_memory(void **state)
{
    (void)state;
    make_disk(1024);
    struct spool *spool = fixture_open();
    fixture_append_all(spool, 1, 100, BODY);
    await_notice(spool, "No space left on device");
    assert_null(spool_notice(spool)); /* once */
    assert_int_equal(fixture_read_all(spool, 0, 1), 100);
    assert_int_equal(stats_of(spool).waiting_batches, 100);
    assert_int_equal(stats_of(spool).dropped_batches, 0);
    spool_close(spool);
}

static void fill_then_go_on(void)
{
    struct spool *spool = fixture_open();
    fixture_append_all(spool, 1, 35, BODY);
    await_notice(spool, "No space left on device");
    make_room();
    await_notice(spool, "again");
    fixture_append(spool, 36, BODY);
}

static void when_there_is_room_again_all_gets_to_the_disk(void **state)
{
    (void)state;
    make_disk(1024);
    fixture_in_child(fill_then_go_on);
    struct spool *spool = fixture_open();
    assert_int_equal(spool_past(spool)->sequence, 36);
    assert_int_equal(fixture_read_all(spool, 0, 1), 36);
    spool_close(spool);
}

static void fill_and_die(void)
{
    struct spool *spool = fixture_open();
    fixture_append_all(spool, 1, 100, BODY);
}

static void numbers_of_what_was_only_in_memory_are_not_given_again(void **state)
{
    (void)state;
    make_disk(1024);
    fixture_in_child(fill_and_die);
    struct spool *spool = fixture_open();
    const struct spool_past *past = spool_past(spool);
    assert_int_equal(past->sequence, 100);
    assert_int_equal(past->books.before, 100 * FIXTURE_TRACED);
    assert_int_equal(past->position.lanes[0].read, 1000);
    const struct spool_sink_stats stats = stats_of(spool);
    assert_in_range(stats.waiting_batches, 5, 20);
    assert_int_equal(stats.waiting_batches + stats.dropped_batches, 100);
    assert_int_equal(fixture_read_all(spool, 0, 1), stats.waiting_batches);
    spool_close(spool);
}

static void memory_is_not_without_end(void **state)
{
    (void)state;
    static const enum spool_drop drops[] = {SPOOL_DROP_OLDEST, SPOOL_DROP_NEWEST, SPOOL_BLOCK};
    make_disk(512);
    for (size_t i = 0; i < 3; i++) {
        uint64_t number = 1;
        fixture_options.drop = drops[i];
        fixture_options.session = i == 0 ? "a" : i == 1 ? "b" : "c";
        struct spool *spool = fixture_open();
        for (; number <= 400 && fixture_try_append(spool, number, BODY) == ETWAS_OK; number++) {
        }
        const struct spool_sink_stats stats = stats_of(spool);
        assert_in_range(stats.waiting_bytes, SPOOL_CACHE * 9 / 10, SPOOL_CACHE + 1024 * 1024);
        assert_int_equal(stats.waiting_batches + stats.dropped_batches, number - 1);
        assert_int_equal(stats.dropped_batches == 0, drops[i] == SPOOL_BLOCK);
        assert_int_equal(number == 401, drops[i] != SPOOL_BLOCK);
        spool_close(spool);
    }
}

static void a_stream_may_begin_on_a_full_disk(void **state)
{
    (void)state;
    make_disk(0);
    struct spool *spool = fixture_open();
    await_notice(spool, "No space left on device");
    fixture_append_all(spool, 1, 10, BODY);
    assert_int_equal(fixture_read_all(spool, 0, 1), 10);
    make_room();
    await_notice(spool, "again");
    spool_close(spool);
    spool = fixture_open();
    assert_int_equal(spool_past(spool)->sequence, 10);
    assert_int_equal(fixture_read_all(spool, 0, 1), 10);
    spool_close(spool);
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *level)
{
    (void)about;
    (void)kind;
    (void)level;
    return remove(path);
}

static void a_folder_that_vanishes_is_made_again(void **state)
{
    (void)state;
    uint8_t stream[BATCH_STREAM_SIZE];
    struct spool *spool = fixture_open();
    memcpy(stream, spool_stream(spool), sizeof stream);
    fixture_append_all(spool, 1, 10, BODY);
    spool_done(spool, 0, 4);
    assert_int_equal(nftw(fixture_base, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
    fixture_append(spool, 11, BODY);
    await_notice(spool, "cannot write");
    assert_int_equal(fixture_read_all(spool, 4, 5), 7);
    assert_int_equal(stats_of(spool).dropped_batches, 0);
    await_notice(spool, "again");
    spool_close(spool);
    spool = fixture_open();
    assert_memory_equal(spool_stream(spool), stream, sizeof stream);
    assert_int_equal(spool_cursor(spool, 0), 4);
    assert_int_equal(fixture_read_all(spool, 4, 5), 7);
    spool_close(spool);
}

/* The rest is done by a user whom permissions bind. */
static void as_nobody(void (*act)(void))
{
    char parent[sizeof fixture_base];
    (void)snprintf(parent, sizeof parent, "%s", fixture_base);
    *strrchr(parent, '/') = '\0';
    assert_int_equal(chown(parent, NOBODY, NOBODY), 0);
    const pid_t child = fork();
    if (child == 0) {
        if (setgroups(0, NULL) != 0 || setgid(NOBODY) != 0 || setuid(NOBODY) != 0) {
            _exit(2);
        }
        act();
        (void)fflush(stdout);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void meet_a_read_only_folder(void)
{
    fixture_options.max_bytes = UINT64_C(2) * 1024 * 1024; /* segments of 128 KiB */
    struct spool *spool = fixture_open();
    fixture_append_all(spool, 1, 3, BODY);
    assert_int_equal(chmod(fixture_folder(spool), 0500), 0);
    fixture_append_all(spool, 4, 20, BODY);
    await_notice(spool, "Permission denied");
    assert_null(spool_notice(spool));
    assert_int_equal(fixture_read_all(spool, 0, 1), 20);
    assert_int_equal(chmod(fixture_folder(spool), 0700), 0);
    await_notice(spool, "again");
    spool_close(spool);
    spool = fixture_open();
    assert_int_equal(fixture_read_all(spool, 0, 1), 20);
    spool_close(spool);
}

static void a_read_only_folder_is_survived(void **state)
{
    (void)state;
    as_nobody(meet_a_read_only_folder);
}

static void open_in_a_read_only_base(void)
{
    struct spool *spool = NULL;
    struct etwas_error error;
    assert_int_equal(mkdir(fixture_base, 0500), 0);
    assert_int_equal(spool_open(&fixture_options, &spool, &error), ETWAS_DENIED);
    assert_int_equal(error.os_code, EACCES);
    assert_null(spool);
}

static void a_base_that_may_not_be_written_is_said(void **state)
{
    (void)state;
    as_nobody(open_in_a_read_only_base);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(a_full_disk_is_survived_in_memory),
        CLAIM(when_there_is_room_again_all_gets_to_the_disk),
        CLAIM(numbers_of_what_was_only_in_memory_are_not_given_again),
        CLAIM(memory_is_not_without_end),
        CLAIM(a_stream_may_begin_on_a_full_disk),
        CLAIM(a_folder_that_vanishes_is_made_again),
        CLAIM(a_read_only_folder_is_survived),
        CLAIM(a_base_that_may_not_be_written_is_said),
    };
    /* The mounts of this test are seen by nobody else. */
    if (geteuid() != 0 || unshare(CLONE_NEWNS) != 0 ||
        mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) {
        printf("needs root and a mount namespace of its own\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/check.h"
#include "tests/relay/store_kit.h"

/* A disk of 24 MiB that is really full: a tmpfs, which needs root. Gone with the process. */
enum { SKIPPED = 77, BODY_SIZE = 100 * 1000, BALLAST = 12 * 1024 * 1024, GROUP = 3 };

static struct kit kit;
static char body[BODY_SIZE];
static char mounted[64];

static int set_up(void **state)
{
    (void)state;
    memset(body, 'b', sizeof body);
    if (!kit_make(&kit)) {
        return -1;
    }
    (void)snprintf(mounted, sizeof mounted, "%s", kit.folder);
    return mount("etwas", mounted, "tmpfs", MS_NOSUID | MS_NODEV, "size=24m,mode=0700");
}

static int tear_down(void **state)
{
    (void)state;
    kit_close(&kit);
    const int unmounted = umount(mounted);
    kit_remove(&kit);
    return unmounted;
}

static enum etwas_status put_group(uint64_t sequence)
{
    struct kit_batch puts[GROUP];
    struct store_incoming *all[GROUP];
    for (size_t i = 0; i < GROUP; i++) {
        kit_batch(&puts[i], 1, sequence + i, 10);
        puts[i].incoming.body = body;
        puts[i].incoming.size = BODY_SIZE;
        all[i] = &puts[i].incoming;
    }
    const enum etwas_status status = store_put(kit.store, all, GROUP, &kit.error);
    for (size_t i = 0; i < GROUP; i++) {
        assert_int_equal(all[i]->outcome, status == ETWAS_OK ? STORE_STORED : STORE_FAILED);
    }
    return status;
}

/* What is stored, counted by reading it. */
static uint64_t count_batches(void)
{
    struct store_reader *reader = NULL;
    struct store_batch batch;
    uint64_t count = 0;
    struct store_range range = {.row = 0, .from = INT64_MIN, .to = INT64_MAX};
    assert_int_equal(store_reader_open(kit.store, &reader, &kit.error), ETWAS_OK);
    while (store_next(reader, &range, &batch, &kit.error) == ETWAS_OK) {
        assert_int_equal(batch.size, BODY_SIZE);
        assert_memory_equal(batch.body, body, BODY_SIZE);
        range.row = batch.row;
        count++;
    }
    store_reader_close(reader);
    return count;
}

static void make_ballast(void)
{
    char path[128];
    kit_path(&kit, "ballast", path);
    const int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(posix_fallocate(file, 0, BALLAST), 0);
    (void)close(file);
}

/* Puts groups until one fails; the number of the next. */
static uint64_t fill(uint64_t sequence)
{
    while (put_group(sequence) == ETWAS_OK) {
        sequence += GROUP;
        assert_true(sequence < 1000);
    }
    assert_int_equal(kit.error.status, ETWAS_SYSTEM);
    assert_int_equal(kit.error.os_code, ENOSPC);
    return sequence;
}

static void a_full_disk_breaks_nothing(void **state)
{
    (void)state;
    char path[128];
    struct store_totals totals;
    make_ballast();
    kit_open(&kit);
    const uint64_t next = fill(1);
    assert_true(next > GROUP);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(put_group(next), ETWAS_SYSTEM);
    }
    store_totals(kit.store, &totals);
    assert_int_equal(totals.batches, next - 1);
    assert_int_equal(count_batches(), next - 1);
    assert_int_equal(store_last_row(kit.store), next - 1);
    kit_path(&kit, "ballast", path);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(put_group(next), ETWAS_OK);
    kit_close(&kit);
    kit_open(&kit);
    assert_int_equal(count_batches(), next - 1 + GROUP);
}

static void a_store_on_a_full_disk_opens(void **state)
{
    (void)state;
    char path[128];
    make_ballast();
    kit_open(&kit);
    const uint64_t next = fill(1);
    kit_close(&kit);
    kit_open(&kit);
    assert_int_equal(count_batches(), next - 1);
    kit_path(&kit, "ballast", path);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(put_group(next), ETWAS_OK);
}

/* A disk that others fill, but for what a group of batches or two need. */
static void fill_disk(void)
{
    char path[128];
    struct stat info;
    kit_path(&kit, "ballast", path);
    const int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    while (write(file, body, sizeof body) > 0) {
    }
    assert_int_equal(errno, ENOSPC);
    assert_int_equal(fstat(file, &info), 0);
    assert_int_equal(ftruncate(file, info.st_size - (off_t)6 * BODY_SIZE), 0);
    (void)close(file);
}

/*
 * What it has is enough for it: pages that became free are used again. The log may have to be
 * longer than it ever was. Then putting fails once, and goes on when the keeper has begun it anew.
 */
static void a_store_at_its_limit_needs_hardly_more_room(void **state)
{
    (void)state;
    uint64_t next = 1;
    uint64_t removed = 0;
    unsigned failed = 0;
    kit.options.max_bytes = UINT64_C(4) * 1024 * 1024;
    kit_open(&kit);
    for (unsigned i = 0; i < 100; i++) {
        if (i == 50) {
            fill_disk();
        }
        if (put_group(next) != ETWAS_OK) {
            failed++;
            assert_int_equal(kit.error.os_code, ENOSPC);
            assert_int_equal(store_retain(kit.store, 0, &removed, &kit.error), ETWAS_OK);
            assert_int_equal(put_group(next), ETWAS_OK);
        }
        next += GROUP;
        assert_int_equal(store_retain(kit.store, 0, &removed, &kit.error), ETWAS_OK);
    }
    assert_true(failed < 10);
    assert_int_equal(store_last_row(kit.store), INT64_C(100) * GROUP);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) {
        (void)fprintf(stderr, "skipped: no file system can be mounted (not root?)\n");
        return SKIPPED;
    }
    const struct CMUnitTest tests[] = {
        TEST(a_full_disk_breaks_nothing),
        TEST(a_store_on_a_full_disk_opens),
        TEST(a_store_at_its_limit_needs_hardly_more_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "tests/check.h"
#include "tests/relay/store_kit.h"

enum {
    BODY_SIZE = 64 * 1024,
    HUGE_SIZE = 4 * BODY_SIZE,
    GROUP = 100,
    MANY = 6000,
    DAY_MS = 86400 * 1000
};

static struct kit kit;
static char *body;

static int set_up(void **state)
{
    (void)state;
    body = malloc(HUGE_SIZE);
    if (!kit_make(&kit) || body == NULL) {
        return -1;
    }
    uint32_t number = 1;
    for (size_t i = 0; i < HUGE_SIZE; i++) {
        number = number * 1103515245 + 12345;
        body[i] = (char)(number >> 16);
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    free(body);
    kit_remove(&kit);
    return 0;
}

static void put_sized(unsigned stream, uint64_t sequence, size_t size)
{
    struct kit_batch put;
    kit_batch(&put, stream, sequence, 10);
    put.incoming.body = body;
    put.incoming.size = size;
    assert_int_equal(kit_put(&kit, &put), STORE_STORED);
}

static void put_large(unsigned stream, uint64_t sequence)
{
    put_sized(stream, sequence, BODY_SIZE);
}

static uint64_t retain(int64_t now_ms)
{
    uint64_t all = 0;
    uint64_t removed = 1;
    while (removed != 0) {
        assert_int_equal(store_retain(kit.store, now_ms, &removed, &kit.error), ETWAS_OK);
        all += removed;
    }
    return all;
}

static void nothing_is_removed_without_a_limit(void **state)
{
    (void)state;
    kit_open(&kit);
    kit_put_new(&kit, 1, 1, 10);
    assert_int_equal(retain(INT64_MAX), 0);
}

static void what_is_too_old_goes(void **state)
{
    (void)state;
    struct store_totals totals;
    kit.options.max_age_s = 10;
    kit_open(&kit);
    for (uint64_t i = 1; i <= 20; i++) {
        kit_put_new(&kit, 1, i, 10); /* received in second i */
    }
    assert_int_equal(retain(14999), 4);
    assert_int_equal(retain(15000), 1);
    assert_int_equal(retain(0), 0);
    for (int i = 0; i < 2; i++) {
        store_totals(kit.store, &totals);
        assert_int_equal(totals.batches, 15);
        assert_int_equal(totals.events, 150);
        assert_int_equal(totals.bytes, 4 * strlen("body of 1:6") + 11 * strlen("body of 1:10"));
        assert_int_equal(totals.first, 600);
        assert_int_equal(totals.last, 2099);
        kit_close(&kit);
        kit_open(&kit);
    }
}

/* Rows `first` to `last` of stream 1, which came at that time. */
static void put_received(uint64_t first, uint64_t last, int64_t received_ms)
{
    static struct kit_batch batches[3000];
    static struct store_incoming *incoming[3000];
    for (uint64_t i = first; i <= last; i++) {
        kit_batch(&batches[i - first], 1, i, 10);
        batches[i - first].incoming.received_ms = received_ms;
        incoming[i - first] = &batches[i - first].incoming;
    }
    assert_int_equal(store_put(kit.store, incoming, (size_t)(last - first) + 1, &kit.error),
                     ETWAS_OK);
}

static void a_clock_that_was_ahead_stops_nothing(void **state)
{
    (void)state;
    enum { AHEAD = 2500 };
    uint64_t removed = 0;
    kit.options.max_age_s = 10;
    kit_open(&kit);
    put_received(1, 5, 1000);
    put_received(6, 5 + AHEAD, INT64_C(4000000000000));
    assert_int_equal(retain(12000), 5);
    assert_int_equal(retain(200000), 0); /* who knows how old these are */
    put_received(6 + AHEAD, 10 + AHEAD, 201000);
    put_received(11 + AHEAD, 15 + AHEAD, 207000);
    /* A thousand rows are looked at each time, so that nobody is held up who puts. */
    for (int i = 0; i < 3 && removed == 0; i++) {
        assert_int_equal(store_retain(kit.store, 211500, &removed, &kit.error), ETWAS_OK);
    }
    assert_int_equal(removed + retain(211500), AHEAD + 5);
    /* And when it is put back once more. */
    assert_int_equal(retain(205000), 0);
    assert_int_equal(retain(217000), 5);
}

static void a_publisher_whose_clock_is_ahead_stops_nothing(void **state)
{
    (void)state;
    struct kit_batch put;
    kit.options.max_age_s = 10;
    kit_open(&kit);
    kit_batch(&put, 1, 1, 10);
    put.incoming.first = INT64_MAX - 1;
    put.incoming.last = INT64_MAX;
    assert_int_equal(kit_put(&kit, &put), STORE_STORED);
    kit_put_new(&kit, 2, 2, 10);
    assert_int_equal(retain(12000), 2);
}

static void what_was_removed_is_known_all_the_same(void **state)
{
    (void)state;
    struct kit_batch put;
    struct store_stream stream;
    struct store_totals totals;
    kit.options.max_age_s = 1;
    kit_open(&kit);
    kit_put_new(&kit, 1, 1, 10);
    kit_put_new(&kit, 1, 2, 10);
    assert_int_equal(retain(DAY_MS), 2);
    store_totals(kit.store, &totals);
    assert_int_equal(totals.batches + totals.events + totals.bytes, 0);
    assert_int_equal(totals.first + totals.last, 0);
    kit_close(&kit);
    kit_open(&kit);
    kit_batch(&put, 1, 2, 10);
    assert_int_equal(kit_put(&kit, &put), STORE_HAVE);
    put.incoming.public_key[0] ^= 1;
    assert_int_equal(kit_put(&kit, &put), STORE_FOREIGN);
    assert_true(kit_find_stream(&kit, 1, &stream));
    assert_int_equal(stream.delivered, 20);
    assert_int_equal(stream.sequence, 2);
    /* Nothing has the Id of something that was. */
    kit_batch(&put, 1, 3, 10);
    assert_int_equal(kit_put(&kit, &put), STORE_STORED);
    assert_int_equal(put.incoming.row, 3);
    assert_int_equal(put.incoming.missing, 0);
}

static off_t size_of(const char *name)
{
    struct stat info;
    char path[128];
    kit_path(&kit, name, path);
    assert_int_equal(stat(path, &info), 0);
    return info.st_size;
}

static void the_oldest_go_when_it_is_too_much(void **state)
{
    (void)state;
    struct store_reader *reader = NULL;
    struct store_batch batch;
    const struct store_range everything = {.row = 0, .from = INT64_MIN, .to = INT64_MAX};
    kit.options.max_bytes = (uint64_t)20 * BODY_SIZE;
    kit_open(&kit);
    for (uint64_t i = 1; i <= 40; i++) {
        put_large(1, i);
    }
    const uint64_t removed = retain(0);
    assert_in_range(removed, 20, 30);
    assert_int_equal(store_reader_open(kit.store, &reader, &kit.error), ETWAS_OK);
    assert_int_equal(store_next(reader, &everything, &batch, &kit.error), ETWAS_OK);
    assert_int_equal(batch.row, removed + 1);
    store_reader_close(reader);
}

static void a_store_at_its_limit_does_not_grow(void **state)
{
    (void)state;
    kit.options.max_bytes = (uint64_t)40 * BODY_SIZE;
    kit_open(&kit);
    for (uint64_t i = 1; i <= 80; i++) {
        put_sized(1, i, HUGE_SIZE);
        (void)retain(0);
    }
    assert_in_range(size_of("etwas.db"), 30 * BODY_SIZE, 48 * BODY_SIZE);
    /* 20 MiB went through a log that is begun anew from 8 MiB on. */
    assert_in_range(size_of("etwas.db-wal"), 1, 11 * 1024 * 1024);
}

static void a_log_that_nobody_keeps_has_an_end_too(void **state)
{
    (void)state;
    kit_open(&kit);
    for (uint64_t i = 1; i <= 160; i++) {
        put_sized(1, i, HUGE_SIZE);
    }
    assert_in_range(size_of("etwas.db-wal"), 1, 40 * 1024 * 1024);
}

/* Puts until it is told to stop. */
static atomic_bool stop;
static atomic_uint put_count;

static void *put_on(void *context)
{
    (void)context;
    for (uint64_t i = 1; !atomic_load(&stop); i++) {
        put_large(2, i);
        atomic_fetch_add(&put_count, 1);
    }
    return NULL;
}

/* Batches of stream 1, many in a transaction. */
static void put_many(uint64_t count)
{
    static struct kit_batch many[GROUP];
    struct store_incoming *all[GROUP];
    for (uint64_t done = 0; done < count; done += GROUP) {
        for (size_t i = 0; i < GROUP; i++) {
            kit_batch(&many[i], 1, done + i + 1, 10);
            all[i] = &many[i].incoming;
        }
        assert_int_equal(store_put(kit.store, all, GROUP, &kit.error), ETWAS_OK);
    }
}

static void others_put_while_much_is_removed(void **state)
{
    (void)state;
    pthread_t putter;
    kit.options.max_age_s = 1;
    kit_open(&kit);
    put_many(MANY);
    atomic_store(&stop, false);
    atomic_store(&put_count, 0);
    assert_int_equal(pthread_create(&putter, NULL, put_on, NULL), 0);
    uint64_t removed = 0;
    uint64_t all = 0;
    unsigned before = 0;
    while (all < MANY) {
        assert_int_equal(store_retain(kit.store, DAY_MS, &removed, &kit.error), ETWAS_OK);
        all += removed;
        before = atomic_load(&put_count);
    }
    assert_true(before > 0);
    /* And it goes on. */
    while (atomic_load(&put_count) < before + 3) {
        const struct timespec rest = {.tv_nsec = 1000000};
        (void)nanosleep(&rest, NULL);
    }
    atomic_store(&stop, true);
    assert_int_equal(pthread_join(putter, NULL), 0);
}

/* Rows of the store, which must be those that its totals count. */
static uint64_t count_rows(struct store *store)
{
    struct store_reader *reader = NULL;
    struct store_batch batch;
    struct store_totals totals;
    struct store_range range = {.row = 0, .from = INT64_MIN, .to = INT64_MAX};
    uint64_t count = 0;
    assert_int_equal(store_reader_open(store, &reader, &kit.error), ETWAS_OK);
    while (store_next(reader, &range, &batch, &kit.error) == ETWAS_OK) {
        assert_int_equal(batch.row, range.row + 1);
        assert_memory_equal(batch.body, body, BODY_SIZE);
        range.row = batch.row;
        count++;
    }
    store_reader_close(reader);
    store_totals(store, &totals);
    assert_int_equal(totals.batches, count);
    return count;
}

static void a_backup_is_whole_while_others_put(void **state)
{
    (void)state;
    pthread_t putter;
    char path[128];
    struct kit copy;
    kit_open(&kit);
    for (uint64_t i = 1; i <= 50; i++) {
        put_large(1, i);
    }
    atomic_store(&stop, false);
    atomic_store(&put_count, 0);
    assert_int_equal(pthread_create(&putter, NULL, put_on, NULL), 0);
    for (int i = 0; i < 3; i++) {
        assert_true(kit_make(&copy));
        kit_path(&copy, "etwas.db", path);
        const unsigned before = atomic_load(&put_count);
        assert_int_equal(store_backup(kit.store, path, &kit.error), ETWAS_OK);
        const unsigned after = atomic_load(&put_count);
        kit_open(&copy);
        assert_in_range(count_rows(copy.store), 50 + before, 50 + after + 1);
        kit_remove(&copy);
    }
    atomic_store(&stop, true);
    assert_int_equal(pthread_join(putter, NULL), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_removed_without_a_limit),
        TEST(what_is_too_old_goes),
        TEST(a_clock_that_was_ahead_stops_nothing),
        TEST(a_publisher_whose_clock_is_ahead_stops_nothing),
        TEST(what_was_removed_is_known_all_the_same),
        TEST(the_oldest_go_when_it_is_too_much),
        TEST(a_store_at_its_limit_does_not_grow),
        TEST(a_log_that_nobody_keeps_has_an_end_too),
        TEST(others_put_while_much_is_removed),
        TEST(a_backup_is_whole_while_others_put),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "tests/check.h"
#include "tests/relay/store_kit.h"

/* How many streams there may be, and what becomes of the books of those that make room. */
enum { KEY = 7, OTHER_KEY = 8 };
#define HOUR_MS (INT64_C(60) * 60 * 1000)

static struct kit kit;

static int set_up(void **state)
{
    (void)state;
    return kit_make(&kit) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    kit_remove(&kit);
    return 0;
}

/* Batch `sequence` of stream `number` of a key, with one event. */
static void make(struct kit_batch *batch, uint8_t key, uint32_t number, uint64_t sequence)
{
    kit_batch(batch, 0, sequence, 1);
    memset(batch->incoming.public_key, key, KEY_PUBLIC_SIZE);
    memset(batch->incoming.head.stream, key, BATCH_STREAM_SIZE);
    memcpy(batch->incoming.head.stream, &number, sizeof number);
}

static enum store_outcome put(uint8_t key, uint32_t number, uint64_t sequence, int64_t received_ms)
{
    struct kit_batch batch;
    make(&batch, key, number, sequence);
    batch.incoming.received_ms = received_ms;
    return kit_put(&kit, &batch);
}

/* All that a key may have, one a millisecond. */
static void fill(uint8_t key)
{
    static struct kit_batch batches[STORE_MAX_STREAMS_OF_KEY];
    static struct store_incoming *incoming[STORE_MAX_STREAMS_OF_KEY];
    for (uint32_t i = 0; i < STORE_MAX_STREAMS_OF_KEY; i++) {
        make(&batches[i], key, i, 1);
        batches[i].incoming.received_ms = 1 + i;
        incoming[i] = &batches[i].incoming;
    }
    assert_int_equal(store_put(kit.store, incoming, STORE_MAX_STREAMS_OF_KEY, &kit.error),
                     ETWAS_OK);
    for (uint32_t i = 0; i < STORE_MAX_STREAMS_OF_KEY; i++) {
        assert_int_equal(incoming[i]->outcome, STORE_STORED);
    }
}

static void remove_batches(int64_t now_ms)
{
    uint64_t removed = 1;
    while (removed != 0) {
        assert_int_equal(store_retain(kit.store, now_ms, &removed, &kit.error), ETWAS_OK);
    }
}

struct books {
    uint64_t streams;
    uint64_t former;
    uint64_t rows_of_former;
    uint64_t delivered; /* of all */
    int64_t first_seen_ms;
};

static bool add_up(void *context, const struct store_stream *stream)
{
    struct books *books = context;
    books->streams += stream->former == 0 ? 1 : 0;
    books->former += stream->former;
    books->rows_of_former += stream->former != 0 ? 1 : 0;
    books->delivered += stream->delivered;
    if (books->first_seen_ms == 0 || stream->first_seen_ms < books->first_seen_ms) {
        books->first_seen_ms = stream->first_seen_ms;
    }
    return true;
}

static struct books read_books(void)
{
    struct store_reader *reader = NULL;
    struct books books = {.streams = 0};
    assert_int_equal(store_reader_open(kit.store, &reader, &kit.error), ETWAS_OK);
    assert_int_equal(store_streams(reader, add_up, &books, &kit.error), ETWAS_OK);
    store_reader_close(reader);
    return books;
}

static void a_key_begins_no_streams_without_end(void **state)
{
    (void)state;
    kit_open(&kit);
    fill(KEY);
    assert_int_equal(put(KEY, 5000, 1, 10 * HOUR_MS), STORE_CROWDED);
    assert_int_equal(put(KEY, 3, 2, 10 * HOUR_MS), STORE_STORED); /* what is there goes on */
    assert_int_equal(put(OTHER_KEY, 5000, 1, 10 * HOUR_MS), STORE_STORED);
    kit_close(&kit);
    kit_open(&kit);
    assert_int_equal(put(KEY, 5000, 1, 10 * HOUR_MS), STORE_CROWDED);
    assert_int_equal(read_books().streams, STORE_MAX_STREAMS_OF_KEY + 1);
}

static void a_stream_that_is_through_makes_room(void **state)
{
    (void)state;
    kit.options.max_age_s = 1;
    kit_open(&kit);
    fill(KEY);
    remove_batches(HOUR_MS);
    /* What was signed a moment ago could come again. */
    assert_int_equal(put(KEY, 5000, 1, HOUR_MS), STORE_CROWDED);
    assert_int_equal(put(KEY, 5000, 1, HOUR_MS + 2), STORE_STORED);
    assert_int_equal(put(KEY, 5001, 1, HOUR_MS + 3), STORE_STORED);
    const struct books books = read_books();
    assert_int_equal(books.streams, STORE_MAX_STREAMS_OF_KEY);
    assert_int_equal(books.former, 2);
    assert_int_equal(books.rows_of_former, 1);
    assert_int_equal(books.delivered, STORE_MAX_STREAMS_OF_KEY + 2);
    assert_int_equal(books.first_seen_ms, 1);
    /* It went the longest silent first: the third is known, the first is new again. */
    assert_int_equal(put(KEY, 2, 1, HOUR_MS + 4), STORE_HAVE);
    assert_int_equal(put(KEY, 0, 2, HOUR_MS + 4), STORE_STORED);
}

static void one_whose_batches_are_there_stays(void **state)
{
    (void)state;
    kit_open(&kit);
    fill(KEY);
    kit_execute(&kit, "DELETE FROM batches WHERE row = 7");
    assert_int_equal(put(KEY, 5000, 1, 9 * HOUR_MS), STORE_STORED);
    assert_int_equal(put(KEY, 5001, 1, 9 * HOUR_MS), STORE_CROWDED);
    assert_int_equal(put(KEY, 0, 1, 9 * HOUR_MS), STORE_HAVE);
    assert_int_equal(read_books().former, 1);
}

static void a_clock_that_was_ahead_keeps_none_for_ever(void **state)
{
    (void)state;
    kit_open(&kit);
    fill(KEY);
    kit_execute(&kit, "UPDATE streams SET last_seen_ms = 4000000000000; DELETE FROM batches");
    assert_int_equal(put(KEY, 5000, 1, HOUR_MS), STORE_STORED);
}

/* Books are a sender's word, and each is stored: their sum must be, too. */
static void no_sum_is_more_than_can_be_stored(void **state)
{
    (void)state;
    kit_open(&kit);
    fill(KEY);
    kit_execute(&kit, "UPDATE streams SET produced = 9223372036854775807, filtered ="
                      " 9223372036854775807, lines = 9223372036854775807; DELETE FROM batches");
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(put(KEY, 5000 + i, 1, 9 * HOUR_MS), STORE_STORED);
    }
    assert_int_equal(read_books().former, 3);
}

static void strangers_have_an_end_together(void **state)
{
    (void)state;
    struct kit_batch batch;
    kit_open(&kit);
    kit_close(&kit);
    kit_execute(&kit,
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 65535)"
                " INSERT INTO streams SELECT NULL, randomblob(16), randomblob(32), 'local', 1, 0,"
                " 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1 FROM n");
    kit_open(&kit);
    kit_batch(&batch, 1, 1, 1);
    batch.incoming.stranger = true;
    assert_int_equal(kit_put(&kit, &batch), STORE_STORED);
    kit_batch(&batch, 2, 1, 1);
    batch.incoming.stranger = true;
    assert_int_equal(kit_put(&kit, &batch), STORE_CROWDED);
    batch.incoming.stranger = false; /* whom somebody named finds room */
    assert_int_equal(kit_put(&kit, &batch), STORE_STORED);
    kit_batch(&batch, 1, 2, 1);
    batch.incoming.stranger = true;
    assert_int_equal(kit_put(&kit, &batch), STORE_STORED);
}

static void a_store_from_before_there_was_an_end_is_served(void **state)
{
    (void)state;
    kit_open(&kit);
    kit_put_new(&kit, 1, 1, 10);
    kit_close(&kit);
    kit_execute(&kit, "DROP INDEX streams_key");
    kit_open(&kit);
    kit_put_new(&kit, 2, 1, 10);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_key_begins_no_streams_without_end),
        TEST(a_stream_that_is_through_makes_room),
        TEST(one_whose_batches_are_there_stays),
        TEST(a_clock_that_was_ahead_keeps_none_for_ever),
        TEST(no_sum_is_more_than_can_be_stored),
        TEST(strangers_have_an_end_together),
        TEST(a_store_from_before_there_was_an_end_is_served),
    };
    return cmocka_run_group_tests_name("relay.store_streams", tests, NULL, NULL);
}

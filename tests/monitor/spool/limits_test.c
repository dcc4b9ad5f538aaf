/* SPDX-License-Identifier: MIT */
/* What goes when there is no room, and when it has become too old. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "monitor/spool/spool.h"
#include "tests/check.h"
#include "tests/monitor/spool/spool_fixture.h"

enum { MIB = 1024 * 1024, TWO_MIB = 2 * MIB, BODY = 60000 };

static struct spool_sink_stats stats_of(struct spool *spool, size_t sink)
{
    struct spool_sink_stats stats;
    spool_sink_stats(spool, sink, &stats);
    assert_int_equal(stats.waiting_events, stats.waiting_batches * FIXTURE_TRACED);
    assert_int_equal(stats.dropped_events, stats.dropped_batches * FIXTURE_TRACED);
    return stats;
}

/* What a relay would count: events that came, and that are missing by what the batches say. */
static void take_all(struct spool *spool, uint64_t *came, uint64_t *missing)
{
    struct spool_batch *batch = NULL;
    uint64_t sequence = spool_cursor(spool, 0);
    *came = *missing = 0;
    while (spool_read(spool, sequence, &batch) == ETWAS_OK) {
        (void)fixture_number(batch);
        sequence = batch->head.sequence;
        *missing = batch->head.books.before - *came;
        *came += batch->head.count - batch->head.own;
        spool_done(spool, 0, sequence);
        spool_batch_free(batch);
    }
}

static void the_oldest_make_room(void **state)
{
    (void)state;
    uint64_t came = 0;
    uint64_t missing = 0;
    fixture_options.max_bytes = TWO_MIB;
    struct spool *spool = fixture_open();
    fixture_append_all(spool, 1, 100, BODY);
    const struct spool_sink_stats stats = stats_of(spool, 0);
    assert_int_equal(stats.waiting_batches + stats.dropped_batches, 100);
    assert_in_range(stats.waiting_bytes, MIB, 2 * MIB);
    assert_non_null(strstr(spool_notice(spool), "is full"));
    assert_null(spool_notice(spool));
    take_all(spool, &came, &missing);
    assert_int_equal(came, stats.waiting_events);
    assert_int_equal(missing, stats.dropped_events);
    assert_int_equal(stats_of(spool, 0).dropped_batches, stats.dropped_batches);
    spool_close(spool);
    spool = fixture_open();
    assert_int_equal(stats_of(spool, 0).dropped_batches, stats.dropped_batches);
    assert_int_equal(spool_past(spool)->books.before, 100 * FIXTURE_TRACED);
    spool_close(spool);
}

static void the_newest_are_not_taken(void **state)
{
    (void)state;
    uint64_t came = 0;
    uint64_t missing = 0;
    fixture_options.max_bytes = TWO_MIB;
    fixture_options.drop = SPOOL_DROP_NEWEST;
    struct spool *spool = fixture_open();
    fixture_append_all(spool, 1, 100, BODY);
    const struct spool_sink_stats stats = stats_of(spool, 0);
    assert_int_equal(stats.waiting_batches + stats.dropped_batches, 100);
    assert_in_range(stats.waiting_bytes, MIB, 2 * MIB);
    /* Also when the next program asks: nobody gives these numbers again. */
    spool_close(spool);
    spool = fixture_open();
    assert_int_equal(spool_past(spool)->sequence, 100);
    assert_int_equal(stats_of(spool, 0).dropped_batches, stats.dropped_batches);
    assert_int_equal(fixture_read_all(spool, 0, 1), stats.waiting_batches);
    spool_done(spool, 0, stats.waiting_batches);
    fixture_append(spool, 101, BODY);
    take_all(spool, &came, &missing);
    assert_int_equal(came, FIXTURE_TRACED);
    assert_int_equal(missing, 100 * FIXTURE_TRACED);
    assert_int_equal(stats_of(spool, 0).dropped_batches, stats.dropped_batches);
    spool_close(spool);
}

static void sinks_count_what_they_missed_themselves(void **state)
{
    (void)state;
    static const char *const two[] = {"http://a/", "http://b/"};
    fixture_options.sinks = two;
    fixture_options.sink_count = 2;
    fixture_options.max_bytes = TWO_MIB;
    struct spool *spool = fixture_open();
    for (uint64_t i = 1; i <= 100; i++) {
        fixture_append(spool, i, BODY);
        spool_done(spool, 0, i); /* the first keeps up */
    }
    assert_int_equal(stats_of(spool, 0).dropped_batches, 0);
    assert_int_equal(stats_of(spool, 0).waiting_batches, 0);
    const struct spool_sink_stats stats = stats_of(spool, 1);
    assert_int_equal(stats.waiting_batches + stats.dropped_batches, 100);
    assert_true(stats.dropped_batches >= 50);
    spool_done(spool, 1, 100);
    assert_int_equal(stats_of(spool, 1).dropped_batches, stats.dropped_batches);
    spool_close(spool);
}

/* It may well have arrived: it must not count as dropped. */
static void a_batch_that_is_being_sent_is_not_dropped(void **state)
{
    (void)state;
    struct spool_batch *batch = NULL;
    fixture_options.max_bytes = TWO_MIB;
    struct spool *spool = fixture_open();
    fixture_append(spool, 1, BODY);
    assert_int_equal(spool_read(spool, 0, &batch), ETWAS_OK);
    fixture_append_all(spool, 2, 100, BODY);
    spool_done(spool, 0, 1);
    assert_int_equal(fixture_number(batch), 1);
    spool_batch_free(batch);
    const struct spool_sink_stats stats = stats_of(spool, 0);
    assert_int_equal(stats.waiting_batches + stats.dropped_batches, 99);
    assert_true(stats.dropped_batches > 0);
    spool_close(spool);
}

/* Read from disk, not from the cache. */
static void a_batch_read_from_disk_is_not_dropped_either(void **state)
{
    (void)state;
    struct spool_batch *batch = NULL;
    fixture_options.max_bytes = TWO_MIB;
    struct spool *spool = fixture_open();
    fixture_append(spool, 1, BODY);
    spool_close(spool);
    spool = fixture_open();
    assert_int_equal(spool_read(spool, 0, &batch), ETWAS_OK);
    fixture_append_all(spool, 2, 100, BODY);
    spool_done(spool, 0, 1);
    const struct spool_sink_stats stats = stats_of(spool, 0);
    assert_int_equal(stats.waiting_batches + stats.dropped_batches, 99);
    assert_int_equal(fixture_number(batch), 1);
    spool_batch_free(batch);
    spool_close(spool);
}

static void who_appends_to_a_full_spool_may_wait(void **state)
{
    (void)state;
    uint64_t number = 1;
    fixture_options.max_bytes = TWO_MIB;
    fixture_options.drop = SPOOL_BLOCK;
    struct spool *spool = fixture_open();
    while (fixture_try_append(spool, number, BODY) == ETWAS_OK) {
        number++;
    }
    assert_int_equal(fixture_try_append(spool, number, BODY), ETWAS_AGAIN);
    assert_false(spool_wait_room(spool, 10));
    assert_int_equal(stats_of(spool, 0).waiting_batches, number - 1);
    assert_int_equal(stats_of(spool, 0).dropped_batches, 0);
    spool_done(spool, 0, number - 1);
    assert_true(spool_wait_room(spool, 10000));
    fixture_append(spool, number, BODY);
    assert_int_equal(fixture_read_all(spool, number - 1, number), 1);
    spool_close(spool);
}

static void *acknowledge(void *context)
{
    struct spool *spool = context;
    const struct timespec moment = {.tv_nsec = INT64_C(20) * 1000 * 1000};
    (void)nanosleep(&moment, NULL);
    spool_done(spool, 0, 5);
    return NULL;
}

static void who_waits_is_woken_when_a_sink_is_done(void **state)
{
    (void)state;
    pthread_t thread;
    struct timespec start;
    struct timespec end;
    uint64_t number = 1;
    fixture_options.max_bytes = TWO_MIB;
    fixture_options.drop = SPOOL_BLOCK;
    struct spool *spool = fixture_open();
    while (fixture_try_append(spool, number, BODY) == ETWAS_OK) {
        number++;
    }
    (void)clock_gettime(CLOCK_MONOTONIC, &start);
    assert_int_equal(pthread_create(&thread, NULL, acknowledge, spool), 0);
    assert_true(spool_wait_room(spool, 30000));
    (void)clock_gettime(CLOCK_MONOTONIC, &end);
    (void)pthread_join(thread, NULL);
    assert_true(end.tv_sec - start.tv_sec < 20);
    fixture_append(spool, number, BODY);
    spool_close(spool);
}

static struct spool_sink_stats await_dropped(struct spool *spool, uint64_t batches)
{
    struct spool_sink_stats stats = stats_of(spool, 0);
    for (int i = 0; i < 1000 && stats.dropped_batches < batches; i++) {
        const struct timespec moment = {.tv_nsec = INT64_C(10) * 1000 * 1000};
        (void)nanosleep(&moment, NULL);
        stats = stats_of(spool, 0);
    }
    return stats;
}

static void what_is_too_old_is_dropped(void **state)
{
    (void)state;
    struct spool_batch *batch = NULL;
    fixture_options.max_age_s = 1;
    struct spool *spool = fixture_open();
    fixture_append_all(spool, 1, 10, BODY);
    struct spool_sink_stats stats = await_dropped(spool, 10);
    assert_int_equal(stats.dropped_batches, 10);
    assert_int_equal(stats.waiting_batches, 0);
    assert_int_equal(spool_read(spool, 0, &batch), ETWAS_AGAIN);
    fixture_append_all(spool, 11, 12, BODY);
    assert_int_equal(fixture_read_all(spool, 0, 11), 2);
    spool_done(spool, 0, 12);
    stats = stats_of(spool, 0);
    assert_int_equal(stats.dropped_batches, 10);
    spool_close(spool);
    spool = fixture_open();
    assert_int_equal(spool_past(spool)->sequence, 12);
    assert_int_equal(stats_of(spool, 0).dropped_batches, 10);
    spool_close(spool);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(the_oldest_make_room),
        CLAIM(the_newest_are_not_taken),
        CLAIM(sinks_count_what_they_missed_themselves),
        CLAIM(a_batch_that_is_being_sent_is_not_dropped),
        CLAIM(a_batch_read_from_disk_is_not_dropped_either),
        CLAIM(who_appends_to_a_full_spool_may_wait),
        CLAIM(who_waits_is_woken_when_a_sink_is_done),
        CLAIM(what_is_too_old_is_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

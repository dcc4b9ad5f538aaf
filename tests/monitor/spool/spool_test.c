/* SPDX-License-Identifier: MIT */
#include "monitor/spool/spool.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/check.h"
#include "tests/monitor/spool/spool_fixture.h"

/* SHA-512 of "abc", FIPS 180-2 appendix C.1. */
static const uint8_t abc_digest[] = {
    0xdd, 0xaf, 0x35, 0xa1, 0x93, 0x61, 0x7a, 0xba, 0xcc, 0x41, 0x73, 0x49, 0xae, 0x20, 0x41, 0x31,
    0x12, 0xe6, 0xfa, 0x4e, 0x89, 0xa9, 0x7e, 0xa2, 0x0a, 0x9e, 0xee, 0xe6, 0x4b, 0x55, 0xd3, 0x9a,
    0x21, 0x92, 0x99, 0x2a, 0x27, 0x4f, 0xc1, 0xa8, 0x36, 0xba, 0x3c, 0x23, 0xa3, 0xfe, 0xeb, 0xbd,
    0x45, 0x4d, 0x44, 0x23, 0x64, 0x3c, 0xe8, 0x0e, 0x2a, 0x9a, 0xc9, 0x4f, 0xa5, 0x4c, 0xa4, 0x9f};

static size_t count_streams(void)
{
    size_t count = 0;
    DIR *list = opendir(fixture_base);
    assert_non_null(list);
    for (const struct dirent *entry = readdir(list); entry != NULL; entry = readdir(list)) {
        count += entry->d_name[0] != '.';
    }
    (void)closedir(list);
    return count;
}

static void assert_stats(struct spool *spool, size_t sink, uint64_t waiting, uint64_t dropped)
{
    struct spool_sink_stats stats;
    spool_sink_stats(spool, sink, &stats);
    assert_int_equal(stats.waiting_batches, waiting);
    assert_int_equal(stats.waiting_events, waiting * FIXTURE_TRACED);
    assert_int_equal(stats.dropped_batches, dropped);
    assert_int_equal(stats.dropped_events, dropped * FIXTURE_TRACED);
    assert_int_equal(stats.oldest_ms != 0, waiting != 0);
}

static void what_is_appended_is_read_in_order(void **state)
{
    (void)state;
    struct spool *spool = fixture_open();
    fixture_append_all(spool, 1, 100, 1000);
    assert_int_equal(fixture_read_all(spool, 0, 1), 100);
    assert_int_equal(fixture_read_all(spool, 40, 41), 60);
    assert_stats(spool, 0, 100, 0);
    spool_close(spool);
}

static void a_batch_says_what_was_before_it_and_its_digest(void **state)
{
    (void)state;
    struct spool *spool = fixture_open();
    const struct batch_head head = {.count = 3};
    const struct source_position position = {0};
    struct spool_batch *batch = NULL;
    fixture_append(spool, 1, 100);
    assert_int_equal(spool_append(spool, &head, &position, "abc", 3), ETWAS_OK);
    assert_int_equal(spool_read(spool, 1, &batch), ETWAS_OK);
    assert_int_equal(batch->head.sequence, 2);
    assert_int_equal(batch->head.books.before, FIXTURE_TRACED);
    assert_memory_equal(batch->digest, abc_digest, sizeof abc_digest);
    assert_true(batch->made_ms > INT64_C(1600000000000));
    spool_batch_free(batch);
    spool_close(spool);
}

static void a_batch_outlives_the_spool(void **state)
{
    (void)state;
    struct spool *spool = fixture_open();
    struct spool_batch *batch = NULL;
    fixture_append(spool, 5, 1000);
    assert_int_equal(spool_read(spool, 0, &batch), ETWAS_OK);
    spool_done(spool, 0, 1);
    spool_close(spool);
    assert_int_equal(fixture_number(batch), 5);
    spool_batch_free(batch);
}

static void the_next_program_goes_on_where_the_last_one_stood(void **state)
{
    (void)state;
    uint8_t stream[BATCH_STREAM_SIZE];
    struct spool *spool = fixture_open();
    assert_int_equal(spool_past(spool)->sequence, 0);
    memcpy(stream, spool_stream(spool), sizeof stream);
    fixture_append_all(spool, 1, 10, 500);
    spool_done(spool, 0, 4);
    spool_close(spool);
    spool = fixture_open();
    const struct spool_past *past = spool_past(spool);
    assert_memory_equal(spool_stream(spool), stream, sizeof stream);
    assert_int_equal(past->sequence, 10);
    assert_int_equal(past->books.before, 10 * FIXTURE_TRACED);
    assert_int_equal(past->books.produced, 110);
    assert_int_equal(past->position.session, 7);
    assert_int_equal(past->position.lane_count, 2);
    assert_int_equal(past->position.lanes[0].read, 100);
    assert_int_equal(past->position.lanes[0].lost, 10);
    assert_int_equal(past->position.lanes[1].lost, 2);
    /* produced 110, 90 traced, 10 filtered, 10 lost in the kernel */
    assert_int_equal(spool_past_unaccounted(past), 0);
    assert_int_equal(spool_cursor(spool, 0), 4);
    assert_stats(spool, 0, 6, 0);
    fixture_append(spool, 11, 500);
    assert_int_equal(fixture_read_all(spool, 4, 5), 7);
    spool_close(spool);
}

static void what_was_produced_and_became_nothing_is_told(void **state)
{
    (void)state;
    struct spool_past past = {.sequence = 1};
    past.books = (struct batch_books){.before = 50, .produced = 100, .filtered = 20};
    past.books.lost_kernel = 5;
    past.books.lost_monitor = 1;
    assert_int_equal(spool_past_unaccounted(&past), 24);
}

static void numbers_go_on_after_all_was_sent(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < 3; round++) {
        struct spool *spool = fixture_open();
        struct spool_batch *batch = NULL;
        assert_int_equal(spool_past(spool)->sequence, round * 5);
        assert_int_equal(spool_past(spool)->position.lanes[0].read, round * 50);
        assert_int_equal(spool_read(spool, 0, &batch), ETWAS_AGAIN);
        fixture_append_all(spool, round * 5 + 1, round * 5 + 5, 200);
        spool_done(spool, 0, round * 5 + 5);
        spool_close(spool);
    }
    assert_int_equal(count_streams(), 1);
}

static void a_sink_has_a_cursor_of_its_own(void **state)
{
    (void)state;
    static const char *const sinks[] = {"http://a/", "https://b/"};
    fixture_options.sinks = sinks;
    fixture_options.sink_count = 2;
    struct spool *spool = fixture_open();
    fixture_append_all(spool, 1, 10, 500);
    spool_done(spool, 1, 7);
    spool_close(spool);
    spool = fixture_open();
    assert_int_equal(spool_sink_count(spool), 2);
    assert_string_equal(spool_sink(spool, 1), "https://b/");
    assert_null(spool_sink(spool, 2));
    assert_int_equal(spool_cursor(spool, 0), 0);
    assert_int_equal(spool_cursor(spool, 1), 7);
    assert_stats(spool, 0, 10, 0);
    assert_stats(spool, 1, 3, 0);
    spool_done(spool, 1, 5); /* not back */
    assert_int_equal(spool_cursor(spool, 1), 7);
    spool_close(spool);
}

static void segments_that_all_sinks_have_go(void **state)
{
    (void)state;
    struct stat about;
    fixture_options.max_bytes = UINT64_C(2) * 1024 * 1024; /* segments of 128 KiB */
    struct spool *spool = fixture_open();
    fixture_append_all(spool, 1, 10, 50000);
    const char *first = fixture_file(fixture_folder(spool), "00000001.seg");
    assert_int_equal(stat(first, &about), 0);
    assert_int_equal(about.st_mode & 07777, 0600);
    spool_done(spool, 0, 1);
    assert_int_equal(stat(first, &about), 0);
    spool_done(spool, 0, 2);
    assert_int_equal(stat(first, &about), -1);
    assert_int_equal(fixture_read_all(spool, 2, 3), 8);
    spool_close(spool);
}

static void two_programs_have_two_streams(void **state)
{
    (void)state;
    struct spool *one = fixture_open();
    struct spool *other = fixture_open();
    assert_memory_not_equal(spool_stream(one), spool_stream(other), BATCH_STREAM_SIZE);
    assert_int_equal(count_streams(), 2);
    spool_close(one);
    spool_close(other);
}

static void other_sinks_or_another_session_are_another_stream(void **state)
{
    (void)state;
    static const char *const sinks[] = {"http://other/"};
    uint8_t stream[BATCH_STREAM_SIZE];
    struct spool *spool = fixture_open();
    memcpy(stream, spool_stream(spool), sizeof stream);
    spool_close(spool);
    fixture_options.session = "Other";
    spool = fixture_open();
    assert_memory_not_equal(spool_stream(spool), stream, sizeof stream);
    spool_close(spool);
    fixture_options.session = "Test";
    fixture_options.sinks = sinks;
    spool = fixture_open();
    assert_memory_not_equal(spool_stream(spool), stream, sizeof stream);
    spool_close(spool);
    assert_int_equal(count_streams(), 3);
}

static void a_stream_that_others_may_write_is_nobodys(void **state)
{
    (void)state;
    struct spool *left = NULL;
    struct etwas_error error;
    uint8_t stream[BATCH_STREAM_SIZE];
    char folder[256];
    struct spool *spool = fixture_open();
    fixture_append_all(spool, 1, 4, 500);
    memcpy(stream, spool_stream(spool), sizeof stream);
    (void)snprintf(folder, sizeof folder, "%s", fixture_folder(spool));
    spool_close(spool);
    assert_int_equal(chmod(folder, 0770), 0);
    spool = fixture_open();
    assert_memory_not_equal(spool_stream(spool), stream, sizeof stream);
    assert_int_equal(spool_open_left(&fixture_options, &left, &error), ETWAS_NOT_FOUND);
    assert_int_equal(chmod(folder, 0700), 0);
    assert_int_equal(spool_open_left(&fixture_options, &left, &error), ETWAS_OK);
    assert_memory_equal(spool_stream(left), stream, sizeof stream);
    spool_close(left);
    spool_close(spool);
}

static void what_others_left_is_sent_and_then_removed(void **state)
{
    (void)state;
    struct spool *left = NULL;
    struct etwas_error error;
    struct spool *spool = fixture_open();
    fixture_append_all(spool, 1, 4, 500);
    assert_int_equal(spool_open_left(&fixture_options, &left, &error), ETWAS_NOT_FOUND);
    spool_close(spool);
    fixture_options.session = "Other";
    spool = fixture_open();
    assert_int_equal(spool_open_left(&fixture_options, &left, &error), ETWAS_OK);
    assert_int_equal(spool_sink_count(left), 1);
    assert_string_equal(spool_sink(left, 0), "http://localhost:8080/");
    assert_int_equal(fixture_read_all(left, 0, 1), 4);
    spool_done(left, 0, 3);
    spool_close(left);
    assert_int_equal(count_streams(), 2);
    assert_int_equal(spool_open_left(&fixture_options, &left, &error), ETWAS_OK);
    assert_int_equal(fixture_read_all(left, spool_cursor(left, 0), 4), 1);
    spool_done(left, 0, 4);
    spool_close(left);
    assert_int_equal(count_streams(), 1);
    assert_int_equal(spool_open_left(&fixture_options, &left, &error), ETWAS_NOT_FOUND);
    spool_close(spool);
}

static void a_parked_batch_is_a_text_and_the_body(void **state)
{
    (void)state;
    char text[8192] = {0};
    struct spool_batch *batch = NULL;
    struct spool *spool = fixture_open();
    fixture_append(spool, 1, 100);
    assert_int_equal(spool_read(spool, 0, &batch), ETWAS_OK);
    assert_true(spool_park(spool, 0, batch, "409 conflict"));
    FILE *file = fopen(fixture_file(fixture_folder(spool), "parked/1.0.batch"), "rb");
    assert_non_null(file);
    const size_t got = fread(text, 1, sizeof text - 1, file);
    (void)fclose(file);
    const char *body = strstr(text, "\n\n");
    assert_non_null(body);
    assert_memory_equal(body + 2, batch->body, 100);
    assert_ptr_equal(body + 2 + 100, text + got);
    assert_non_null(strstr(text, "Reason: 409 conflict\n"));
    assert_non_null(strstr(text, "Sequence: 1\n"));
    for (uint64_t i = 2; i <= SPOOL_MAX_PARKED; i++) {
        batch->head.sequence = i;
        assert_true(spool_park(spool, 0, batch, "no"));
    }
    batch->head.sequence = 1000;
    assert_false(spool_park(spool, 0, batch, "no"));
    spool_batch_free(batch);
    spool_close(spool);
}

static void a_batch_that_is_too_big_is_refused(void **state)
{
    (void)state;
    struct spool *spool = fixture_open();
    assert_int_equal(fixture_try_append(spool, 1, BATCH_MAX_SENT + 1), ETWAS_TOO_BIG);
    fixture_append(spool, 1, BATCH_MAX_SENT);
    assert_int_equal(fixture_read_all(spool, 0, 1), 1);
    spool_close(spool);
}

static void a_base_that_cannot_be_made_is_said(void **state)
{
    (void)state;
    struct spool *spool = NULL;
    struct etwas_error error;
    fixture_options.base = "/dev/null/spool";
    assert_int_equal(spool_open(&fixture_options, &spool, &error), ETWAS_SYSTEM);
    assert_null(spool);
    assert_non_null(error.doing);
    assert_int_not_equal(error.os_code, 0);
}

static void the_memory_that_is_left_need_not_hold_it_all(void **state)
{
    (void)state;
    struct spool *spool = fixture_open();
    fixture_append_all(spool, 1, 40, 1000000);
    assert_int_equal(fixture_read_all(spool, 0, 1), 40);
    assert_stats(spool, 0, 40, 0);
    spool_done(spool, 0, 39);
    assert_stats(spool, 0, 1, 0);
    spool_close(spool);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(what_is_appended_is_read_in_order),
        CLAIM(a_batch_says_what_was_before_it_and_its_digest),
        CLAIM(a_batch_outlives_the_spool),
        CLAIM(the_next_program_goes_on_where_the_last_one_stood),
        CLAIM(what_was_produced_and_became_nothing_is_told),
        CLAIM(numbers_go_on_after_all_was_sent),
        CLAIM(a_sink_has_a_cursor_of_its_own),
        CLAIM(segments_that_all_sinks_have_go),
        CLAIM(two_programs_have_two_streams),
        CLAIM(other_sinks_or_another_session_are_another_stream),
        CLAIM(a_stream_that_others_may_write_is_nobodys),
        CLAIM(what_others_left_is_sent_and_then_removed),
        CLAIM(a_parked_batch_is_a_text_and_the_body),
        CLAIM(a_batch_that_is_too_big_is_refused),
        CLAIM(a_base_that_cannot_be_made_is_said),
        CLAIM(the_memory_that_is_left_need_not_hold_it_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

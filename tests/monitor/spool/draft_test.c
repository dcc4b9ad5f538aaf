/* SPDX-License-Identifier: MIT */
/* A batch that is being filled, and the kill of the program that fills it. */
#include "monitor/spool/draft.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/check.h"
#include "tests/monitor/spool/spool_fixture.h"

static const char lines[] = "one\ntwo\nthree\nfour\n";

/* As a batch of these lines would be: a position of 10 events a line. */
static void draft(struct spool *spool, uint64_t count, size_t size)
{
    static struct source_position position = {.session = 7, .lane_count = 2};
    const struct batch_head head = {
        .count = count,
        .own = count > 3,
        .books = {.produced = 100 + count, .filtered = count, .lost_monitor = 1}
    };
    position.lanes[1] = (struct source_lane){.read = 10 * count, .lost = count};
    spool_draft(spool, &head, &position, lines, size);
}

static void fill_and_die(void)
{
    struct spool *spool = fixture_open();
    fixture_append(spool, 1, 100);
    draft(spool, 2, 8);
    draft(spool, 2, 8);
    draft(spool, 3, 14);
    draft(spool, 4, 19);
}

static void assert_draft(const struct spool_draft *found, uint64_t count, size_t size)
{
    assert_int_equal(found->head.count, count);
    assert_int_equal(found->head.own, count > 3);
    assert_int_equal(found->head.books.produced, 100 + count);
    assert_int_equal(found->head.books.filtered, count);
    assert_int_equal(found->head.books.lost_monitor, 1);
    assert_int_equal(found->position.session, 7);
    assert_int_equal(found->position.lane_count, 2);
    assert_int_equal(found->position.lanes[1].read, 10 * count);
    assert_int_equal(found->position.lanes[1].lost, count);
    assert_int_equal(found->size, size);
    assert_memory_equal(found->lines, lines, size);
}

/* It becomes the stream's next batch. */
static void append_draft(struct spool *spool, const struct spool_draft *found)
{
    assert_int_equal(spool_append(spool, &found->head, &found->position, found->lines, found->size),
                     ETWAS_OK);
    spool_set_past(spool);
}

static void what_was_being_filled_survives_a_kill(void **state)
{
    (void)state;
    struct spool_draft found;
    struct spool_batch *batch = NULL;
    fixture_in_child(fill_and_die);
    struct spool *spool = fixture_open();
    assert_int_equal(spool_past(spool)->sequence, 1);
    assert_true(spool_draft_take(spool, &found));
    assert_draft(&found, 4, 19);
    append_draft(spool, &found);
    spool_draft_free(&found);
    assert_int_equal(spool_past(spool)->sequence, 2);
    assert_int_equal(spool_past(spool)->books.produced, 104);
    assert_int_equal(spool_past(spool)->position.lanes[1].read, 40);
    assert_int_equal(spool_read(spool, 1, &batch), ETWAS_OK);
    assert_int_equal(batch->head.books.before, FIXTURE_TRACED);
    spool_batch_free(batch);
    assert_false(spool_draft_take(spool, &found)); /* not twice */
    spool_close(spool);
}

static void append_behind_it_and_die(void)
{
    fill_and_die();
    struct spool *spool = fixture_open(); /* a stream of its own: the other is held */
    draft(spool, 4, 19);
    fixture_append(spool, 1, 100);
}

static void a_batch_that_was_appended_is_no_draft_any_more(void **state)
{
    (void)state;
    struct spool_draft found;
    fixture_in_child(append_behind_it_and_die);
    struct spool *first = fixture_open();
    struct spool *second = fixture_open();
    const bool has = spool_draft_take(first, &found);
    spool_draft_free(&found);
    assert_int_equal(spool_draft_take(second, &found), !has);
    spool_draft_free(&found);
    spool_close(second);
    spool_close(first);
}

static void refill_and_die(void)
{
    struct spool *spool = fixture_open();
    draft(spool, 4, 19);
    draft(spool, 4, 19);
    fixture_append(spool, 1, 100);
    draft(spool, 1, 4);
}

static void what_an_older_draft_had_more_of_is_not_read(void **state)
{
    (void)state;
    struct spool_draft found;
    fixture_in_child(refill_and_die);
    struct spool *spool = fixture_open();
    assert_true(spool_draft_take(spool, &found));
    assert_draft(&found, 1, 4);
    spool_draft_free(&found);
    spool_close(spool);
}

static void a_spool_that_was_closed_has_no_draft(void **state)
{
    (void)state;
    struct spool_draft found;
    struct spool *spool = fixture_open();
    fixture_append(spool, 1, 100);
    spool_close(spool);
    spool = fixture_open();
    assert_false(spool_draft_take(spool, &found));
    assert_null(found.lines);
    spool_close(spool);
}

/* Is one of the states that the draft went through, or none. */
static void take_one_of_them(bool *any)
{
    static const size_t sizes[] = {0, 0, 8, 14, 19};
    struct spool_draft found;
    struct spool *spool = fixture_open();
    if (spool_draft_take(spool, &found)) {
        assert_in_range(found.head.count, 2, 4);
        assert_draft(&found, found.head.count, sizes[found.head.count]);
        *any = true;
    }
    spool_draft_free(&found);
    spool_close(spool);
}

/* The draft's file, in memory; then written back with a change. */
static uint8_t image[16 * 1024];

static const char *load_image(size_t *size)
{
    static char path[256];
    struct spool *spool = fixture_open();
    (void)snprintf(path, sizeof path, "%s", fixture_file(fixture_folder(spool), "draft"));
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    const ssize_t got = read(file, image, sizeof image);
    (void)close(file);
    spool_close(spool);
    assert_in_range(got, 200, sizeof image - 1);
    *size = (size_t)got;
    return path;
}

static void save_image(const char *path, size_t size)
{
    const int file = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
    assert_int_equal(write(file, image, size), size);
    assert_int_equal(close(file), 0);
}

static void a_draft_that_was_cut_anywhere_is_an_earlier_one_or_none(void **state)
{
    (void)state;
    size_t size = 0;
    bool any = false;
    fixture_in_child(fill_and_die);
    const char *path = load_image(&size);
    for (size_t i = 0; i <= size; i++) {
        save_image(path, i);
        take_one_of_them(&any);
    }
    assert_true(any);
}

static void a_draft_with_a_wrong_byte_is_an_earlier_one_or_none(void **state)
{
    (void)state;
    size_t size = 0;
    bool any = false;
    fixture_in_child(fill_and_die);
    const char *path = load_image(&size);
    for (size_t i = 0; i < size; i++) {
        image[i] ^= 0x20;
        save_image(path, size);
        take_one_of_them(&any);
        image[i] ^= 0x20;
    }
    assert_true(any);
}

static void draft_without_a_folder(void)
{
    struct spool *spool = fixture_open();
    fixture_append(spool, 1, 100);
    assert_int_equal(chmod(fixture_folder(spool), 0500), 0);
    assert_true(geteuid() != 0 || setuid(65534) == 0);
    draft(spool, 2, 8);
    draft(spool, 4, 19);
}

static void a_draft_that_cannot_be_written_does_no_harm(void **state)
{
    (void)state;
    struct spool_draft found;
    fixture_in_child(draft_without_a_folder);
    struct spool *spool = fixture_open();
    assert_int_equal(spool_past(spool)->sequence, 1);
    assert_false(spool_draft_take(spool, &found));
    assert_int_equal(chmod(fixture_folder(spool), 0700), 0);
    spool_close(spool);
}

static void the_left_stream_of_one_that_was_killed_has_its_draft(void **state)
{
    (void)state;
    static const char *const others[] = {"http://b/"};
    struct spool_draft found;
    struct spool *spool = NULL;
    struct etwas_error error;
    fixture_in_child(fill_and_die);
    fixture_options.sinks = others;
    assert_int_equal(spool_open_left(&fixture_options, &spool, &error), ETWAS_OK);
    assert_true(spool_may_grow(spool));
    assert_true(spool_draft_take(spool, &found));
    assert_draft(&found, 4, 19);
    append_draft(spool, &found);
    spool_draft_free(&found);
    assert_int_equal(spool_unaccounted(spool), 104 - FIXTURE_TRACED - 3 - 4 - 1);
    spool_done(spool, 0, 1);
    spool_close(spool);
    assert_int_equal(spool_open_left(&fixture_options, &spool, &error), ETWAS_OK);
    struct spool_batch *batch = NULL;
    assert_int_equal(spool_read(spool, 1, &batch), ETWAS_OK);
    assert_int_equal(batch->head.count, 4);
    spool_batch_free(batch);
    spool_done(spool, 0, 2);
    spool_close(spool);
    assert_int_equal(spool_open_left(&fixture_options, &spool, &error), ETWAS_NOT_FOUND);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(what_was_being_filled_survives_a_kill),
        CLAIM(a_batch_that_was_appended_is_no_draft_any_more),
        CLAIM(what_an_older_draft_had_more_of_is_not_read),
        CLAIM(a_spool_that_was_closed_has_no_draft),
        CLAIM(a_draft_that_was_cut_anywhere_is_an_earlier_one_or_none),
        CLAIM(a_draft_with_a_wrong_byte_is_an_earlier_one_or_none),
        CLAIM(a_draft_that_cannot_be_written_does_no_harm),
        CLAIM(the_left_stream_of_one_that_was_killed_has_its_draft),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

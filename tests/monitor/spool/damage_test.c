/* SPDX-License-Identifier: MIT */
/* A spool whose files were cut or changed: no wrong byte, and no number twice. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "monitor/spool/slots.h"
#include "monitor/spool/spool.h"
#include "tests/check.h"
#include "tests/monitor/spool/spool_fixture.h"

enum { HEADER = 64, COUNT = 4, BODY = 20, RECORD = 168 /* 112 + 2 lanes + the body, to 8 bytes */ };
enum { SEGMENT, CURSORS, STATE, SINKS, LOCK, FILES };

static const char *const names[FILES] = {"00000001.seg", "cursors", "state", "sinks", "lock"};
static char folder[160];
static uint8_t stream[BATCH_STREAM_SIZE];
static struct {
    uint8_t bytes[40 * 1024];
    size_t size;
} kept[FILES];

static void act(void)
{
    struct spool *spool = fixture_open();
    fixture_append_all(spool, 1, COUNT, BODY);
    /* The name of a stream that nobody holds any more, for the parent. */
    assert_int_equal(symlink(fixture_folder(spool), fixture_file(fixture_base, "stream")), 0);
}

static void keep(size_t i)
{
    const int file = open(fixture_file(folder, names[i]), O_RDONLY | O_CLOEXEC);
    const ssize_t got = read(file, kept[i].bytes, sizeof kept[i].bytes);
    (void)close(file);
    assert_in_range(got, 0, sizeof kept[i].bytes - 1);
    kept[i].size = (size_t)got;
}

/* A stream of COUNT batches whose program was killed, to be damaged again and again. */
static int set_up(void **state)
{
    (void)fixture_set_up(state);
    fixture_in_child(act);
    const ssize_t size = readlink(fixture_file(fixture_base, "stream"), folder, sizeof folder - 1);
    assert_true(size > (ssize_t)(2 * BATCH_STREAM_SIZE));
    folder[size] = '\0';
    (void)unlink(fixture_file(fixture_base, "stream"));
    for (size_t i = 0; i < BATCH_STREAM_SIZE; i++) {
        const char *digits = strrchr(folder, '/') + 1 + 2 * i;
        const char byte[] = {digits[0], digits[1], '\0'};
        stream[i] = (uint8_t)strtoul(byte, NULL, 16);
    }
    for (size_t i = 0; i < FILES; i++) {
        keep(i);
    }
    assert_int_equal(kept[SEGMENT].size, HEADER + COUNT * RECORD);
    return 0;
}

static void put_back(size_t i, size_t size)
{
    const int file =
        open(fixture_file(folder, names[i]), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(file >= 0);
    assert_int_equal(write(file, kept[i].bytes, size), size);
    (void)close(file);
}

/* All as it was when the program was killed, in a base without other streams. */
static void restore(void)
{
    fixture_empty();
    (void)mkdir(folder, 0700);
    for (size_t i = 0; i < FILES; i++) {
        put_back(i, kept[i].size);
    }
}

static bool is_ours(const struct spool *spool)
{
    return memcmp(spool_stream(spool), stream, sizeof stream) == 0;
}

static void every_cut_keeps_what_was_before_it(void **state)
{
    (void)state;
    for (size_t size = 0; size <= HEADER + COUNT * RECORD; size++) {
        const size_t whole = size < HEADER ? 0 : (size - HEADER) / RECORD;
        restore();
        put_back(SEGMENT, size);
        struct spool *spool = fixture_open();
        assert_true(is_ours(spool));
        assert_null(spool_notice(spool));
        assert_int_equal(spool_past(spool)->sequence, whole);
        assert_int_equal(spool_past(spool)->books.before, whole * FIXTURE_TRACED);
        fixture_append(spool, whole + 1, BODY);
        assert_int_equal(fixture_read_all(spool, 0, 1), whole + 1);
        spool_close(spool);
    }
}

/* Reads all; each as it was. How many. */
static size_t read_some(struct spool *spool)
{
    struct spool_batch *batch = NULL;
    uint64_t sequence = 0;
    size_t count = 0;
    for (; spool_read(spool, sequence, &batch) == ETWAS_OK; count++) {
        sequence = batch->head.sequence;
        assert_int_equal(fixture_number(batch), sequence);
        spool_batch_free(batch);
    }
    return count;
}

/* It is known where the stream ended: it goes on, and says what is missing. */
static void assert_goes_on(struct spool *spool, size_t readable)
{
    struct spool_sink_stats stats;
    assert_int_equal(spool_past(spool)->sequence, COUNT);
    assert_int_equal(read_some(spool), readable);
    spool_sink_stats(spool, 0, &stats);
    assert_int_equal(stats.dropped_batches, COUNT - readable);
    assert_int_equal(stats.dropped_events, (COUNT - readable) * FIXTURE_TRACED);
    assert_true(readable == COUNT || spool_notice(spool) != NULL);
    spool_done(spool, 0, COUNT);
    spool_sink_stats(spool, 0, &stats);
    assert_int_equal(stats.dropped_events, (COUNT - readable) * FIXTURE_TRACED);
}

/* It is not: there is a new stream, and what is left of the old one is sent. */
static void assert_is_left(size_t readable)
{
    struct spool *left = NULL;
    struct etwas_error error;
    const enum etwas_status status = spool_open_left(&fixture_options, &left, &error);
    assert_int_equal(status, readable != 0 ? ETWAS_OK : ETWAS_NOT_FOUND);
    if (left != NULL) {
        assert_true(is_ours(left));
        assert_int_equal(read_some(left), readable);
        spool_close(left);
    }
}

static void every_changed_byte_costs_its_batch_at_most(void **state)
{
    (void)state;
    size_t went_on = 0;
    for (size_t at = 0; at < HEADER + COUNT * RECORD; at++) {
        const size_t inside = at < HEADER ? 0 : (at - HEADER) % RECORD;
        const bool is_padding = at >= HEADER && inside >= 112 + 32 + BODY;
        const size_t readable = at < HEADER ? 0 : COUNT - !is_padding;
        restore();
        kept[SEGMENT].bytes[at] ^= 0x10;
        put_back(SEGMENT, kept[SEGMENT].size);
        kept[SEGMENT].bytes[at] ^= 0x10;
        struct spool *spool = fixture_open();
        if (is_ours(spool)) {
            went_on++;
            assert_goes_on(spool, readable);
        } else {
            assert_int_equal(spool_past(spool)->sequence, 0);
            assert_is_left(readable);
        }
        spool_close(spool);
    }
    /* All but what hides where the stream ended: the header, the last record's head. */
    assert_int_equal(went_on, COUNT * RECORD - 112 - 32);
}

/* Cursors and state are in two slots: one that is damaged is as it was before. */
static void a_damaged_cursor_sends_again_and_counts_nothing(void **state)
{
    (void)state;
    for (size_t at = 0; at < 2048; at++) {
        struct spool_sink_stats stats;
        restore();
        kept[CURSORS].bytes[at] ^= 1;
        put_back(CURSORS, kept[CURSORS].size);
        kept[CURSORS].bytes[at] ^= 1;
        struct spool *spool = fixture_open();
        assert_true(is_ours(spool));
        assert_int_equal(spool_cursor(spool, 0), 0);
        spool_sink_stats(spool, 0, &stats);
        assert_int_equal(stats.dropped_batches, 0);
        assert_int_equal(stats.waiting_batches, COUNT);
        spool_close(spool);
        at += at > 150 ? 60 : 0; /* beyond what was written it does not matter where */
    }
}

static void without_its_state_a_stream_is_only_sent(void **state)
{
    (void)state;
    restore();
    put_back(STATE, 0);
    put_back(CURSORS, 0);
    struct spool *spool = fixture_open();
    assert_false(is_ours(spool));
    assert_is_left(COUNT);
    spool_close(spool);
}

/* What the machine had not written when it went down may have been sent: no number twice. */
static void after_the_machine_went_down_a_stream_is_only_sent(void **state)
{
    (void)state;
    size_t size = 0;
    uint64_t writing = 0;
    restore();
    const uint8_t *held =
        slots_find(kept[STATE].bytes, kept[STATE].size, kept[STATE].size / 2, &size, &writing);
    assert_non_null(held);
    uint8_t *slot = kept[STATE].bytes + (held - kept[STATE].bytes) - SLOT_HEAD;
    slot[SLOT_HEAD] ^= 1; /* the identity of the machine's run comes first */
    slots_seal(slot, size, writing);
    put_back(STATE, kept[STATE].size);
    struct spool *spool = fixture_open();
    assert_false(is_ours(spool));
    assert_is_left(COUNT);
    spool_close(spool);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, set_up, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(every_cut_keeps_what_was_before_it),
        CLAIM(every_changed_byte_costs_its_batch_at_most),
        CLAIM(a_damaged_cursor_sends_again_and_counts_nothing),
        CLAIM(without_its_state_a_stream_is_only_sent),
        CLAIM(after_the_machine_went_down_a_stream_is_only_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

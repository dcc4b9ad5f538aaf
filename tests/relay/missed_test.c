/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zstd.h>

#include "relay/live.h"
#include "tests/check.h"
#include "tests/relay/store_kit.h"
#include "tests/relay/viewer_kit.h"

/* Viewers that nobody reads for a while, without a network between. */
enum { BATCHES = 1200, LINES = 4, LINE = 16 * 1024 };

static struct kit kit;
static struct live *live;
static struct http_stream *stream;

static int set_up(void **state)
{
    (void)state;
    struct live_options options = {.max_viewers = 4};
    if (!kit_make(&kit)) {
        return 1;
    }
    kit_open(&kit);
    options.store = kit.store;
    return live_open(&options, &live, &kit.error) != ETWAS_OK;
}

static int tear_down(void **state)
{
    (void)state;
    if (stream != NULL) {
        stream->close(stream);
        stream = NULL;
    }
    live_close(live);
    kit_remove(&kit);
    return 0;
}

static void wake(void *waker)
{
    (void)waker; /* it is asked again anyway */
}

static void view(uint32_t sample)
{
    const struct identity now = {.row = 0};
    assert_int_equal(live_view(live, now, sample, &stream), ETWAS_OK);
    stream->wake = wake;
    stream->waker = NULL;
}

/* 64 KiB of lines that pack to nothing. */
static void publish(int64_t row)
{
    static char text[LINES * LINE];
    static const char begin[] = {'{', '"', 'T', '"', ':', '"'};
    static const char end[] = {'"', '}', '\n'};
    memset(text, 'a', sizeof text);
    for (size_t i = 0; i < LINES; i++) {
        memcpy(text + i * LINE, begin, sizeof begin);
        memcpy(text + (i + 1) * LINE - sizeof end, end, sizeof end);
    }
    struct live_batch batch = {.row = row, .computer = "web1", .count = LINES};
    const size_t room = ZSTD_compressBound(sizeof text);
    batch.body = malloc(room);
    assert_non_null(batch.body);
    batch.size = ZSTD_compress(batch.body, room, text, sizeof text, 1);
    assert_int_equal(ZSTD_isError(batch.size), 0);
    live_publish(live, &batch);
}

static void wait_until_shown(void)
{
    struct live_numbers numbers;
    do {
        (void)usleep(1000);
        live_numbers(live, &numbers);
    } while (numbers.queued != 0);
}

struct seen {
    uint64_t events;
    uint64_t passed; /* as the rates say */
    uint64_t shown;
    uint64_t missed;
    uint64_t notices;
};

static void take_line(struct seen *seen, const char *line)
{
    if (strncmp(line, "data: {\"Id\"", 11) == 0) {
        seen->events++;
    } else if (strncmp(line, "data: {\"Time\"", 13) == 0) {
        seen->passed += number_of(line, "Events");
        seen->shown += number_of(line, "Shown");
    } else if (strncmp(line, "data: {\"Count\"", 14) == 0) {
        seen->missed += number_of(line, "Count");
        seen->notices++;
    }
}

/* Reads until what went by and what was missed are all there is. */
static void read_all(struct seen *seen, uint64_t events)
{
    static char text[256 * 1024];
    size_t size = 0;
    for (int i = 0; i < 3000 && seen->passed + seen->missed < events; i++) {
        const long got = stream->read(stream, text + size, sizeof text - 1 - size);
        assert_true(got >= 0);
        size += (size_t)got;
        char *begin = text;
        for (char *end = memchr(begin, '\n', size); end != NULL;
             end = memchr(begin, '\n', size - (size_t)(begin - text))) {
            *end = '\0';
            take_line(seen, begin);
            begin = end + 1;
        }
        size -= (size_t)(begin - text);
        memmove(text, begin, size);
        if (got == 0) {
            (void)usleep(1000);
        }
    }
}

static void what_a_sample_missed_is_counted_exactly(void **state)
{
    (void)state;
    struct seen seen = {.events = 0};
    view(10);
    for (int64_t row = 1; row <= BATCHES; row++) { /* 75 MB, far more than the ring has room for */
        publish(row);
    }
    wait_until_shown();
    read_all(&seen, (uint64_t)BATCHES * LINES);
    assert_int_equal(seen.passed + seen.missed, BATCHES * LINES);
    assert_int_equal(seen.notices, 1);
    assert_true(seen.missed > 0);
    assert_int_equal(seen.events, seen.shown);
    assert_true(seen.events >= 1);
}

static void while_nobody_looks_nothing_is_kept(void **state)
{
    (void)state;
    struct live_numbers numbers;
    for (int64_t row = 1; row <= 100; row++) {
        publish(row);
    }
    wait_until_shown();
    live_numbers(live, &numbers);
    assert_int_equal(numbers.shown, 0);
    assert_int_equal(numbers.viewers, 0);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(what_a_sample_missed_is_counted_exactly),
        CLAIM(while_nobody_looks_nothing_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

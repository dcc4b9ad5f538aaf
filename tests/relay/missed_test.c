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
enum { BATCHES = 1200, LINES = 4, LINE = 16 * 1024, BIG_LINES = 128, SLOW = 50 };

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

/* So many lines that pack to nothing; its size. */
static size_t pack(size_t lines, void **body)
{
    static char text[BIG_LINES * LINE];
    static const char begin[] = {'{', '"', 'T', '"', ':', '"'};
    static const char end[] = {'"', '}', '\n'};
    memset(text, 'a', lines * LINE);
    for (size_t i = 0; i < lines; i++) {
        memcpy(text + i * LINE, begin, sizeof begin);
        memcpy(text + (i + 1) * LINE - sizeof end, end, sizeof end);
    }
    const size_t room = ZSTD_compressBound(lines * LINE);
    *body = malloc(room);
    assert_non_null(*body);
    const size_t size = ZSTD_compress(*body, room, text, lines * LINE, 1);
    assert_int_equal(ZSTD_isError(size), 0);
    return size;
}

/* A batch of 64 KiB. */
static void publish(int64_t row)
{
    struct live_batch batch = {.row = row, .computer = "web1", .count = LINES};
    batch.size = pack(LINES, &batch.body);
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

/* As a relay that is started finds them: a batch of 2 MiB in each row. */
static void store_big(uint64_t rows)
{
    struct live_options options = {.max_viewers = SLOW};
    struct kit_batch batch;
    void *body = NULL;
    const size_t size = pack(BIG_LINES, &body);
    for (uint64_t i = 1; i <= rows; i++) {
        kit_batch(&batch, 1, i, BIG_LINES);
        batch.incoming.body = body;
        batch.incoming.size = size;
        assert_int_equal(kit_put(&kit, &batch), STORE_STORED);
    }
    free(body);
    live_close(live);
    options.store = kit.store;
    assert_int_equal(live_open(&options, &live, &kit.error), ETWAS_OK);
}

/* How many events come up to the last of batch `row`. */
static unsigned read_up_to(struct http_stream *from, int64_t row)
{
    static char text[1024 * 1024];
    char last[64];
    unsigned events = 0;
    size_t size = 0;
    (void)snprintf(last, sizeof last, "id: %" PRId64 ":%d\n", row, (int)BIG_LINES);
    for (bool through = false; !through;) {
        const long got = from->read(from, text + size, sizeof text - 1 - size);
        assert_true(got > 0);
        size += (size_t)got;
        text[size] = '\0';
        const char *begin = text;
        for (const char *end = strchr(begin, '\n'); end != NULL; end = strchr(begin, '\n')) {
            events += !through && strncmp(begin, "id: ", 4) == 0 ? 1 : 0;
            through = through || strncmp(begin, last, strlen(last)) == 0;
            begin = end + 1;
        }
        size -= (size_t)(begin - text);
        memmove(text, begin, size);
    }
    return events;
}

static void slow_viewers_take_so_much_memory_and_no_more(void **state)
{
    (void)state;
    static struct http_stream *streams[SLOW];
    char text[1000];
    struct live_numbers numbers;
    store_big(3);
    for (size_t i = 0; i < SLOW; i++) {
        const struct identity after = {.row = 1, .index = 1};
        assert_int_equal(live_view(live, after, 0, &streams[i]), ETWAS_OK);
        streams[i]->wake = wake;
        assert_int_equal(streams[i]->read(streams[i], text, sizeof text), sizeof text);
    }
    live_numbers(live, &numbers);
    assert_in_range(numbers.held, LIVE_HELD_SIZE / 2, LIVE_HELD_SIZE);
    for (size_t i = 0; i < SLOW; i += 20) { /* and miss nothing by it */
        assert_int_equal(read_up_to(streams[i], 2), 2 * BIG_LINES - 2);
    }
    for (size_t i = 0; i < SLOW; i++) {
        streams[i]->close(streams[i]);
    }
    live_numbers(live, &numbers);
    assert_int_equal(numbers.held, 0);
}

static void one_whose_batch_is_gone_meanwhile_comes_again(void **state)
{
    (void)state;
    static struct http_stream *streams[SLOW];
    char text[1000];
    long ended = 0;
    store_big(3);
    for (size_t i = 0; i < SLOW; i++) {
        const struct identity after = {.row = 1, .index = 1};
        assert_int_equal(live_view(live, after, 0, &streams[i]), ETWAS_OK);
        streams[i]->wake = wake;
        assert_int_equal(streams[i]->read(streams[i], text, sizeof text), sizeof text);
    }
    kit_execute(&kit, "DELETE FROM batches WHERE row = 1");
    for (size_t i = 0; i < SLOW; i++) {
        const long got = streams[i]->read(streams[i], text, sizeof text);
        assert_true(got == (long)sizeof text || got == HTTP_STREAM_END);
        ended += got == HTTP_STREAM_END ? 1 : 0;
    }
    assert_in_range(ended, 1, SLOW - 1);
    for (size_t i = 0; i < SLOW; i++) {
        streams[i]->close(streams[i]);
    }
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(what_a_sample_missed_is_counted_exactly),
        CLAIM(while_nobody_looks_nothing_is_kept),
        CLAIM(slow_viewers_take_so_much_memory_and_no_more),
        CLAIM(one_whose_batch_is_gone_meanwhile_comes_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/monitor/forward/rig.h"

/* An event with as much text as its payload has bytes. */
static const char *text_name(const struct schema *schema, uint16_t index)
{
    (void)schema;
    (void)index;
    return "Text";
}

static struct value text_field(const struct event *event, uint16_t index, struct arena *arena)
{
    (void)index;
    (void)arena;
    return (struct value){
        .type = VALUE_TEXT,
        .as.text = {.data = (const char *)event->payload, .size = event->payload_size}
    };
}

static const struct schema traced = {.provider = "Test",
                                     .event_name = "Text",
                                     .field_count = 1,
                                     .field_name = text_name,
                                     .field = text_field};
static const struct schema own = {.provider = "Etwas",
                                  .event_name = "Lost",
                                  .origin = SCHEMA_OWN,
                                  .field_count = 1,
                                  .field_name = text_name,
                                  .field = text_field};
static const struct schema local = {.provider = "cpu",
                                    .event_name = "Usage",
                                    .origin = SCHEMA_LOCAL,
                                    .field_count = 1,
                                    .field_name = text_name,
                                    .field = text_field};

enum { TEXT_SIZE = 3 * 1024 * 1024, BIG_SIZE = 900 * 1024 };

static uint8_t *text;

/* Text that cannot be compressed to less than three quarters. */
static int make_text(void **state)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t number = 1;
    (void)state;
    text = malloc(TEXT_SIZE);
    for (size_t i = 0; text != NULL && i < TEXT_SIZE; i++) {
        number = number * 1664525 + 1013904223;
        text[i] = (uint8_t)letters[number >> 26];
    }
    return text == NULL;
}

static int free_text(void **state)
{
    (void)state;
    free(text);
    return 0;
}

static struct event make_event(const struct schema *schema, size_t size)
{
    return (struct event){.schema = schema,
                          .payload = text,
                          .payload_size = size,
                          .time = EVENT_UNIX_EPOCH,
                          .level = EVENT_LEVEL_NONE,
                          .cpu = 1};
}

/* In one call of a handler, without a checkpoint behind it. */
static void write_in_one(const struct schema *schema, size_t count, size_t size)
{
    struct event *events = calloc(count, sizeof *events);
    assert_non_null(events);
    for (size_t i = 0; i < count; i++) {
        events[i] = make_event(schema, size);
    }
    assert_int_equal(rig.sink->ops->write(rig.sink, events, count, &rig.error), ETWAS_OK);
    free(events);
}

static uint64_t sum_counts(void)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < server_count(rig.servers[0]); i++) {
        const struct seen *seen = server_seen(rig.servers[0], i);
        assert_true(seen->verified);
        sum += seen->head.count;
    }
    return sum;
}

static void a_call_that_is_too_much_for_a_batch_fills_several(void **state)
{
    (void)state;
    rig_open();
    write_in_one(&traced, 1000, 1000);
    rig_await_sent();
    rig.accounts.produced = 1000;
    rig.accounts.delivered = 1000;
    rig_finish();
    rig_await_sent();
    assert_int_equal(sum_counts(), 1000);
    for (size_t i = 0; i < server_count(rig.servers[0]); i++) {
        const struct seen *seen = server_seen(rig.servers[0], i);
        assert_true(seen->size <= BATCH_MAX_LINES);
        /* What was put into batches was produced, even before the sources say so. */
        assert_int_equal(seen->head.books.produced, seen->head.books.before + seen->head.count);
    }
}

static void a_batch_sealed_early_has_a_position_of_its_own(void **state)
{
    (void)state;
    rig.options.session = "S";
    rig.position = (struct source_position){.session = 5, .lane_count = 2};
    rig.position.lanes[1].read = 100;
    rig_open();
    write_in_one(&traced, 300, 1000);
    rig_await_sent(); /* what was not sealed is not handed on */
    const uint64_t sent = sum_counts();
    assert_in_range(sent, 1, 299);
    rig_close();
    rig_open();
    assert_int_equal(forward_past(rig.sink)->session, 5);
    assert_int_equal(forward_past(rig.sink)->lanes[0].read, 0);
    assert_int_equal(forward_past(rig.sink)->lanes[1].read, 100 + sent);
}

static void only_what_was_traced_moves_the_position(void **state)
{
    (void)state;
    rig.options.session = "S";
    rig.position = (struct source_position){.session = 5, .lane_count = 2};
    rig_open();
    write_in_one(&own, 200, 1000);
    write_in_one(&local, 200, 1000);
    rig_await_sent();
    assert_true(server_count(rig.servers[0]) > 0);
    const struct batch_head *first = &server_seen(rig.servers[0], 0)->head;
    assert_in_range(first->own, 1, 200);
    assert_int_equal(first->books.produced, first->count - first->own);
    rig_close();
    rig_open();
    assert_int_equal(forward_past(rig.sink)->lanes[1].read, 0);
}

static void a_big_event_has_a_batch_of_its_own(void **state)
{
    (void)state;
    rig_open();
    write_in_one(&traced, 1, 100);
    write_in_one(&traced, 1, BIG_SIZE);
    write_in_one(&traced, 1, 100);
    rig_finish();
    rig_await_sent();
    assert_int_equal(server_count(rig.servers[0]), 3);
    assert_int_equal(sum_counts(), 3);
    for (size_t i = 0; i < 3; i++) {
        const struct seen *seen = server_seen(rig.servers[0], i);
        assert_int_equal(seen->head.count, 1);
        assert_int_equal(seen->size > BATCH_MAX_LINES, seen->head.sequence == 2);
    }
}

static void an_event_that_is_too_big_says_so_instead(void **state)
{
    (void)state;
    rig_open();
    write_in_one(&traced, 1, 100);
    write_in_one(&traced, 1, TEXT_SIZE);
    write_in_one(&traced, 1, BATCH_MAX_LINE);
    rig_finish();
    rig_await_sent();
    assert_int_equal(server_count(rig.servers[0]), 1);
    const struct seen *seen = server_seen(rig.servers[0], 0);
    assert_int_equal(seen->head.count, 3);
    assert_non_null(strstr(seen->lines,
                           "\"EventData\":{},\"Message\":\"The fields of this event are "
                           "too big to be sent (record: 3145728 bytes)\"}"));
}

static void full_batches_are_sealed_between_the_calls_of_a_source(void **state)
{
    (void)state;
    rig_open();
    for (size_t i = 0; i < 60; i++) {
        write_in_one(&traced, 10, 1000);
        rig.accounts.produced += 10;
        rig.accounts.delivered += 10;
        rig_checkpoint();
    }
    rig_finish();
    rig_await_sent();
    assert_int_equal(sum_counts(), 600);
    for (size_t i = 0; i + 1 < server_count(rig.servers[0]); i++) {
        const struct seen *seen = server_seen(rig.servers[0], i);
        assert_int_equal(seen->head.count % 10, 0);
        assert_in_range(seen->size, BATCH_MAX_LINES * 3 / 4, BATCH_MAX_LINES);
    }
}

static bool is_asked_to_stop(void)
{
    return true;
}

static size_t count_lines(const struct seen *seen)
{
    size_t count = 0;
    for (const char *at = strchr(seen->lines, '\n'); at != NULL; at = strchr(at + 1, '\n')) {
        count++;
    }
    return count;
}

static void an_event_that_found_no_room_is_not_in_the_last_batch(void **state)
{
    (void)state;
    static const struct reply held = {.kind = REPLY_HOLD};
    struct event events[100];
    enum etwas_status status = ETWAS_OK;
    for (size_t i = 0; i < 100; i++) {
        events[i] = make_event(&traced, 20000);
        events[i].payload = text + i * 20000;
    }
    rig.options.drop = SPOOL_BLOCK;
    rig.options.spool_max = 1; /* the least there is */
    rig.options.interrupted = is_asked_to_stop;
    server_script(rig.servers[0], &held, 1);
    rig_open();
    for (size_t i = 0; i < 100 && status == ETWAS_OK; i++) {
        status = rig.sink->ops->write(rig.sink, events, 100, &rig.error);
    }
    assert_int_equal(status, ETWAS_BUSY);
    server_release(rig.servers[0]);
    rig_await_sent();
    assert_int_equal(forward_finish(rig.sink, &rig.error), ETWAS_OK);
    rig_await_sent();
    for (size_t i = 0; i < server_count(rig.servers[0]); i++) {
        const struct seen *seen = server_seen(rig.servers[0], i);
        assert_int_equal(count_lines(seen), seen->head.count);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(a_call_that_is_too_much_for_a_batch_fills_several),
        CLAIM(a_batch_sealed_early_has_a_position_of_its_own),
        CLAIM(only_what_was_traced_moves_the_position),
        CLAIM(a_big_event_has_a_batch_of_its_own),
        CLAIM(an_event_that_is_too_big_says_so_instead),
        CLAIM(full_batches_are_sealed_between_the_calls_of_a_source),
        CLAIM(an_event_that_found_no_room_is_not_in_the_last_batch),
    };
    return cmocka_run_group_tests(tests, make_text, free_text);
}

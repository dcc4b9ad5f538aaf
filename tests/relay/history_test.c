/* SPDX-License-Identifier: MIT */
#include "relay/history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "relay/moment.h"
#include "tests/check.h"
#include "tests/relay/store_kit.h"

enum { BATCHES = 4, LINES = 3, TEXT_SIZE = 64 * 1024 };

static struct kit kit;
static struct history *history;
static char all[TEXT_SIZE];

/* Minute `minute` and second `second` of an hour. */
static int64_t moment(unsigned minute, unsigned second)
{
    char text[32];
    int64_t time = 0;
    (void)snprintf(text, sizeof text, "2026-11-20T22:%02u:%02uZ", minute, second);
    assert_true(moment_parse(text, strlen(text), &time));
    return time;
}

/* Batch `sequence`: lines at the minute of its number, in seconds 1 to LINES. */
static void put_lines(unsigned stream, unsigned sequence)
{
    struct kit_batch put;
    char text[1024] = "";
    char packed[1024];
    size_t size = 0;
    for (unsigned i = 1; i <= LINES; i++) {
        size += (size_t)snprintf(text + size, sizeof text - size,
                                 "{\"TimeCreated\":\"2026-11-20T22:%02u:%02u.0000000Z\","
                                 "\"Provider\":\"%s\",\"N\":%u}\n",
                                 sequence, i, i == 2 ? "Etwas" : "test", 10 * sequence + i);
    }
    kit_batch(&put, stream, sequence, LINES);
    put.incoming.first = moment(sequence, 1);
    put.incoming.last = moment(sequence, LINES);
    put.incoming.size = ZSTD_compress(packed, sizeof packed, text, size, 1);
    put.incoming.body = packed;
    assert_int_equal(kit_put(&kit, &put), STORE_STORED);
}

static int set_up(void **state)
{
    (void)state;
    history = NULL;
    if (!kit_make(&kit)) {
        return -1;
    }
    kit_open(&kit);
    for (unsigned i = 1; i <= BATCHES; i++) {
        put_lines(1, i);
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    history_close(history);
    kit_remove(&kit);
    return 0;
}

static struct history_range ascending(void)
{
    return (struct history_range){.from = INT64_MIN, .to = INT64_MAX, .limit = 1000};
}

static struct history_range descending(void)
{
    struct history_range range = ascending();
    range.descending = true;
    return range;
}

static void open_history(struct history_range range)
{
    history_close(history);
    assert_int_equal(history_open(kit.store, &range, &history, &kit.error), ETWAS_OK);
}

/* The identities of what a range answers, parted by blanks. */
static const char *identities(struct history_range range)
{
    static char found[1024];
    struct history_line line;
    size_t size = 0;
    found[0] = '\0';
    open_history(range);
    while (history_line(history, &line, &kit.error) == ETWAS_OK) {
        char head[64];
        char id[IDENTITY_SIZE];
        (void)identity_format(line.identity, id);
        (void)snprintf(head, sizeof head, "{\"Id\":\"%s\",\"Computer\":\"web1\",", id);
        assert_memory_equal(line.text, head, strlen(head));
        assert_int_equal(line.text[line.size - 1], '}');
        size += (size_t)snprintf(found + size, sizeof found - size, "%s%s", size ? " " : "", id);
    }
    assert_int_equal(kit.error.status, ETWAS_NOT_FOUND);
    return found;
}

/* All that history_next() writes in pieces of `room` bytes. */
static const char *text_of(struct history_range range, size_t room)
{
    size_t size = 0;
    size_t written = 0;
    open_history(range);
    enum etwas_status status = ETWAS_OK;
    while (status == ETWAS_OK) {
        assert_true(size + room < sizeof all);
        status = history_next(history, all + size, room, &written, &kit.error);
        assert_true(written <= room && (written != 0) == (status == ETWAS_OK));
        size += written;
    }
    assert_int_equal(status, ETWAS_NOT_FOUND);
    all[size] = '\0';
    return all;
}

#define UP "1:1 1:2 1:3 2:1 2:2 2:3 3:1 3:2 3:3 4:1 4:2 4:3"

static void history_comes_in_either_order(void **state)
{
    (void)state;
    assert_string_equal(identities(ascending()), UP);
    assert_string_equal(identities(descending()),
                        "4:3 4:2 4:1 3:3 3:2 3:1 2:3 2:2 2:1 1:3 1:2 1:1");
}

static void a_limit_is_kept(void **state)
{
    (void)state;
    struct history_range range = descending();
    range.limit = 4;
    assert_string_equal(identities(range), "4:3 4:2 4:1 3:3");
    range = ascending();
    range.limit = 1;
    assert_string_equal(identities(range), "1:1");
}

static void times_are_kept_to_the_line(void **state)
{
    (void)state;
    struct history_range range = ascending();
    range.from = moment(1, 3);
    range.to = moment(3, 2);
    assert_string_equal(identities(range), "1:3 2:1 2:2 2:3 3:1");
    range.descending = true;
    assert_string_equal(identities(range), "3:1 2:3 2:2 2:1 1:3");
    range.from = moment(3, 1);
    range.to = moment(3, 1);
    assert_string_equal(identities(range), "");
    range.to = moment(3, 1) + 1;
    assert_string_equal(identities(range), "3:1");
}

/* From each identity on, in each direction, what comes is exactly the rest. */
static void it_goes_on_behind_every_cursor(void **state)
{
    (void)state;
    for (int down = 0; down < 2; down++) {
        struct history_range range = down ? descending() : ascending();
        char whole[256];
        (void)snprintf(whole, sizeof whole, "%s", identities(range));
        for (const char *at = whole; at != NULL; at = strchr(at + 1, ' ')) {
            const char *id = *at == ' ' ? at + 1 : at;
            const char *end = strchr(id, ' ');
            const size_t size = end != NULL ? (size_t)(end - id) : strlen(id);
            assert_true(identity_parse(id, size, &range.cursor));
            assert_string_equal(identities(range), end != NULL ? end + 1 : "");
        }
    }
}

static void a_cursor_need_not_be_an_event(void **state)
{
    (void)state;
    struct history_range range = ascending();
    range.cursor = (struct identity){.row = 3, .index = 0};
    assert_string_equal(identities(range), "3:1 3:2 3:3 4:1 4:2 4:3");
    range.cursor = (struct identity){.row = 3, .index = 99};
    assert_string_equal(identities(range), "4:1 4:2 4:3");
    range.cursor = (struct identity){.row = INT64_MAX, .index = UINT32_MAX};
    assert_string_equal(identities(range), "");
    range = descending();
    range.cursor = (struct identity){.row = 2, .index = 99};
    assert_string_equal(identities(range), "2:3 2:2 2:1 1:3 1:2 1:1");
    range.cursor = (struct identity){.row = 2, .index = 0};
    assert_string_equal(identities(range), "1:3 1:2 1:1");
    range.cursor = (struct identity){.row = INT64_MAX, .index = UINT32_MAX};
    range.limit = 1;
    assert_string_equal(identities(range), "4:3");
}

static void gaps_are_rows(void **state)
{
    (void)state;
    put_lines(1, 7);
    put_lines(2, 3);
    assert_string_equal(identities(ascending()), UP " 5:0 5:1 5:2 5:3 6:0 6:1 6:2 6:3");
    struct history_range range = descending();
    range.limit = 5;
    assert_string_equal(identities(range), "6:3 6:2 6:1 6:0 5:3");
    range = ascending();
    range.from = moment(7, 1);
    range.to = moment(7, 2);
    assert_string_equal(identities(range), "5:0 5:1");
    struct history_line line;
    open_history(range);
    assert_int_equal(history_line(history, &line, &kit.error), ETWAS_OK);
    assert_true(line.always);
    static const char lost[] =
        "{\"Id\":\"5:0\",\"Computer\":\"web1\",\"TimeCreated\":\"2026-11-20T22:07:01.0000000Z\","
        "\"Provider\":\"Etwas\",\"EventId\":0,\"EventName\":\"Lost\",\"ProcessId\":0,"
        "\"ThreadId\":0,\"Cpu\":0,\"EventData\":{\"Where\":\"spool\",\"Count\":6,"
        "\"First\":\"2026-11-20T22:04:03.0000000Z\",\"Last\":\"2026-11-20T22:07:01.0000000Z\"}}";
    assert_int_equal(line.size, sizeof lost - 1);
    assert_memory_equal(line.text, lost, line.size);
    range.cursor = (struct identity){.row = 5, .index = 3};
    range.from = INT64_MIN;
    range.to = INT64_MAX;
    open_history(range);
    assert_int_equal(history_line(history, &line, &kit.error), ETWAS_OK);
    assert_int_equal(line.identity.row, 6);
    static const char unseen[] =
        "\"EventName\":\"Unseen\",\"ProcessId\":0,\"ThreadId\":0,\"Cpu\":0,"
        "\"EventData\":{\"Count\":6,\"Last\":\"2026-11-20T22:03:01.0000000Z\"}}";
    assert_memory_equal(line.text + line.size - (sizeof unseen - 1), unseen, sizeof unseen - 1);
}

static void a_gap_that_a_heartbeat_told_of_is_a_row(void **state)
{
    (void)state;
    struct kit_batch put;
    kit_batch(&put, 1, BATCHES + 3, 0);
    put.incoming.head.books.before = UINT64_C(2) * LINES + (uint64_t)BATCHES * LINES;
    assert_int_equal(kit_put(&kit, &put), STORE_STORED);
    assert_string_equal(identities(ascending()), UP " 5:0");
    struct history_range range = descending();
    range.to = moment(1, 1);
    assert_string_equal(identities(range), "5:0"); /* it came in 1970 */
}

static void reports_of_the_monitor_are_marked(void **state)
{
    (void)state;
    struct history_line line;
    open_history(ascending());
    for (unsigned i = 1; i <= LINES; i++) {
        assert_int_equal(history_line(history, &line, &kit.error), ETWAS_OK);
        assert_int_equal(line.always, i == 2);
        assert_int_equal(line.time, moment(1, i));
    }
}

static void as_text_it_is_the_same_in_pieces_of_any_size(void **state)
{
    (void)state;
    char *whole = strdup(text_of(ascending(), TEXT_SIZE / 2));
    assert_non_null(whole);
    size_t count = 0;
    for (const char *at = whole; (at = strchr(at, '\n')) != NULL; at++) {
        count++;
    }
    assert_int_equal(count, BATCHES * LINES);
    static const char start[] = "{\"Id\":\"1:1\",\"Computer\":\"web1\",\"TimeCreated\":\"2026";
    assert_memory_equal(whole, start, sizeof start - 1);
    assert_string_equal(whole + strlen(whole) - 9, ",\"N\":43}\n");
    for (size_t room = 1; room < 300; room += 7) {
        assert_string_equal(text_of(ascending(), room), whole);
    }
    free(whole);
}

static void what_comes_meanwhile_is_not_waited_for(void **state)
{
    (void)state;
    struct history_line line;
    size_t count = 0;
    open_history(ascending());
    for (unsigned i = 0; history_line(history, &line, &kit.error) == ETWAS_OK; i++) {
        count++;
        put_lines(3, i + 1);
    }
    assert_int_equal(count, BATCHES * LINES);
}

/* What is still to come of an open history; of what was removed with its text. */
static const char *rest(void)
{
    static char found[2048];
    struct history_line line;
    size_t size = 0;
    found[0] = '\0';
    while (history_line(history, &line, &kit.error) == ETWAS_OK) {
        static const char name[] = "\"EventName\":\"Missed\"";
        char id[IDENTITY_SIZE];
        char text[1024];
        (void)snprintf(text, sizeof text, "%.*s", (int)line.size, line.text);
        const char *data = strstr(text, "\"After\"");
        (void)identity_format(line.identity, id);
        size += (size_t)snprintf(found + size, sizeof found - size, "%s%s", size ? " " : "", id);
        if (strstr(text, name) != NULL) {
            assert_non_null(data);
            assert_true(line.always && line.time != 0);
            size += (size_t)snprintf(found + size, sizeof found - size, "(%.*s)",
                                     (int)strcspn(data, "R") - 2, data);
        }
    }
    assert_int_equal(kit.error.status, ETWAS_NOT_FOUND);
    return found;
}

static void what_retention_takes_meanwhile_is_said(void **state)
{
    (void)state;
    struct history_line line;
    open_history(ascending());
    assert_int_equal(history_line(history, &line, &kit.error), ETWAS_OK);
    kit_execute(&kit, "DELETE FROM batches WHERE row < 4");
    /* The batch that was open is there to its end. */
    assert_string_equal(rest(), "1:2 1:3 3:0(\"After\":\"1:3\",\"Until\":\"4:0\") 4:1 4:2 4:3");
    /* What was gone before is no matter; but who goes on behind something is told. */
    assert_string_equal(identities(ascending()), "4:1 4:2 4:3");
    struct history_range range = ascending();
    range.cursor = (struct identity){.row = 2, .index = 1};
    open_history(range);
    assert_string_equal(rest(), "3:0(\"After\":\"2:1\",\"Until\":\"4:0\") 4:1 4:2 4:3");
    range.cursor = (struct identity){.row = 3, .index = 0}; /* behind that row itself: once */
    assert_string_equal(identities(range), "4:1 4:2 4:3");
}

static void what_is_all_gone_is_said_too(void **state)
{
    (void)state;
    struct history_line line;
    open_history(ascending());
    assert_int_equal(history_line(history, &line, &kit.error), ETWAS_OK);
    kit_execute(&kit, "DELETE FROM batches");
    assert_string_equal(rest(), "1:2 1:3 4:0(\"After\":\"1:3\",\"Until\":\"5:0\")");
    assert_string_equal(identities(ascending()), "");
}

static void who_reads_backwards_hears_of_it_at_the_end(void **state)
{
    (void)state;
    struct history_line line;
    open_history(descending());
    assert_int_equal(history_line(history, &line, &kit.error), ETWAS_OK);
    kit_execute(&kit, "DELETE FROM batches WHERE row < 3");
    assert_string_equal(rest(), "4:2 4:1 3:3 3:2 3:1 2:0(\"After\":\"3:1\",\"Until\":\"1:0\")");
}

static void what_was_not_asked_for_is_not_missed(void **state)
{
    (void)state;
    struct history_line line;
    struct history_range range = ascending();
    range.from = moment(3, 2);
    open_history(range);
    kit_execute(&kit, "DELETE FROM batches WHERE row = 1");
    assert_string_equal(rest(), "3:2 3:3 4:1 4:2 4:3");
    range.from = moment(2, 1);
    open_history(range);
    assert_int_equal(history_line(history, &line, &kit.error), ETWAS_OK);
    kit_execute(&kit, "DELETE FROM batches WHERE row < 4");
    assert_string_equal(rest(), "2:2 2:3 3:0(\"After\":\"2:3\",\"Until\":\"4:0\") 4:1 4:2 4:3");
}

static void a_damaged_batch_does_not_hide_those_behind(void **state)
{
    (void)state;
    kit_execute(&kit, "UPDATE batches SET body = x'00' WHERE row = 2");
    assert_string_equal(identities(ascending()), "1:1 1:2 1:3 2:1 3:1 3:2 3:3 4:1 4:2 4:3");
    struct history_range range = descending();
    range.cursor = (struct identity){.row = 2, .index = 3};
    struct history_line line;
    open_history(range);
    assert_int_equal(history_line(history, &line, &kit.error), ETWAS_OK);
    static const char end[] = "\"EventData\":{\"Where\":\"store\",\"Count\":3,"
                              "\"First\":\"2026-11-20T22:02:01.0000000Z\","
                              "\"Last\":\"2026-11-20T22:02:03.0000000Z\"}}";
    assert_memory_equal(line.text + line.size - (sizeof end - 1), end, sizeof end - 1);
}

static void parameters_become_a_range(void **state)
{
    (void)state;
    struct parameters parameters;
    struct parameters_fault fault;
    static const char text[] = "order=asc&limit=2&cursor=2:2&to=2026-11-20T22:03:01.0000001Z";
    assert_int_equal(
        parameters_parse(&parameters, PARAMETERS_EVENTS, text, sizeof text - 1, &fault), ETWAS_OK);
    assert_string_equal(identities(history_range_of(&parameters)), "2:3 3:1");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(history_comes_in_either_order),
        TEST(a_limit_is_kept),
        TEST(times_are_kept_to_the_line),
        TEST(it_goes_on_behind_every_cursor),
        TEST(a_cursor_need_not_be_an_event),
        TEST(gaps_are_rows),
        TEST(a_gap_that_a_heartbeat_told_of_is_a_row),
        TEST(reports_of_the_monitor_are_marked),
        TEST(as_text_it_is_the_same_in_pieces_of_any_size),
        TEST(what_comes_meanwhile_is_not_waited_for),
        TEST(what_retention_takes_meanwhile_is_said),
        TEST(what_is_all_gone_is_said_too),
        TEST(who_reads_backwards_hears_of_it_at_the_end),
        TEST(what_was_not_asked_for_is_not_missed),
        TEST(a_damaged_batch_does_not_hide_those_behind),
        TEST(parameters_become_a_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "relay/lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "tests/check.h"

#define EVENT                                                                                      \
    "{\"TimeCreated\":\"2026-11-20T22:54:30.1234567Z\",\"Provider\":\"sched\",\"EventId\":0,"      \
    "\"LevelValue\":4,\"EventData\":{\"Computer\":\"mine\",\"Id\":1}}"

enum { ROOM = 20 * 1024 * 1024, EVENT_SIZE = sizeof EVENT - 1 };

static struct lines lines;
static struct etwas_error error;
static size_t bad_line;
static char *text; /* ROOM bytes */
static char *body; /* ROOM bytes */

static int set_up(void **state)
{
    (void)state;
    lines_init(&lines);
    error = (struct etwas_error){.status = ETWAS_OK};
    bad_line = 99;
    text = malloc(ROOM);
    body = malloc(ROOM);
    return text == NULL || body == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    lines_clear(&lines);
    free(text);
    free(body);
    return 0;
}

static size_t pack(const char *from, size_t size)
{
    const size_t packed = ZSTD_compress(body, ROOM, from, size, 1);
    assert_false(ZSTD_isError(packed));
    return packed;
}

/* A frame that does not say how much is in it. */
static size_t pack_blindly(const char *from, size_t size, int window_log)
{
    ZSTD_CCtx *packer = ZSTD_createCCtx();
    (void)ZSTD_CCtx_setParameter(packer, ZSTD_c_windowLog, window_log);
    ZSTD_inBuffer input = {.src = from, .size = size, .pos = 0};
    ZSTD_outBuffer output = {.dst = body, .size = ROOM, .pos = 0};
    (void)ZSTD_compressStream2(packer, &output, &input, ZSTD_e_continue);
    const size_t left = ZSTD_compressStream2(packer, &output, &input, ZSTD_e_end);
    assert_int_equal(left, 0);
    (void)ZSTD_freeCCtx(packer);
    return output.pos;
}

static enum etwas_status check(const char *line)
{
    return lines_check(&lines, line, strlen(line), &bad_line, &error);
}

static enum etwas_status unpack(size_t size)
{
    return lines_unpack(&lines, body, size, &bad_line, &error);
}

/* Seconds from 1601 to the moment of EVENT are 13,439,688,870 by `date`. */
#define EVENT_TIME INT64_C(134396888701234567)

static void an_event_is_read(void **state)
{
    (void)state;
    assert_int_equal(unpack(pack(EVENT "\n", EVENT_SIZE + 1)), ETWAS_OK);
    assert_int_equal(lines.count, 1);
    const struct line *line = &lines.lines[0];
    assert_int_equal(line->offset, 0);
    assert_int_equal(line->size, EVENT_SIZE);
    assert_int_equal(line->time, EVENT_TIME);
    assert_int_equal(line->level, 4);
    assert_false(line->own);
    assert_memory_equal(lines.text + line->provider_offset, "sched", line->provider_size);
    assert_int_equal(line->provider_size, 5);
    assert_int_equal(lines.first, EVENT_TIME);
    assert_int_equal(lines.last, EVENT_TIME);
}

static void the_empty_body_has_no_lines(void **state)
{
    (void)state;
    assert_int_equal(lines_unpack(&lines, NULL, 0, &bad_line, &error), ETWAS_OK);
    assert_int_equal(lines.count, 0);
    assert_int_equal(unpack(pack("", 0)), ETWAS_OK);
    assert_int_equal(lines.count, 0);
    assert_int_equal(lines.first, 0);
    assert_int_equal(bad_line, 0);
}

static void the_last_line_may_have_no_end(void **state)
{
    (void)state;
    assert_int_equal(check("{}\n{\"a\":1}"), ETWAS_OK);
    assert_int_equal(lines.count, 2);
    assert_int_equal(lines.lines[1].offset, 3);
    assert_int_equal(lines.lines[1].size, 7);
}

static void times_are_summed_up_over_the_lines_that_have_one(void **state)
{
    (void)state;
    assert_int_equal(
        check("{\"TimeCreated\":\"2026-11-20T22:54:31Z\"}\n"
              "{\"a\":1}\n"
              "{\"TimeCreated\":\"2026-11-20T22:54:30.1234567Z\",\"Provider\":\"Etwas\"}\n"
              "{\"TimeCreated\":\"2026-11-20T22:54:30.5Z\",\"Provider\":\"\\u0045twas\"}\n"),
        ETWAS_OK);
    assert_int_equal(lines.first, EVENT_TIME);
    assert_int_equal(lines.last, EVENT_TIME + 10000000 - 1234567);
    assert_int_equal(lines.own, 2);
    assert_int_equal(lines.lines[1].time, 0);
    assert_int_equal(lines.lines[1].level, LINE_NO_LEVEL);
}

static void what_is_no_line_of_an_event_is_refused_with_its_number(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "[]",
        "1",
        "{\"a\":1",
        "{\"a\":1}}",
        "{\"a\":1}{}",
        "{\"a\":\"\xff\"}",
        "{\"a\":\"\xed\xa0\x80\"}",
        "{\"a\":tru}",
        "{\"a\":01}",
        "{\"a\":\"\x01\"}",
        "{\"Id\":\"1:1\"}",
        "{\"a\":1,\"Computer\":null}",
        "{\"\\u0043omputer\":1}",
        "{\"C\\u006fmpute\\u0072\":1}",
        "{\"\\u0049\\u0064\":1}",
        "{\"TimeCreated\":1}",
        "{\"TimeCreated\":\"now\"}",
        "{\"TimeCreated\":\"2026-11-20T22:54:30.1234567\"}",
        "{\"TimeCreated\":\"2026-11-20T22:54:30Z\",\"TimeCreated\":\"2026-11-20T22:54:30Z\"}",
        "{\"Provider\":1}",
        "{\"Provider\":\"a\",\"\\u0050rovider\":\"Etwas\"}",
        "{\"a\":1,\r\"event\":1}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        (void)snprintf(text, ROOM, "{}\n%s\n{}\n", bad[i]);
        assert_int_equal(check(text), ETWAS_MALFORMED);
        assert_int_equal(bad_line, 2);
        assert_non_null(error.doing);
        assert_int_equal(lines.count, 0);
    }
}

static void only_the_top_is_the_relays(void **state)
{
    (void)state;
    assert_int_equal(check("{\"computer\":1,\"id\":2,\"EventData\":{\"Id\":1,\"Computer\":[]}}"),
                     ETWAS_OK);
}

static void white_space_around_an_object_is_not_its_own(void **state)
{
    (void)state;
    assert_int_equal(check(" \t{ \"a\" : 1 } \r\n{}\r\n"), ETWAS_OK);
    assert_int_equal(lines.lines[0].offset, 2);
    assert_int_equal(lines.lines[0].size, 11);
    assert_int_equal(lines.lines[1].size, 2);
}

/* A line of exactly `size` bytes. */
static void make_line(size_t size)
{
    static const char head[6] = {'{', '"', 'a', '"', ':', '"'};
    memset(text, 'x', size);
    memcpy(text, head, sizeof head);
    text[size - 2] = '"';
    text[size - 1] = '}';
}

static void a_line_has_a_limit(void **state)
{
    (void)state;
    make_line(BATCH_MAX_LINE);
    assert_int_equal(lines_check(&lines, text, BATCH_MAX_LINE, &bad_line, &error), ETWAS_OK);
    make_line(BATCH_MAX_LINE + 1);
    assert_int_equal(lines_check(&lines, text, BATCH_MAX_LINE + 1, &bad_line, &error),
                     ETWAS_TOO_BIG);
    assert_int_equal(bad_line, 1);
}

static void lines_have_a_limit(void **state)
{
    (void)state;
    for (size_t i = 0; i <= LINES_MAX_COUNT; i++) {
        text[3 * i] = '{';
        text[3 * i + 1] = '}';
        text[3 * i + 2] = '\n';
    }
    assert_int_equal(lines_check(&lines, text, 3 * (size_t)LINES_MAX_COUNT, &bad_line, &error),
                     ETWAS_OK);
    assert_int_equal(lines.count, LINES_MAX_COUNT);
    assert_int_equal(lines_check(&lines, text, 3 * (size_t)LINES_MAX_COUNT + 3, &bad_line, &error),
                     ETWAS_TOO_BIG);
    assert_int_equal(bad_line, LINES_MAX_COUNT + 1);
}

/* `size` bytes of lines that are half as long as they may be. */
static void make_lines(size_t size)
{
    const size_t line = BATCH_MAX_LINE / 2;
    memset(text, ' ', size);
    for (size_t at = 0; at < size; at += line) {
        text[at] = '{';
        text[at + 1] = '}';
        text[at + line - 1] = '\n';
    }
}

static void a_bomb_is_stopped_at_the_limit(void **state)
{
    (void)state;
    make_lines(BATCH_MAX_UNPACKED + BATCH_MAX_LINE / 2);
    assert_int_equal(unpack(pack(text, BATCH_MAX_UNPACKED)), ETWAS_OK);
    assert_int_equal(lines.count, 32);
    assert_int_equal(unpack(pack(text, BATCH_MAX_UNPACKED + 1)), ETWAS_TOO_BIG);
    assert_int_equal(bad_line, 0);
    assert_int_equal(unpack(pack_blindly(text, BATCH_MAX_UNPACKED, 17)), ETWAS_OK);
    assert_int_equal(lines.count, 32);
    assert_int_equal(unpack(pack_blindly(text, BATCH_MAX_UNPACKED + 1, 17)), ETWAS_TOO_BIG);
    assert_true(lines.text_capacity <= BATCH_MAX_UNPACKED);
}

static void a_bomb_of_many_frames_is_stopped_too(void **state)
{
    (void)state;
    make_lines(BATCH_MAX_UNPACKED);
    const size_t frame = pack(text, BATCH_MAX_UNPACKED / 2);
    memcpy(body + frame, body, frame);
    memcpy(body + 2 * frame, body, frame);
    assert_int_equal(unpack(2 * frame), ETWAS_OK);
    assert_int_equal(lines.count, 32);
    assert_int_equal(unpack(3 * frame), ETWAS_TOO_BIG);
}

static void a_huge_batch_does_not_keep_its_memory(void **state)
{
    (void)state;
    make_lines(BATCH_MAX_UNPACKED);
    assert_int_equal(unpack(pack(text, BATCH_MAX_UNPACKED)), ETWAS_OK);
    assert_int_equal(unpack(pack(EVENT, EVENT_SIZE)), ETWAS_OK);
    assert_true(lines.text_capacity <= BATCH_MAX_LINE);
}

static void a_frame_with_too_large_a_window_is_refused(void **state)
{
    (void)state;
    make_lines(BATCH_MAX_LINES);
    assert_int_equal(unpack(pack_blindly(EVENT, EVENT_SIZE, 23)), ETWAS_OK);
    assert_int_equal(unpack(pack_blindly(EVENT, EVENT_SIZE, 24)), ETWAS_MALFORMED);
    assert_int_equal(bad_line, 0);
}

static void every_truncation_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < 40; i++) {
        (void)snprintf(text + i * (EVENT_SIZE + 1), EVENT_SIZE + 2, "%s\n", EVENT);
    }
    const size_t size = (size_t)40 * (EVENT_SIZE + 1);
    for (int blindly = 0; blindly < 2; blindly++) {
        const size_t packed = blindly ? pack_blindly(text, size, 17) : pack(text, size);
        assert_int_equal(unpack(packed), ETWAS_OK);
        assert_int_equal(lines.count, 40);
        for (size_t cut = 1; cut < packed; cut++) {
            assert_int_equal(unpack(cut), ETWAS_MALFORMED);
            assert_int_equal(bad_line, 0);
        }
    }
}

static void nothing_may_come_behind_a_frame_but_another(void **state)
{
    (void)state;
    const size_t packed = pack(EVENT "\n", EVENT_SIZE + 1);
    memcpy(body + packed, body, packed);
    assert_int_equal(unpack(2 * packed), ETWAS_OK);
    assert_int_equal(lines.count, 2);
    body[packed] = 'x';
    assert_int_equal(unpack(packed + 1), ETWAS_MALFORMED);
    assert_int_equal(unpack(2 * packed), ETWAS_MALFORMED);
}

static void a_frame_to_be_skipped_is_refused(void **state)
{
    (void)state;
    static const char skipped[] = "\x50\x2a\x4d\x18\x04\x00\x00\x00"
                                  "hide";
    const size_t packed = pack(EVENT, EVENT_SIZE);
    memcpy(body + packed, skipped, sizeof skipped - 1);
    assert_int_equal(unpack(packed + sizeof skipped - 1), ETWAS_MALFORMED);
    memcpy(body, skipped, sizeof skipped - 1);
    assert_int_equal(unpack(sizeof skipped - 1), ETWAS_MALFORMED);
}

static void every_altered_byte_is_survived(void **state)
{
    (void)state;
    const size_t packed = pack(EVENT, EVENT_SIZE);
    size_t refused = 0;
    for (size_t i = 0; i < packed; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            body[i] = (char)(body[i] ^ 1 << bit);
            refused += unpack(packed) != ETWAS_OK;
            body[i] = (char)(body[i] ^ 1 << bit);
        }
    }
    assert_true(refused > packed);
    assert_int_equal(unpack(packed), ETWAS_OK);
}

static void a_line_is_shown_with_what_the_relay_says(void **state)
{
    (void)state;
    const struct lines_origin origin = {.row = 17, .computer = "web1"};
    char shown[256];
    assert_int_equal(check("{}\n {\"a\":1}\n{ }\n"), ETWAS_OK);
    static const char *const expected[] = {
        "{\"Id\":\"17:1\",\"Computer\":\"web1\"}",
        "{\"Id\":\"17:2\",\"Computer\":\"web1\",\"a\":1}",
        "{\"Id\":\"17:3\",\"Computer\":\"web1\" }",
    };
    for (size_t i = 0; i < 3; i++) {
        const size_t size = lines_show(&lines, i, origin, shown, sizeof shown);
        assert_int_equal(size, strlen(expected[i]));
        assert_memory_equal(shown, expected[i], size);
    }
}

static void a_line_that_does_not_fit_says_how_long_it_is(void **state)
{
    (void)state;
    const struct lines_origin origin = {.row = INT64_MAX, .computer = "web1"};
    char shown[64];
    assert_int_equal(check("{\"a\":1}"), ETWAS_OK);
    const size_t size = lines_show(&lines, 0, origin, NULL, 0);
    for (size_t room = 0; room < size; room++) {
        memset(shown, '#', sizeof shown);
        assert_int_equal(lines_show(&lines, 0, origin, shown, room), size);
        assert_int_equal(shown[room], '#');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_event_is_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_empty_body_has_no_lines, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_last_line_may_have_no_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(times_are_summed_up_over_the_lines_that_have_one, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_line_of_an_event_is_refused_with_its_number,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_the_top_is_the_relays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(white_space_around_an_object_is_not_its_own, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_line_has_a_limit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lines_have_a_limit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_bomb_is_stopped_at_the_limit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_bomb_of_many_frames_is_stopped_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_huge_batch_does_not_keep_its_memory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_frame_with_too_large_a_window_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(every_truncation_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_may_come_behind_a_frame_but_another, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_frame_to_be_skipped_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_altered_byte_is_survived, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_line_is_shown_with_what_the_relay_says, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_line_that_does_not_fit_says_how_long_it_is, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

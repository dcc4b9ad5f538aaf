/* SPDX-License-Identifier: MIT */
#include "monitor/etw/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/etw/decode.h"
#include "tests/check.h"
#include "tests/monitor/etw/etw_parts.h"

/* What FormatMessage (winbase.h) and the message compiler say about messages, sentence by sentence.
 */

static const struct etw_map_entry entries[] = {
    {3, "three"}
};
static const struct etw_map map = {.count = 1, .entries = entries};

/* clang-format off */
static const struct etw_field fields[] = {
    {.name = "Name", .in_type = ETW_IN_UTF16},
    {.name = "Int", .in_type = ETW_IN_INT32},
    {.name = "Hex", .in_type = ETW_IN_HEX32},
    {.name = "Kind", .in_type = ETW_IN_UINT8, .map = &map},
    {.name = "Pad", .in_type = ETW_IN_UINT8, .is_hidden = true},
    {.name = "Code", .in_type = ETW_IN_UINT32, .out_type = ETW_OUT_NTSTATUS},
    {.name = "Items", .in_type = ETW_IN_UINT8, .count_from = ETW_EXTENT_FIXED, .count = 2},
    {.name = "Width", .in_type = ETW_IN_UINT8},
    {.name = "Prec", .in_type = ETW_IN_UINT8},
    {.name = "Text", .in_type = ETW_IN_ANSI},
    {.name = "Gone", .in_type = ETW_IN_UINT64},
};
/* clang-format on */

static const char payload[] = "\xe9\0l\0\xe8\0v\0e\0\0\0"
                              "\xfe\xff\xff\xff"
                              "\xab\0\0\0"
                              "\x03"
                              "\x77"
                              "\x05\0\0\xc0"
                              "\x07\x08"
                              "\x06"
                              "\x02"
                              "100%1";

static struct arena *arena;

static int open_arena(void **state)
{
    (void)state;
    arena = arena_open((size_t)64 * 1024 * 1024);
    return arena == NULL;
}

static int close_arena(void **state)
{
    (void)state;
    arena_close(arena);
    return 0;
}

static const char *sentence_of(const char *format, const void *data, size_t size)
{
    static const struct etw_layout start = {
        .schema = {.provider = "P", .event_name = "E"},
        .fields = fields,
        .top_count = sizeof fields / sizeof fields[0],
        .field_total = sizeof fields / sizeof fields[0],
        .pointer_size = 8,
    };
    struct event event;
    struct etw_layout *layout = arena_take(arena, sizeof *layout);
    assert_non_null(layout);
    *layout = start;
    layout->message = format;
    assert_true(etw_layout_finish(layout, arena));
    etw_event(&event, test_event(1, 0, data, size), layout);
    const char *text = event_message(&event, NULL, arena);
    assert_non_null(text);
    return text;
}

static const char *sentence(const char *format)
{
    return sentence_of(format, payload, sizeof payload);
}

static void fields_come_by_their_numbers_in_any_order(void **state)
{
    (void)state;
    assert_string_equal(sentence("%2 and %1, %1"),
                        "-2 and \xc3\xa9l\xc3\xa8ve, \xc3\xa9l\xc3\xa8ve");
    assert_string_equal(sentence("%3 %4 %6 %7"),
                        "0xab three 3221225477 (STATUS_ACCESS_VIOLATION) [7, 8]");
}

static void hidden_fields_are_counted(void **state)
{
    (void)state;
    assert_string_equal(sentence("%5"), "119");
}

static void what_a_field_says_is_no_format(void **state)
{
    (void)state;
    assert_string_equal(sentence("%10"), "100%1");
}

static void what_is_not_there_stays_as_it_is_written(void **state)
{
    (void)state;
    assert_string_equal(sentence("%11 %12 %99!08x!, %"), "%11 %12 %99!08x!, %");
    assert_string_equal(sentence("%q %"), "%q %");
    assert_string_equal(sentence("%1!"), "\xc3\xa9l\xc3\xa8ve!");
    assert_string_equal(sentence("%2!y!"), "-2!y!");
    assert_string_equal(sentence_of("%2", "", 0), "%2");
}

static void escapes_are_those_of_format_message(void **state)
{
    (void)state;
    assert_string_equal(sentence("a%nb%tc%rd%be"), "a\nb\tc\rd e");
    assert_string_equal(sentence("%% %. %! x% "), "% . ! x ");
    assert_string_equal(sentence("go%0 and more"), "go");
    assert_string_equal(sentence("a%\\\r\nb"), "a\nb");
}

static void lines_end_in_one_way_and_not_at_the_end(void **state)
{
    (void)state;
    assert_string_equal(sentence("a\r\nb\nc\r\n"), "a\nb\nc");
    assert_string_equal(sentence("a%n%r%n"), "a");
}

static void formats_are_those_of_printf(void **state)
{
    (void)state;
    assert_string_equal(sentence("%2!d!|%2!5d!|%2!-5d!|%2!05d!"), "-2|   -2|-2   |-0002");
    assert_string_equal(sentence("%3!x!|%3!X!|%3!08lx!|%3!#x!|%3!I64u!|%2!x!"),
                        "ab|AB|000000ab|0xab|171|fffffffffffffffe");
    assert_string_equal(sentence("%1!s!|%1!S!|%1!7s!|%1!-7s!|%1!.2s!|%1!hs!"),
                        "\xc3\xa9l\xc3\xa8ve|\xc3\xa9l\xc3\xa8ve|  \xc3\xa9l\xc3\xa8ve|"
                        "\xc3\xa9l\xc3\xa8ve  |\xc3\xa9l|\xc3\xa9l\xc3\xa8ve");
    assert_string_equal(sentence("%4!d! %7!d! %2!s!"), "three [7, 8] -2");
}

static void stars_take_width_and_precision_from_fields(void **state)
{
    (void)state;
    assert_string_equal(sentence("[%8!*.*s!]"), "[    10]");
    assert_string_equal(sentence("[%9!*s!]"), "[100%1]");
    assert_string_equal(sentence("[%11!*s!]"), "[%11!*s!]");
    assert_string_equal(sentence("[%2!*s!]"), "[0xab]");
}

static void what_formats_ask_for_has_limits(void **state)
{
    (void)state;
    assert_int_equal(strlen(sentence("%1!99999s!")), 512 + 2);
    assert_int_equal(strlen(sentence("%2!.99999d!")), 512 + 1);
    char *format = malloc(200001);
    assert_non_null(format);
    for (size_t i = 0; i < 200000; i += 2) {
        memcpy(format + i, i % 4 == 0 ? "%1" : "%3", 2);
    }
    format[200000] = '\0';
    const size_t size = strlen(sentence(format));
    assert_true(size <= MESSAGE_MAX && size > MESSAGE_MAX - 16);
    memset(format, 'x', 200000);
    assert_int_equal(strlen(sentence(format)), MESSAGE_MAX);
    free(format);
}

static void every_short_format_ends_well(void **state)
{
    (void)state;
    static const char letters[] = "%1!*.s0d";
    enum { LETTERS = sizeof letters - 1, LONG = 5 };
    char format[LONG + 1] = "";
    for (size_t i = 0; i < (size_t)LETTERS * LETTERS * LETTERS * LETTERS; i++) {
        size_t rest = i;
        format[0] = '%';
        for (size_t j = 1; j < LONG; j++) {
            format[j] = letters[rest % LETTERS];
            rest /= LETTERS;
        }
        assert_true(strlen(sentence(format)) <= 64);
        if (i % 512 == 0) {
            arena_reset(arena);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_come_by_their_numbers_in_any_order),
        cmocka_unit_test(hidden_fields_are_counted),
        cmocka_unit_test(what_a_field_says_is_no_format),
        cmocka_unit_test(what_is_not_there_stays_as_it_is_written),
        cmocka_unit_test(escapes_are_those_of_format_message),
        cmocka_unit_test(lines_end_in_one_way_and_not_at_the_end),
        cmocka_unit_test(formats_are_those_of_printf),
        cmocka_unit_test(stars_take_width_and_precision_from_fields),
        cmocka_unit_test(what_formats_ask_for_has_limits),
        cmocka_unit_test(every_short_format_ends_well),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}

/* SPDX-License-Identifier: MIT */
#include "monitor/tracefs/format.h"

#include <stdlib.h>
#include <string.h>

#include "monitor/event/encode.h"
#include "monitor/tracefs/print_format.h"
#include "tests/check.h"
#include "tests/monitor/tracefs/formats.h"

static struct arena *arena;

static int open_arena(void **state)
{
    (void)state;
    arena = arena_open(16 << 20);
    return arena == NULL;
}

static int close_arena(void **state)
{
    (void)state;
    arena_close(arena);
    return 0;
}

static const struct format *parsed(const char *system, const char *text)
{
    const struct format *format = NULL;
    assert_int_equal(format_parse(system, text, strlen(text), arena, &format), ETWAS_OK);
    assert_non_null(format);
    return format;
}

static void put(uint8_t *record, const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        record[i] = (uint8_t)bytes[i];
    }
}

/* EventData of the record as JSON, without the braces. */
static const char *data_of(const struct format *format, const void *record, size_t size)
{
    static char text[4096];
    struct event event = {0};
    struct output output;
    struct encoder encoder;
    encoder_init(&encoder);
    output_init(&output, sizeof text - 1);
    format_event(format, record, size, &event);
    assert_int_equal(encode_event(&encoder, &event, EVENT_JSON, arena, &output), ETWAS_OK);
    memcpy(text, output.data, output.size);
    text[output.size - strlen("}}\n")] = 0;
    output_clear(&output);
    return strstr(text, "\"EventData\":{") + strlen("\"EventData\":{");
}

#define SWITCH                                                                                     \
    FORMAT_START("sched_switch", "372")                                                            \
    FORMAT_FIELD("char prev_comm[16]", "8", "16", "0")                                             \
    FORMAT_FIELD("pid_t prev_pid", "24", "4", "1")                                                 \
    "\nprint fmt: \"%s %d\", REC->prev_comm, REC->prev_pid\n"

static void a_format_of_the_kernel_parses(void **state)
{
    (void)state;
    const struct format *format = parsed("sched", SWITCH);
    assert_string_equal(format->schema.provider, "sched");
    assert_string_equal(format->schema.event_name, "sched_switch");
    assert_int_equal(format->id, 372);
    assert_int_equal(format->common_count, 4);
    assert_int_equal(format->field_count, 2);
    assert_int_equal(event_field_index(&format->schema, "prev_pid"), 1);
    assert_int_equal(event_field_index(&format->schema, "common_pid"), -1);
    assert_int_equal(format->print->argument_count, 2);
}

static void a_record_says_its_thread(void **state)
{
    (void)state;
    const struct format *format = parsed("sched", SWITCH);
    const uint8_t record[28] = {0x74, 1,   0,   0,           0x39, 0x30, 0,
                                0,    's', 'h', [24] = 0xff, 0xff, 0xff, 0xff};
    struct event event = {0};
    format_event(format, record, sizeof record, &event);
    assert_int_equal(event.thread_id, 12345);
    assert_int_equal(event.level, EVENT_LEVEL_NONE);
    assert_string_equal(data_of(format, record, sizeof record),
                        "\"prev_comm\":\"sh\",\"prev_pid\":-1");
}

static void integers_of_every_size_are_exact(void **state)
{
    (void)state;
    const struct format *format = parsed(
        "x", FORMAT_START("e", "1") FORMAT_FIELD("u8 a", "8", "1", "0")
                 FORMAT_FIELD("s8 b", "9", "1", "1") FORMAT_FIELD("u16 c", "10", "2", "0")
                     FORMAT_FIELD("short d", "12", "2", "1") FORMAT_FIELD("u32 e", "16", "4", "0")
                         FORMAT_FIELD("int f", "20", "4", "1") FORMAT_FIELD("u64 g", "24", "8", "0")
                             FORMAT_FIELD("long h", "32", "8", "1")
                                 FORMAT_FIELD("bool i", "40", "1", "0")
                                     FORMAT_FIELD("const void * j", "48", "8", "0"));
    uint8_t record[56];
    memset(record, 0xff, sizeof record);
    assert_string_equal(data_of(format, record, sizeof record),
                        "\"a\":255,\"b\":-1,\"c\":65535,\"d\":-1,\"e\":4294967295,\"f\":-1,"
                        "\"g\":18446744073709551615,\"h\":-1,\"i\":true,"
                        "\"j\":\"0xffffffffffffffff\"");
}

static void arrays_and_bytes_have_their_form(void **state)
{
    (void)state;
    const struct format *format =
        parsed("x", FORMAT_START("e", "1") FORMAT_FIELD("unsigned long args[2]", "8", "16", "0")
                        FORMAT_FIELD("__s32 signs[2]", "24", "8", "1")
                            FORMAT_FIELD("__u8 saddr[4]", "32", "4", "0")
                                FORMAT_FIELD("struct thing t", "36", "8", "0")
                                    FORMAT_FIELD("foo_t list[4]", "44", "8", "0")
                                        FORMAT_FIELD("foo_t odd[3]", "52", "4", "0"));
    uint8_t record[56] = {0};
    record[8] = 1;
    record[16] = 2;
    memset(record + 24, 0xff, 4);
    put(record + 32, "\x7f\0\0\1", 4);
    record[44] = 5;
    assert_string_equal(data_of(format, record, sizeof record),
                        "\"args\":[1,2],\"signs\":[-1,0],\"saddr\":\"0x7f000001\","
                        "\"t\":\"0x0000000000000000\",\"list\":[5,0,0,0],\"odd\":\"0x00000000\"");
}

static void dynamic_fields_are_followed(void **state)
{
    (void)state;
    const struct format *format =
        parsed("x", FORMAT_START("e", "1") FORMAT_FIELD("__data_loc char[] name", "8", "4", "0")
                        FORMAT_FIELD("__rel_loc char[] relative", "12", "4", "0")
                            FORMAT_FIELD("__data_loc u16[] list", "16", "4", "0")
                                FORMAT_FIELD("__data_loc u8[] raw", "20", "4", "0")
                                    FORMAT_FIELD("__data_loc cpumask_t mask", "24", "4", "0")
                                        FORMAT_FIELD("__data_loc struct x[] s", "28", "4", "0"));
    uint8_t record[64] = {0};
    put(record + 8, "\x20\0\4\0", 4);  /* 4 bytes at 32: "abc" */
    put(record + 12, "\x14\0\3\0", 4); /* 3 bytes at 16 + 20 = 36: "de" */
    put(record + 16, "\x28\0\4\0", 4); /* 4 bytes at 40: 1, 2 */
    put(record + 20, "\x28\0\2\0", 4);
    put(record + 24, "\x30\0\x10\0", 4); /* 16 bytes at 48 */
    put(record + 28, "\x28\0\0\0", 4);
    put(record + 32, "abc\0de\0", 7);
    record[40] = 1;
    record[42] = 2;
    record[48] = 3;
    assert_string_equal(data_of(format, record, sizeof record),
                        "\"name\":\"abc\",\"relative\":\"de\",\"list\":[1,2],\"raw\":\"0x0100\","
                        "\"mask\":[\"0x3\",\"0x0\"],\"s\":\"0x\"");
    put(record + 24, "\x30\0\x8\0", 4);
    assert_non_null(strstr(data_of(format, record, sizeof record), "\"mask\":\"0x3\""));
}

static void a_lying_location_is_null(void **state)
{
    (void)state;
    const struct format *format =
        parsed("x", FORMAT_START("e", "1") FORMAT_FIELD("__data_loc char[] name", "8", "4", "0")
                        FORMAT_FIELD("__rel_loc char[] other", "12", "4", "0"));
    for (uint32_t offset = 0; offset < 0x10000; offset += 0xff) {
        uint8_t record[20] = {0};
        const uint32_t where = offset | 0x50000;
        memcpy(record + 8, &where, 4);
        memcpy(record + 12, &where, 4);
        const char *data = data_of(format, record, sizeof record);
        assert_int_equal(strstr(data, "\"name\":null") != NULL, offset > 15);
    }
}

static void text_to_the_end_of_the_record_is_read(void **state)
{
    (void)state;
    const struct format *format =
        parsed("ftrace", FORMAT_START("print", "5") FORMAT_FIELD("unsigned long ip", "8", "8", "0")
                             FORMAT_FIELD("char buf[]", "16", "0", "0"));
    uint8_t record[24] = {0};
    put(record + 16, "hello", 5);
    assert_string_equal(data_of(format, record, sizeof record), "\"ip\":0,\"buf\":\"hello\"");
    put(record + 16, "no end..", 8);
    assert_string_equal(data_of(format, record, sizeof record), "\"ip\":0,\"buf\":\"no end..\"");
}

static void system_calls_have_names(void **state)
{
    (void)state;
    const char text[] = FORMAT_START("sys_enter", "443") FORMAT_FIELD("long id", "8", "8", "1");
    uint8_t record[16] = {0};
    record[8] = 39;
#if defined(__x86_64__)
    assert_string_equal(data_of(parsed("raw_syscalls", text), record, sizeof record),
                        "\"id\":\"getpid\"");
#endif
    assert_string_equal(data_of(parsed("other", text), record, sizeof record), "\"id\":39");
    memset(record + 8, 0xff, 8);
    assert_string_equal(data_of(parsed("raw_syscalls", text), record, sizeof record), "\"id\":-1");
}

static void an_int_in_a_register_is_its_lower_half(void **state)
{
    (void)state;
    const struct format *format = parsed("syscalls", FORMAT_START("sys_enter_openat", "782")
                                                         FORMAT_FIELD("int dfd", "8", "8", "0"));
    const uint8_t record[16] = {[8] = 0x9c, 0xff, 0xff, 0xff};
    assert_string_equal(data_of(format, record, sizeof record), "\"dfd\":-100");
}

static void every_shorter_record_gives_nulls(void **state)
{
    (void)state;
    const struct format *format =
        parsed("x", FORMAT_START("e", "1") FORMAT_FIELD("long a", "8", "8", "1")
                        FORMAT_FIELD("char b[4]", "16", "4", "0")
                            FORMAT_FIELD("__data_loc char[] c", "20", "4", "0")
                                FORMAT_FIELD("u32 d[]", "24", "0", "0"));
    for (size_t size = 0; size <= 32; size++) {
        uint8_t *record = calloc(1, size + 1);
        assert_non_null(record);
        const char *data = data_of(format, record, size);
        assert_int_equal(strstr(data, "\"a\":null") != NULL, size < 16);
        assert_int_equal(strstr(data, "\"b\":null") != NULL, size < 20);
        assert_int_equal(strstr(data, "\"c\":null") != NULL, size < 24);
        assert_int_equal(strstr(data, "\"d\":null") != NULL, size < 24);
        free(record);
    }
}

static void every_truncation_of_a_format_is_survived(void **state)
{
    (void)state;
    const char text[] = SWITCH;
    for (size_t size = 0; size < sizeof text; size++) {
        const struct format *format = NULL;
        char *copy = malloc(size + 1);
        assert_non_null(copy);
        memcpy(copy, text, size);
        const enum etwas_status status = format_parse("sched", copy, size, arena, &format);
        free(copy);
        assert_int_equal(status == ETWAS_OK, format != NULL);
        if (format != NULL) {
            const uint8_t record[28] = {0};
            (void)data_of(format, record, sizeof record);
        }
    }
}

static void what_is_no_format_is_refused(void **state)
{
    (void)state;
    static const char *const BAD[] = {
        "",
        "name: x\n",
        "ID: 1\n",
        "name: x\nID: \n",
        "name: x\nID: 65536\n",
        "name: x\nID: -1\n",
        "name: x\nID: 99999999999999999999999\n",
        "name: x\nID: 1\n" FORMAT_FIELD("int x", "70000", "4", "1"),
        "name: x\nID: 1\n" FORMAT_FIELD("int x", "", "4", "1"),
        "name: x\nID: 1\n" FORMAT_FIELD("int", "8", "4", "1"),
        "name: x\nID: 1\n" FORMAT_FIELD("", "8", "4", "1"),
        "name: x\nID: 1\n" FORMAT_FIELD("__data_loc char[] x", "8", "8", "1"),
        "name: x\nID: 1\n\tfield:int x;\tsize:4;\toffset:8;\tsigned:1;\n",
        "name: x\nID: 1\n\tfield:int x",
    };
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        const struct format *format = NULL;
        assert_int_equal(format_parse("x", BAD[i], strlen(BAD[i]), arena, &format),
                         ETWAS_MALFORMED);
        assert_null(format);
    }
}

static void limits_hold(void **state)
{
    (void)state;
    const struct format *format = NULL;
    const char line[] = FORMAT_FIELD("int x", "8", "4", "1");
    const char start[] = FORMAT_START("e", "1");
    const size_t size = sizeof start - 1 + FORMAT_FIELDS * (sizeof line - 1);
    char *text = calloc(1, FORMAT_TEXT_SIZE + 1);
    assert_non_null(text);
    memcpy(text, start, sizeof start - 1);
    for (size_t i = 0; i < FORMAT_FIELDS; i++) {
        memcpy(text + sizeof start - 1 + i * (sizeof line - 1), line, sizeof line - 1);
    }
    assert_int_equal(format_parse("x", text, size, arena, &format), ETWAS_TOO_BIG);
    assert_int_equal(format_parse("x", text, FORMAT_TEXT_SIZE + 1, arena, &format), ETWAS_TOO_BIG);
    struct arena *small = arena_open(1);
    assert_non_null(small);
    assert_non_null(arena_take(small, 65000));
    assert_int_equal(format_parse("x", SWITCH, strlen(SWITCH), small, &format), ETWAS_NO_MEMORY);
    arena_close(small);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_format_of_the_kernel_parses),
        cmocka_unit_test(a_record_says_its_thread),
        cmocka_unit_test(integers_of_every_size_are_exact),
        cmocka_unit_test(arrays_and_bytes_have_their_form),
        cmocka_unit_test(dynamic_fields_are_followed),
        cmocka_unit_test(a_lying_location_is_null),
        cmocka_unit_test(text_to_the_end_of_the_record_is_read),
        cmocka_unit_test(system_calls_have_names),
        cmocka_unit_test(an_int_in_a_register_is_its_lower_half),
        cmocka_unit_test(every_shorter_record_gives_nulls),
        cmocka_unit_test(every_truncation_of_a_format_is_survived),
        cmocka_unit_test(what_is_no_format_is_refused),
        cmocka_unit_test(limits_hold),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}

/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "monitor/etw/decode.h"
#include "monitor/etw/schemas_parts.h"
#include "tests/check.h"
#include "tests/monitor/etw/etw_parts.h"

static const struct schemas_options options;
static struct arena *arena;

static int open_arena(void **state)
{
    (void)state;
    arena = arena_open((size_t)1 << 24);
    return arena == NULL;
}

static int close_arena(void **state)
{
    (void)state;
    arena_close(arena);
    return 0;
}

/* Metadata and payload as literals, whose own zero at the end does not count. */
#define DECODED(metadata, payload)                                                                 \
    decoded((metadata), sizeof(metadata) - 1, (payload), sizeof(payload) - 1)

static const char *decoded(const char *metadata, size_t metadata_size, const char *payload,
                           size_t size)
{
    const struct etl_record *record = test_tracelogging(metadata, metadata_size, payload, size);
    return test_data(tracelogging_layout(record, &options, arena), record);
}

static void numbers_have_their_size_and_sign(void **state)
{
    (void)state;
    assert_string_equal(DECODED("\0Event\0a\0\x03"
                                "b\0\x04"
                                "c\0\x05"
                                "d\0\x08"
                                "e\0\x0a",
                                "\xff"
                                "\xfe"
                                "\xfe\xff"
                                "\x01\x02\x03\x04"
                                "\xff\xff\xff\xff\xff\xff\xff\xff"),
                        "{\"a\":-1,\"b\":254,\"c\":-2,\"d\":67305985,\"e\":18446744073709551615}");
}

static void text_is_utf8_whatever_it_was(void **state)
{
    (void)state;
    /* a: UTF-16 with a pair of surrogates and half of one; b: ANSI; c: counted, with outType UTF-8
     */
    assert_string_equal(
        DECODED("\0E\0a\0\x01"
                "b\0\x02"
                "c\0\x97\x23",
                "h\0\xe4\0\x3d\xd8\x00\xde\x00\xd8x\0\0\0"
                "hi\0"
                "\x02\0\xc3\xa4"),
        "{\"a\":\"h\xc3\xa4\xf0\x9f\x98\x80\xef\xbf\xbdx\",\"b\":\"hi\",\"c\":\"\xc3\xa4\"}");
}

static void out_types_say_how_it_is_shown(void **state)
{
    (void)state;
    /* hex, boolean, port, IPv4, IPv6 */
    assert_string_equal(
        DECODED("\0E\0h\0\x88\x04"
                "b\0\x84\x03"
                "p\0\x86\x07"
                "v\0\x88\x08"
                "w\0\x8e\x09",
                "\xef\xbe\xad\xde"
                "\x01"
                "\x1f\x90"
                "\x7f\0\0\x01"
                "\x10\0\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"),
        "{\"h\":\"0xdeadbeef\",\"b\":true,\"p\":8080,\"v\":\"127.0.0.1\",\"w\":\"2001:db8::1\"}");
}

static void what_is_no_time_stays_bytes(void **state)
{
    (void)state;
    /* 30827-12-31 is the last day that a SYSTEMTIME may have, and hours end at 23. */
    assert_string_equal(DECODED("\0E\0t\0\x12", "\x6c\x78\x0c\0\0\0\x1f\0\0\0\0\0\0\0\0\0"),
                        "{\"t\":\"0x6c780c0000001f000000000000000000\"}");
    assert_string_equal(DECODED("\0E\0t\0\x12", "\xe8\x07\x0c\0\0\0\x1f\0\xff\xff\0\0\0\0\0\0"),
                        "{\"t\":\"0xe8070c0000001f00ffff000000000000\"}");
    assert_string_equal(
        DECODED("\0E\0t\0\x12", "\xe8\x07\x0c\0\0\0\x1f\0\x17\0\x3b\0\x3b\0\xe7\x03"),
        "{\"t\":\"2024-12-31T23:59:59.9990000Z\"}");
}

static void arrays_are_counted_or_fixed(void **state)
{
    (void)state;
    assert_string_equal(DECODED("\0E\0f\0\x26\x02\0"
                                "v\0\x44"
                                "s\0\x42"
                                "x\0\x04",
                                "\x01\0\x02\0"
                                "\x03\0\x07\x08\x09"
                                "\x02\0a\0bc\0"
                                "\x05"),
                        "{\"f\":[1,2],\"v\":[7,8,9],\"s\":[\"a\",\"bc\"],\"x\":5}");
}

static void structures_nest_and_repeat(void **state)
{
    (void)state;
    /* s {u8 a, t {u8 b, u8 c}} twice, then d */
    assert_string_equal(
        DECODED("\0E\0s\0\xd8\x02"
                "a\0\x04"
                "t\0\x98\x02"
                "b\0\x04"
                "c\0\x04"
                "d\0\x04",
                "\x02\0"
                "\x01\x02\x03"
                "\x04\x05\x06"
                "\x07"),
        "{\"s\":[{\"a\":1,\"t\":{\"b\":2,\"c\":3}},{\"a\":4,\"t\":{\"b\":5,\"c\":6}}],\"d\":7}");
}

static void tags_are_passed_over(void **state)
{
    (void)state;
    assert_string_equal(DECODED("\x81\x02"
                                "E\0a\0\x84\x80\x81\x03"
                                "b\0\x04",
                                "\x01\x02"),
                        "{\"a\":1,\"b\":2}");
}

static void what_is_behind_the_last_field_is_kept(void **state)
{
    (void)state;
    assert_string_equal(DECODED("\0E\0a\0\x04", "\x01\xaa\xbb"), "{\"a\":1,\"Raw\":\"0xaabb\"}");
}

static void what_is_missing_is_null_and_the_rest_is_kept(void **state)
{
    (void)state;
    assert_string_equal(DECODED("\0E\0a\0\x04"
                                "b\0\x08"
                                "c\0\x04",
                                "\x01\xaa\xbb"),
                        "{\"a\":1,\"b\":null,\"c\":null,\"Raw\":\"0xaabb\"}");
}

static void a_count_beyond_the_payload_costs_no_memory(void **state)
{
    (void)state;
    assert_string_equal(DECODED("\0E\0a\0\x44", "\xff\xff\x01"),
                        "{\"a\":null,\"Raw\":\"0xffff01\"}");
}

static void no_cut_of_the_metadata_is_taken_for_more(void **state)
{
    (void)state;
    static const char whole[] = "\0E\0s\0\xd8\x02"
                                "a\0\x04"
                                "t\0\x98\x02"
                                "b\0\x04"
                                "c\0\x04"
                                "d\0\x04";
    for (size_t size = 0; size < sizeof whole - 1; size++) {
        const struct etl_record *record = test_tracelogging(whole, size, "\x01\x02", 2);
        const struct etw_layout *layout = tracelogging_layout(record, &options, arena);
        if (layout != NULL) {
            (void)test_data(layout, record);
        }
    }
}

static void arrays_of_nothing_in_one_another_take_no_time(void **state)
{
    (void)state;
    /* Six arrays of structures, each of 100 in the one before, of fields without bytes. */
    static const char metadata[] = "\0E\0a\0\xb8\x01\x64\0"
                                   "b\0\xb8\x01\x64\0"
                                   "c\0\xb8\x01\x64\0"
                                   "d\0\xb8\x01\x64\0"
                                   "e\0\xb8\x01\x64\0"
                                   "f\0\xb8\x01\x64\0"
                                   "n\0\0";
    static const char payload[200] = "";
    const struct etl_record *record =
        test_tracelogging(metadata, sizeof metadata - 1, payload, sizeof payload);
    const struct etw_layout *layout = tracelogging_layout(record, &options, arena);
    struct event event;
    assert_non_null(layout);
    etw_event(&event, record, layout);
    assert_int_equal(etw_rest(&event, arena), sizeof payload);
}

static void many_kinds_of_events_find_room(void **state)
{
    (void)state;
    char metadata[] = "\0E\0aa\0\x08";
    const size_t name = 3;
    for (int kind = 0; kind < 4096; kind++) {
        metadata[name] = (char)('A' + kind % 64);
        metadata[name + 1] = (char)('A' + kind / 64);
        const struct etl_record *record =
            test_tracelogging(metadata, sizeof metadata - 1, "\x01\0\0\0", 4);
        assert_non_null(tracelogging_layout(record, &options, arena));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_have_their_size_and_sign),
        cmocka_unit_test(text_is_utf8_whatever_it_was),
        cmocka_unit_test(out_types_say_how_it_is_shown),
        cmocka_unit_test(what_is_no_time_stays_bytes),
        cmocka_unit_test(arrays_are_counted_or_fixed),
        cmocka_unit_test(structures_nest_and_repeat),
        cmocka_unit_test(tags_are_passed_over),
        cmocka_unit_test(what_is_behind_the_last_field_is_kept),
        cmocka_unit_test(what_is_missing_is_null_and_the_rest_is_kept),
        cmocka_unit_test(a_count_beyond_the_payload_costs_no_memory),
        cmocka_unit_test(arrays_of_nothing_in_one_another_take_no_time),
        cmocka_unit_test(no_cut_of_the_metadata_is_taken_for_more),
        cmocka_unit_test(many_kinds_of_events_find_room),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}

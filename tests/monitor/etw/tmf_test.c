/* SPDX-License-Identifier: MIT */
#include "monitor/etw/tmf.h"

#include <stdio.h>
#include <string.h>

#include "monitor/etw/schemas.h"
#include "tests/check.h"
#include "tests/monitor/etw/etw_parts.h"

static const char text[] =
    "// PDB:  tracedrv.pdb\r\n"
    "5a5a5a5a-5a5a-5a5a-5a5a-5a5a5a5a5a5a tracedrv // SRC=tracedrv.c MJ= MN=\r\n"
    "#typev tracedrv_c9 9 \"%0nothing\" //   LEVEL=1\r\n{\r\n}\r\n"
    "#typev tracedrv_c104 13 \"%0[%9!s!]"
    "IRP %10!p! of \\\"%11!s!\\\": %12!s! 100%%\" //   FUNC=X\r\n"
    "{\r\n"
    "Irp, ItemPtr -- 10\r\n"
    "f(a, b), ItemString -- 11\r\n"
    "f(a, b), ItemNTSTATUS -- 12\r\n"
    "}\r\n"
    "#typev tracedrv_c200 14 \"%0%10!s! %11!s! %12!s! %13!s!\" //\r\n"
    "{\r\n"
    "b, ItemListByte(FALSE,TRUE) -- 10\r\n"
    "s, ItemSetLong(Read,Write,Delete) -- 11\r\n"
    "w, ItemPWString -- 12\r\n"
    "m, ItemMACAddr -- 13\r\n"
    "}\r\n"
    "#typev tracedrv_c300 15 \"%0%10!d! %11!x!\" //\r\n"
    "{\r\n"
    "a, ItemLong -- 10\r\n"
    "b, ItemNobody -- 11\r\n"
    "c, ItemLong -- 12\r\n"
    "}\r\n";

static const struct schemas_options options;
static struct arena *arena;

static int open_arena(void **state)
{
    (void)state;
    arena = arena_open((size_t)16 * 1024 * 1024);
    return arena == NULL;
}

static int close_arena(void **state)
{
    (void)state;
    arena_close(arena);
    return 0;
}

static struct etl_record *message(uint16_t number, const void *payload, size_t size)
{
    struct etl_record *record = test_event(0, 0, payload, size);
    record->kind = ETL_MESSAGE;
    record->classic = true;
    record->message_number = number;
    return record;
}

#define DECODED(number, payload) decoded((number), (payload), sizeof(payload) - 1)

static const char *decoded(uint16_t number, const char *payload, size_t size)
{
    const struct etl_record *record = message(number, payload, size);
    return test_data(tmf_text_layout(text, record, &options, arena), record);
}

static void a_message_is_found_by_its_number(void **state)
{
    (void)state;
    const struct etw_layout *layout = tmf_text_layout(text, message(13, "", 0), &options, arena);
    assert_non_null(layout);
    assert_string_equal(layout->schema.provider, "tracedrv");
    assert_string_equal(layout->schema.event_name, "tracedrv_c104");
    assert_null(tmf_text_layout(text, message(12, "", 0), &options, arena));
}

static void arguments_count_from_one_and_the_prefix_is_gone(void **state)
{
    (void)state;
    const struct etw_layout *layout = tmf_text_layout(text, message(13, "", 0), &options, arena);
    assert_non_null(layout);
    assert_string_equal(layout->message, "[]IRP %1!p! of \"%2!s!\": %3!s! 100%%");
}

static void arguments_are_fields_with_names_of_their_own(void **state)
{
    (void)state;
    assert_string_equal(DECODED(13, "\x10\0\0\0\0\0\0\0"
                                    "disk\0"
                                    "\x05\0\0\0"),
                        "{\"Irp\":\"0x10\",\"f(a, b)\":\"disk\",\"Arg3\":5},"
                        "\"Message\":\"[]IRP 0000000000000010 of \\\"disk\\\": 5 100%\"");
}

static void lists_and_sets_give_names(void **state)
{
    (void)state;
    assert_string_equal(DECODED(14, "\x01"
                                    "\x05\0\0\0"
                                    "\x04\0h\0i\0"
                                    "\x01\x02\x03\x04\x05\x06"),
                        "{\"b\":\"TRUE\",\"s\":\"Read|Delete\",\"w\":\"hi\","
                        "\"m\":\"0x010203040506\"},"
                        "\"Message\":\"TRUE Read|Delete hi 0x010203040506\"");
}

static void what_a_type_nobody_knows_takes_is_raw(void **state)
{
    (void)state;
    assert_string_equal(DECODED(15, "\x07\0\0\0\xaa\xbb"),
                        "{\"a\":7,\"Raw\":\"0xaabb\"},\"Message\":\"7 %2!x!\"");
}

static void no_cut_of_the_text_harms(void **state)
{
    (void)state;
    static char cut[sizeof text];
    for (size_t size = 0; size < sizeof text; size++) {
        memcpy(cut, text, size);
        cut[size] = '\0';
        for (uint16_t number = 13; number < 16; number++) {
            const struct etl_record *record = message(number, "\x01\x02\x03\x04\x05", 5);
            const struct etw_layout *layout = tmf_text_layout(cut, record, &options, arena);
            if (layout != NULL) {
                (void)test_data(layout, record);
            }
        }
    }
}

static void the_file_has_the_name_of_the_guid(void **state)
{
    (void)state;
    static const char path[] = "5a5a5a5a-5a5a-5a5a-5a5a-5a5a5a5a5a5a.tmf";
    const struct schemas_options here = {.tmf = "."};
    struct schemas *schemas = NULL;
    struct etwas_error error;
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, sizeof text - 1, file), sizeof text - 1);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(schemas_open(&here, &schemas, &error), ETWAS_OK);
    schemas_learnt(schemas);
    const struct etw_layout *layout = schemas_find(schemas, message(9, "", 0));
    const struct etw_layout *other = schemas_find(schemas, message(1, "", 0));
    assert_non_null(layout);
    assert_non_null(other);
    assert_int_equal(layout->source, ETW_WPP);
    assert_string_equal(layout->message, "nothing");
    assert_int_equal(other->source, ETW_RAW);
    schemas_close(schemas);
    assert_int_equal(remove(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_is_found_by_its_number),
        cmocka_unit_test(arguments_count_from_one_and_the_prefix_is_gone),
        cmocka_unit_test(arguments_are_fields_with_names_of_their_own),
        cmocka_unit_test(lists_and_sets_give_names),
        cmocka_unit_test(what_a_type_nobody_knows_takes_is_raw),
        cmocka_unit_test(no_cut_of_the_text_harms),
        cmocka_unit_test(the_file_has_the_name_of_the_guid),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}

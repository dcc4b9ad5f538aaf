/* SPDX-License-Identifier: MIT */
#include "monitor/etw/classic.h"

#include <stdio.h>
#include <string.h>

#include "monitor/etw/clr_events.h"
#include "monitor/etw/table.h"
#include "tests/check.h"
#include "tests/monitor/etw/etw_parts.h"

static const struct schemas_options options;
static struct arena *arena;

static const uint8_t process_id[] = {0xd0, 0xa8, 0x6f, 0x3d, 0x05, 0xfe, 0xd0, 0x11,
                                     0x9d, 0xda, 0x00, 0xc0, 0x4f, 0xd7, 0xba, 0x7c};
static const uint8_t thread_id[] = {0xd1, 0xa8, 0x6f, 0x3d, 0x05, 0xfe, 0xd0, 0x11,
                                    0x9d, 0xda, 0x00, 0xc0, 0x4f, 0xd7, 0xba, 0x7c};
static const uint8_t config_id[] = {0x65, 0x3a, 0x85, 0x01, 0x8f, 0x41, 0x36, 0x4f,
                                    0xae, 0xfc, 0xdc, 0x0f, 0x1d, 0x2f, 0xd2, 0x35};
static const uint8_t clr_id[] = {0x23, 0x0d, 0x3c, 0xe1, 0xbc, 0xcc, 0x12, 0x4e,
                                 0x93, 0x1b, 0xd9, 0xcc, 0x2e, 0xee, 0x27, 0xe4};

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

/* What a record is, but for its payload. */
struct kind {
    const uint8_t *provider;
    uint8_t opcode;
    uint8_t version;
    uint8_t pointer_size;
};

static struct etl_record *classic(const struct kind *kind, const void *payload, size_t size)
{
    struct etl_record *record = test_event(0, kind->version, payload, size);
    record->kind = ETL_SYSTEM;
    record->classic = true;
    record->provider_id = kind->provider;
    record->opcode = kind->opcode;
    record->pointer_size = kind->pointer_size;
    return record;
}

/* Its fields as JSON; without the zero at the literal's end. */
#define DECODED(kind, payload) decoded(&(kind), (payload), sizeof(payload) - 1)

static const char *decoded(const struct kind *kind, const char *payload, size_t size)
{
    const struct etl_record *record = classic(kind, payload, size);
    return test_data(classic_layout(record, &options, arena), record);
}

static void names_are_task_and_opcode(void **state)
{
    (void)state;
    static const struct {
        uint8_t opcode;
        const char *name;
    } wanted[] = {
        {1,  "Process/Start"  },
        {2,  "Process/Stop"   },
        {3,  "Process/DCStart"},
        {4,  "Process/DCStop" },
        {10, "Image/Load"     },
        {39, "Process/Defunct"}
    };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        const struct kind kind = {process_id, wanted[i].opcode, 3, 8};
        const struct etw_layout *layout = classic_layout(classic(&kind, "", 0), &options, arena);
        assert_non_null(layout);
        assert_string_equal(layout->schema.event_name, wanted[i].name);
        assert_string_equal(strchr(wanted[i].name, '/') + 1, layout->schema.opcode_name);
        assert_string_equal(layout->schema.provider, "Process");
    }
}

static void pointers_are_as_long_as_the_record_says(void **state)
{
    (void)state;
    const struct kind narrow = {process_id, 1, 2, 4};
    const struct kind wide = {process_id, 1, 2, 8};
    assert_string_equal(
        DECODED(narrow, "\x10\0\0\0"
                        "\x07\0\0\0"
                        "\x04\0\0\0"
                        "\x01\0\0\0"
                        "\xff\xff\xff\xff"
                        "\0\0\0\0"
                        "a.exe\0"
                        "a\0\0\0"),
        "{\"UniqueProcessKey\":\"0x10\",\"ProcessId\":7,\"ParentId\":4,\"SessionId\":1,"
        "\"ExitStatus\":-1,\"UserSID\":null,\"ImageFileName\":\"a.exe\",\"CommandLine\":\"a\"}");
    assert_string_equal(
        DECODED(wide, "\x10\0\0\0\x01\0\0\0"
                      "\x07\0\0\0"
                      "\x04\0\0\0"
                      "\x01\0\0\0"
                      "\0\0\0\0"
                      "\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                      "\x01\x01\0\0\0\0\0\x05\x12\0\0\0"
                      "a.exe\0"
                      "a\0\0\0"),
        "{\"UniqueProcessKey\":\"0x100000010\",\"ProcessId\":7,\"ParentId\":4,\"SessionId\":1,"
        "\"ExitStatus\":0,\"UserSID\":\"S-1-5-18\",\"ImageFileName\":\"a.exe\","
        "\"CommandLine\":\"a\"}");
}

static void threads_of_windows_10_have_names_and_older_ones_none(void **state)
{
    (void)state;
    static char payload[72 + 6];
    static const struct kind kind = {thread_id, 1, 3, 8};
    memcpy(payload + 72, "m\0\0", 4);
    assert_non_null(strstr(decoded(&kind, payload, 72 + 4), "\"ThreadName\":\"m\"}"));
    assert_non_null(strstr(decoded(&kind, payload, 72), "\"ThreadName\":\"\"}"));
}

static void counts_of_filters_come_from_fields(void **state)
{
    (void)state;
    const struct kind kind = {config_id, 22, 5, 8};
    const char *text = DECODED(kind, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                                     "\x02\0\0\0\x01\0\0\0\x0a\0\0\0\0\0\0\0"
                                     "I\0\0\0"
                                     "D\0\0\0"
                                     "\0\0"
                                     "P\0\0\0"
                                     "s\0\0\0"
                                     "u\0\0\0v\0\0\0"
                                     "l\0\0");
    assert_non_null(strstr(text, "\"ServiceName\":\"s\",\"UpperFilters\":[\"u\",\"v\"],"
                                 "\"LowerFilters\":[\"l\"]}"));
}

static void text_in_fixed_room_ends_at_its_zero(void **state)
{
    (void)state;
    static const struct kind kind = {config_id, 35, 2, 8};
    static char payload[428];
    payload[0] = 2;
    payload[12] = 'C';
    payload[12 + 128] = 'I';
    payload[12 + 128 + 256] = 'V';
    assert_string_equal(decoded(&kind, payload, sizeof payload),
                        "{\"ProcessorIndex\":2,\"FeatureSet\":\"0x0\",\"ProcessorSpeed\":0,"
                        "\"ProcessorName\":\"C\",\"ProcessorIdentifier\":\"I\","
                        "\"VendorIdentifier\":\"V\"}");
}

static void what_no_table_has_gets_no_layout(void **state)
{
    (void)state;
    const struct kind opcode = {process_id, 200, 3, 8};
    const struct kind provider = {(const uint8_t *)"0123456789abcdef", 1, 3, 8};
    assert_null(classic_layout(classic(&opcode, "", 0), &options, arena));
    assert_null(classic_layout(classic(&provider, "", 0), &options, arena));
}

/* What all tables must hold: they can be read, in both sizes, and their names are complete. */
static void check_class(const struct classic_class *class, uint8_t pointer_size)
{
    for (size_t i = 0; i < class->count; i++) {
        const struct classic_event *event = &class->events[i];
        const struct etw_layout *layout = NULL;
        for (unsigned opcode = 0; opcode < 256 && layout == NULL; opcode++) {
            const struct kind kind = {class->id, (uint8_t)opcode, event->first_version,
                                      pointer_size};
            layout = classic_layout(classic(&kind, "", 0), &options, arena);
        }
        struct etw_layout own = {
            .schema = {.provider = "P", .event_name = "E"},
              .pointer_size = pointer_size
        };
        if (!table_layout(&own, event->fields, arena)) {
            print_error("%s %s\n", class->task, event->name);
            fail();
        }
        assert_non_null(layout);
    }
}

static void every_table_can_be_read(void **state)
{
    (void)state;
    const struct classic_group *const groups[] = {&classic_process, &classic_io, &classic_config};
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        for (size_t j = 0; j < groups[i]->count; j++) {
            check_class(&groups[i]->classes[j], 4);
            check_class(&groups[i]->classes[j], 8);
        }
    }
}

#define CLR(id, version, size, payload)                                                            \
    clr((id), (version), (size), (const uint8_t *)(payload), sizeof(payload) - 1)

static const char *clr(uint16_t id, uint8_t version, uint8_t pointer_size, const uint8_t *payload,
                       size_t size)
{
    struct etl_record *record = test_event(id, version, payload, size);
    record->provider_id = clr_id;
    record->pointer_size = pointer_size;
    return test_data(clr_events_layout(record, false, &options, arena), record);
}

static void structures_of_the_runtime_are_aligned(void **state)
{
    (void)state;
    assert_string_equal(CLR(208, 0, 8,
                            "\x08\0\x01\0"
                            "\x01\0\0\0\x11\0\0\0\x02\0\0\0\xee\xee\xee\xee"
                            "\x03\0\0\0\0\0\0\0\x04\0\0\0\0\0\0\0"),
                        "{\"ClrInstanceID\":8,\"Count\":1,\"Values\":[{\"TimePlan\":1,"
                        "\"TimeCompact\":17,\"TimeRelocate\":2,\"TotalRefs\":3,\"ZeroRefs\":4}]}");
    assert_string_equal(CLR(208, 0, 4,
                            "\x08\0\x01\0"
                            "\x01\0\0\0\x11\0\0\0\x02\0\0\0"
                            "\x03\0\0\0\x04\0\0\0"),
                        "{\"ClrInstanceID\":8,\"Count\":1,\"Values\":[{\"TimePlan\":1,"
                        "\"TimeCompact\":17,\"TimeRelocate\":2,\"TotalRefs\":3,\"ZeroRefs\":4}]}");
    assert_string_equal(CLR(209, 0, 8,
                            "\x08\0\x01\0\x07\0\0\0\0\0\0\0\x01\0"
                            "\x05\0\xee\xee\x06\0\0\0\x09\0\0\0\0\0\0\0"),
                        "{\"ClrInstanceID\":8,\"BucketKind\":1,\"TotalSize\":7,\"Count\":1,"
                        "\"Values\":[{\"Index\":5,\"Count\":6,\"Size\":9}]}");
}

static void stacks_have_as_many_addresses_as_they_say(void **state)
{
    (void)state;
    assert_string_equal(CLR(82, 0, 4,
                            "\x08\0\0\0\x03\0\0\0"
                            "\x01\0\0\0\x02\0\0\0\x03\0\0\0"),
                        "{\"ClrInstanceID\":8,\"Reserved1\":0,\"Reserved2\":0,\"FrameCount\":3,"
                        "\"Stack\":[\"0x1\",\"0x2\",\"0x3\"]}");
}

static void a_newer_version_is_read_as_the_newest_known(void **state)
{
    (void)state;
    struct etl_record *record = test_event(10, 9, "", 0);
    record->provider_id = clr_id;
    const struct etw_layout *layout = clr_events_layout(record, false, &options, arena);
    assert_non_null(layout);
    assert_string_equal(layout->schema.event_name, "GCAllocationTick_V4");
    assert_true(layout->nearest);
    record->version = 3;
    layout = clr_events_layout(record, false, &options, arena);
    assert_non_null(layout);
    assert_string_equal(layout->schema.event_name, "GCAllocationTick_V3");
    assert_false(layout->nearest);
}

static void a_table_that_makes_no_sense_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "v4 Name", "u4*Nobody Name",   "{u4 A",         "{w9x}",
        "u4*",     "{u4 A}*B C, u4 B", "q Name, u4 No", "{{u4 A} B} C"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct etw_layout layout = {
            .schema = {.provider = "P", .event_name = "E"},
              .pointer_size = 8
        };
        if (table_layout(&layout, bad[i], arena)) {
            print_error("%s\n", bad[i]);
            fail();
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_task_and_opcode),
        cmocka_unit_test(pointers_are_as_long_as_the_record_says),
        cmocka_unit_test(threads_of_windows_10_have_names_and_older_ones_none),
        cmocka_unit_test(counts_of_filters_come_from_fields),
        cmocka_unit_test(text_in_fixed_room_ends_at_its_zero),
        cmocka_unit_test(what_no_table_has_gets_no_layout),
        cmocka_unit_test(every_table_can_be_read),
        cmocka_unit_test(structures_of_the_runtime_are_aligned),
        cmocka_unit_test(stacks_have_as_many_addresses_as_they_say),
        cmocka_unit_test(a_newer_version_is_read_as_the_newest_known),
        cmocka_unit_test(a_table_that_makes_no_sense_is_refused),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}

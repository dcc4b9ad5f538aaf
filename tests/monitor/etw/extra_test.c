/* SPDX-License-Identifier: MIT */
#include "monitor/etw/extra.h"

#include <string.h>

#include "monitor/etw/decode.h"
#include "monitor/etw/table.h"
#include "monitor/event/encode.h"
#include "tests/check.h"
#include "tests/monitor/etl/maker.h"
#include "tests/monitor/etw/etw_parts.h"

enum { ITEM_HEAD = 8, ROOM = 1024 };

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

struct items {
    uint8_t data[ROOM];
    size_t size;
};

static void add(struct items *items, uint16_t type, const void *data, uint16_t size)
{
    uint8_t *at = items->data + items->size;
    maker_u16(at + 2, type);
    maker_u16(at + 6, size);
    memcpy(at + ITEM_HEAD, data, size);
    items->size += ITEM_HEAD + (size + 7U) / 8 * 8;
}

static const char *encoded(const struct items *items, enum event_format format)
{
    static struct output output;
    static struct etw_layout layout;
    struct encoder encoder;
    struct event event;
    struct etl_record *record = test_event(1, 0, "\x01\0\0\0", 4);
    record->extended = items->data;
    record->extended_size = items->size;
    layout = (struct etw_layout){
        .schema = {.provider = "P", .event_name = "E"},
          .pointer_size = 8
    };
    assert_true(table_layout(&layout, "u4 A", arena));
    encoder_init(&encoder);
    output_clear(&output);
    output_init(&output, (size_t)1024 * 1024);
    etw_event(&event, record, &layout);
    etw_extra(&event, record, NULL, arena);
    assert_int_equal(encode_event(&encoder, &event, format, arena, &output), ETWAS_OK);
    output.data[output.size - 1] = '\0';
    return output.data;
}

static const uint8_t guid[16] = {4, 3, 2, 1, 6, 5, 8, 7, 9, 10, 11, 12, 13, 14, 15, 16};
static const uint8_t sid[12] = {1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0};

static void items_are_columns_before_the_fields(void **state)
{
    (void)state;
    struct items items = {.size = 0};
    uint8_t number[8];
    maker_u64(number, UINT64_C(0x0102030405060708));
    add(&items, ETL_ITEM_RELATED_ACTIVITY, guid, 16);
    add(&items, ETL_ITEM_SID, sid, sizeof sid);
    add(&items, ETL_ITEM_TS_ID, "\x02\0\0\0", 4);
    add(&items, ETL_ITEM_PROCESS_START_KEY, number, 8);
    add(&items, ETL_ITEM_EVENT_KEY, "\x05\0\0\0\0\0\0\0", 8);
    add(&items, ETL_ITEM_CONTAINER_ID, "01020304-0506-0708-090a-0b0c0d0e0f10", 36);
    add(&items, ETL_ITEM_CONTROL_GUID, guid, 16);
    add(&items, ETL_ITEM_QPC_DELTA, "\x07\0\0\0\0\0\0\0", 8);
    add(&items, ETL_ITEM_PMC, "\x01\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0", 16);
    assert_non_null(strstr(
        encoded(&items, EVENT_JSON),
        ",\"RelatedActivityId\":\"01020304-0506-0708-090a-0b0c0d0e0f10\",\"UserId\":\"S-1-5-18\","
        "\"SessionId\":2,\"ProcessStartKey\":72623859790382856,\"EventKey\":5,"
        "\"ContainerId\":\"01020304-0506-0708-090a-0b0c0d0e0f10\","
        "\"ControlGuid\":\"01020304-0506-0708-090a-0b0c0d0e0f10\",\"QpcDelta\":7,"
        "\"PmcCounters\":[1,2],\"EventData\":{\"A\":1}}"));
    assert_non_null(strstr(encoded(&items, EVENT_TEXT), "\nUserId: S-1-5-18\nSessionId: 2\n"));
}

static void parents_of_instances_are_shown(void **state)
{
    (void)state;
    struct items items = {.size = 0};
    uint8_t instance[24];
    maker_u32(instance, 7);
    maker_u32(instance + 4, 8);
    memcpy(instance + 8, guid, 16);
    add(&items, ETL_ITEM_INSTANCE, instance, sizeof instance);
    assert_non_null(strstr(encoded(&items, EVENT_JSON),
                           "\"InstanceId\":7,\"ParentInstanceId\":8,\"ParentGuid\":\"01020304-"));
}

static void stacks_are_shown_only_when_asked_for(void **state)
{
    (void)state;
    struct items items = {.size = 0};
    add(&items, ETL_ITEM_STACK64, "\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0", 16);
    assert_null(strstr(encoded(&items, EVENT_JSON), "Stack"));
}

static void events_without_items_have_no_columns(void **state)
{
    (void)state;
    struct event event = {.extra = NULL};
    etw_extra(&event, test_event(1, 0, "", 0), NULL, arena);
    assert_null(event.extra);
    assert_null(event.related_activity_id);
}

static void items_that_are_too_short_are_left_out(void **state)
{
    (void)state;
    for (uint16_t type = 0; type < 32; type++) {
        for (uint16_t size = 0; size < 8; size++) {
            struct items items = {.size = 0};
            add(&items, type, sid, size);
            const char *text = encoded(&items, EVENT_JSON);
            assert_null(strstr(text, "null"));
            assert_null(strstr(text, "InstanceId"));
            assert_null(strstr(text, "RelatedActivityId"));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_are_columns_before_the_fields),
        cmocka_unit_test(parents_of_instances_are_shown),
        cmocka_unit_test(stacks_are_shown_only_when_asked_for),
        cmocka_unit_test(events_without_items_have_no_columns),
        cmocka_unit_test(items_that_are_too_short_are_left_out),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}

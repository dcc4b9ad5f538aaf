/* SPDX-License-Identifier: MIT */
#include "monitor/etw/trace_pack.h"

#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/etw/decode.h"
#include "monitor/etw/schemas.h"
#include "tests/check.h"

/* Events become records that describe themselves, and come back the same. */

enum { FIELDS = 4 };

static const uint8_t guid[16] = {0x3b, 0x85, 0xc1, 0xa0, 0x40, 0x5c, 0x15, 0x4b,
                                 1,    2,    3,    4,    5,    6,    7,    8};
static const char *names[FIELDS] = {"a", "b", "c", "d"};
static struct value values[FIELDS];
static struct schema schema;
static struct trace_pack pack;
static struct schemas *schemas;
static struct arena *arena;
static struct output output;
static char before[262144];

static const char *field_name(const struct schema *of, uint16_t index)
{
    (void)of;
    return names[index];
}

static struct value field(const struct event *event, uint16_t index, struct arena *unused)
{
    (void)event;
    (void)unused;
    return values[index];
}

static int set_up(void **state)
{
    (void)state;
    const struct schemas_options options = {.manifest_count = 0};
    struct etwas_error error;
    trace_pack_init(&pack);
    output_init(&output, sizeof before);
    arena = arena_open(4194304);
    schema = (struct schema){.provider = "Pro\xc3\xa4vider",
                             .event_name = "Ev ent",
                             .provider_id = guid,
                             .field_name = field_name,
                             .field = field};
    return arena == NULL || schemas_open(&options, &schemas, &error) != ETWAS_OK;
}

static int tear_down(void **state)
{
    (void)state;
    trace_pack_clear(&pack);
    schemas_close(schemas);
    arena_close(arena);
    output_clear(&output);
    return 0;
}

static struct event event_of(uint16_t fields)
{
    schema.field_count = fields;
    return (struct event){.schema = &schema,
                          .time = INT64_C(134000000000000001),
                          .keywords = UINT64_C(0x8000000000000010),
                          .activity_id = guid,
                          .process_id = 11,
                          .thread_id = 22,
                          .cpu = 3,
                          .id = 7,
                          .task = 8,
                          .version = 9,
                          .level = 4,
                          .opcode = 1,
                          .channel = 11};
}

static const char *as_json(const struct event *event)
{
    struct encoder encoder;
    encoder_init(&encoder);
    output.size = 0;
    assert_int_equal(encode_event(&encoder, event, EVENT_JSON, arena, &output), ETWAS_OK);
    output.data[output.size - 1] = 0;
    return output.data;
}

static const struct etw_layout *layout_of(const struct etl_record *record)
{
    schemas_learnt(schemas);
    const struct etw_layout *layout = schemas_find(schemas, record);
    assert_non_null(layout);
    assert_int_equal(layout->source, ETW_TRACELOGGING);
    return layout;
}

/* The line of JSON is the same before and after. */
static void comes_back(const struct event *event)
{
    struct etl_record record;
    struct event again;
    (void)snprintf(before, sizeof before, "%s", as_json(event));
    assert_int_equal(trace_pack(&pack, event, arena, &record), ETWAS_OK);
    etw_event(&again, &record, layout_of(&record));
    assert_string_equal(as_json(&again), before);
}

static void value_comes_back(struct value value)
{
    const struct event event = event_of(2);
    values[0] = value;
    values[1] = (struct value){.type = VALUE_UINT, .as.u = 77}; /* what follows is in its place */
    comes_back(&event);
}

static struct value text_of(const char *text)
{
    struct value value = {.type = VALUE_TEXT};
    value.as.text.data = text;
    value.as.text.size = strlen(text);
    return value;
}

static struct value uint_of(uint64_t number)
{
    return (struct value){.type = VALUE_UINT, .as.u = number};
}

static struct value int_of(int64_t number)
{
    return (struct value){.type = VALUE_INT, .as.i = number};
}

static struct value array_of(const struct value *items, size_t count)
{
    return (struct value){
        .type = VALUE_ARRAY, .as.array = {items, count}
    };
}

static struct value object_of(const struct member *members, size_t count)
{
    return (struct value){
        .type = VALUE_OBJECT, .as.object = {members, count}
    };
}

static void heads_come_back(void **state)
{
    (void)state;
    struct event event = event_of(0);
    comes_back(&event);
    event.related_activity_id = guid;
    struct etl_record record;
    struct etl_item item;
    assert_int_equal(trace_pack(&pack, &event, arena, &record), ETWAS_OK);
    assert_true(etl_item_find(&record, ETL_ITEM_RELATED_ACTIVITY, &item));
    assert_int_equal(item.size, sizeof guid);
    assert_memory_equal(item.data, guid, sizeof guid);
}

static void every_type_of_value_comes_back(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0, 1, 0xff};
    value_comes_back((struct value){.type = VALUE_NULL});
    value_comes_back((struct value){.type = VALUE_BOOL, .as.truth = true});
    value_comes_back((struct value){.type = VALUE_BOOL, .as.truth = false});
    value_comes_back(int_of(INT64_MIN));
    value_comes_back(int_of(-1));
    value_comes_back(uint_of(UINT64_MAX));
    value_comes_back(uint_of(0));
    value_comes_back((struct value){.type = VALUE_HEX, .as.u = UINT64_MAX});
    value_comes_back((struct value){.type = VALUE_FLOAT, .as.number = 0.1});
    value_comes_back((struct value){.type = VALUE_FLOAT, .as.number = -DBL_MAX});
    value_comes_back(text_of(""));
    value_comes_back(text_of("\xc3\xa4 \"<&>\x01\xff\xf0\x9f\x98\x80"));
    value_comes_back((struct value){
        .type = VALUE_BYTES, .as.bytes = {bytes, sizeof bytes}
    });
    value_comes_back((struct value){
        .type = VALUE_BYTES, .as.bytes = {bytes, 0}
    });
    value_comes_back((struct value){.type = VALUE_TIME, .as.i = INT64_C(134000000000000001)});
    value_comes_back((struct value){
        .type = VALUE_GUID, .as.bytes = {guid, sizeof guid}
    });
}

static void arrays_and_structures_come_back(void **state)
{
    (void)state;
    const struct value numbers[] = {int_of(-1), int_of(2)};
    const struct value texts[] = {text_of("x"), text_of("")};
    const struct member point[] = {
        {"x",               int_of(1)},
        { "n", array_of(numbers,        2)}
    };
    const struct member other[] = {
        {"x",               int_of(5)},
        { "n", array_of(numbers,        1)}
    };
    const struct value points[] = {object_of(point, 2), object_of(other, 2)};
    const struct member deep[] = {
        {"p", object_of(point, 2)},
        {"q",   text_of("q")               }
    };
    value_comes_back(array_of(numbers, 2));
    value_comes_back(array_of(numbers, 0));
    value_comes_back(array_of(texts, 2));
    value_comes_back(object_of(point, 2));
    value_comes_back(array_of(points, 2));
    value_comes_back(object_of(deep, 2));
}

static void codes_stay_codes(void **state)
{
    (void)state;
    struct etl_record record;
    struct event again;
    struct event event = event_of(3);
    values[0] = uint_of(0xc0000022);
    values[0].code = CODE_NTSTATUS;
    values[1] = int_of((int32_t)0x80070005);
    values[1].code = CODE_HRESULT;
    values[2] = uint_of(UINT64_C(0x100000005)); /* too wide for one */
    values[2].code = CODE_WIN32;
    comes_back(&event);
    assert_int_equal(trace_pack(&pack, &event, arena, &record), ETWAS_OK);
    etw_event(&again, &record, layout_of(&record));
    assert_int_equal(event_field(&again, 0, arena).code, CODE_NTSTATUS);
    assert_int_equal(event_field(&again, 1, arena).code, CODE_HRESULT);
    assert_int_equal(event_field(&again, 2, arena).code, CODE_NONE);
}

static void what_has_no_type_becomes_text(void **state)
{
    (void)state;
    const struct value mixed[] = {text_of("x"), uint_of(1), {.type = VALUE_NULL}};
    const struct value inner[] = {uint_of(1), uint_of(2)};
    const struct value outer[] = {array_of(inner, 2), array_of(inner, 1)};
    struct etl_record record;
    struct event again;
    const struct event event = event_of(3);
    values[0] = array_of(mixed, 3);
    values[1] = array_of(outer, 2);
    values[2] = object_of(NULL, 0);
    assert_int_equal(trace_pack(&pack, &event, arena, &record), ETWAS_OK);
    etw_event(&again, &record, layout_of(&record));
    assert_non_null(strstr(as_json(&again), "\"EventData\":{\"a\":[\"x\",\"1\",\"null\"],"
                                            "\"b\":[\"[1, 2]\",\"[1]\"],\"c\":\"{}\"}"));
}

static void absent_fields_stay_absent(void **state)
{
    (void)state;
    const struct event event = event_of(2);
    values[0] = uint_of(1);
    values[1] = (struct value){.type = VALUE_ABSENT};
    comes_back(&event);
}

static void a_provider_without_a_guid_gets_that_of_its_name(void **state)
{
    (void)state;
    /* As the documentation of TraceLogging has it: ce5fa4ea-ab00-5402-8b76-9f76ac858fb5 */
    static const uint8_t wanted[] = {0xea, 0xa4, 0x5f, 0xce, 0x00, 0xab, 0x02, 0x54,
                                     0x8b, 0x76, 0x9f, 0x76, 0xac, 0x85, 0x8f, 0xb5};
    struct etl_record record;
    struct event event = event_of(0);
    schema.provider_id = NULL;
    schema.provider = "MyCompany.MyComponent";
    event.level = EVENT_LEVEL_NONE;
    event.keywords = 5; /* means nothing then */
    assert_int_equal(trace_pack(&pack, &event, arena, &record), ETWAS_OK);
    assert_memory_equal(record.provider_id, wanted, sizeof wanted);
    assert_int_equal(record.level, 0);
    assert_true(record.keywords == 0);
    assert_string_equal(layout_of(&record)->schema.provider, "MyCompany.MyComponent");
}

static void what_does_not_fit_is_said_and_keeps_its_head(void **state)
{
    (void)state;
    static char text[TRACE_PACK_ROOM];
    struct etl_record record;
    struct event again;
    const struct event event = event_of(2);
    memset(text, 'x', sizeof text - 1);
    values[0] = uint_of(1);
    values[1] = text_of(text);
    assert_int_equal(trace_pack(&pack, &event, arena, &record), ETWAS_TOO_BIG);
    etw_event(&again, &record, layout_of(&record));
    const char *json = as_json(&again);
    assert_non_null(strstr(json, "\"EventId\":7,\"EventName\":\"Ev ent\""));
    assert_non_null(strstr(json, "\"EventData\":{\"TooBig\":true}"));
    /* The next is as good as ever. */
    value_comes_back(uint_of(1));
}

static void every_length_fits_or_is_said(void **state)
{
    (void)state;
    static char text[TRACE_PACK_ROOM];
    memset(text, 'x', sizeof text - 1);
    const struct event event = event_of(1);
    for (size_t size = sizeof text - 600; size < sizeof text; size++) {
        struct etl_record record;
        values[0] = text_of(text);
        values[0].as.text.size = size;
        const enum etwas_status status = trace_pack(&pack, &event, arena, &record);
        assert_true(status == ETWAS_OK || status == ETWAS_TOO_BIG);
        assert_true(record.extended_size + record.payload_size <= TRACE_PACK_ROOM - 80 - 72);
        assert_true((status == ETWAS_OK) == (record.payload_size == size + 2));
    }
}

static void many_fields_fit_or_are_said(void **state)
{
    (void)state;
    static char long_name[40000];
    struct etl_record record;
    const struct event event = event_of(2);
    memset(long_name, 'n', sizeof long_name - 1);
    names[0] = long_name;
    names[1] = long_name;
    values[0] = uint_of(1);
    values[1] = uint_of(2);
    const enum etwas_status status = trace_pack(&pack, &event, arena, &record);
    names[0] = "a";
    names[1] = "b";
    assert_int_equal(status, ETWAS_TOO_BIG);
    schema.event_name = long_name;
    schema.provider = long_name;
    assert_int_equal(trace_pack(&pack, &event, arena, &record), ETWAS_TOO_BIG);
    assert_int_equal(record.extended_size, 0);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(heads_come_back),
        CLAIM(every_type_of_value_comes_back),
        CLAIM(arrays_and_structures_come_back),
        CLAIM(codes_stay_codes),
        CLAIM(what_has_no_type_becomes_text),
        CLAIM(absent_fields_stay_absent),
        CLAIM(a_provider_without_a_guid_gets_that_of_its_name),
        CLAIM(what_does_not_fit_is_said_and_keeps_its_head),
        CLAIM(every_length_fits_or_is_said),
        CLAIM(many_fields_fit_or_are_said),
    };
    return cmocka_run_group_tests_name("monitor.etw.trace_pack", tests, NULL, NULL);
}

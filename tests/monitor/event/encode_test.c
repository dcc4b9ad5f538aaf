/* SPDX-License-Identifier: MIT */
#include "monitor/event/encode.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/check.h"

/* A schema whose fields are a table of values. */
struct table {
    struct schema schema;
    const struct value *values;
    const char *const *names;
};

static const struct table *table_of(const struct schema *schema)
{
    return (const struct table *)(const void *)schema;
}

static const char *table_name(const struct schema *schema, uint16_t index)
{
    return table_of(schema)->names[index];
}

static struct value table_value(const struct event *event, uint16_t index, struct arena *arena)
{
    (void)arena;
    return table_of(event->schema)->values[index];
}

static const uint8_t GUID[16] = {0x3b, 0x85, 0xc1, 0xa0, 0x40, 0x5c, 0x15, 0x4b,
                                 1,    2,    3,    4,    5,    6,    7,    8};

#define GUID_TEXT "a0c1853b-5c40-4b15-0102-030405060708"

static struct value text_of(const char *text)
{
    struct value value = {.type = VALUE_TEXT};
    value.as.text.data = text;
    value.as.text.size = strlen(text);
    return value;
}

static struct event event_of(struct table *table, uint16_t count)
{
    table->schema.provider = "sched";
    table->schema.event_name = "sched_switch";
    table->schema.field_count = count;
    table->schema.field_name = table_name;
    table->schema.field = table_value;
    return (struct event){
        .schema = &table->schema,
        .time = EVENT_UNIX_EPOCH + INT64_C(17951720701234567),
        .level = EVENT_LEVEL_NONE,
        .process_id = 123,
        .thread_id = 124,
        .process_name = "bash",
        .cpu = 1,
    };
}

/* The event in the given format; valid until the next call. */
static const char *encoded(const struct event *event, enum event_format format)
{
    static char text[64 * 1024];
    struct encoder encoder;
    struct output output;
    encoder_init(&encoder);
    output_init(&output, sizeof text - 1);
    assert_int_equal(encode_event(&encoder, event, format, NULL, &output), ETWAS_OK);
    memcpy(text, output.data, output.size);
    text[output.size] = 0;
    output_clear(&output);
    return text;
}

/* One value as JSON. */
static const char *json_of(struct value value)
{
    static char text[64 * 1024];
    static const char *const NAMES[] = {"v"};
    struct table table = {.values = &value, .names = NAMES};
    const struct event event = event_of(&table, 1);
    const char *found = strstr(encoded(&event, EVENT_JSON), "{\"v\":");
    assert_non_null(found);
    const size_t size = strlen(found + 5) - strlen("}}\n");
    memcpy(text, found + 5, size);
    text[size] = 0;
    return text;
}

static const char *json_text(const char *text)
{
    return json_of(text_of(text));
}

static void a_kernel_event_is_one_short_line(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"next_comm", "next_pid"};
    const struct value values[] = {
        text_of("sh"), {.type = VALUE_INT, .as.i = -7}
    };
    struct table table = {.values = values, .names = NAMES};
    const struct event event = event_of(&table, 2);
    assert_string_equal(encoded(&event, EVENT_JSON),
                        "{\"TimeCreated\":\"2026-11-20T10:54:30.1234567Z\",\"Provider\":\"sched\","
                        "\"EventId\":0,\"EventName\":\"sched_switch\",\"ProcessId\":123,"
                        "\"ThreadId\":124,\"ProcessName\":\"bash\",\"Cpu\":1,"
                        "\"EventData\":{\"next_comm\":\"sh\",\"next_pid\":-7}}\n");
}

static void every_column_has_its_place(void **state)
{
    (void)state;
    struct table table = {
        .schema = {.provider_id = GUID, .task_name = "T", .opcode_name = "O"}
    };
    struct event event = event_of(&table, 0);
    event.id = 2000;
    event.version = 3;
    event.level = 2;
    event.opcode = 11;
    event.task = 9;
    event.keywords = 0x8000000000000010;
    event.channel = 16;
    event.activity_id = GUID;
    event.related_activity_id = GUID;
    event.message = "hi";
    event.process_name = NULL;
    assert_string_equal(
        encoded(&event, EVENT_JSON),
        "{\"TimeCreated\":\"2026-11-20T10:54:30.1234567Z\",\"Provider\":\"sched\","
        "\"ProviderId\":\"" GUID_TEXT "\",\"EventId\":2000,\"EventName\":\"sched_switch\","
        "\"Version\":3,\"Level\":\"Error\",\"LevelValue\":2,\"Opcode\":\"O\",\"OpcodeValue\":11,"
        "\"Task\":\"T\",\"TaskValue\":9,\"Keywords\":\"0x8000000000000010\",\"Channel\":16,"
        "\"ProcessId\":123,\"ThreadId\":124,\"Cpu\":1,\"ActivityId\":\"" GUID_TEXT "\","
        "\"RelatedActivityId\":\"" GUID_TEXT "\",\"EventData\":{},\"Message\":\"hi\"}\n");
}

static void names_escaped_beforehand_are_the_same(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"a\"b", "c"};
    const struct value values[] = {text_of("1"), text_of("2")};
    struct table table = {.schema = {.provider_id = GUID}, .values = values, .names = NAMES};
    const struct event event = event_of(&table, 2);
    char plain[1024];
    (void)snprintf(plain, sizeof plain, "%s", encoded(&event, EVENT_JSON));
    struct arena *arena = arena_open(1 << 20);
    table.schema.json = schema_json_make(&table.schema, arena);
    assert_non_null(table.schema.json);
    assert_string_equal(encoded(&event, EVENT_JSON), plain);
    arena_close(arena);
}

static void text_is_laid_out_for_people(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"Count", "mask", "list"};
    const struct value items[] = {
        {.type = VALUE_UINT, .as.u = 1},
        {.type = VALUE_UINT, .as.u = 2}
    };
    struct value values[] = {
        {.type = VALUE_UINT, .as.u = 5},
        {.type = VALUE_HEX,                  .as.u = 31},
        {.type = VALUE_ARRAY}
    };
    values[2].as.array.items = items;
    values[2].as.array.count = 2;
    struct table table = {.values = values, .names = NAMES};
    struct event event = event_of(&table, 3);
    event.id = 2000;
    table.schema.event_name = "Ping";
    assert_string_equal(encoded(&event, EVENT_TEXT),
                        "Event: 2000 (Ping)\nTimestamp: 2026-11-20T10:54:30.1234567Z\n"
                        "Provider: sched\nProcess: 123 (bash)\nThread: 124\nCpu: 1\n"
                        "Count = 5\nmask = 0x1f\nlist = [1, 2]\n\n");
    table.schema.event_name = "";
    table.schema.task_name = "T";
    table.schema.field_count = 0;
    event.activity_id = GUID;
    event.message = "m";
    event.process_name = NULL;
    assert_string_equal(encoded(&event, EVENT_TEXT),
                        "Event: 2000 (sched)\nTimestamp: 2026-11-20T10:54:30.1234567Z\n"
                        "Provider: sched\nProcess: 123\nThread: 124\nCpu: 1\n"
                        "Task: T\nActivityId: " GUID_TEXT "\nMessage: m\n\n");
}

static void no_event_drives_a_terminal(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"v"};
    const struct value value = text_of("\x1b[31m\nC:\\x\x7f\xc2\x9b\xff");
    struct table table = {.values = &value, .names = NAMES};
    const struct event event = event_of(&table, 1);
    assert_non_null(
        strstr(encoded(&event, EVENT_TEXT), "v = \\u001b[31m\\nC:\\x\\u007f\\u009b\xef\xbf\xbd\n"));
}

static void integers_are_exact(void **state)
{
    (void)state;
    char expected[32];
    uint64_t number = 1;
    for (int i = 0; i < 64; i++, number *= 2) {
        const uint64_t near[] = {number - 1, number, number + 1, 0 - number};
        for (size_t k = 0; k < 4; k++) {
            (void)snprintf(expected, sizeof expected, "%" PRIu64, near[k]);
            assert_string_equal(json_of((struct value){.type = VALUE_UINT, .as.u = near[k]}),
                                expected);
            (void)snprintf(expected, sizeof expected, "%" PRId64, (int64_t)near[k]);
            assert_string_equal(
                json_of((struct value){.type = VALUE_INT, .as.i = (int64_t)near[k]}), expected);
            (void)snprintf(expected, sizeof expected, "\"0x%" PRIx64 "\"", near[k]);
            assert_string_equal(json_of((struct value){.type = VALUE_HEX, .as.u = near[k]}),
                                expected);
        }
    }
    for (number = 1; number < UINT64_C(10000000000000000000); number *= 10) {
        (void)snprintf(expected, sizeof expected, "%" PRIu64, number * 10 - 1);
        assert_string_equal(json_of((struct value){.type = VALUE_UINT, .as.u = number * 10 - 1}),
                            expected);
        (void)snprintf(expected, sizeof expected, "%" PRIu64, number);
        assert_string_equal(json_of((struct value){.type = VALUE_UINT, .as.u = number}), expected);
    }
}

static void numbers_of_any_length_are_exact(void **state)
{
    (void)state;
    char expected[32];
    uint64_t number = 0x9e3779b97f4a7c15;
    for (int i = 0; i < 20000; i++) {
        number = number * 6364136223846793005U + 1442695040888963407U;
        const uint64_t part = number >> (number & 63);
        (void)snprintf(expected, sizeof expected, "%" PRIu64, part);
        assert_string_equal(json_of((struct value){.type = VALUE_UINT, .as.u = part}), expected);
    }
}

static void an_array_has_a_comma_between_items(void **state)
{
    (void)state;
    struct value items[20];
    char expected[256] = "[";
    for (size_t count = 0; count <= 20; count++) {
        const struct value all = {
            .type = VALUE_ARRAY, .as.array = {items, count}
        };
        char whole[260];
        (void)snprintf(whole, sizeof whole, "%s]", expected);
        assert_string_equal(json_of(all), whole);
        if (count < 20) {
            /* Numbers, and others among them. */
            items[count] = (struct value){.type = count % 11 == 10 ? VALUE_NULL : VALUE_UINT,
                                          .as.u = count * 1000};
            const size_t size = strlen(expected);
            (void)snprintf(expected + size, sizeof expected - size,
                           count % 11 == 10 ? "%snull" : "%s%zu", count != 0 ? "," : "",
                           count * 1000);
        }
    }
}

static void floats_read_back_the_same(void **state)
{
    (void)state;
    const double numbers[] = {0.0,     -0.0,      0.1,      0.1 + 0.2,
                              1e300,   1.5,       DBL_MIN,  DBL_MAX,
                              5e-324,  1.0 / 3.0, 1e21,     123456789012345678.0,
                              -2.5e-7, 4.35,      8.41e-10, 2.2250738585e-308};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        const char *text = json_of((struct value){.type = VALUE_FLOAT, .as.number = numbers[i]});
        const double back = strtod(text, NULL);
        assert_memory_equal(&back, &numbers[i], sizeof back);
    }
    assert_string_equal(json_of((struct value){.type = VALUE_FLOAT, .as.number = 5e-324}),
                        "5e-324");
    assert_string_equal(json_of((struct value){.type = VALUE_FLOAT, .as.number = 0.1}), "0.1");
    assert_string_equal(json_of((struct value){.type = VALUE_FLOAT, .as.number = (double)NAN}),
                        "\"NaN\"");
    assert_string_equal(
        json_of((struct value){.type = VALUE_FLOAT, .as.number = -(double)INFINITY}),
        "\"-Infinity\"");
}

static void text_is_escaped_where_json_asks_for_it(void **state)
{
    (void)state;
    assert_string_equal(json_text("a\"b\\c\n\t\r\x01\x1f/\x7f"),
                        "\"a\\\"b\\\\c\\n\\t\\r\\u0001\\u001f/\x7f\"");
    /* Each position in and around a group of eight. */
    for (size_t i = 0; i < 20; i++) {
        char plain[21];
        char expected[32] = "\"";
        memset(plain, 'x', 20);
        plain[20] = 0;
        plain[i] = '"';
        memcpy(expected + 1, plain, i);
        memcpy(expected + 1 + i, "\\\"", 2);
        memcpy(expected + 3 + i, plain + i + 1, 20 - i);
        expected[22] = '"';
        expected[23] = 0;
        assert_string_equal(json_text(plain), expected);
    }
}

static void text_of_any_length_is_escaped_anywhere(void **state)
{
    (void)state;
    for (size_t size = 0; size <= 33; size++) {
        for (size_t at = 0; at <= size; at++) { /* at the size: nowhere */
            char text[40] = "";
            char expected[48] = "\"";
            memset(text, 'a', size);
            memset(expected + 1, 'a', size);
            if (at < size) {
                text[at] = '\n';
                expected[1 + at] = '\\';
                expected[2 + at] = 'n';
                memset(expected + 3 + at, 'a', size - at - 1);
            }
            (void)snprintf(expected + strlen(expected), 2, "\"");
            assert_string_equal(json_text(text), expected);
        }
    }
}

static void invalid_utf8_is_replaced(void **state)
{
    (void)state;
    assert_string_equal(json_text("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80"),
                        "\"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80\"");
#define BAD "\xef\xbf\xbd"
    assert_string_equal(json_text("\xff"), "\"" BAD "\"");
    assert_string_equal(json_text("a\xc3"), "\"a" BAD "\"");
    assert_string_equal(json_text("\xc0\x80"), "\"" BAD BAD "\"");         /* overlong */
    assert_string_equal(json_text("\xed\xa0\x80"), "\"" BAD BAD BAD "\""); /* surrogate */
    assert_string_equal(json_text("\xf4\x90\x80\x80"), "\"" BAD BAD BAD BAD "\"");
    assert_string_equal(json_text("\xe2\x82x"), "\"" BAD BAD "x\"");
#undef BAD
}

static void other_values_have_a_form(void **state)
{
    (void)state;
    struct value value = {.type = VALUE_BYTES};
    value.as.bytes.data = GUID;
    value.as.bytes.size = 3;
    assert_string_equal(json_of(value), "\"0x3b85c1\"");
    value.as.bytes.size = 0;
    assert_string_equal(json_of(value), "\"0x\"");
    value.type = VALUE_GUID;
    assert_string_equal(json_of(value), "\"" GUID_TEXT "\"");
    assert_string_equal(json_of((struct value){.type = VALUE_NULL}), "null");
    assert_string_equal(json_of((struct value){.type = VALUE_BOOL, .as.truth = true}), "true");
    assert_string_equal(json_of((struct value){.type = VALUE_BOOL}), "false");
    assert_string_equal(json_of((struct value){.type = VALUE_TIME, .as.i = EVENT_UNIX_EPOCH}),
                        "\"1970-01-01T00:00:00.0000000Z\"");
}

static void times_are_right_from_1601_to_9999(void **state)
{
    (void)state;
    const struct {
        int64_t time;
        const char *text;
    } times[] = {
        {0,                                             "\"1601-01-01T00:00:00.0000000Z\""},
        {-1,                                            "\"1601-01-01T00:00:00.0000000Z\""},
        {INT64_MIN,                                     "\"1601-01-01T00:00:00.0000000Z\""},
        {INT64_MAX,                                     "\"9999-12-31T23:59:59.9999999Z\""},
        {EVENT_UNIX_EPOCH + INT64_C(9517824000000000),  "\"2000-02-29T00:00:00.0000000Z\""},
        {EVENT_UNIX_EPOCH + INT64_C(9518687999999999),  "\"2000-02-29T23:59:59.9999999Z\""},
        {EVENT_UNIX_EPOCH + INT64_C(9518688000000000),  "\"2000-03-01T00:00:00.0000000Z\""},
        {EVENT_UNIX_EPOCH - 1,                          "\"1969-12-31T23:59:59.9999999Z\""},
        {EVENT_UNIX_EPOCH + INT64_C(41024448000000000), "\"2100-01-01T00:00:00.0000000Z\""},
    };
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        assert_string_equal(json_of((struct value){.type = VALUE_TIME, .as.i = times[i].time}),
                            times[i].text);
    }
}

static void an_event_fits_whole_or_not_at_all(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"v"};
    const struct value value = text_of("some text with a \" in it");
    struct table table = {.values = &value, .names = NAMES};
    const struct event event = event_of(&table, 1);
    const size_t whole = strlen(encoded(&event, EVENT_JSON));
    for (size_t maximum = 0; maximum <= 3 * whole; maximum++) {
        struct encoder encoder;
        struct output output;
        encoder_init(&encoder);
        output_init(&output, maximum);
        enum etwas_status status = ETWAS_OK;
        size_t count = 0;
        for (; status == ETWAS_OK; count++) {
            assert_int_equal(output.size, count * whole);
            status = encode_event(&encoder, &event, EVENT_JSON, NULL, &output);
        }
        assert_int_equal(status, ETWAS_TOO_BIG);
        assert_int_equal(output.size, (count - 1) * whole);
        /* Room is asked for the longest form of a number, which may be more than it takes. */
        assert_in_range(count - 1, maximum < 24 ? 0 : (maximum - 24) / whole, maximum / whole);
        output_clear(&output);
    }
}

static void fields_are_found_by_name(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"a", "B"};
    struct table table = {.names = NAMES};
    const struct event event = event_of(&table, 2);
    assert_int_equal(event_field_index(event.schema, "a"), 0);
    assert_int_equal(event_field_index(event.schema, "B"), 1);
    assert_int_equal(event_field_index(event.schema, "b"), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_kernel_event_is_one_short_line),
        cmocka_unit_test(every_column_has_its_place),
        cmocka_unit_test(names_escaped_beforehand_are_the_same),
        cmocka_unit_test(text_is_laid_out_for_people),
        cmocka_unit_test(no_event_drives_a_terminal),
        cmocka_unit_test(integers_are_exact),
        cmocka_unit_test(numbers_of_any_length_are_exact),
        cmocka_unit_test(an_array_has_a_comma_between_items),
        cmocka_unit_test(floats_read_back_the_same),
        cmocka_unit_test(text_is_escaped_where_json_asks_for_it),
        cmocka_unit_test(text_of_any_length_is_escaped_anywhere),
        cmocka_unit_test(invalid_utf8_is_replaced),
        cmocka_unit_test(other_values_have_a_form),
        cmocka_unit_test(times_are_right_from_1601_to_9999),
        cmocka_unit_test(an_event_fits_whole_or_not_at_all),
        cmocka_unit_test(fields_are_found_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

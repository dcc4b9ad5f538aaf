/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "monitor/event/code.h"
#include "monitor/event/encode.h"
#include "tests/check.h"

/* The formats beside text and JSON, and what hostile text does to them. */

enum { FIELDS = 3 };

static struct value values[FIELDS];

static const char *field_name(const struct schema *schema, uint16_t index)
{
    static const char *const names[FIELDS] = {"first", "a<\"&b", "third"};
    (void)schema;
    return names[index];
}

static struct value field(const struct event *event, uint16_t index, struct arena *arena)
{
    (void)event;
    (void)arena;
    return values[index];
}

static const uint8_t guid[16] = {0x3b, 0x85, 0xc1, 0xa0, 0x40, 0x5c, 0x15, 0x4b,
                                 1,    2,    3,    4,    5,    6,    7,    8};

#define GUID_TEXT "a0c1853b-5c40-4b15-0102-030405060708"

static struct schema schema;

static struct value text_of(const char *text)
{
    struct value value = {.type = VALUE_TEXT};
    value.as.text.data = text;
    value.as.text.size = strlen(text);
    return value;
}

static struct value number_of(uint64_t number)
{
    return (struct value){.type = VALUE_UINT, .as.u = number};
}

static struct event event_of(uint16_t fields)
{
    schema = (struct schema){.provider = "Test",
                             .event_name = "Event",
                             .field_count = fields,
                             .field_name = field_name,
                             .field = field};
    return (struct event){.schema = &schema,
                          .time = EVENT_UNIX_EPOCH + INT64_C(17951720701234567),
                          .level = EVENT_LEVEL_NONE,
                          .process_id = 123,
                          .thread_id = 124,
                          .process_name = "bash",
                          .cpu = 1};
}

static const char *in_columns(const struct event *event, enum event_format format, uint32_t columns)
{
    static char text[64 * 1024];
    struct encoder encoder;
    struct output output;
    encoder_init(&encoder);
    encoder.columns = columns;
    output_init(&output, sizeof text - 1);
    assert_int_equal(encode_event(&encoder, event, format, NULL, &output), ETWAS_OK);
    memcpy(text, output.data, output.size);
    text[output.size] = 0;
    output_clear(&output);
    return text;
}

static const char *encoded(const struct event *event, enum event_format format)
{
    return in_columns(event, format, 0);
}

static void holds(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        print_error("not in it: %s\n%s\n", part, text);
        fail();
    }
}

static void xml_is_the_schema_of_windows(void **state)
{
    (void)state;
    struct event event = event_of(1);
    values[0] = number_of(7);
    schema.provider_id = guid;
    schema.task_name = "T";
    event.id = 2000;
    event.version = 3;
    event.level = 2;
    event.task = 9;
    event.opcode = 1;
    event.keywords = 0x8000000000000010;
    event.channel = 16;
    event.activity_id = guid;
    event.message = "hi";
    assert_string_equal(
        encoded(&event, EVENT_XML),
        "<Event xmlns=\"http://schemas.microsoft.com/win/2004/08/events/event\"><System>"
        "<Provider Name=\"Test\" Guid=\"{" GUID_TEXT "}\"/><EventID>2000</EventID>"
        "<Version>3</Version><Level>2</Level><Task>9</Task><Opcode>1</Opcode>"
        "<Keywords>0x8000000000000010</Keywords>"
        "<TimeCreated SystemTime=\"2026-11-20T10:54:30.1234567Z\"/>"
        "<Correlation ActivityID=\"{" GUID_TEXT "}\"/>"
        "<Execution ProcessID=\"123\" ThreadID=\"124\" ProcessorID=\"1\"/>"
        "<Channel>16</Channel><Computer/></System>"
        "<EventData><Data Name=\"first\">7</Data></EventData>"
        "<RenderingInfo Culture=\"en-US\"><Message>hi</Message><Level>Error</Level><Task>T</Task>"
        "<Opcode>Start</Opcode><EventName>Event</EventName></RenderingInfo></Event>\n");
}

static void xml_lets_no_text_out_of_its_element(void **state)
{
    (void)state;
    const struct event event = event_of(2);
    values[0] = text_of("</Data>&amp;\"'\r\n\x1b[31m\xff\xef\xbf\xbf\xf0\x9f\x98\x80");
    values[1] = text_of("");
    const char *text = encoded(&event, EVENT_XML);
    holds(text, "<Data Name=\"first\">&lt;/Data&gt;&amp;amp;&quot;'&#13;&#10;\xef\xbf\xbd[31m"
                "\xef\xbf\xbd\xef\xbf\xbd\xf0\x9f\x98\x80</Data>");
    holds(text, "<Data Name=\"a&lt;&quot;&amp;b\"></Data>");
}

static void xml_of_names_is_escaped(void **state)
{
    (void)state;
    struct event event = event_of(0);
    schema.provider = "\"/><Evil a=\"";
    event.message = "<b>\x01";
    const char *text = encoded(&event, EVENT_XML);
    holds(text, "<Provider Name=\"&quot;/&gt;&lt;Evil a=&quot;\"/>");
    holds(text, "<Message>&lt;b&gt;\xef\xbf\xbd</Message>");
}

static void xml_repeats_arrays_and_nests_structures(void **state)
{
    (void)state;
    const struct value items[] = {number_of(1), number_of(2)};
    const struct member members[] = {
        {"x", number_of(3)                    },
        {"y", {.type = VALUE_NULL}            },
        {"z", {.type = VALUE_HEX, .as.u = 255}}
    };
    const struct event event = event_of(3);
    values[0] = (struct value){
        .type = VALUE_ARRAY, .as.array = {items, 2}
    };
    values[1] = (struct value){.type = VALUE_NULL};
    values[2] = (struct value){
        .type = VALUE_OBJECT, .as.object = {members, 3}
    };
    holds(encoded(&event, EVENT_XML),
          "<EventData><Data Name=\"first\">1</Data><Data Name=\"first\">2</Data>"
          "<Data Name=\"a&lt;&quot;&amp;b\"/><ComplexData Name=\"third\"><Data Name=\"x\">3</Data>"
          "<Data Name=\"y\"/><Data Name=\"z\">0xff</Data></ComplexData></EventData>");
}

/* As extended items of records give them. */
static struct event event_with_extra(void)
{
    static const struct value frames[] = {
        {.type = VALUE_TEXT, .as.text = {"a.dll+0x1", 9}},
        {.type = VALUE_HEX,  .as.u = 0x7ff0             }
    };
    static struct member members[3];
    static struct value extra;
    members[0] = (struct member){"UserId", text_of("S-1-5-18")};
    members[1] = (struct member){"SessionId", number_of(2)};
    members[2] = (struct member){
        "Stack", {.type = VALUE_ARRAY, .as.array = {frames, 2}}
    };
    extra = (struct value){
        .type = VALUE_OBJECT, .as.object = {members, 3}
    };
    struct event event = event_of(1);
    values[0] = number_of(7);
    event.extra = &extra;
    event.related_activity_id = guid;
    return event;
}

static void xml_has_a_place_for_what_few_events_have(void **state)
{
    (void)state;
    const struct event event = event_with_extra();
    const char *text = encoded(&event, EVENT_XML);
    holds(text, "<Correlation RelatedActivityID=\"{" GUID_TEXT "}\"/>"
                "<Execution ProcessID=\"123\" ThreadID=\"124\" ProcessorID=\"1\" "
                "SessionID=\"2\"/><Computer/><Security UserID=\"S-1-5-18\"/></System>");
    holds(text, "</RenderingInfo><ExtendedTracingInfo "
                "xmlns=\"http://schemas.microsoft.com/win/2004/08/events/trace\">"
                "<Data Name=\"Stack\">a.dll+0x1</Data><Data Name=\"Stack\">0x7ff0</Data>"
                "</ExtendedTracingInfo></Event>\n");
}

static void csv_and_tables_have_it_too(void **state)
{
    (void)state;
    const struct event event = event_with_extra();
    holds(encoded(&event, EVENT_CSV),
          "," GUID_TEXT ",\"{\"\"UserId\"\":\"\"S-1-5-18\"\",\"\"SessionId\"\":2,"
          "\"\"Stack\"\":[\"\"a.dll+0x1\"\",\"\"0x7ff0\"\"]}\",\"{\"\"first\"\":7}\"");
    holds(encoded(&event, EVENT_TABLE),
          "first=7 RelatedActivityId=" GUID_TEXT " UserId=S-1-5-18 SessionId=2 "
          "Stack=[a.dll+0x1, 0x7ff0]\n");
}

static void xml_ends_where_nesting_is_too_deep(void **state)
{
    (void)state;
    static struct member levels[64];
    for (size_t i = 0; i < 63; i++) {
        levels[i] = (struct member){
            "n", {.type = VALUE_OBJECT, .as.object = {&levels[i + 1], 1}}
        };
    }
    levels[63] = (struct member){"deepest", number_of(1)};
    const struct event event = event_of(1);
    values[0] = levels[0].value;
    const char *text = encoded(&event, EVENT_XML);
    assert_null(strstr(text, "deepest"));
    holds(text, "<Data Name=\"n\"/></ComplexData>");
}

static void csv_has_a_cell_for_each_column(void **state)
{
    (void)state;
    const struct event event = event_of(1);
    values[0] = text_of("a \"b\"");
    assert_string_equal(encoded(&event, EVENT_CSV),
                        "2026-11-20T10:54:30.1234567Z,Test,,0,Event,,,,,,,,,,123,124,bash,1,,,,"
                        "\"{\"\"first\"\":\"\"a \\\"\"b\\\"\"\"\"}\",\r\n");
    struct encoder encoder;
    struct output output;
    encoder_init(&encoder);
    output_init(&output, 4096);
    assert_int_equal(encode_start(&encoder, EVENT_CSV, &output), ETWAS_OK);
    size_t commas = 0;
    for (size_t i = 0; i < output.size; i++) {
        commas += output.data[i] == ',' ? 1 : 0;
    }
    assert_int_equal(commas, 22);
    output_clear(&output);
}

static void csv_makes_no_formula_of_a_text(void **state)
{
    (void)state;
    static const char *const hostile[] = {"=cmd|' /C calc'!A0", "+1", "-1", "@SUM(1)"};
    for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
        char wanted[64];
        struct event event = event_of(0);
        event.process_name = hostile[i];
        (void)snprintf(wanted, sizeof wanted, ",124,'%s,1,", hostile[i]);
        holds(encoded(&event, EVENT_CSV), wanted);
    }
    struct event event = event_of(0);
    event.process_name = "\t=1";
    holds(encoded(&event, EVENT_CSV), ",124,'\t=1,1,");
    event.process_name = "";
    holds(encoded(&event, EVENT_CSV), ",124,,1,");
}

static void csv_keeps_lines_and_commas_inside_a_cell(void **state)
{
    (void)state;
    struct event event = event_of(0);
    event.message = "a,\"b\"\r\nc\x1b\xc2\x9b\xff";
    holds(encoded(&event, EVENT_CSV),
          ",{},\"a,\"\"b\"\"\r\nc\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"\r\n");
}

static void a_table_has_columns(void **state)
{
    (void)state;
    const struct event event = event_of(1);
    values[0] = number_of(7);
    assert_string_equal(in_columns(&event, EVENT_TABLE, 80),
                        "10:54:30.1234567 Test          Event         123 bash first=7\n");
    assert_string_equal(encoded(&event, EVENT_TABLE),
                        "2026-11-20 10:54:30.1234567 Test                           "
                        "Event                          123 bash             first=7\n");
}

static void a_table_cuts_what_is_too_long(void **state)
{
    (void)state;
    struct event event = event_of(1);
    schema.provider = "Microsoft-Windows-Kernel-Process";
    schema.event_name = "\xe4\xbc\x8a\xe4\xbc\x8a\xe4\xbc\x8a\xe4\xbc\x8a\xe4\xbc\x8a\xe4\xbc\x8a"
                        "\xe4\xbc\x8a"; /* two cells each */
    values[0] = text_of("0123456789012345678901234567890123456789");
    assert_string_equal(in_columns(&event, EVENT_TABLE, 80),
                        "10:54:30.1234567 Microsoft-Wi\xe2\x80\xa6 "
                        "\xe4\xbc\x8a\xe4\xbc\x8a\xe4\xbc\x8a\xe4\xbc\x8a\xe4\xbc\x8a\xe4\xbc\x8a"
                        "\xe2\x80\xa6 123 bash first=0123456789012345678\xe2\x80\xa6\n");
    assert_non_null(strstr(encoded(&event, EVENT_TABLE), "0123456789\n"));
}

static void a_table_stays_one_line_whatever_a_text_holds(void **state)
{
    (void)state;
    struct event event = event_of(1);
    /* A line end, an escape, a right-to-left override, a zero-width space. */
    schema.provider = "a\nb\x1b";
    event.process_name = "\xe2\x80\xae"
                         "c";
    values[0] = text_of("\xe2\x80\x8b\r");
    assert_string_equal(in_columns(&event, EVENT_TABLE, 80),
                        "10:54:30.1234567 a\\nb\\u001b    Event         123 ???c "
                        "first=???\\r\n");
}

static void a_narrow_terminal_still_gets_a_table(void **state)
{
    (void)state;
    const struct event event = event_of(1);
    values[0] = number_of(7);
    for (uint32_t columns = 1; columns < 200; columns++) {
        const char *text = in_columns(&event, EVENT_TABLE, columns);
        holds(text, "first=7\n");
    }
}

static void codes_have_names_for_people_and_numbers_for_programs(void **state)
{
    (void)state;
    const struct event event = event_of(3);
    values[0] = number_of(0xc0000022);
    values[0].code = CODE_NTSTATUS;
    values[1] = number_of(5);
    values[1].code = CODE_WIN32;
    values[2] = (struct value){.type = VALUE_INT, .code = CODE_HRESULT};
    values[2].as.i = (int32_t)0x80070005;
    holds(encoded(&event, EVENT_TEXT), "first = 3221225506 (STATUS_ACCESS_DENIED)\n");
    const char *table = encoded(&event, EVENT_TABLE);
    holds(table, "=5 (ERROR_ACCESS_DENIED) ");
    holds(table, "third=-2147024891 (E_ACCESSDENIED)\n");
    holds(encoded(&event, EVENT_JSON), "\"third\":-2147024891}");
    holds(encoded(&event, EVENT_XML), "<Data Name=\"third\">-2147024891</Data>");
}

static void codes_are_found_by_halves(void **state)
{
    (void)state;
    assert_string_equal(code_name(CODE_NTSTATUS, 0), "STATUS_SUCCESS");
    assert_string_equal(code_name(CODE_NTSTATUS, 0xc0000409), "STATUS_STACK_BUFFER_OVERRUN");
    assert_string_equal(code_name(CODE_WIN32, 11001), "WSAHOST_NOT_FOUND");
    assert_string_equal(code_name(CODE_HRESULT, 0x80070002), "ERROR_FILE_NOT_FOUND");
    assert_string_equal(code_name(CODE_HRESULT, 0xd0000034), "STATUS_OBJECT_NAME_NOT_FOUND");
    assert_null(code_name(CODE_HRESULT, 0x80041234));
    assert_null(code_name(CODE_NTSTATUS, 1));
    assert_null(code_name(CODE_NONE, 5));
}

/* A file of all that encode_start(), _event() and _end() make is one document. */
static void a_document_has_a_start_and_an_end(void **state)
{
    (void)state;
    struct encoder encoder;
    struct output output;
    encoder_init(&encoder);
    encoder.columns = 80;
    output_init(&output, 4096);
    assert_int_equal(encode_start(&encoder, EVENT_XML, &output), ETWAS_OK);
    assert_int_equal(encode_end(EVENT_XML, &output), ETWAS_OK);
    static const char document[] =
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Events>\n</Events>\n";
    assert_int_equal(output.size, sizeof document - 1);
    assert_memory_equal(output.data, document, output.size);
    output.size = 0;
    assert_int_equal(encode_start(&encoder, EVENT_TABLE, &output), ETWAS_OK);
    assert_int_equal(encode_end(EVENT_TABLE, &output), ETWAS_OK);
    static const char names[] = "Time             Provider      Event         Process  Data\n";
    assert_int_equal(output.size, sizeof names - 1);
    assert_memory_equal(output.data, names, output.size);
    output.size = 0;
    assert_int_equal(encode_start(&encoder, EVENT_JSON, &output), ETWAS_OK);
    assert_int_equal(output.size, 0);
    output_clear(&output);
}

static void an_event_that_does_not_fit_leaves_the_output_as_it_was(void **state)
{
    (void)state;
    static const enum event_format formats[] = {EVENT_XML, EVENT_TABLE, EVENT_CSV};
    const struct event event = event_of(1);
    values[0] = text_of("\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"");
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        const size_t whole = strlen(encoded(&event, formats[i]));
        for (size_t room = 0; room < whole; room++) {
            struct encoder encoder;
            struct output output;
            encoder_init(&encoder);
            output_init(&output, room);
            assert_int_equal(encode_event(&encoder, &event, formats[i], NULL, &output),
                             ETWAS_TOO_BIG);
            assert_int_equal(output.size, 0);
            output_clear(&output);
        }
    }
}

static void formats_have_names(void **state)
{
    (void)state;
    enum event_format format = EVENT_TEXT;
    assert_true(event_format_named("table", &format));
    assert_int_equal(format, EVENT_TABLE);
    assert_true(event_format_named("csv", &format));
    assert_int_equal(format, EVENT_CSV);
    assert_false(event_format_named("CSV", &format));
    assert_false(event_format_named("", &format));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(xml_is_the_schema_of_windows),
        cmocka_unit_test(xml_lets_no_text_out_of_its_element),
        cmocka_unit_test(xml_of_names_is_escaped),
        cmocka_unit_test(xml_repeats_arrays_and_nests_structures),
        cmocka_unit_test(xml_has_a_place_for_what_few_events_have),
        cmocka_unit_test(csv_and_tables_have_it_too),
        cmocka_unit_test(xml_ends_where_nesting_is_too_deep),
        cmocka_unit_test(csv_has_a_cell_for_each_column),
        cmocka_unit_test(csv_makes_no_formula_of_a_text),
        cmocka_unit_test(csv_keeps_lines_and_commas_inside_a_cell),
        cmocka_unit_test(a_table_has_columns),
        cmocka_unit_test(a_table_cuts_what_is_too_long),
        cmocka_unit_test(a_table_stays_one_line_whatever_a_text_holds),
        cmocka_unit_test(a_narrow_terminal_still_gets_a_table),
        cmocka_unit_test(codes_have_names_for_people_and_numbers_for_programs),
        cmocka_unit_test(codes_are_found_by_halves),
        cmocka_unit_test(a_document_has_a_start_and_an_end),
        cmocka_unit_test(an_event_that_does_not_fit_leaves_the_output_as_it_was),
        cmocka_unit_test(formats_have_names),
    };
    return cmocka_run_group_tests_name("monitor.event.formats", tests, NULL, NULL);
}

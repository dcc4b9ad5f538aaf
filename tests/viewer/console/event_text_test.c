/* SPDX-License-Identifier: MIT */
#include "viewer/console/event_text.h"

#include <stdio.h>
#include <string.h>

#include "tests/check.h"

static struct output output;
static char printed[4 * OUTPUT_BLOCK];
static size_t printed_size;

static enum etwas_status keep(const void *data, size_t size, struct etwas_error *error)
{
    (void)error;
    assert_true(size < sizeof printed - printed_size);
    memcpy(printed + printed_size, data, size);
    printed_size += size;
    printed[printed_size] = 0;
    return ETWAS_OK;
}

static int set_up(void **state)
{
    (void)state;
    memset(&output, 0, sizeof output);
    output.write = keep;
    printed_size = 0;
    printed[0] = 0;
    return 0;
}

static void shows(const char *line, const char *text)
{
    printed_size = 0;
    assert_true(event_text_put(&output, line, strlen(line)));
    output_flush(&output);
    assert_string_equal(printed, text);
}

static void an_event_has_the_layout_of_etwas(void **state)
{
    (void)state;
    shows("{\"Id\":\"17:3\",\"Computer\":\"web1\",\"TimeCreated\":\"2026-11-25T10:00:00.1234567Z\","
          "\"Provider\":\"Ping\",\"EventId\":0,\"EventName\":\"Ping\",\"ProcessId\":12,"
          "\"ThreadId\":13,\"ProcessName\":\"etwas-ping\",\"Cpu\":1,\"ActivityId\":\"a-b\","
          "\"EventData\":{\"Number\":18446744073709551615,\"Text\":\"\",\"Flag\":true,"
          "\"None\":null,\"Path\":\"C:\\\\Windows\",\"List\":[1,\"two\",[3,4]]},"
          "\"Message\":\"all is well\"}",
          "Event: 0 (Ping)\nTimestamp: 2026-11-25T10:00:00.1234567Z\nProvider: Ping\n"
          "Computer: web1\nProcess: 12 (etwas-ping)\nThread: 13\nCpu: 1\nActivityId: a-b\n"
          "Message: all is well\nNumber = 18446744073709551615\nText = \nFlag = true\n"
          "None = null\nPath = C:\\Windows\nList = [1, two, [3,4]]\n\n");
}

static void what_an_event_does_not_say_has_no_line(void **state)
{
    (void)state;
    shows("{}", "Event: 0\n\n");
    shows("{\"Provider\":\"cpu\",\"EventId\":7,\"EventName\":\"\"}",
          "Event: 7 (cpu)\nProvider: cpu\n\n");
    shows("{\"EventId\":7,\"Task\":null,\"EventData\":[1]}", "Event: 7\n\n");
}

static void no_event_can_drive_a_terminal(void **state)
{
    (void)state;
    shows("{\"EventName\":\"\\u001b[2J\\u0007\",\"EventData\":{\"a\\n\\u009b\":\"x\\ty\\r\\n"
          "\xc2\x9b\x7f\",\"turned\":\"\xe2\x80\xae\\u202e\xe2\x81\xa6\",\"tag\":\"\\udb40\\udc41"
          "\xf3\xa0\x81\x81\"}}",
          "Event: 0 (\\u001b[2J\\u0007)\na\\n\\u009b = x\\ty\\r\\n\\u009b\\u007f\n"
          "turned = \\u202e\\u202e\\u2066\ntag = \\udb40\\udc41\\udb40\\udc41\n\n");
}

static void other_scripts_are_shown_as_they_are(void **state)
{
    (void)state;
    shows("{\"Message\":\"\\u00e4\xc3\xa4 \\ud83d\\ude00\xf0\x9f\x98\x80 \\/\\\"\"}",
          "Event: 0\nMessage: \xc3\xa4\xc3\xa4 \xf0\x9f\x98\x80\xf0\x9f\x98\x80 /\"\n\n");
}

static void what_is_no_object_is_refused_and_prints_nothing(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "[]", "1", "{", "{\"a\":}", "{} {}", "{\"a\":\"\xff\"}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(event_text_put(&output, bad[i], strlen(bad[i])));
    }
    output_flush(&output);
    assert_int_equal(printed_size, 0);
}

static void an_event_larger_than_a_block_comes_whole(void **state)
{
    (void)state;
    static char line[2 * OUTPUT_BLOCK];
    size_t size = (size_t)snprintf(line, sizeof line, "{\"Message\":\"");
    const size_t begin = size;
    while (size < OUTPUT_BLOCK + 1000) {
        line[size++] = 'x';
    }
    memcpy(line + size, "\"}", 3);
    assert_true(event_text_put(&output, line, size + 2));
    output_flush(&output);
    assert_int_equal(printed_size, strlen("Event: 0\nMessage: \n\n") + size - begin);
}

static void json_for_a_terminal_is_the_same_json(void **state)
{
    (void)state;
    static const char line[] = "{ \"a\":\"\xc2\x9b\xe2\x80\xae\xc3\xa4\xf3\xa0\x81\x81\\n\"}";
    output_put_json(&output, line, sizeof line - 1);
    output_flush(&output);
    assert_string_equal(printed, "{ \"a\":\"\\u009b\\u202e\xc3\xa4\\udb40\\udc41\\n\"}");
}

static void times_are_compared(void **state)
{
    (void)state;
    static const char line[] = "{\"Id\":\"1:1\",\"TimeCreated\":\"2026-11-25T10:00:00.1234567Z\"}";
    const size_t size = sizeof line - 1;
    assert_true(event_text_is_before(line, size, "2026-11-25T10:00:00.1234568Z"));
    assert_false(event_text_is_before(line, size, "2026-11-25T10:00:00.1234567Z"));
    assert_true(event_text_is_before(line, size, "2027-01-01T00:00:00.0000000Z"));
    assert_false(event_text_is_before("{}", 2, "2027-01-01T00:00:00.0000000Z"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_event_has_the_layout_of_etwas, set_up),
        cmocka_unit_test_setup(what_an_event_does_not_say_has_no_line, set_up),
        cmocka_unit_test_setup(no_event_can_drive_a_terminal, set_up),
        cmocka_unit_test_setup(other_scripts_are_shown_as_they_are, set_up),
        cmocka_unit_test_setup(what_is_no_object_is_refused_and_prints_nothing, set_up),
        cmocka_unit_test_setup(an_event_larger_than_a_block_comes_whole, set_up),
        cmocka_unit_test_setup(json_for_a_terminal_is_the_same_json, set_up),
        cmocka_unit_test_setup(times_are_compared, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

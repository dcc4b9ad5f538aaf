/* SPDX-License-Identifier: MIT */
#include "monitor/session/selection.h"

#include <string.h>

#include "monitor/session/processes.h"
#include "tests/check.h"

/* As the kernel describes a probe (kernel/trace/trace_uprobe.c). */
static const char probe_format[] =
    "name: p1\nID: 2001\nformat:\n"
    "\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
    "\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"
    "\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n"
    "\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"
    "\tfield:unsigned long __probe_ip;\toffset:8;\tsize:8;\tsigned:0;\n"
    "\tfield:u64 arg1;\toffset:16;\tsize:8;\tsigned:0;\n"
    "\tfield:u64 arg2;\toffset:24;\tsize:8;\tsigned:0;\n\n"
    "print fmt: \"(%lx)\", REC->__probe_ip\n";

static void a_probe_is_called_as_its_program_calls_it(void **state)
{
    (void)state;
    struct selections *selections = selections_open();
    const struct message_enable enable = {.system = "etwas_0_x"};
    const struct selection_names names = {.provider = "Ping",
                                          .event = "Ping",
                                          .event_id = 2000,
                                          .field_count = 1,
                                          .fields = {"Number"}};
    assert_int_equal(
        selections_add(selections, &enable, &names, probe_format, strlen(probe_format)), ETWAS_OK);
    const struct selection *found = selections_table(selections)[2001];
    assert_non_null(found);
    assert_int_equal(found->event_id, 2000);
    assert_string_equal(found->schema->provider, "Ping");
    assert_int_equal(found->schema->field_count, 2);
    assert_string_equal(found->schema->field_name(found->schema, 0), "Number");
    assert_string_equal(found->schema->field_name(found->schema, 1), "arg2");
    uint8_t record[32] = {0};
    record[16] = 41;
    record[24] = 42;
    const struct event event = {
        .schema = found->schema, .payload = record, .payload_size = sizeof record};
    assert_int_equal(event_field(&event, 0, NULL).as.u, 41);
    assert_int_equal(event_field(&event, 1, NULL).as.u, 42);
    selections_close(selections);
}

static void what_is_no_format_is_refused(void **state)
{
    (void)state;
    struct selections *selections = selections_open();
    const struct message_enable enable = {.system = "fake"};
    assert_int_equal(selections_add(selections, &enable, NULL, "nonsense", 8), ETWAS_MALFORMED);
    for (size_t i = 0; i < SELECTION_IDS; i++) {
        assert_null(selections_table(selections)[i]);
    }
    selections_close(selections);
}

static void globs_match_as_the_kernel_does(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        const char *text;
        bool matches;
    } cases[] = {
        {"",       "",       true },
        {"",       "a",      false},
        {"*",      "",       true },
        {"*",      "abc",    true },
        {"a*",     "abc",    true },
        {"a*",     "ba",     false},
        {"*c",     "abc",    true },
        {"*c",     "abcd",   false},
        {"a*c",    "abcabc", true },
        {"a?c",    "abc",    true },
        {"a?c",    "ac",     false},
        {"?",      "",       false},
        {"*ab*ab", "aabab",  true },
        {"abc",    "abcd",   false},
        {"abcd",   "abc",    false},
        {"**",     "x",      true },
        {"a**b",   "ab",     true },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(filter_glob(cases[i].pattern, cases[i].text, strlen(cases[i].text)),
                         cases[i].matches);
    }
}

#define CLAIM(name) cmocka_unit_test(name)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(a_probe_is_called_as_its_program_calls_it),
        CLAIM(what_is_no_format_is_refused),
        CLAIM(globs_match_as_the_kernel_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

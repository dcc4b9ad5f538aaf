/* SPDX-License-Identifier: MIT */
#include "monitor/tracefs/print_format.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/check.h"
#include "tests/monitor/tracefs/formats.h"

static struct arena *arena;

static int open_arena(void **state)
{
    (void)state;
    arena = arena_open(64 << 20);
    return arena == NULL;
}

static int close_arena(void **state)
{
    (void)state;
    arena_close(arena);
    return 0;
}

/* A format with the fields `long f` and `int g`, and this print fmt. */
static const struct format *format_with(const char *print)
{
    static char text[64 * 1024];
    const struct format *format = NULL;
    const int size = snprintf(text, sizeof text, "%sprint fmt: %s\n",
                              FORMAT_START("e", "1") FORMAT_FIELD("long f", "8", "8", "1")
                                  FORMAT_FIELD("int g", "16", "4", "1"),
                              print);
    assert_in_range(size, 1, sizeof text - 1);
    assert_int_equal(format_parse("x", text, (size_t)size, arena, &format), ETWAS_OK);
    return format;
}

static struct event event_with(const struct format *format, int64_t number)
{
    static uint8_t record[24];
    struct event event = {0};
    memcpy(record + 8, &number, 8);
    memcpy(record + 16, &number, 4);
    format_event(format, record, sizeof record, &event);
    return event;
}

/* Field f as it is shown; "<number>" when it stays a number. */
static const char *shown(const struct format *format, int64_t number)
{
    static char text[512];
    const struct event event = event_with(format, number);
    const struct value value = event_field(&event, 0, arena);
    if (value.type != VALUE_TEXT) {
        return "<number>";
    }
    (void)snprintf(text, sizeof text, "%.*s", (int)value.as.text.size, value.as.text.data);
    return text;
}

#define FLAGS "{ 1, \"A\" }, { 0x2, \"B\" }, { 1 << 2, \"C\" }, {0x30UL, \"D\"}"

static void flags_are_joined(void **state)
{
    (void)state;
    const struct format *format = format_with("\"%s\", __print_flags(REC->f, \"|\", " FLAGS ")");
    assert_string_equal(shown(format, 0), "");
    assert_string_equal(shown(format, 1), "A");
    assert_string_equal(shown(format, 7), "A|B|C");
    assert_string_equal(shown(format, 0x31), "A|D");
    assert_string_equal(shown(format, 0x110), "0x110");
    assert_string_equal(shown(format, 0x101), "A|0x100");
    assert_string_equal(shown(format, -1), "A|B|C|D|0xffffffffffffffc8");
}

static void symbols_are_named(void **state)
{
    (void)state;
    const struct format *format =
        format_with("\"%d %s\", REC->g, __print_symbolic((unsigned long)REC->f, " FLAGS ")");
    assert_string_equal(shown(format, 2), "B");
    assert_string_equal(shown(format, 3), "0x3");
    const struct format *wide =
        format_with("\"%s\", __print_symbolic_u64(REC->f, { -1ULL, \"none\" }, { 2, \"two\" })");
    assert_string_equal(shown(wide, -1), "none");
    assert_string_equal(shown(wide, 2), "two");
}

static void task_states_are_those_of_the_kernel(void **state)
{
    (void)state;
    const struct format *format = format_with(
        "\"f=%s%s ==> %d\", (REC->f & ((((0x00000000 | 0x00000001 | 0x0000007e) + 1) << 1) - 1)) ? "
        "__print_flags(REC->f & ((((0x00000000 | 0x00000001 | 0x0000007e) + 1) << 1) - 1), \"|\", "
        "{ 0x00000001, \"S\" }, { 0x00000002, \"D\" }, { 0x00000080, \"I\" }) : \"R\", "
        "REC->f & (((0x00000000 | 0x0000007f) + 1) << 1) ? \"+\" : \"\", REC->g");
    assert_string_equal(shown(format, 0), "R");
    assert_string_equal(shown(format, 1), "S");
    assert_string_equal(shown(format, 0x100), "R+");
    assert_string_equal(shown(format, 0x82), "D|I");
    assert_string_equal(shown(format, 0x1001), "S|0x1000");
}

static void what_hides_the_number_stays_a_number(void **state)
{
    (void)state;
    static const char *const PRINTS[] = {
        "\"%s\", __print_symbolic(REC->f >> 13, " FLAGS ")",
        "\"%s\", REC->f ? \"yes\" : \"no\"",
        "\"%s\", REC->g ? __print_flags(REC->f, \"|\", " FLAGS ") : \"no\"",
        "\"%s\", __print_flags(REC->f, \"|\", { AN_ENUM, \"A\" })",
        "\"%s\", an_unknown_function(REC->f, \"a,b)\")",
        "\"%ld\", REC->f",
        "\"%s\", __print_symbolic((u8)REC->f, " FLAGS ")",
        "",
        "nonsense",
        "\"unterminated",
        "\"%s\", __print_flags(REC->f, \"|\", { 1, \"A\"",
        "\"%s\", __print_flags(REC->nothing, \"|\", " FLAGS ")",
    };
    for (size_t i = 0; i < sizeof PRINTS / sizeof PRINTS[0]; i++) {
        assert_string_equal(shown(format_with(PRINTS[i]), 1), "<number>");
    }
}

static void an_argument_not_understood_costs_only_itself(void **state)
{
    (void)state;
    const struct format *format = format_with(
        "\"%s %d %s\", odd({ \"a,b\" }, AN_ENUM), REC->g, __print_symbolic(REC->f, " FLAGS ")");
    assert_int_equal(format->print->argument_count, 3);
    assert_null(format->print->arguments[0]);
    assert_non_null(format->print->arguments[1]);
    assert_string_equal(shown(format, 1), "A");
}

static void expressions_are_those_of_c(void **state)
{
    (void)state;
    static const struct {
        const char *expression;
        int64_t number; /* f and g */
        uint64_t expected;
    } cases[] = {
        {"1 + 2 * 3 - 4 / 2",                                     0,          5             },
        {"(1 | 6 ^ 2 & 3) == 5 ? 10 : 20",                        0,          10            },
        {"1 << 2 + 1",                                            0,          8             },
        {"REC->f >> 20",                                          0x12345678, 0x123         },
        {"((unsigned int) ((REC->f) >> 20))",                     -1,         0xffffffff    },
        {"REC->f & ((1U << 20) - 1)",                             0x12345678, 0x45678       },
        {"(u8)REC->f",                                            0x1ff,      0xff          },
        {"(s8)REC->f",                                            0xff,       UINT64_MAX    },
        {"(unsigned long long)REC->f",                            -2,         UINT64_MAX - 1},
        {"REC->f >= -9ULL || (REC->f >= 1ULL && REC->f <= 8ULL)", 5,          1             },
        {"REC->f >= -9ULL || (REC->f >= 1ULL && REC->f <= 8ULL)", 9,          0             },
        {"REC->f < 0 ? 1 : 2",                                    -1,         1             },
        {"!REC->f",                                               0,          1             },
        {"~REC->f",                                               0,          UINT64_MAX    },
        {"-REC->g",                                               5,          (uint64_t)-5  },
        {"REC->f % 7 != 2 && REC->f > 3",                         10,         1             },
        {"'F'",                                                   0,          'F'           },
        {"010 + 0x10",                                            0,          24            },
        {"REC->f >> 1",                                           -4,         (uint64_t)-2  },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[256];
        struct print_value value;
        (void)snprintf(text, sizeof text, "\"%%d\", %s", cases[i].expression);
        const struct format *format = format_with(text);
        const struct event event = event_with(format, cases[i].number);
        assert_non_null(format->print);
        assert_non_null(format->print->arguments[0]);
        assert_true(print_evaluate(format->print->arguments[0], &event, arena, &value));
        assert_false(value.is_text);
        assert_true(value.number == cases[i].expected);
    }
}

static void impossible_sums_have_no_value(void **state)
{
    (void)state;
    static const char *const EXPRESSIONS[] = {"1 / REC->f", "1 % REC->f", "1 << (REC->f + 64)",
                                              "1 << (REC->f - 1)"};
    for (size_t i = 0; i < sizeof EXPRESSIONS / sizeof EXPRESSIONS[0]; i++) {
        char text[256];
        struct print_value value;
        (void)snprintf(text, sizeof text, "\"%%d\", %s", EXPRESSIONS[i]);
        const struct format *format = format_with(text);
        const struct event event = event_with(format, 0);
        assert_false(print_evaluate(format->print->arguments[0], &event, arena, &value));
    }
}

static void depth_is_bounded(void **state)
{
    (void)state;
    static char text[20000] = "\"%d\", ";
    memset(text + 6, '(', 19000);
    (void)format_with(text);
    memset(text + 6, '~', 19000);
    (void)format_with(text);
    for (size_t i = 0; i < 19000; i++) {
        text[6 + i] = i % 2 == 0 ? '1' : '?';
    }
    (void)format_with(text);
}

static void conversions_are_found_with_their_arguments(void **state)
{
    (void)state;
    const struct format *format =
        format_with("\"a%%b %-16s %*pbl %pI4 x%08lx\\n\" \"%.*s\", 1, 2, 3, 4, 5, 6, 7");
    const struct print_format *print = format->print;
    static const char *const SPECS[] = {"%%", "%-16s", "%*pbl", "%pI4", "%08lx", "%.*s", ""};
    static const size_t ARGUMENTS[] = {0, 0, 2, 3, 4, 6, 0};
    assert_int_equal(print->piece_count, 7);
    for (size_t i = 0; i < 7; i++) {
        assert_int_equal(print->pieces[i].spec_size, strlen(SPECS[i]));
        assert_memory_equal(print->pieces[i].spec, SPECS[i], strlen(SPECS[i]));
        assert_int_equal(print->pieces[i].argument, ARGUMENTS[i]);
    }
    assert_memory_equal(print->pieces[5].before, "\n", 1);
}

static void every_truncation_is_survived(void **state)
{
    (void)state;
    const char text[] = "\"%s\", (REC->f & (u8)0xf) ? __print_flags(REC->f & 15, \"|\", " FLAGS
                        ") : \"R\", 'c', REC->g[1]";
    for (size_t size = 0; size < sizeof text; size++) {
        char cut[sizeof text];
        memcpy(cut, text, size);
        cut[size] = 0;
        (void)shown(format_with(cut), 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flags_are_joined),
        cmocka_unit_test(symbols_are_named),
        cmocka_unit_test(task_states_are_those_of_the_kernel),
        cmocka_unit_test(what_hides_the_number_stays_a_number),
        cmocka_unit_test(an_argument_not_understood_costs_only_itself),
        cmocka_unit_test(expressions_are_those_of_c),
        cmocka_unit_test(impossible_sums_have_no_value),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(conversions_are_found_with_their_arguments),
        cmocka_unit_test(every_truncation_is_survived),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}

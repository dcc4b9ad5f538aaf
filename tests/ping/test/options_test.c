/* SPDX-License-Identifier: MIT */
#include "tests/ping/options.h"

#include "tests/check.h"

enum { MAX_ARGUMENTS = 8 };

/* Parses up to seven words, the last of which is NULL. */
static enum options_result parse(struct ping_options *options, const char *const *words,
                                 const char **bad)
{
    static char program[] = "etwas-ping";
    static char copies[MAX_ARGUMENTS][64];
    char *argv[MAX_ARGUMENTS + 1] = {program};
    int argc = 1;
    for (; words[argc - 1] != NULL; argc++) {
        size_t i = 0;
        for (; words[argc - 1][i] != '\0' && i < sizeof copies[0] - 1; i++) {
            copies[argc - 1][i] = words[argc - 1][i];
        }
        copies[argc - 1][i] = '\0';
        argv[argc] = copies[argc - 1];
    }
    return options_parse(options, argc, argv, bad);
}

static enum options_result parse_one(struct ping_options *options, const char *word)
{
    const char *bad;
    return parse(options, (const char *const[]){word, NULL}, &bad);
}

static void without_arguments_the_defaults_hold(void **state)
{
    (void)state;
    struct ping_options options;
    const char *bad;
    assert_int_equal(parse(&options, (const char *const[]){NULL}, &bad), OPTIONS_RUN);
    assert_int_equal(options.rate, 1);
    assert_true(options.count == OPTIONS_NO_COUNT);
    assert_true(options.duration == OPTIONS_NO_DURATION);
    assert_int_equal(options.size, 0);
    assert_int_equal(options.burst, 1);
    assert_int_equal(options.threads, 1);
    assert_int_equal(options.wait, 0);
    assert_false(options.quiet);
}

static void both_ways_of_giving_a_value_work(void **state)
{
    (void)state;
    struct ping_options options;
    const char *bad;
    const char *const words[] = {"--rate", "5", "--count=6", "--size", "7", "--quiet", NULL};
    assert_int_equal(parse(&options, words, &bad), OPTIONS_RUN);
    assert_int_equal(options.rate, 5);
    assert_int_equal(options.count, 6);
    assert_int_equal(options.size, 7);
    assert_true(options.quiet);
}

static void a_rate_of_nothing_or_less_is_flat_out(void **state)
{
    (void)state;
    struct ping_options options;
    assert_int_equal(parse_one(&options, "--rate=0"), OPTIONS_RUN);
    assert_int_equal(options.rate, 0);
    assert_int_equal(parse_one(&options, "--rate=-1000"), OPTIONS_RUN);
    assert_int_equal(options.rate, 0);
    const char *bad;
    const char *const words[] = {"--rate", "-1", NULL};
    assert_int_equal(parse(&options, words, &bad), OPTIONS_RUN);
    assert_int_equal(options.rate, 0);
}

static void durations_have_units_and_fractions(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        uint64_t expected;
    } cases[] = {
        {"--duration=2",           2000000000   },
        {"--duration=1.5",         1500000000   },
        {"--duration=0.25s",       250000000    },
        {"--duration=200ms",       200000000    },
        {"--duration=0.5ms",       500000       },
        {"--duration=2m",          120000000000 },
        {"--duration=1.5h",        5400000000000},
        {"--duration=0",           0            },
        {"--duration=0.000000001", 1            },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ping_options options;
        assert_int_equal(parse_one(&options, cases[i].word), OPTIONS_RUN);
        assert_true(options.duration == cases[i].expected);
    }
}

static const char *const bad_words[] = {
    "--rate",
    "--rate=",
    "--rate=x",
    "--rate=1x",
    "--rate=1000000001",
    "--rate=-",
    "--count=-1",
    "--size=4097",
    "--burst=0",
    "--burst=1000001",
    "--threads=0",
    "--threads=65",
    "--duration=-1",
    "--duration=1.",
    "--duration=.5",
    "--duration=1 s",
    "--duration=1ns",
    "--duration=s",
    "--wait=0",
    "--wait",
    "--quiet=1",
    "--unknown",
    "rate",
    "--rat=1",
    "",
    "-",
    "--",
    "--count=",
    "--help=1",
    "--version=1",
    "--duration=99999999999",
    "--duration=999999999h",
    "--count=99999999999999999999",
};

static void check_bad(const char *word)
{
    struct ping_options options;
    const char *bad = NULL;
    const char *const words[] = {"--count=1", word, NULL};
    if (parse(&options, words, &bad) != OPTIONS_BAD) {
        fail_msg("'%s' should be bad", word);
    }
    assert_string_equal(bad, word);
}

static void bad_words_are_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad_words / sizeof *bad_words; i++) {
        check_bad(bad_words[i]);
    }
}

static void help_and_version_are_asked_for(void **state)
{
    (void)state;
    struct ping_options options;
    assert_int_equal(parse_one(&options, "--help"), OPTIONS_HELP);
    assert_int_equal(parse_one(&options, "-h"), OPTIONS_HELP);
    assert_int_equal(parse_one(&options, "/h"), OPTIONS_HELP);
    assert_int_equal(parse_one(&options, "/help"), OPTIONS_HELP);
    assert_int_equal(parse_one(&options, "/?"), OPTIONS_HELP);
    assert_int_equal(parse_one(&options, "--version"), OPTIONS_VERSION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_arguments_the_defaults_hold),
        cmocka_unit_test(both_ways_of_giving_a_value_work),
        cmocka_unit_test(a_rate_of_nothing_or_less_is_flat_out),
        cmocka_unit_test(durations_have_units_and_fractions),
        cmocka_unit_test(bad_words_are_named),
        cmocka_unit_test(help_and_version_are_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "monitor/local/stat_text.h"

#include <string.h>

#include "tests/check.h"

static void cpus_are_the_lines_before_the_others(void **state)
{
    (void)state;
    static const char text[] = "cpu  10 1 2 30 4 5 6 7 0 0\n"
                               "cpu0 5 1 2 15 4 5 6 7 0 0\n"
                               "cpu12 5 0 0 15\n"
                               "intr 123 4\n"
                               "cpu13 1 1 1 1\n";
    struct stat_cpu cpus[8];
    assert_int_equal(stat_read_cpus(text, sizeof text - 1, cpus, 8), 3);
    assert_int_equal(cpus[0].cpu, -1);
    assert_int_equal(cpus[0].times[STAT_STEAL], 7);
    assert_int_equal(cpus[1].cpu, 0);
    assert_int_equal(cpus[2].cpu, 12);
    assert_int_equal(cpus[2].times[STAT_IDLE], 15);
    assert_int_equal(cpus[2].times[STAT_IOWAIT], 0);
    assert_int_equal(stat_read_cpus(text, sizeof text - 1, cpus, 2), 2);
}

static void every_truncation_of_the_cpus_is_survived(void **state)
{
    (void)state;
    static const char text[] = "cpu  10 1 2 30 4 5 6 7 0 0\ncpu0 5 1 2 15 4 5 6 7 0 0\n";
    struct stat_cpu cpus[8];
    for (size_t size = 0; size < sizeof text - 1; size++) {
        assert_true(stat_read_cpus(text, size, cpus, 8) < 2);
    }
}

static void shares_are_hundredths_of_a_percent(void **state)
{
    (void)state;
    const struct stat_cpu before = {
        .times = {100, 0, 100, 1000, 50}
    };
    const struct stat_cpu after = {
        .times = {101, 0, 101, 1001, 40}
    };
    uint32_t shares[STAT_TIMES];
    stat_cpu_shares(&before, &after, shares);
    assert_int_equal(shares[STAT_USER], 3333);
    assert_int_equal(shares[STAT_SYSTEM], 3333);
    assert_int_equal(shares[STAT_IDLE], 3333);
    assert_int_equal(shares[STAT_IOWAIT], 0);
    stat_cpu_shares(&before, &before, shares);
    assert_int_equal(shares[STAT_IDLE], 0);
}

#define NUMBERS " S 1 2 3 4 -1 6 7 8 9 10 111 222 13 14 20 0 17 18 5000 20 77 22\n"

static bool process(const char *text, struct stat_process *read)
{
    return stat_read_process(text, strlen(text), read);
}

static void a_process_is_read(void **state)
{
    (void)state;
    struct stat_process read;
    assert_true(process("42 (bash)" NUMBERS, &read));
    assert_int_equal(read.process_id, 42);
    assert_string_equal(read.name, "bash");
    assert_int_equal(read.user, 111);
    assert_int_equal(read.system, 222);
    assert_int_equal(read.threads, 17);
    assert_int_equal(read.started, 5000);
    assert_int_equal(read.rss, 77);
}

static void a_name_ends_at_the_last_parenthesis(void **state)
{
    (void)state;
    struct stat_process read;
    assert_true(process("42 (a) R 1 (x\n)" NUMBERS, &read));
    assert_string_equal(read.name, "a) R 1 (x\n");
    assert_int_equal(read.user, 111);
    assert_true(process("42 ()" NUMBERS, &read));
    assert_string_equal(read.name, "");
}

static void a_long_name_is_cut_off(void **state)
{
    (void)state;
    static const char text[] = "1 (0123456789012345678901234567890123456789012345678901234567890123"
                               "456789)" NUMBERS;
    struct stat_process read;
    assert_true(process(text, &read));
    assert_int_equal(strlen(read.name), STAT_NAME_SIZE - 1);
    assert_int_equal(read.system, 222);
}

static void what_is_no_process_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",
                                        "x (a)" NUMBERS,
                                        "0 (a)" NUMBERS,
                                        "1 a" NUMBERS,
                                        "1 (a"
                                        " S 1 2",
                                        "1 (a)",
                                        "1 (a) S",
                                        "1 (a) S x y",
                                        "99999999999 (a)" NUMBERS};
    struct stat_process read;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(process(wrong[i], &read));
    }
    static const char text[] = "42 (bash)" NUMBERS;
    for (size_t size = 0; size < sizeof text - 6; size++) {
        assert_false(stat_read_process(text, size, &read));
    }
}

static void patterns_match_names(void **state)
{
    (void)state;
    assert_true(stat_name_matches("bash", "bash"));
    assert_true(stat_name_matches("bash", "b*"));
    assert_true(stat_name_matches("bash", "*s?"));
    assert_true(stat_name_matches("abcabd", "*ab?"));
    assert_true(stat_name_matches("", "*"));
    assert_true(stat_name_matches("a*b", "a*b"));
    assert_false(stat_name_matches("bash", "bas"));
    assert_false(stat_name_matches("bash", "bash?"));
    assert_false(stat_name_matches("", "?"));
    assert_false(stat_name_matches("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "a*a*a*a*a*a*a*b"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cpus_are_the_lines_before_the_others),
        cmocka_unit_test(every_truncation_of_the_cpus_is_survived),
        cmocka_unit_test(shares_are_hundredths_of_a_percent),
        cmocka_unit_test(a_process_is_read),
        cmocka_unit_test(a_name_ends_at_the_last_parenthesis),
        cmocka_unit_test(a_long_name_is_cut_off),
        cmocka_unit_test(what_is_no_process_is_refused),
        cmocka_unit_test(patterns_match_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

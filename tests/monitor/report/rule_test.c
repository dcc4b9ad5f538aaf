/* SPDX-License-Identifier: MIT */
#include "monitor/report/rule.h"

#include <string.h>

#include "tests/check.h"

enum { BX = 1, SI = 4, DI = 5, R15 = 15 };

static void a_rule_names_file_place_and_arguments(void **state)
{
    (void)state;
    const struct usdt_probe probe = {
        .offset = 0x1234,
        .semaphore = 0x5678,
        .argument_count = 5,
        .arguments = {{.operand = USDT_REGISTER, .size = 8, .reg = DI},
                      {.operand = USDT_MEMORY, .size = 4, .is_signed = 1, .reg = SI, .value = 8},
                      {.operand = USDT_MEMORY, .size = 8, .reg = R15, .value = -16},
                      {.operand = USDT_CONSTANT, .size = 4, .is_signed = 1, .value = -5},
                      {.operand = USDT_UNSUPPORTED, .size = 8}},
    };
    char rule[RULE_SIZE];
    assert_true(rule_render(&probe, 99, 1U << 2, rule));
    assert_string_equal(rule, "usdt:99:0x1234:0x5678:8@di,-4@+8(si),s8@-16(r15),-4@$-5,8@?");
}

static void no_arguments_are_a_dash(void **state)
{
    (void)state;
    const struct usdt_probe probe = {.offset = 1};
    char rule[RULE_SIZE];
    assert_true(rule_render(&probe, 2, 0, rule));
    assert_string_equal(rule, "usdt:2:0x1:0x0:-");
}

static void the_most_that_a_probe_can_have_fits(void **state)
{
    (void)state;
    struct usdt_probe probe = {
        .offset = UINT64_MAX, .semaphore = UINT64_MAX, .argument_count = USDT_MAX_ARGUMENTS};
    for (size_t i = 0; i < USDT_MAX_ARGUMENTS; i++) {
        probe.arguments[i] =
            (struct usdt_argument){.operand = USDT_MEMORY, .size = 8, .reg = BX, .value = -100000};
    }
    char rule[RULE_SIZE];
    assert_true(rule_render(&probe, UINT64_MAX, UINT32_MAX, rule));
    assert_true(strlen(rule) < RULE_SIZE);
    for (size_t i = 0; i < USDT_MAX_ARGUMENTS; i++) {
        probe.arguments[i].value = INT64_MIN;
    }
    assert_false(rule_render(&probe, UINT64_MAX, UINT32_MAX, rule));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rule_names_file_place_and_arguments),
        cmocka_unit_test(no_arguments_are_a_dash),
        cmocka_unit_test(the_most_that_a_probe_can_have_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

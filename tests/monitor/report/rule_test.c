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
    assert_string_equal(rule, "usdt:99:0x1234:0x5678:arg1=%di:u64,arg2=+8(%si):s32,"
                              "arg3=+0(-16(%r15)):string,arg4=\\-5:s32");
}

static void text_lies_where_a_register_points(void **state)
{
    (void)state;
    const struct usdt_probe probe = {
        .offset = 1,
        .argument_count = 1,
        .arguments = {{.operand = USDT_REGISTER, .size = 8, .reg = DI}},
    };
    char rule[RULE_SIZE];
    assert_true(rule_render(&probe, 2, 1, rule));
    assert_string_equal(rule, "usdt:2:0x1:0x0:arg1=+0(%di):string");
}

static void what_cannot_be_fetched_is_left_out(void **state)
{
    (void)state;
    struct usdt_probe probe = {
        .offset = 1,
        .argument_count = 3,
        .arguments = {{.operand = USDT_UNSUPPORTED, .size = 8},
                      {.operand = USDT_REGISTER, .size = 1, .reg = BX},
                      {.operand = USDT_CONSTANT, .size = 8}},
    };
    char rule[RULE_SIZE];
    assert_true(rule_render(&probe, 2, 1U << 2, rule));
    assert_string_equal(rule, "usdt:2:0x1:0x0:arg2=%bx:u8");
    probe.argument_count = 1;
    assert_true(rule_render(&probe, 2, 0, rule));
    assert_string_equal(rule, "usdt:2:0x1:0x0:-");
}

static void no_arguments_are_a_dash(void **state)
{
    (void)state;
    const struct usdt_probe probe = {.offset = 1};
    char rule[RULE_SIZE];
    assert_true(rule_render(&probe, 2, 0, rule));
    assert_string_equal(rule, "usdt:2:0x1:0x0:-");
}

static void a_rule_that_is_too_long_is_none(void **state)
{
    (void)state;
    struct usdt_probe probe = {
        .offset = UINT64_MAX, .semaphore = UINT64_MAX, .argument_count = USDT_MAX_ARGUMENTS};
    for (size_t i = 0; i < USDT_MAX_ARGUMENTS; i++) {
        probe.arguments[i] =
            (struct usdt_argument){.operand = USDT_REGISTER, .size = 8, .reg = R15, .is_signed = 1};
    }
    char rule[RULE_SIZE];
    assert_true(rule_render(&probe, UINT64_MAX, 1, rule));
    assert_true(strlen(rule) < RULE_SIZE);
    for (size_t i = 0; i < USDT_MAX_ARGUMENTS; i++) {
        probe.arguments[i].operand = USDT_MEMORY;
        probe.arguments[i].value = INT64_MIN;
    }
    assert_false(rule_render(&probe, UINT64_MAX, UINT32_MAX, rule));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rule_names_file_place_and_arguments),
        cmocka_unit_test(text_lies_where_a_register_points),
        cmocka_unit_test(what_cannot_be_fetched_is_left_out),
        cmocka_unit_test(no_arguments_are_a_dash),
        cmocka_unit_test(a_rule_that_is_too_long_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "monitor/etw/trace_filter.h"

#include <string.h>

#include "tests/check.h"

static const uint8_t mine[16] = {1, 2, 3};
static const uint8_t other[16] = {1, 2, 4};

static struct trace_rule rule_of(void)
{
    struct trace_rule rule = {.level = UINT8_MAX};
    memcpy(rule.provider, mine, sizeof mine);
    return rule;
}

static struct etl_record record_of(uint16_t id)
{
    return (struct etl_record){.kind = ETL_EVENT,
                               .provider_id = mine,
                               .id = id,
                               .level = 4,
                               .keywords = 6,
                               .has_process = true,
                               .process_id = 7};
}

static void a_provider_is_told_by_its_id(void **state)
{
    (void)state;
    const struct trace_rule rule = rule_of();
    struct etl_record record = record_of(1);
    assert_true(trace_filter_passes(&rule, 1, &record));
    record.provider_id = other;
    assert_false(trace_filter_passes(&rule, 1, &record));
    record.provider_id = NULL;
    assert_false(trace_filter_passes(&rule, 1, &record));
}

static void levels_above_do_not_pass(void **state)
{
    (void)state;
    struct trace_rule rule = rule_of();
    struct etl_record record = record_of(1);
    rule.level = 4;
    assert_true(trace_filter_passes(&rule, 1, &record));
    rule.level = 3;
    assert_false(trace_filter_passes(&rule, 1, &record));
    record.level = 0; /* always */
    assert_true(trace_filter_passes(&rule, 1, &record));
}

static void keywords_count_as_windows_counts_them(void **state)
{
    (void)state;
    struct trace_rule rule = rule_of();
    struct etl_record record = record_of(1);
    rule.any = 2;
    assert_true(trace_filter_passes(&rule, 1, &record));
    rule.any = 8;
    assert_false(trace_filter_passes(&rule, 1, &record));
    rule.any = 0;
    rule.all = 6;
    assert_true(trace_filter_passes(&rule, 1, &record));
    rule.all = 7;
    assert_false(trace_filter_passes(&rule, 1, &record));
    record.keywords = 0; /* without any, they are not asked */
    assert_true(trace_filter_passes(&rule, 1, &record));
}

static void ids_are_in_and_out(void **state)
{
    (void)state;
    static const struct trace_ids in[] = {
        {1,  1 },
        {10, 19}
    };
    static const struct trace_ids out[] = {
        {15, 15}
    };
    struct trace_rule rule = rule_of();
    rule.ids = in;
    rule.id_count = 2;
    rule.not_ids = out;
    rule.not_id_count = 1;
    static const struct {
        uint16_t id;
        bool passes;
    } cases[] = {
        {0,  false},
        {1,  true },
        {2,  false},
        {9,  false},
        {10, true },
        {15, false},
        {19, true },
        {20, false}
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct etl_record record = record_of(cases[i].id);
        assert_int_equal(trace_filter_passes(&rule, 1, &record), cases[i].passes);
    }
    struct etl_record classic = record_of(0);
    classic.classic = true;
    classic.opcode = 10;
    assert_true(trace_filter_passes(&rule, 1, &classic));
    classic.opcode = 2;
    assert_false(trace_filter_passes(&rule, 1, &classic));
}

static void processes_are_told_where_the_record_knows_one(void **state)
{
    (void)state;
    struct trace_rule rule = rule_of();
    struct etl_record record = record_of(1);
    rule.by_process = true;
    rule.process_id = 7;
    assert_true(trace_filter_passes(&rule, 1, &record));
    rule.process_id = 8;
    assert_false(trace_filter_passes(&rule, 1, &record));
    rule.process_id = 0;
    record.process_id = 0;
    record.has_process = false;
    assert_false(trace_filter_passes(&rule, 1, &record));
}

static void one_rule_of_several_is_enough(void **state)
{
    (void)state;
    struct trace_rule rules[] = {rule_of(), rule_of(), rule_of()};
    const struct etl_record record = record_of(1);
    rules[0].level = 1;
    rules[1].any = 1;
    assert_true(trace_filter_passes(rules, 3, &record));
    assert_false(trace_filter_passes(rules, 2, &record));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_provider_is_told_by_its_id),
        cmocka_unit_test(levels_above_do_not_pass),
        cmocka_unit_test(keywords_count_as_windows_counts_them),
        cmocka_unit_test(ids_are_in_and_out),
        cmocka_unit_test(processes_are_told_where_the_record_knows_one),
        cmocka_unit_test(one_rule_of_several_is_enough),
    };
    return cmocka_run_group_tests_name("monitor.etw.trace_filter", tests, NULL, NULL);
}

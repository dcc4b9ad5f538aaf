/* SPDX-License-Identifier: MIT */
#include "monitor/tracefs/merge.h"

#include <stdlib.h>

#include "tests/check.h"
#include "tests/monitor/tracefs/pages.h"

/* A block of `count` records from `time` on, `step` apart, each holding its number. */
static void fill(struct pages *pages, uint64_t time, uint32_t step, uint32_t count)
{
    *pages = (struct pages){0};
    pages_start(pages, time);
    for (uint32_t i = 0; i < count; i++) {
        pages_record(pages, i == 0 ? 0 : step, i);
    }
    pages_end(pages, 0);
}

static char tags[MERGE_CPUS]; /* the tag of a block is the address of its CPU's */

static void push(struct merge *merge, uint32_t cpu, const struct pages *pages)
{
    assert_int_equal(merge_push(merge, cpu, pages->data, pages->size, &tags[cpu]), ETWAS_OK);
}

static void expect(struct merge *merge, uint64_t watermark, uint64_t time, uint32_t cpu)
{
    struct record record;
    uint32_t found = 0;
    assert_true(merge_next(merge, watermark, &record, &found));
    assert_true(record.time_ns == time);
    assert_int_equal(found, cpu);
}

static void expect_none(struct merge *merge, uint64_t watermark)
{
    struct record record;
    uint32_t cpu = 0;
    assert_false(merge_next(merge, watermark, &record, &cpu));
}

static void records_come_in_order_of_time(void **state)
{
    (void)state;
    struct merge *merge = merge_open();
    static struct pages blocks[3];
    fill(&blocks[0], 100, 10, 3); /* 100 110 120 */
    fill(&blocks[1], 105, 2, 3);  /* 105 107 109 */
    fill(&blocks[2], 90, 25, 3);  /* 90 115 140 */
    for (uint32_t i = 0; i < 3; i++) {
        push(merge, i, &blocks[i]);
    }
    expect(merge, UINT64_MAX, 90, 2);
    expect(merge, UINT64_MAX, 100, 0);
    expect(merge, UINT64_MAX, 105, 1);
    expect(merge, UINT64_MAX, 107, 1);
    expect(merge, UINT64_MAX, 109, 1);
    expect(merge, UINT64_MAX, 110, 0);
    expect(merge, UINT64_MAX, 115, 2);
    expect(merge, UINT64_MAX, 120, 0);
    expect(merge, UINT64_MAX, 140, 2);
    expect_none(merge, UINT64_MAX);
    assert_true(merge_counts(merge)->late == 0);
    merge_close(merge);
}

static void equal_times_go_by_cpu(void **state)
{
    (void)state;
    struct merge *merge = merge_open();
    static struct pages block;
    fill(&block, 0, 1, 2);
    push(merge, 4095, &block);
    push(merge, 7, &block);
    push(merge, 3, &block);
    for (uint64_t time = 0; time < 2; time++) {
        expect(merge, UINT64_MAX, time, 3);
        expect(merge, UINT64_MAX, time, 7);
        expect(merge, UINT64_MAX, time, 4095);
    }
    expect_none(merge, UINT64_MAX);
    merge_close(merge);
}

static void nothing_passes_the_watermark(void **state)
{
    (void)state;
    struct merge *merge = merge_open();
    static struct pages block;
    fill(&block, 100, 10, 2);
    push(merge, 0, &block);
    expect_none(merge, 99);
    expect(merge, 100, 100, 0);
    expect_none(merge, 109);
    expect(merge, 110, 110, 0);
    expect_none(merge, UINT64_MAX);
    merge_close(merge);
}

static void what_comes_late_is_counted_and_given_out(void **state)
{
    (void)state;
    struct merge *merge = merge_open();
    static struct pages early;
    static struct pages late;
    fill(&early, 100, 10, 3);
    fill(&late, 50, 55, 2); /* 50 105 */
    push(merge, 0, &early);
    expect(merge, 100, 100, 0);
    push(merge, 1, &late);
    expect(merge, 100, 50, 1);
    expect(merge, 200, 105, 1);
    expect(merge, 200, 110, 0);
    assert_true(merge_counts(merge)->late == 1);
    merge_close(merge);
}

static void consumed_blocks_come_back_once(void **state)
{
    (void)state;
    struct merge *merge = merge_open();
    static struct pages block;
    static struct pages empty;
    void *tag = NULL;
    fill(&block, 100, 10, 2);
    push(merge, 5, &block);
    push(merge, 5, &block);
    push(merge, 6, &empty);
    assert_true(merge_take_consumed(merge, &tag));
    assert_ptr_equal(tag, &tags[6]);
    assert_false(merge_take_consumed(merge, &tag));
    expect(merge, UINT64_MAX, 100, 5);
    assert_false(merge_take_consumed(merge, &tag));
    expect(merge, UINT64_MAX, 110, 5);
    assert_true(merge_take_consumed(merge, &tag));
    assert_ptr_equal(tag, &tags[5]);
    assert_false(merge_take_consumed(merge, &tag));
    expect(merge, UINT64_MAX, 100, 5);
    expect(merge, UINT64_MAX, 110, 5);
    assert_true(merge_take_consumed(merge, &tag));
    assert_false(merge_take_consumed(merge, &tag));
    merge_close(merge);
}

static void limits_hold(void **state)
{
    (void)state;
    struct merge *merge = merge_open();
    static struct pages block;
    assert_int_equal(merge_push(merge, MERGE_CPUS, block.data, 0, NULL), ETWAS_TOO_BIG);
    for (size_t i = 0; i < MERGE_BLOCKS; i++) {
        assert_int_equal(merge_push(merge, 0, block.data, 0, NULL), ETWAS_OK);
    }
    assert_int_equal(merge_push(merge, 0, block.data, 0, NULL), ETWAS_TOO_BIG);
    merge_close(merge);
    merge_close(NULL);
}

static void broken_blocks_do_not_stop_the_others(void **state)
{
    (void)state;
    struct merge *merge = merge_open();
    static struct pages good;
    fill(&good, 100, 10, 1);
    assert_int_equal(merge_push(merge, 0, good.data, 20, NULL), ETWAS_OK);
    push(merge, 0, &good);
    push(merge, 1, &good);
    expect(merge, UINT64_MAX, 100, 0);
    expect(merge, UINT64_MAX, 100, 1);
    expect_none(merge, UINT64_MAX);
    assert_true(merge_counts(merge)->malformed == 1);
    merge_close(merge);
}

enum { RANDOM_CPUS = 9, RANDOM_BLOCKS = 6 };

/* Pushes blocks of random lengths and steps; the number of their records. */
static size_t push_random(struct merge *merge, uint32_t cpu, uint32_t *seed)
{
    static struct pages blocks[RANDOM_CPUS][RANDOM_BLOCKS];
    uint64_t time = 1000;
    size_t total = 0;
    for (size_t block = 0; block < RANDOM_BLOCKS; block++) {
        *seed = *seed * 1664525U + 1013904223U;
        const uint32_t count = *seed >> 28;
        const uint32_t step = *seed >> 20 & 15U;
        fill(&blocks[cpu][block], time, step, count);
        push(merge, cpu, &blocks[cpu][block]);
        time += (uint64_t)count * step;
        total += count;
    }
    return total;
}

static void check_order(struct merge *merge, size_t total)
{
    struct record record;
    uint64_t last = 0;
    uint32_t last_cpu = 0;
    uint32_t cpu = 0;
    for (; merge_next(merge, UINT64_MAX, &record, &cpu); total--) {
        assert_true(record.time_ns > last || (record.time_ns == last && cpu >= last_cpu));
        last = record.time_ns;
        last_cpu = cpu;
    }
    assert_int_equal(total, 0);
    assert_true(merge_counts(merge)->late == 0);
}

static void any_mixture_is_sorted(void **state)
{
    (void)state;
    uint32_t seed = 1;
    for (int round = 0; round < 50; round++) {
        struct merge *merge = merge_open();
        size_t total = 0;
        for (uint32_t cpu = 0; cpu < RANDOM_CPUS; cpu++) {
            total += push_random(merge, cpu, &seed);
        }
        check_order(merge, total);
        merge_close(merge);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_come_in_order_of_time),
        cmocka_unit_test(equal_times_go_by_cpu),
        cmocka_unit_test(nothing_passes_the_watermark),
        cmocka_unit_test(what_comes_late_is_counted_and_given_out),
        cmocka_unit_test(consumed_blocks_come_back_once),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(broken_blocks_do_not_stop_the_others),
        cmocka_unit_test(any_mixture_is_sorted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

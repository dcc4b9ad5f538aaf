/* SPDX-License-Identifier: MIT */
#include "monitor/tracefs/page.h"

#include <stdlib.h>

#include "tests/check.h"
#include "tests/monitor/tracefs/pages.h"

/* Walks all of it and compares the time and the first word of each record. */
static struct page_walk walked(const struct pages *pages, const uint64_t (*expected)[2],
                               size_t count)
{
    struct page_walk walk;
    struct record record;
    page_walk_init(&walk, pages->data, pages->size);
    for (size_t i = 0; i < count; i++) {
        assert_true(page_walk_next(&walk, &record));
        assert_true(record.time_ns == expected[i][0]);
        assert_int_equal(load_u32(record.data), expected[i][1]);
    }
    assert_false(page_walk_next(&walk, &record));
    assert_false(page_walk_next(&walk, &record));
    return walk;
}

static void records_come_with_their_time(void **state)
{
    (void)state;
    struct pages pages = {0};
    pages_start(&pages, 1000);
    pages_record(&pages, 0, 1);
    pages_record(&pages, 5, 2);
    pages_end(&pages, 0);
    pages_start(&pages, 2000);
    pages_record(&pages, 7, 3);
    pages_end(&pages, 0);
    const uint64_t expected[][2] = {
        {1000, 1},
        {1005, 2},
        {2007, 3}
    };
    assert_false(walked(&pages, expected, 3).malformed);
}

static void nothing_holds_no_record(void **state)
{
    (void)state;
    struct pages pages = {0};
    assert_false(walked(&pages, NULL, 0).malformed);
    pages_start(&pages, 1000);
    pages_end(&pages, 0);
    assert_false(walked(&pages, NULL, 0).malformed);
}

static void a_long_record_says_its_length(void **state)
{
    (void)state;
    struct pages pages = {0};
    struct page_walk walk;
    struct record record;
    pages_start(&pages, 1000);
    pages_header(&pages, 0, 3);
    pages_put(&pages, 4 + 200, 4);
    for (size_t i = 0; i < 200; i++) {
        pages_put(&pages, i, 1);
    }
    pages_record(&pages, 1, 9);
    pages_end(&pages, 0);
    page_walk_init(&walk, pages.data, pages.size);
    assert_true(page_walk_next(&walk, &record));
    assert_int_equal(record.size, 200);
    assert_int_equal(record.data[199], 199);
    assert_true(record.time_ns == 1003);
    assert_true(page_walk_next(&walk, &record));
    assert_int_equal(record.data[0], 9);
    assert_true(record.time_ns == 1004);
    assert_false(page_walk_next(&walk, &record));
    assert_false(walk.malformed);
}

static void times_are_extended_and_set(void **state)
{
    (void)state;
    const uint64_t page_time = UINT64_C(0x0800000000000000) + 50;
    struct pages pages = {0};
    pages_start(&pages, page_time);
    pages_header(&pages, 30, 7);
    pages_put(&pages, 2, 4);
    pages_record(&pages, 1, 1);
    pages_header(&pages, 31, 100);
    pages_put(&pages, 3, 4);
    pages_record(&pages, 2, 2);
    pages_header(&pages, 31, 5); /* less than before: the upper bits went on */
    pages_put(&pages, 0, 4);
    pages_record(&pages, 0, 3);
    pages_end(&pages, 0);
    const uint64_t expected[][2] = {
        {page_time + (2U << 27) + 7 + 1,                      1},
        {UINT64_C(0x0800000000000000) + (3U << 27) + 100 + 2, 2},
        {UINT64_C(0x1000000000000000) + 5,                    3},
    };
    assert_false(walked(&pages, expected, 3).malformed);
}

static void padding_ends_the_page_or_hides_an_event(void **state)
{
    (void)state;
    struct pages pages = {0};
    pages_start(&pages, 1000);
    pages_header(&pages, 29, 10); /* discarded: its time still counts */
    pages_put(&pages, 8, 4);
    pages_put(&pages, 0xdead, 4);
    pages_record(&pages, 1, 1);
    pages_header(&pages, 29, 1); /* was 0 */
    pages_put(&pages, 4, 4);
    pages_record(&pages, 1, 2);
    pages_header(&pages, 29, 0);
    pages_put(&pages, 0xffffffffffffffff, 8);
    pages_end(&pages, 0);
    pages_start(&pages, 3000);
    pages_record(&pages, 1, 3);
    pages_end(&pages, 0);
    const uint64_t expected[][2] = {
        {1011, 1},
        {1012, 2},
        {3001, 3}
    };
    assert_false(walked(&pages, expected, 3).malformed);
}

static void missed_events_are_counted(void **state)
{
    (void)state;
    struct pages pages = {0};
    pages_start(&pages, 1000);
    pages_record(&pages, 1, 1);
    pages_end(&pages, UINT64_C(3) << 30);
    pages_put(&pages, 123, 8);
    pages_start(&pages, 2000);
    pages_record(&pages, 1, 2);
    pages_end(&pages, UINT64_C(1) << 31);
    const uint64_t expected[][2] = {
        {1001, 1},
        {2001, 2}
    };
    const struct page_walk walk = walked(&pages, expected, 2);
    assert_false(walk.malformed);
    assert_true(walk.missed == 123);
    assert_true(walk.missed_events == 1);
}

/* As Linux 6.18 writes it: 0xffffffff80000ff0. */
static void the_missed_flag_may_be_a_negative_number(void **state)
{
    (void)state;
    struct pages pages = {.size = 0};
    struct page_walk walk;
    struct record record;
    pages_start(&pages, 5);
    pages_record(&pages, 0, 1);
    pages_end(&pages, UINT64_MAX << 31);
    pages_start(&pages, 6);
    pages_record(&pages, 0, 2);
    pages_end(&pages, UINT64_MAX << 30);
    pages_put(&pages, 11, 8);
    page_walk_init(&walk, pages.data, pages.size);
    assert_true(page_walk_next(&walk, &record));
    assert_true(page_walk_next(&walk, &record));
    assert_false(page_walk_next(&walk, &record));
    assert_false(walk.malformed);
    assert_int_equal(walk.missed, 11);
    assert_int_equal(walk.missed_events, 1);
}

static void lies_end_the_walk(void **state)
{
    (void)state;
    static const struct {
        uint32_t header;
        uint32_t first;
    } events[] = {
        {28,          0         }, /* longer than the page */
        {0,           3         }, /* shorter than its own length */
        {0,           100       }, /* longer than the page */
        {0,           0xffffffff}, /* wraps */
        {29 | 2 << 5, 100       }, /* discarded, longer than the page */
        {29 | 2 << 5, 0xffffffff},
    };
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        struct pages pages = {0};
        pages_start(&pages, 1000);
        pages_put(&pages, events[i].header, 4);
        pages_put(&pages, events[i].first, 4);
        pages_end(&pages, 0);
        assert_true(walked(&pages, NULL, 0).malformed);
    }
    struct pages pages = {0};
    pages_start(&pages, 1000);
    pages_record(&pages, 1, 1);
    pages_end(&pages, UINT64_C(1) << 40);
    assert_true(walked(&pages, NULL, 0).malformed);
    pages_end(&pages, 0x1000);
    assert_true(walked(&pages, NULL, 0).malformed);
}

static void every_truncation_is_survived(void **state)
{
    (void)state;
    struct pages pages = {0};
    pages_start(&pages, 1000);
    pages_record(&pages, 1, 1);
    pages_header(&pages, 30, 7);
    pages_put(&pages, 2, 4);
    pages_header(&pages, 0, 3);
    pages_put(&pages, 4 + 8, 4);
    pages_put(&pages, 1, 8);
    pages_end(&pages, UINT64_C(3) << 30);
    pages_put(&pages, 123, 8);
    pages_start(&pages, 1000);
    pages_record(&pages, 1, 1);
    pages_end(&pages, 0);
    for (size_t size = 0; size <= pages.size; size++) {
        /* A copy of just this size, so that a sanitizer sees each byte too many. */
        uint8_t *copy = malloc(size + 1);
        struct page_walk walk;
        struct record record;
        size_t count = 0;
        assert_non_null(copy);
        memcpy(copy, pages.data, size);
        page_walk_init(&walk, copy, size);
        while (page_walk_next(&walk, &record)) {
            count++;
        }
        assert_int_equal(walk.malformed, size != 0 && size != pages.size && size != 56);
        assert_true(size != pages.size || count == 3);
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_come_with_their_time),
        cmocka_unit_test(nothing_holds_no_record),
        cmocka_unit_test(a_long_record_says_its_length),
        cmocka_unit_test(times_are_extended_and_set),
        cmocka_unit_test(padding_ends_the_page_or_hides_an_event),
        cmocka_unit_test(missed_events_are_counted),
        cmocka_unit_test(the_missed_flag_may_be_a_negative_number),
        cmocka_unit_test(lies_end_the_walk),
        cmocka_unit_test(every_truncation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

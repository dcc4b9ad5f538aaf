/* SPDX-License-Identifier: MIT */
/*
 * Traces that are broken in one place: every event before it comes, and every one behind it that
 * can be found again, and one warning says where and how much was passed over.
 */
#include "monitor/etl/trace.h"

#include <string.h>

#include "monitor/etl/trace_parts.h"
#include "tests/check.h"
#include "tests/monitor/etl/file_memory.h"
#include "tests/monitor/etl/maker.h"

enum {
    BUFFERS = 5,
    EVENTS = 20, /* a buffer */
    ALL = BUFFERS * EVENTS,
    EVENT = 88, /* bytes */
    HEAD = 72,
};

static const struct maker_clock clock_of_system = {.type = 2, .started = 1000, .origin = 1000};
static const char *const names[] = {"trace"};
static struct maker maker;
static bool seen[ALL + 1]; /* by id, from 1 */
static size_t others;      /* events that nobody wrote */
static struct trace *trace;

/* Where buffer `index` (from 1; 0 describes the trace) and event `event` of it (from 0) lie. */
static uint8_t *buffer_at(size_t index)
{
    return maker.data + index * MAKER_BUFFER;
}

static uint8_t *event_at(size_t index, size_t event)
{
    return buffer_at(index) + HEAD + event * EVENT;
}

static int make(void **state)
{
    (void)state;
    trace_close(trace);
    trace = NULL;
    maker_begin(&maker, &clock_of_system);
    for (size_t i = 0; i < ALL; i++) {
        if (i % EVENTS == 0) {
            maker_buffer(&maker, (uint16_t)(i / EVENTS % 2));
        }
        maker_event(&maker, 2000 + (int64_t)i, (uint16_t)(i + 1));
    }
    maker_end(&maker);
    return 0;
}

static int clear(void **state)
{
    (void)state;
    trace_close(trace);
    trace = NULL;
    return 0;
}

static enum etwas_status read_size(size_t size)
{
    struct etl_record record;
    struct etwas_error error;
    size_t failed = 0;
    memset(seen, 0, sizeof seen);
    others = 0;
    trace_close(trace);
    file_memory_set(0, names[0], maker.data, size);
    if (trace_open(names, 1, &trace, &failed, &error) != ETWAS_OK) {
        return error.status;
    }
    enum etwas_status status = trace_next(trace, &record);
    for (; status == ETWAS_OK || status == ETWAS_AGAIN; status = trace_next(trace, &record)) {
        if (status == ETWAS_OK && record.kind == ETL_EVENT && record.id >= 1 && record.id <= ALL &&
            record.provider_id[0] == 0x5a) {
            assert_false(seen[record.id]); /* never twice */
            seen[record.id] = true;
        } else if (status == ETWAS_OK && record.hook != 0) {
            others++;
        }
        trace_advance(trace);
    }
    return status;
}

/* All but those from `first` to `last` came; 1, 0: all. */
static void expect_all_but(uint16_t first, uint16_t last)
{
    assert_int_equal(read_size(maker.size), ETWAS_CLOSED);
    for (size_t id = 1; id <= ALL; id++) {
        if (seen[id] != (id < first || id > last)) {
            fail_msg("event %u was %s", (unsigned)id, seen[id] ? "there" : "missing");
        }
    }
}

static void expect_warning(size_t offset, size_t size)
{
    struct trace_damage damage;
    assert_true(trace_damage(trace, 0, &damage));
    assert_int_equal(damage.offset, offset);
    assert_int_equal(damage.size, size);
    assert_false(trace_damage(trace, 1, &damage));
}

static size_t offset_of(const uint8_t *at)
{
    return (size_t)(at - maker.data);
}

static void what_is_whole_has_no_warning(void **state)
{
    (void)state;
    struct trace_damage damage;
    expect_all_but(1, 0);
    assert_false(trace_damage(trace, 0, &damage));
    assert_int_equal(others, 0);
}

static void zeros_cost_the_records_they_lie_in(void **state)
{
    (void)state;
    memset(event_at(3, 4), 0, (size_t)4 * EVENT + 10);
    expect_all_but(45, 49);
    expect_warning(offset_of(event_at(3, 4)), (size_t)5 * EVENT);
}

static void zeros_at_the_end_of_a_buffer_cost_the_records_they_lie_in(void **state)
{
    (void)state;
    memset(event_at(3, 18), 0, MAKER_BUFFER - HEAD - (size_t)18 * EVENT);
    expect_all_but(59, 60);
    expect_warning(offset_of(event_at(3, 18)), (size_t)2 * EVENT);
}

static void random_bytes_cost_the_records_they_lie_in(void **state)
{
    (void)state;
    static struct maker whole;
    uint32_t random = 1;
    whole = maker;
    for (unsigned i = 0; i < 60; i++) {
        struct trace_damage damage;
        maker = whole;
        for (size_t at = 0; at < 512; at++) {
            random = random * 1664525 + 1013904223;
            event_at(2, 6)[at] = (uint8_t)(random >> 24);
        }
        assert_int_equal(read_size(maker.size), ETWAS_CLOSED);
        for (size_t id = 1; id <= ALL; id++) {
            assert_true(seen[id] || (id >= 27 && id <= 32));
        }
        assert_true(trace_damage(trace, 0, &damage));
        assert_in_range(damage.offset, offset_of(event_at(2, 5)), offset_of(event_at(2, 12)));
    }
}

static void a_head_that_is_lost_costs_no_record(void **state)
{
    (void)state;
    memset(buffer_at(3), 0, HEAD);
    expect_all_but(1, 0);
    expect_warning(offset_of(buffer_at(3)), HEAD);
    memset(buffer_at(3), 0xee, HEAD);
    expect_all_but(1, 0);
    expect_warning(offset_of(buffer_at(3)), HEAD);
}

static void a_head_that_is_lost_with_records_costs_those(void **state)
{
    (void)state;
    memset(buffer_at(3), 0, HEAD + (size_t)3 * EVENT);
    expect_all_but(41, 43);
    expect_warning(offset_of(buffer_at(3)), HEAD + (size_t)3 * EVENT);
}

static void two_buffers_that_are_lost_are_one_warning(void **state)
{
    (void)state;
    memset(buffer_at(2), 0, (size_t)2 * MAKER_BUFFER);
    expect_all_but(21, 60);
    expect_warning(offset_of(buffer_at(2)), (size_t)2 * MAKER_BUFFER);
}

static void heads_of_the_first_and_the_last_buffer_count_like_others(void **state)
{
    (void)state;
    memset(buffer_at(1), 0, HEAD);
    expect_all_but(1, 0);
    expect_warning(offset_of(buffer_at(1)), HEAD);
    (void)make(NULL);
    memset(buffer_at(BUFFERS), 0xee, HEAD);
    expect_all_but(1, 0);
    expect_warning(offset_of(buffer_at(BUFFERS)), HEAD);
}

/* Larger, smaller, both so that others are passed over, beyond the file, nothing. */
static void a_wrong_size_of_a_buffer_costs_no_record(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {2 * MAKER_BUFFER,
                                     MAKER_BUFFER + 1,
                                     MAKER_BUFFER + 512,
                                     MAKER_BUFFER - 8,
                                     1840,
                                     1024,
                                     80,
                                     71,
                                     0,
                                     10 * MAKER_BUFFER,
                                     0x00ffffff,
                                     UINT32_MAX};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct trace_damage damage;
        (void)make(NULL);
        maker_u32(buffer_at(3), sizes[i]);
        expect_all_but(1, 0);
        assert_true(trace_damage(trace, 0, &damage));
        assert_in_range(damage.offset, offset_of(buffer_at(3)), offset_of(buffer_at(4)));
        assert_false(trace_damage(trace, 1, &damage));
    }
}

/* Nothing is usual there: the first buffer is of another size than the others, of which one is
 * left. */
static void a_wrong_size_is_seen_without_others_to_compare_with(void **state)
{
    (void)state;
    enum { FIRST = 512 };
    memmove(maker.data + FIRST, buffer_at(1), (size_t)2 * MAKER_BUFFER);
    maker_u32(buffer_at(0), FIRST);
    maker_u32(maker.data + FIRST, 2 * MAKER_BUFFER);
    maker.size = FIRST + 2 * MAKER_BUFFER;
    expect_all_but(41, ALL);
    expect_warning(FIRST, sizeof(uint32_t));
}

static void a_wrong_end_of_the_records_costs_no_record(void **state)
{
    (void)state;
    static const uint32_t ends[] = {HEAD + EVENT,
                                    HEAD + 3 * EVENT,
                                    HEAD + EVENTS * EVENT + 8,
                                    HEAD + 5 * EVENT + 8,
                                    MAKER_BUFFER,
                                    MAKER_BUFFER + 8,
                                    71,
                                    0xffffffff};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        struct trace_damage damage;
        (void)make(NULL);
        maker_u32(buffer_at(3) + 0x30, ends[i]);
        expect_all_but(1, 0);
        assert_true(trace_damage(trace, 0, &damage));
        assert_in_range(damage.offset, offset_of(buffer_at(3)), offset_of(buffer_at(4)) - 1);
        assert_false(trace_damage(trace, 1, &damage));
    }
}

/* The record's own end is found where others go on, or it is lost itself. */
static void a_wrong_size_of_a_record_costs_that_record_at_most(void **state)
{
    (void)state;
    static const uint16_t sizes[] = {0, 7, 8, 40, 80, 82, 96, 128, 1000, 1900, 0xffff};
    for (size_t place = 0; place < EVENTS; place += EVENTS - 1) {
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            struct trace_damage damage;
            (void)make(NULL);
            maker_u16(event_at(3, place), sizes[i]);
            assert_int_equal(read_size(maker.size), ETWAS_CLOSED);
            for (size_t id = 1; id <= ALL; id++) {
                assert_true(seen[id] || id == 41 + place);
            }
            /* One that is shorter by what fills it up makes no difference. */
            assert_int_equal(trace_damage(trace, 0, &damage), sizes[i] != 82);
            assert_false(trace_damage(trace, 1, &damage));
        }
    }
}

static void a_first_buffer_that_is_lost_costs_what_it_said(void **state)
{
    (void)state;
    memset(buffer_at(0), 0, MAKER_BUFFER);
    expect_all_but(1, 0);
    expect_warning(0, MAKER_BUFFER);
    assert_string_equal(trace_info(trace, 0)->session, "");
    (void)make(NULL);
    buffer_at(0)[HEAD + 6] ^= 0x40; /* no longer the record that describes a trace */
    expect_all_but(1, 0);
    expect_warning(0, HEAD);
}

static void a_cut_costs_what_is_behind_it(void **state)
{
    (void)state;
    for (size_t size = MAKER_BUFFER; size < (size_t)3 * MAKER_BUFFER; size += 3) {
        const size_t whole = size / MAKER_BUFFER; /* buffers, the first one included */
        const size_t rest = size % MAKER_BUFFER < HEAD ? 0 : size % MAKER_BUFFER - HEAD;
        /* Of the last one, the four bytes that fill it up may be missing. */
        const size_t events = (rest + 4) / EVENT < EVENTS ? (rest + 4) / EVENT : EVENTS;
        const size_t expected = (whole - 1) * EVENTS + events;
        struct trace_damage damage;
        assert_int_equal(read_size(size), ETWAS_CLOSED);
        for (size_t id = 1; id <= ALL; id++) {
            assert_int_equal(seen[id], id <= expected);
        }
        /* A single byte of a head is zero, as what is behind the end of a file may be. */
        const bool is_told = size % MAKER_BUFFER > 1 && size % MAKER_BUFFER < HEAD + EVENTS * EVENT;
        assert_int_equal(trace_damage(trace, 0, &damage), is_told);
        assert_false(trace_damage(trace, 1, &damage));
    }
}

/* --- packed buffers --- */

enum { FLAG_WORD = 4, ITEMS = 32 };

/* Packs buffer `index` in place, into literals alone, which need more room than the records. */
static size_t pack(size_t index, uint8_t *out)
{
    const uint8_t *from = event_at(index, 0);
    const size_t size = (size_t)EVENTS * EVENT;
    size_t used = HEAD;
    memcpy(out, buffer_at(index), HEAD);
    for (size_t at = 0; at < size; at += ITEMS) {
        const size_t count = size - at < ITEMS ? size - at : ITEMS;
        maker_u32(out + used, count < ITEMS ? UINT32_MAX >> count : 0);
        memcpy(out + used + FLAG_WORD, from + at, count);
        used += FLAG_WORD + count;
    }
    maker_u32(out, (uint32_t)used);
    maker_u16(out + 0x34, 0x20 | 0x40);
    return used;
}

static size_t pack_all(void)
{
    static uint8_t packed[MAKER_ROOM];
    size_t used = 0;
    size_t each = 0;
    for (size_t i = 1; i <= BUFFERS; i++) {
        each = pack(i, packed + used);
        used += each;
    }
    memcpy(buffer_at(1), packed, used);
    maker.size = MAKER_BUFFER + used;
    return each;
}

static void a_packed_buffer_that_is_damaged_costs_its_rest(void **state)
{
    (void)state;
    const size_t each = pack_all();
    expect_all_but(1, 0);
    /* In the middle of the third: matches that begin nowhere. */
    uint8_t *third = buffer_at(1) + 2 * each;
    memset(third + each / 2, 0xff, 64);
    assert_int_equal(read_size(maker.size), ETWAS_CLOSED);
    for (size_t id = 1; id <= ALL; id++) {
        assert_true(seen[id] || (id >= 50 && id <= 60));
    }
    expect_warning(offset_of(third), each);
}

static void a_packed_buffer_of_a_wrong_size_costs_no_record(void **state)
{
    (void)state;
    static const int32_t wrong[] = {1, -1, 300, -300, 100000, 0x7fffff};
    const size_t each = pack_all();
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct trace_damage damage;
        maker_u32(buffer_at(1) + 2 * each, (uint32_t)((int32_t)each + wrong[i]));
        assert_int_equal(read_size(maker.size), ETWAS_CLOSED);
        for (size_t id = 1; id <= ALL; id++) {
            /* What is packed last needs all that it was packed into. */
            assert_true(seen[id] || (wrong[i] < 0 && id > 40 && id <= 60));
        }
        assert_true(trace_damage(trace, 0, &damage));
        assert_false(trace_damage(trace, 1, &damage));
    }
}

/* A buffer of the largest size in few bytes: an event, then a match that never ends. */
static void add_bomb(uint16_t id)
{
    static const uint8_t match[] = {0x3f, 0, 0x0f, 0xff, 0, 0, 0xff, 0xff, 0xff, 0x7f};
    static struct maker events;
    maker_begin(&events, &clock_of_system);
    maker_event(&events, 2000 + id, id);
    const uint8_t *event = events.data + events.at - EVENT;
    uint8_t *out = maker.data + maker.size;
    size_t used = HEAD;
    memset(out, 0, HEAD);
    for (size_t at = 0; at < EVENT; at += ITEMS) {
        const size_t count = EVENT - at < ITEMS ? EVENT - at : ITEMS;
        maker_u32(out + used, count < ITEMS ? UINT32_MAX >> count : 0);
        memcpy(out + used + FLAG_WORD, event + at, count);
        used += FLAG_WORD + count;
    }
    memcpy(out + used, match, sizeof match);
    used += sizeof match;
    maker_u32(out, (uint32_t)used);
    maker_u64(out + 0x10, 1);
    maker_u32(out + 0x30, TRACE_MAX_BUFFER);
    maker_u16(out + 0x34, 0x20 | 0x40);
    maker.size += used;
}

/* Many small buffers at a time, then large ones: memory that was taken is not kept for each. */
static void no_file_takes_more_memory_than_is_said(void **state)
{
    (void)state;
    enum { SMALL = 40, LARGE = 4 };
    struct etl_record record;
    struct etwas_error error;
    size_t failed = 0;
    size_t events = 0;
    maker_begin(&maker, &clock_of_system);
    for (size_t i = 0; i < SMALL; i++) {
        maker_buffer(&maker, (uint16_t)i);
        maker_event(&maker, 1500 + (int64_t)i, 1);
        maker_event(&maker, 1600 + (int64_t)i, 1);
    }
    maker_end(&maker);
    for (size_t i = 0; i < LARGE; i++) {
        add_bomb((uint16_t)(i + 1));
    }
    file_memory_set(0, names[0], maker.data, maker.size);
    assert_int_equal(trace_open(names, 1, &trace, &failed, &error), ETWAS_OK);
    enum etwas_status status = trace_next(trace, &record);
    for (; status == ETWAS_OK || status == ETWAS_AGAIN; status = trace_next(trace, &record)) {
        events += status == ETWAS_OK && record.kind == ETL_EVENT ? 1 : 0;
        assert_in_range(trace->memory, 0, TRACE_MEMORY);
        if (status == ETWAS_AGAIN || events % 8 == 0) {
            trace_advance(trace);
        }
    }
    assert_int_equal(status, ETWAS_CLOSED);
    assert_int_equal(events, 2 * SMALL + LARGE);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, make, clear)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(what_is_whole_has_no_warning),
        CLAIM(zeros_cost_the_records_they_lie_in),
        CLAIM(zeros_at_the_end_of_a_buffer_cost_the_records_they_lie_in),
        CLAIM(random_bytes_cost_the_records_they_lie_in),
        CLAIM(a_head_that_is_lost_costs_no_record),
        CLAIM(a_head_that_is_lost_with_records_costs_those),
        CLAIM(two_buffers_that_are_lost_are_one_warning),
        CLAIM(heads_of_the_first_and_the_last_buffer_count_like_others),
        CLAIM(a_wrong_size_of_a_buffer_costs_no_record),
        CLAIM(a_wrong_size_is_seen_without_others_to_compare_with),
        CLAIM(a_wrong_end_of_the_records_costs_no_record),
        CLAIM(a_wrong_size_of_a_record_costs_that_record_at_most),
        CLAIM(a_first_buffer_that_is_lost_costs_what_it_said),
        CLAIM(a_cut_costs_what_is_behind_it),
        CLAIM(a_packed_buffer_that_is_damaged_costs_its_rest),
        CLAIM(a_packed_buffer_of_a_wrong_size_costs_no_record),
        CLAIM(no_file_takes_more_memory_than_is_said),
    };
    return cmocka_run_group_tests_name("monitor.etl.mend", tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "monitor/etl/trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/check.h"
#include "tests/monitor/etl/maker.h"

static struct maker maker;
static char path[64];
static char other[64];

static const struct maker_clock system_clock = {.type = 2, .started = 1000, .origin = 1000};

static int name_files(void **state)
{
    (void)state;
    (void)snprintf(path, sizeof path, "etl_trace_test_%d.etl", rand());
    (void)snprintf(other, sizeof other, "%.50s.2", path);
    return 0;
}

static int remove_files(void **state)
{
    (void)state;
    (void)remove(path);
    (void)remove(other);
    return 0;
}

static struct trace *open_files(size_t count)
{
    const char *const paths[] = {path, other};
    struct trace *trace = NULL;
    struct etwas_error error;
    size_t failed = 0;
    if (trace_open(paths, count, &trace, &failed, &error) != ETWAS_OK) {
        fail_msg("%s: %s", paths[failed], error.doing);
    }
    return trace;
}

/* The ids of the events in the order in which they come; how many. */
static size_t read_ids(struct trace *trace, uint16_t *ids, size_t room)
{
    struct etl_record record;
    size_t count = 0;
    enum etwas_status status = trace_next(trace, &record);
    while (status == ETWAS_OK || status == ETWAS_AGAIN) {
        if (status == ETWAS_OK && record.kind == ETL_EVENT) {
            assert_true(count < room);
            assert_int_equal(record.payload_size, 4);
            ids[count++] = record.id;
        }
        trace_advance(trace);
        status = trace_next(trace, &record);
    }
    assert_int_equal(status, ETWAS_CLOSED);
    return count;
}

static void expect_ids(struct trace *trace, const uint16_t *ids, size_t count)
{
    uint16_t found[256];
    const size_t found_count = read_ids(trace, found, 256);
    assert_int_equal(found_count, count);
    assert_memory_equal(found, ids, count * sizeof *ids);
}

static size_t damages(const struct trace *trace)
{
    struct trace_damage damage;
    size_t count = 0;
    while (trace_damage(trace, count, &damage)) {
        count++;
    }
    return count;
}

/* Two CPUs, their buffers one after the other, a third that overlaps both. */
static void make_three(void)
{
    maker_begin(&maker, &system_clock);
    maker_buffer(&maker, 0);
    maker_event(&maker, 2000, 1);
    maker_event(&maker, 2030, 4);
    maker_buffer(&maker, 1);
    maker_event(&maker, 2010, 2);
    maker_event(&maker, 2040, 5);
    maker_buffer(&maker, 2);
    maker_event(&maker, 2020, 3);
    maker_event(&maker, 2050, 6);
}

static void records_of_all_cpus_come_in_time_order(void **state)
{
    (void)state;
    static const uint16_t ids[] = {1, 2, 3, 4, 5, 6};
    make_three();
    maker_write(&maker, path);
    struct trace *trace = open_files(1);
    expect_ids(trace, ids, 6);
    assert_int_equal(damages(trace), 0);
    trace_close(trace);
}

static void a_file_that_wrapped_comes_in_time_order(void **state)
{
    (void)state;
    static const uint16_t ids[] = {1, 2, 3, 4};
    maker_begin(&maker, &system_clock);
    maker_buffer(&maker, 0);
    maker_event(&maker, 2030, 3);
    maker_event(&maker, 2040, 4);
    maker_buffer(&maker, 0);
    maker_event(&maker, 2010, 1);
    maker_event(&maker, 2020, 2);
    maker_write(&maker, path);
    struct trace *trace = open_files(1);
    expect_ids(trace, ids, 4);
    trace_close(trace);
}

static void records_of_one_time_stay_as_they_lie(void **state)
{
    (void)state;
    static const uint16_t ids[] = {1, 2, 3, 4};
    maker_begin(&maker, &system_clock);
    maker_buffer(&maker, 1);
    maker_event(&maker, 2000, 1);
    maker_event(&maker, 2000, 2);
    maker_buffer(&maker, 0);
    maker_event(&maker, 2000, 3);
    maker_event(&maker, 2000, 4);
    maker_write(&maker, path);
    struct trace *trace = open_files(1);
    expect_ids(trace, ids, 4);
    trace_close(trace);
}

static void a_second_reading_gives_the_same(void **state)
{
    (void)state;
    static const uint16_t ids[] = {1, 2, 3, 4, 5, 6};
    make_three();
    maker_write(&maker, path);
    struct trace *trace = open_files(1);
    expect_ids(trace, ids, 6);
    trace_rewind(trace);
    expect_ids(trace, ids, 6);
    trace_close(trace);
}

static void files_with_other_clocks_are_merged_by_time(void **state)
{
    (void)state;
    static const uint16_t ids[] = {1, 2, 3};
    /* 3 MHz: 6 ticks are 20 of 100 ns. */
    const struct maker_clock fast = {
        .type = 1, .frequency = 3000000, .started = 2000, .origin = 500};
    maker_begin(&maker, &system_clock);
    maker_buffer(&maker, 0);
    maker_event(&maker, 2010, 1);
    maker_event(&maker, 2030, 3);
    maker_write(&maker, path);
    maker_begin(&maker, &fast);
    maker_buffer(&maker, 0);
    maker_event(&maker, 506, 2);
    maker_write(&maker, other);
    struct trace *trace = open_files(2);
    expect_ids(trace, ids, 3);
    trace_close(trace);
}

static int64_t time_of(const struct maker_clock *clock, int64_t stamp)
{
    struct etl_record record;
    maker_begin(&maker, clock);
    maker_buffer(&maker, 0);
    maker_event(&maker, stamp, 1);
    maker_write(&maker, path);
    struct trace *trace = open_files(1);
    do {
        assert_int_equal(trace_next(trace, &record), ETWAS_OK);
    } while (record.kind != ETL_EVENT);
    trace_set_time(trace, &record);
    trace_close(trace);
    return record.time;
}

static void times_are_exact_and_rounded_down(void **state)
{
    (void)state;
    const struct maker_clock odd = {
        .type = 1, .frequency = 1818300, .started = 129402940000000000, .origin = 1000};
    /* A tick is 5.4996425 of 100 ns. */
    assert_int_equal(time_of(&odd, 1001), 129402940000000005);
    assert_int_equal(time_of(&odd, 1002), 129402940000000010);
    /* Ten years of ticks: what a product of 64 bits could not hold. */
    assert_int_equal(time_of(&odd, 1000 + INT64_C(1818300) * 315360000),
                     129402940000000000 + INT64_C(3153600000000000));
    assert_int_equal(time_of(&odd, 999), 129402939999999994);
    assert_int_equal(time_of(&system_clock, 77777), 77777);
}

static void what_a_trace_says_of_itself_is_read(void **state)
{
    (void)state;
    make_three();
    maker_write(&maker, path);
    struct trace *trace = open_files(1);
    const struct trace_info *info = trace_info(trace, 0);
    assert_int_equal(info->major, 10);
    assert_int_equal(info->build, 19045);
    assert_int_equal(info->cpus, 2);
    assert_int_equal(info->events_lost, 7);
    assert_int_equal(info->buffers_lost, 3);
    assert_int_equal(info->buffers, 4);
    assert_string_equal(info->session, "s");
    assert_string_equal(info->file, "f");
    trace_close(trace);
}

static void a_last_buffer_that_is_cut_off_gives_what_is_there(void **state)
{
    (void)state;
    static const uint16_t ids[] = {1, 2, 3, 4, 5};
    make_three();
    /* The second event of the last buffer lacks its end. */
    maker.size -= MAKER_BUFFER - (72 + 88 + 40);
    maker_write(&maker, path);
    struct trace *trace = open_files(1);
    expect_ids(trace, ids, 5);
    assert_int_not_equal(damages(trace), 0);
    trace_close(trace);
}

static void zeros_at_the_end_are_no_damage(void **state)
{
    (void)state;
    static const uint16_t ids[] = {1, 2, 3, 4, 5, 6};
    make_three();
    memset(maker.data + maker.size, 0, 10000);
    maker.size += 10000;
    maker_write(&maker, path);
    struct trace *trace = open_files(1);
    expect_ids(trace, ids, 6);
    assert_int_equal(damages(trace), 0);
    trace_close(trace);
}

static void behind_a_broken_buffer_it_goes_on(void **state)
{
    (void)state;
    static const uint16_t ids[] = {1, 3, 4, 6};
    struct trace_damage damage;
    make_three();
    memset(maker.data + (size_t)2 * MAKER_BUFFER, 0xee, 600);
    maker_write(&maker, path);
    struct trace *trace = open_files(1);
    expect_ids(trace, ids, 4);
    assert_int_equal(damages(trace), 1);
    assert_true(trace_damage(trace, 0, &damage));
    assert_int_equal(damage.offset, 2 * MAKER_BUFFER);
    assert_int_equal(damage.size, MAKER_BUFFER);
    trace_close(trace);
}

static void a_broken_record_ends_its_buffer_only(void **state)
{
    (void)state;
    static const uint16_t ids[] = {1, 2, 3, 5, 6};
    struct trace_damage damage;
    make_three();
    memset(maker.data + MAKER_BUFFER + 72 + 88, 0, 16);
    maker_write(&maker, path);
    struct trace *trace = open_files(1);
    expect_ids(trace, ids, 5);
    assert_true(trace_damage(trace, 0, &damage));
    assert_int_equal(damage.offset, MAKER_BUFFER + 72 + 88);
    assert_int_equal(damage.size, 88);
    trace_close(trace);
}

/* Buffers of CPUs 0 and 1 with three events each. */
static void make_six(void)
{
    maker_begin(&maker, &system_clock);
    for (uint16_t cpu = 0; cpu < 2; cpu++) {
        maker_buffer(&maker, cpu);
        for (uint16_t i = 0; i < 3; i++) {
            maker_event(&maker, 2000 + 10 * (i + 1) + cpu, (uint16_t)(2 * i + cpu + 1));
        }
    }
}

/* The only damage is so many bytes there. */
static void expect_damage(const struct trace *trace, uint64_t offset, uint64_t size)
{
    struct trace_damage damage;
    assert_true(trace_damage(trace, 0, &damage));
    assert_int_equal(damage.offset, offset);
    assert_int_equal(damage.size, size);
    assert_false(trace_damage(trace, 1, &damage));
}

static void behind_a_broken_record_its_buffer_goes_on(void **state)
{
    (void)state;
    static const uint16_t ids[] = {1, 2, 4, 5, 6};
    make_six();
    memset(maker.data + MAKER_BUFFER + 72 + 88, 0, 40);
    maker_write(&maker, path);
    struct trace *trace = open_files(1);
    expect_ids(trace, ids, 5);
    expect_damage(trace, MAKER_BUFFER + 72 + 88, 88);
    trace_close(trace);
}

static void a_wrong_size_of_a_buffer_costs_no_event(void **state)
{
    (void)state;
    static const uint16_t ids[] = {1, 2, 3, 4, 5, 6};
    static const uint32_t sizes[] = {0, 71, 80, 2 * MAKER_BUFFER, MAKER_BUFFER + 8, UINT32_MAX};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        make_six();
        maker_u32(maker.data + MAKER_BUFFER, sizes[i]);
        maker_write(&maker, path);
        struct trace *trace = open_files(1);
        expect_ids(trace, ids, 6);
        expect_damage(trace, MAKER_BUFFER, 4);
        trace_close(trace);
    }
}

static void a_wrong_end_of_the_data_costs_no_event(void **state)
{
    (void)state;
    static const uint16_t ids[] = {1, 2, 3, 4, 5, 6};
    static const uint32_t ends[] = {71, 80, MAKER_BUFFER + 1, UINT32_MAX};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        make_six();
        maker_u32(maker.data + MAKER_BUFFER + 4, 72 + 3 * 88);
        maker_u32(maker.data + MAKER_BUFFER + 0x30, ends[i]);
        maker_write(&maker, path);
        struct trace *trace = open_files(1);
        expect_ids(trace, ids, 6);
        expect_damage(trace, MAKER_BUFFER + 0x30, 4);
        trace_close(trace);
    }
}

static void what_a_cut_took_away_is_told_once(void **state)
{
    (void)state;
    static const uint16_t ids[] = {1, 2, 3, 5};
    make_six();
    maker.size = 2 * MAKER_BUFFER + 72 + 88 + 40;
    maker_write(&maker, path);
    struct trace *trace = open_files(1);
    expect_ids(trace, ids, 4);
    expect_damage(trace, maker.size - 40, UINT64_C(2) * 88);
    trace_close(trace);
}

static void what_is_no_trace_is_refused(void **state)
{
    (void)state;
    const char *const paths[] = {path};
    struct trace *trace = NULL;
    struct etwas_error error;
    size_t failed = 9;
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    (void)fputs("This is no trace, but long enough to have the header of a buffer: "
                "0123456789012345678901234567890123456789",
                file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(trace_open(paths, 1, &trace, &failed, &error), ETWAS_MALFORMED);
    assert_int_equal(failed, 0);
    assert_null(trace);
    (void)remove(path);
    assert_int_equal(trace_open(paths, 1, &trace, &failed, &error), ETWAS_NOT_FOUND);
}

/* The sanitizers watch; whatever is broken, it ends. */
static void any_byte_may_be_wrong(void **state)
{
    (void)state;
    static struct maker kept;
    make_three();
    kept = maker;
    for (size_t i = 0; i < kept.size;
         i += i < (size_t)3 * MAKER_BUFFER && i % MAKER_BUFFER < 300 ? 7 : 401) {
        const char *const paths[] = {path};
        struct trace *trace = NULL;
        struct etwas_error error;
        uint16_t ids[256];
        size_t failed = 0;
        maker = kept;
        maker_u32(maker.data + maker.buffer + 0x30, (uint32_t)(maker.at - maker.buffer));
        maker.data[i] ^= 0xff;
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        assert_int_equal(fwrite(maker.data, 1, maker.size, file), maker.size);
        assert_int_equal(fclose(file), 0);
        if (trace_open(paths, 1, &trace, &failed, &error) == ETWAS_OK) {
            assert_true(read_ids(trace, ids, 256) <= 6);
        }
        trace_close(trace);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_of_all_cpus_come_in_time_order),
        cmocka_unit_test(a_file_that_wrapped_comes_in_time_order),
        cmocka_unit_test(records_of_one_time_stay_as_they_lie),
        cmocka_unit_test(a_second_reading_gives_the_same),
        cmocka_unit_test(files_with_other_clocks_are_merged_by_time),
        cmocka_unit_test(times_are_exact_and_rounded_down),
        cmocka_unit_test(what_a_trace_says_of_itself_is_read),
        cmocka_unit_test(a_last_buffer_that_is_cut_off_gives_what_is_there),
        cmocka_unit_test(zeros_at_the_end_are_no_damage),
        cmocka_unit_test(behind_a_broken_buffer_it_goes_on),
        cmocka_unit_test(a_broken_record_ends_its_buffer_only),
        cmocka_unit_test(behind_a_broken_record_its_buffer_goes_on),
        cmocka_unit_test(a_wrong_size_of_a_buffer_costs_no_event),
        cmocka_unit_test(a_wrong_end_of_the_data_costs_no_event),
        cmocka_unit_test(what_a_cut_took_away_is_told_once),
        cmocka_unit_test(what_is_no_trace_is_refused),
        cmocka_unit_test(any_byte_may_be_wrong),
    };
    return cmocka_run_group_tests(tests, name_files, remove_files);
}

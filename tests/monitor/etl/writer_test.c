/* SPDX-License-Identifier: MIT */
#include "monitor/etl/writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/etl/trace.h"
#include "tests/check.h"
#include "tests/monitor/etl/memory_file.h"

#define START INT64_C(134000000000000000)

static struct memory_file file;
static struct etl_writer *writer;
static struct etwas_error error;
static char path[64];

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(path, sizeof path, "etl_writer_test_%d.etl", rand());
    memory_file_open(&file);
    const struct etl_writer_options options = {.session = "S\xc3\xa4ssion", .file = "f.etl"};
    return etl_writer_open(&file.output, &options, &writer, &error) != ETWAS_OK;
}

static int tear_down(void **state)
{
    (void)state;
    etl_writer_close(writer);
    memory_file_close(&file);
    (void)remove(path);
    return 0;
}

static const uint8_t guid[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

static void put(int64_t time, uint32_t cpu, uint16_t id, size_t size)
{
    static const uint8_t payload[ETL_WRITER_BUFFER] = {0x5a};
    const struct etl_record record = {.time = time,
                                      .cpu = cpu,
                                      .process_id = 11,
                                      .thread_id = 22,
                                      .provider_id = guid,
                                      .activity_id = guid,
                                      .keywords = UINT64_C(0x8000000000000001),
                                      .id = id,
                                      .task = 3,
                                      .version = 4,
                                      .channel = 5,
                                      .level = 6,
                                      .opcode = 7,
                                      .payload = payload,
                                      .payload_size = size};
    assert_int_equal(etl_writer_put(writer, &record, &error), ETWAS_OK);
}

static struct trace *reopened(void)
{
    const char *const paths[] = {path};
    struct trace *trace = NULL;
    size_t failed = 0;
    memory_file_save(&file, path);
    assert_int_equal(trace_open(paths, 1, &trace, &failed, &error), ETWAS_OK);
    return trace;
}

/* The next record that is not the trace's own; false at the end. */
static bool next(struct trace *trace, struct etl_record *record)
{
    enum etwas_status status = ETWAS_AGAIN;
    while (status == ETWAS_AGAIN || (status == ETWAS_OK && record->kind == ETL_SYSTEM)) {
        trace_advance(trace);
        status = trace_next(trace, record);
    }
    assert_true(status == ETWAS_OK || status == ETWAS_CLOSED);
    if (status == ETWAS_OK) {
        trace_set_time(trace, record);
    }
    return status == ETWAS_OK;
}

static void expect_whole(const struct trace *trace)
{
    struct trace_damage damage;
    assert_false(trace_damage(trace, 0, &damage));
}

static void a_record_comes_back_as_it_was(void **state)
{
    (void)state;
    struct etl_record record;
    put(START + 7, 3, 99, 5);
    assert_int_equal(etl_writer_finish(writer, &error), ETWAS_OK);
    struct trace *trace = reopened();
    assert_true(next(trace, &record));
    assert_int_equal(record.kind, ETL_EVENT);
    assert_true(record.time == START + 7);
    assert_int_equal(record.cpu, 3);
    assert_int_equal(record.process_id, 11);
    assert_int_equal(record.thread_id, 22);
    assert_memory_equal(record.provider_id, guid, sizeof guid);
    assert_memory_equal(record.activity_id, guid, sizeof guid);
    assert_true(record.keywords == UINT64_C(0x8000000000000001));
    assert_int_equal(record.id, 99);
    assert_int_equal(record.task, 3);
    assert_int_equal(record.version, 4);
    assert_int_equal(record.channel, 5);
    assert_int_equal(record.level, 6);
    assert_int_equal(record.opcode, 7);
    assert_int_equal(record.payload_size, 5);
    assert_int_equal(record.payload[0], 0x5a);
    assert_false(next(trace, &record));
    expect_whole(trace);
    trace_close(trace);
}

static void the_first_buffer_tells_of_the_trace(void **state)
{
    (void)state;
    put(START, 0, 1, 0);
    put(START + 5000, 6, 2, 0);
    assert_int_equal(etl_writer_finish(writer, &error), ETWAS_OK);
    struct trace *trace = reopened();
    const struct trace_info *info = trace_info(trace, 0);
    assert_string_equal(info->session, "S\xc3\xa4ssion");
    assert_string_equal(info->file, "f.etl");
    assert_int_equal(info->cpus, 7);
    assert_int_equal(info->clock, 2);
    assert_true(info->started == START);
    assert_true(info->ended == START + 5000);
    assert_int_equal(info->buffers, 3);
    assert_int_equal(info->pointer_size, 8);
    trace_close(trace);
}

static void what_was_lost_is_in_the_head(void **state)
{
    (void)state;
    put(1000, 0, 1, 8);
    etl_writer_lost(writer, 3);
    etl_writer_lost(writer, 4);
    assert_int_equal(etl_writer_finish(writer, &error), ETWAS_OK);
    struct trace *trace = reopened();
    assert_int_equal(trace_info(trace, 0)->events_lost, 7);
    trace_close(trace);
    etl_writer_lost(writer, UINT64_MAX);
    assert_int_equal(etl_writer_finish(writer, &error), ETWAS_OK);
    trace = reopened();
    assert_int_equal(trace_info(trace, 0)->events_lost, UINT32_MAX);
    trace_close(trace);
}

static void each_of_many_cpus_fills_a_buffer(void **state)
{
    (void)state;
    enum { CPUS = 400, ROUNDS = 4 };
    const struct etl_writer_options options = {
        .session = "S", .file = "f.etl", .buffer_size = 4096};
    etl_writer_close(writer);
    memory_file_close(&file);
    memory_file_open(&file);
    assert_int_equal(etl_writer_open(&file.output, &options, &writer, &error), ETWAS_OK);
    for (uint32_t i = 0; i < CPUS * ROUNDS; i++) {
        put(1000 + i, i % CPUS, (uint16_t)i, 8);
    }
    assert_int_equal(etl_writer_finish(writer, &error), ETWAS_OK);
    struct trace *trace = reopened();
    const struct trace_info *info = trace_info(trace, 0);
    assert_int_equal(info->cpus, CPUS);
    assert_int_equal(info->buffers, 1 + CPUS);
    trace_close(trace);
}

/* Several CPUs, times that go back, records of all sizes. */
static void many_records_come_back_in_the_order_of_time(void **state)
{
    (void)state;
    enum { COUNT = 2000 };
    struct etl_record record;
    for (int i = 0; i < COUNT; i++) {
        /* Each seventh is late by more than its neighbours. */
        const int64_t time = START + (i % 7 == 0 ? i - 5 : i) * INT64_C(10);
        put(time, (uint32_t)i % 12, (uint16_t)i, (size_t)i * 37 % 900);
    }
    assert_int_equal(etl_writer_finish(writer, &error), ETWAS_OK);
    struct trace *trace = reopened();
    static bool seen[COUNT];
    memset(seen, 0, sizeof seen);
    int64_t last = 0;
    size_t count = 0;
    while (next(trace, &record)) {
        assert_true(record.time >= last);
        assert_false(seen[record.id]);
        assert_int_equal(record.cpu, record.id % 12);
        assert_int_equal(record.payload_size, record.id * 37 % 900);
        seen[record.id] = true;
        last = record.time;
        count++;
    }
    assert_int_equal(count, COUNT);
    expect_whole(trace);
    trace_close(trace);
}

static void the_longest_record_fits_and_none_longer(void **state)
{
    (void)state;
    const size_t most = ETL_WRITER_BUFFER - 72 - 80;
    struct etl_record record = {.payload_size = most + 1};
    assert_int_equal(etl_writer_put(writer, &record, &error), ETWAS_TOO_BIG);
    record = (struct etl_record){.payload_size = 1, .extended_size = most};
    assert_int_equal(etl_writer_put(writer, &record, &error), ETWAS_TOO_BIG);
    put(START, 0, 1, most);
    put(START, 0, 2, 0);
    assert_int_equal(etl_writer_finish(writer, &error), ETWAS_OK);
    struct trace *trace = reopened();
    assert_true(next(trace, &record));
    assert_int_equal(record.payload_size, most);
    assert_true(next(trace, &record));
    expect_whole(trace);
    trace_close(trace);
}

/* After each flush the file is whole, as if the program had been killed there. */
static void what_was_flushed_can_be_read_without_an_end(void **state)
{
    (void)state;
    for (uint16_t i = 0; i < 20; i++) {
        struct etl_record record;
        uint16_t count = 0;
        put(START + i, i % 3, i, 4000);
        assert_int_equal(etl_writer_flush(writer, &error), ETWAS_OK);
        struct trace *trace = reopened();
        while (next(trace, &record)) {
            assert_int_equal(record.id, count);
            count++;
        }
        assert_int_equal(count, i + 1);
        expect_whole(trace);
        trace_close(trace);
    }
}

static void an_empty_trace_is_one(void **state)
{
    (void)state;
    struct etl_record record;
    struct trace *trace = reopened(); /* nothing was flushed */
    assert_false(next(trace, &record));
    expect_whole(trace);
    trace_close(trace);
}

static void a_full_disk_is_said_at_each_write(void **state)
{
    (void)state;
    const struct etl_record record = {.time = START};
    file.writes_left = 1;
    assert_int_equal(etl_writer_put(writer, &record, &error), ETWAS_OK);
    assert_int_equal(etl_writer_flush(writer, &error), ETWAS_SYSTEM);
    assert_int_equal(error.os_code, 28);
    const struct etl_writer_options options = {.session = "s", .file = "f"};
    struct etl_writer *none = NULL;
    assert_int_equal(etl_writer_open(&file.output, &options, &none, &error), ETWAS_SYSTEM);
    assert_null(none);
}

static void long_and_broken_names_are_cut(void **state)
{
    (void)state;
    char name[2048];
    struct memory_file other;
    struct etl_writer *made = NULL;
    memset(name, 'a', sizeof name);
    memcpy(name, "\xff\xf0\x9f\x98\x80\xed\xa0\x80", 8);
    name[sizeof name - 1] = 0;
    memory_file_open(&other);
    const struct etl_writer_options options = {.session = name, .file = name, .buffer_size = 4096};
    assert_int_equal(etl_writer_open(&other.output, &options, &made, &error), ETWAS_OK);
    assert_int_equal(other.size, 4096);
    memory_file_save(&other, path);
    const char *const paths[] = {path};
    struct trace *trace = NULL;
    size_t failed = 0;
    assert_int_equal(trace_open(paths, 1, &trace, &failed, &error), ETWAS_OK);
    assert_int_equal(
        strncmp(trace_info(trace, 0)->session, "\xef\xbf\xbd\xf0\x9f\x98\x80\xef\xbf\xbd", 10), 0);
    trace_close(trace);
    etl_writer_close(made);
    memory_file_close(&other);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(what_was_lost_is_in_the_head),
        CLAIM(each_of_many_cpus_fills_a_buffer),
        CLAIM(a_record_comes_back_as_it_was),
        CLAIM(the_first_buffer_tells_of_the_trace),
        CLAIM(many_records_come_back_in_the_order_of_time),
        CLAIM(the_longest_record_fits_and_none_longer),
        CLAIM(what_was_flushed_can_be_read_without_an_end),
        CLAIM(an_empty_trace_is_one),
        CLAIM(a_full_disk_is_said_at_each_write),
        CLAIM(long_and_broken_names_are_cut),
    };
    return cmocka_run_group_tests_name("monitor.etl.writer", tests, NULL, NULL);
}

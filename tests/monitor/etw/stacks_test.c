/* SPDX-License-Identifier: MIT */
#include "monitor/etw/stacks.h"

#include <stdio.h>
#include <string.h>

#include "monitor/etl/trace.h"
#include "tests/check.h"
#include "tests/monitor/etl/maker.h"

enum {
    SYSTEM_HEAD = 32,
    EVENT_HEAD = 80,
    PROCESS = 22,
    THREAD = 11, /* as maker_event() has them */
    RECORD = 512,
    TEXT = 512,
};

static const char path[] = "stacks_test.etl";
static const uint8_t clr_id[] = {0x23, 0x0d, 0x3c, 0xe1, 0xbc, 0xcc, 0x12, 0x4e,
                                 0x93, 0x1b, 0xd9, 0xcc, 0x2e, 0xee, 0x27, 0xe4};
static struct maker maker;

static int begin(void **state)
{
    const struct maker_clock clock = {.type = 2, .frequency = 10000000, .started = 1, .origin = 1};
    (void)state;
    maker_begin(&maker, &clock);
    return 0;
}

static int end(void **state)
{
    (void)state;
    (void)remove(path);
    return 0;
}

/* A kernel record of a 64-bit system. */
static void kernel(uint16_t hook, int64_t stamp, const uint8_t *payload, size_t size)
{
    uint8_t record[RECORD] = {2, 0, 2, 0xc0};
    maker_u16(record + 4, (uint16_t)(SYSTEM_HEAD + size));
    maker_u16(record + 6, hook);
    maker_u64(record + 16, (uint64_t)stamp);
    memcpy(record + SYSTEM_HEAD, payload, size);
    maker_record(&maker, record, SYSTEM_HEAD + size);
}

/* Whose stack it is. */
struct owner {
    int64_t stamp;
    uint32_t thread;
};

static void stack(uint16_t hook, int64_t stamp, const struct owner *owner, uint64_t one,
                  uint64_t two)
{
    uint8_t payload[32];
    maker_u64(payload, (uint64_t)owner->stamp);
    maker_u32(payload + 8, PROCESS);
    maker_u32(payload + 12, owner->thread);
    maker_u64(payload + 16, one);
    maker_u64(payload + 24, two);
    kernel(hook, stamp, payload, two != 0 ? 32 : 24);
}

static void key(int64_t stamp, uint64_t name, uint64_t one, uint64_t two)
{
    uint8_t payload[24];
    maker_u64(payload, name);
    maker_u64(payload + 8, one);
    maker_u64(payload + 16, two);
    kernel(0x1824, stamp, payload, sizeof payload);
}

static void image(int64_t stamp, uint32_t process, uint64_t base, const char *name)
{
    uint8_t payload[56 + 64] = {0};
    maker_u64(payload, base);
    maker_u64(payload + 8, 0x1000);
    maker_u32(payload + 16, process);
    for (size_t i = 0; name[i] != '\0'; i++) {
        payload[56 + 2 * i] = (uint8_t)name[i];
    }
    kernel(0x1404, stamp, payload, 56 + 2 * strlen(name) + 2);
}

static void runtime(int64_t stamp, uint16_t id, const uint8_t *payload, size_t size)
{
    uint8_t record[RECORD] = {0};
    maker_u16(record, (uint16_t)(EVENT_HEAD + size));
    record[2] = 19;
    record[3] = 0xc0;
    maker_u32(record + 8, THREAD);
    maker_u32(record + 12, PROCESS);
    maker_u64(record + 16, (uint64_t)stamp);
    memcpy(record + 24, clr_id, sizeof clr_id);
    maker_u16(record + 40, id);
    memcpy(record + EVENT_HEAD, payload, size);
    maker_record(&maker, record, EVENT_HEAD + size);
}

static void append(char *text, const struct value *value)
{
    const size_t at = strlen(text);
    if (value->type == VALUE_TEXT) {
        (void)snprintf(text + at, TEXT - at, "%.*s ", (int)value->as.text.size,
                       value->as.text.data);
    } else {
        assert_int_equal(value->type, VALUE_HEX);
        (void)snprintf(text + at, TEXT - at, "0x%llx ", (unsigned long long)value->as.u);
    }
}

/* "stamp: frame frame ; ..." of all records that have a stack. */
static const char *stacks_of_all(void)
{
    static char text[TEXT];
    const char *paths[] = {path};
    struct trace *trace = NULL;
    struct stacks *stacks = NULL;
    struct etwas_error error;
    struct etl_record record;
    size_t failed = 0;
    struct arena *arena = arena_open((size_t)1024 * 1024);
    text[0] = '\0';
    maker_write(&maker, path);
    assert_non_null(arena);
    assert_int_equal(trace_open(paths, 1, &trace, &failed, &error), ETWAS_OK);
    assert_int_equal(stacks_open(paths, 1, &stacks, &error), ETWAS_OK);
    while (trace_next(trace, &record) == ETWAS_OK) {
        stacks_pass(stacks);
        const struct value found = stacks_find(stacks, &record, arena);
        if (found.type == VALUE_ARRAY) {
            (void)snprintf(text + strlen(text), TEXT - strlen(text), "%d: ", (int)record.stamp);
            for (size_t i = 0; i < found.as.array.count; i++) {
                append(text, &found.as.array.items[i]);
            }
        }
        trace_advance(trace);
    }
    stacks_close(stacks);
    trace_close(trace);
    arena_close(arena);
    return text;
}

static void stacks_join_their_event_with_modules_that_come_last(void **state)
{
    (void)state;
    const struct owner owner = {1000, THREAD};
    maker_event(&maker, 1000, 1);
    stack(0x1820, 1010, &owner, UINT64_C(0xfffff80000000020), 0xdead);
    stack(0x1820, 1020, &owner, 0x70000010, 0);
    image(1030, PROCESS, 0x70000000, "\\Device\\a.dll");
    image(1030, 4, UINT64_C(0xfffff80000000000), "ntoskrnl.exe");
    image(1030, 99, 0xd000, "other.dll");
    assert_string_equal(stacks_of_all(), "1000: ntoskrnl.exe+0x20 0xdead a.dll+0x10 ");
}

static void stacks_of_another_thread_or_time_stay_away(void **state)
{
    (void)state;
    const struct owner thread = {1000, THREAD + 1};
    const struct owner time = {1001, THREAD};
    maker_event(&maker, 1000, 1);
    stack(0x1820, 1010, &thread, 0x10, 0);
    stack(0x1820, 1020, &time, 0x10, 0);
    assert_string_equal(stacks_of_all(), "");
}

static void keys_stand_for_the_stack_that_is_told_next(void **state)
{
    (void)state;
    const struct owner first = {1000, THREAD};
    const struct owner second = {2000, THREAD};
    maker_event(&maker, 1000, 1);
    stack(0x1825, 1010, &first, 0x99, 0);
    key(1500, 0x99, 0x1, 0x2);
    maker_event(&maker, 2000, 1);
    stack(0x1826, 2010, &second, 0x99, 0);
    key(2500, 0x99, 0x3, 0x4);
    assert_string_equal(stacks_of_all(), "1000: 0x1 0x2 2000: 0x3 0x4 ");
}

static void a_runtime_s_stack_belongs_to_its_event_before(void **state)
{
    (void)state;
    uint8_t frames[24] = {0};
    maker_u32(frames + 4, 2);
    maker_u64(frames + 8, 0x70000001);
    maker_u64(frames + 16, 0x2);
    image(900, PROCESS, 0x70000000, "clr.dll");
    runtime(1000, 10, frames, 0);
    maker_event(&maker, 1005, 1);
    runtime(1010, 82, frames, sizeof frames);
    assert_string_equal(stacks_of_all(), "1000: clr.dll+0x1 0x2 ");
}

static void a_count_that_claims_more_frames_takes_those_there_are(void **state)
{
    (void)state;
    uint8_t frames[16] = {0};
    maker_u32(frames + 4, UINT32_MAX);
    maker_u64(frames + 8, 0x5);
    runtime(1000, 10, frames, 0);
    runtime(1010, 82, frames, sizeof frames);
    assert_string_equal(stacks_of_all(), "1000: 0x5 ");
}

static void short_records_are_no_stacks(void **state)
{
    (void)state;
    static const uint8_t zeros[24];
    maker_event(&maker, 0, 1);
    for (uint16_t hook = 0x1820; hook <= 0x1826; hook++) {
        maker_buffer(&maker, 0);
        for (size_t size = 0; size < sizeof zeros; size++) {
            kernel(hook, 10, zeros, size);
        }
    }
    assert_string_equal(stacks_of_all(), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(stacks_join_their_event_with_modules_that_come_last, begin,
                                        end),
        cmocka_unit_test_setup_teardown(stacks_of_another_thread_or_time_stay_away, begin, end),
        cmocka_unit_test_setup_teardown(keys_stand_for_the_stack_that_is_told_next, begin, end),
        cmocka_unit_test_setup_teardown(a_runtime_s_stack_belongs_to_its_event_before, begin, end),
        cmocka_unit_test_setup_teardown(a_count_that_claims_more_frames_takes_those_there_are,
                                        begin, end),
        cmocka_unit_test_setup_teardown(short_records_are_no_stacks, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "monitor/etl/record.h"

#include "ipc/store.h"
#include "tests/check.h"

/* Records as EVENT_TRACE_HEADER and EVENT_INSTANCE_HEADER (evntrace.h) lay them out. */
enum {
    TYPE_FULL64 = 20,
    TYPE_INSTANCE64 = 21,
    FULL = 48,
    INSTANCE = 56,
    PAYLOAD = 8,
};

static uint8_t data[INSTANCE + PAYLOAD];

/* What both kinds have in the same place; every other byte is told from its neighbours. */
static void make(uint8_t type, size_t header)
{
    for (size_t i = 0; i < sizeof data; i++) {
        data[i] = (uint8_t)(0x80 + i);
    }
    store_u16(data, (uint16_t)(header + PAYLOAD));
    data[2] = type;
    data[3] = 0xC0;
    store_u32(data + 8, 81);
    store_u32(data + 12, 82);
    store_u64(data + 16, 123456789);
    store_u64(data + 40, 4242);
}

static void read_it(size_t header, struct etl_record *record)
{
    size_t taken = 0;
    assert_int_equal(etl_record_read(data, header + PAYLOAD, record, &taken), ETWAS_OK);
    assert_int_equal(taken, header + PAYLOAD);
    assert_int_equal(record->thread_id, 81);
    assert_int_equal(record->process_id, 82);
    assert_int_equal(record->stamp, 123456789);
    assert_int_equal(record->processor_time, 4242);
    assert_ptr_equal(record->payload, data + header);
    assert_int_equal(record->payload_size, PAYLOAD);
}

static void a_full_header_has_its_provider_behind_the_stamp(void **state)
{
    (void)state;
    struct etl_record record;
    make(TYPE_FULL64, FULL);
    read_it(FULL, &record);
    assert_int_equal(record.kind, ETL_FULL);
    assert_ptr_equal(record.provider_id, data + 24);
}

static void an_instance_header_ends_with_its_parent_s_handle(void **state)
{
    (void)state;
    struct etl_record record;
    make(TYPE_INSTANCE64, INSTANCE);
    store_u32(data + 32, 7);
    store_u32(data + 36, 8);
    read_it(INSTANCE, &record);
    assert_int_equal(record.kind, ETL_INSTANCE);
    assert_int_equal(record.instance_id, 7);
    assert_int_equal(record.parent_instance_id, 8);
}

static void a_header_that_is_cut_is_none(void **state)
{
    (void)state;
    struct etl_record record;
    size_t taken = 0;
    make(TYPE_INSTANCE64, INSTANCE);
    for (size_t size = 0; size < INSTANCE; size++) {
        assert_int_not_equal(etl_record_read(data, size, &record, &taken), ETWAS_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_header_has_its_provider_behind_the_stamp),
        cmocka_unit_test(an_instance_header_ends_with_its_parent_s_handle),
        cmocka_unit_test(a_header_that_is_cut_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

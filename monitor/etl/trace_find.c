/* SPDX-License-Identifier: MIT */
#include "ipc/load.h"
#include "monitor/etl/trace_parts.h"

/*
 * Finds records again where something is broken. A record says little of itself, so a place counts
 * only when several follow one another there, their times in order, or the last one ends where its
 * buffer ends.
 */
enum {
    ALIGNMENT = 8,
    SMALLEST = 8,
    ENOUGH = 3, /* records in a row */
};

/* Windows fills a buffer up with 0xff. */
static bool is_end(const uint8_t *data, size_t size, size_t at)
{
    return at >= size || size - at < SMALLEST || load_u32(data + at) == UINT32_MAX;
}

size_t trace_chain(const uint8_t *data, size_t size, size_t at)
{
    struct etl_record record;
    int64_t last = INT64_MIN;
    size_t taken = 0;
    size_t count = 0;
    while (count < ENOUGH && !is_end(data, size, at)) {
        if (etl_record_read(data + at, size - at, &record, &taken) != ETWAS_OK ||
            record.kind == ETL_UNKNOWN || (record.stamp != 0 && record.stamp < last)) {
            return 0;
        }
        last = record.stamp != 0 ? record.stamp : last;
        at += taken;
        count++;
    }
    return count;
}

size_t trace_find_record(const uint8_t *data, size_t size, size_t from)
{
    size_t at = (from + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    while (at < size && trace_chain(data, size, at) == 0) {
        at += ALIGNMENT;
    }
    return at < size ? at : size;
}

size_t trace_end_of_records(const uint8_t *data, size_t size, size_t at)
{
    struct etl_record record;
    size_t end = at;
    while (at < size) {
        size_t taken = 0;
        if (etl_record_read(data + at, size - at, &record, &taken) == ETWAS_OK) {
            at += taken;
            end = at;
        } else {
            at = trace_find_record(data, size, at + 1);
        }
    }
    return end;
}

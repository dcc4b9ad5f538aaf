/* SPDX-License-Identifier: MIT */
#include "monitor/etl/trace_parts.h"

/*
 * Behind something that is no record: the place where records go on. They begin at multiples of
 * eight bytes, and their stamps do not fall, so a few of them in a row, or all that are left, are
 * taken for records and not for what looks like some.
 */
enum { ALIGNMENT = 8, IN_A_ROW = 4, LEAST = 8 };

static size_t aligned(size_t offset)
{
    return (offset + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

/* Are there records from `at` on? */
static bool are_records(const struct trace *trace, const struct run *run,
                        const struct trace_bytes *bytes, size_t at)
{
    int64_t last = run->first;
    size_t count = 0;
    while (count < IN_A_ROW && at < bytes->size && bytes->size - at >= LEAST) {
        struct etl_record record;
        size_t taken = 0;
        int64_t stamp = 0;
        if (etl_record_read(bytes->data + at, bytes->size - at, &record, &taken) != ETWAS_OK ||
            !trace_peek(bytes->data + at, bytes->size - at, &stamp)) {
            return false;
        }
        const int64_t key = trace_key(trace, run->file, stamp);
        if (key < last) {
            return false;
        }
        last = key;
        at += taken;
        count++;
    }
    return count > 0;
}

size_t trace_resync(const struct trace *trace, const struct run *run,
                    const struct trace_bytes *bytes)
{
    for (size_t at = aligned((size_t)run->at + 1); at < bytes->size; at += ALIGNMENT) {
        if (are_records(trace, run, bytes, at)) {
            return at;
        }
    }
    return bytes->size;
}

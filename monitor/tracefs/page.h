/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_TRACEFS_PAGE_H
#define ETWAS_MONITOR_TRACEFS_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/load.h"

/*
 * Walks the records of a block: one or more sub-buffers of one CPU's ring as
 * read from trace_pipe_raw, each cut to what it holds and, but for the last,
 * filled up to a multiple of 8 bytes:
 *
 *   u64 time of the page
 *   u64 commit: bits 0-29 length of the events, bit 30: a u64 count of missed
 *       events follows them, bit 31: events were missed before this page; the
 *       bits above are zeros or, with bit 31, all ones
 *   events: u32 header, type in bits 0-4, time delta (ns) in bits 5-31
 *       1-28  4 * type bytes of data
 *       0     u32 length (4 more than that of the data, which follows)
 *       29    padding: delta 0 ends the page, else a discarded event with a u32
 *             length of all that follows the header
 *       30    time extension: u32 with the upper bits of the delta
 *       31    absolute time: as 30, its top 5 bits are those of the time before
 *
 * (Layout: `events/header_page` and `header_event`; the kernel's ring_buffer.c.)
 *
 * The walk borrows the block and so do its records. Bytes that break the layout
 * end the walk and leave `malformed` set.
 */
struct record {
    uint64_t time_ns; /* of the trace clock */
    const uint8_t *data;
    uint32_t size;
};

struct page_walk {
    const uint8_t *at;
    const uint8_t *end;  /* of this page's events */
    const uint8_t *next; /* page */
    const uint8_t *limit;
    uint64_t time_ns;
    uint64_t missed;        /* events the kernel counted as overwritten */
    uint64_t missed_events; /* pages that follow a gap of unknown size */
    bool malformed;
};

void page_walk_init(struct page_walk *walk, const void *data, size_t size);

/* The rarer kinds of events, the next page, the end. False: there is no more. */
bool page_walk_slow(struct page_walk *walk, struct record *record);

static inline bool page_walk_next(struct page_walk *walk, struct record *record)
{
    const size_t left = (size_t)(walk->end - walk->at);
    if (left < 8) {
        return page_walk_slow(walk, record);
    }
    const uint32_t header = load_u32(walk->at);
    const uint32_t size = (header & 31U) * 4U;
    if (size - 1U >= 28U * 4U || size > left - 4U) {
        return page_walk_slow(walk, record);
    }
    walk->time_ns += header >> 5;
    record->time_ns = walk->time_ns;
    record->data = walk->at + 4;
    record->size = size;
    walk->at += 4U + size;
    return true;
}

#endif

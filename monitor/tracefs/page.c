/* SPDX-License-Identifier: MIT */
#include "monitor/tracefs/page.h"

enum {
    PAGE_HEADER = 16,
    PAGE_ALIGNMENT = 8,
    TYPE_LONG_DATA = 0,
    TYPE_LONGEST_SHORT = 28,
    TYPE_PADDING = 29,
    TYPE_TIME_EXTEND = 30,
    TYPE_TIME_ABSOLUTE = 31,
    DELTA_SHIFT = 5,
    DELTA_BITS = 27,
    ABSOLUTE_BITS = 59,
};

#define COMMIT_LENGTH        UINT64_C(0x3fffffff)
#define COMMIT_COUNT_FOLLOWS (UINT64_C(1) << 30)
#define COMMIT_MISSED        (UINT64_C(1) << 31)
/* The kernel adds bit 31 as a negative int: all bits above it come along. */
#define COMMIT_MISSED_SIGN (UINT64_C(0xffffffff) << 32 | COMMIT_MISSED)

void page_walk_init(struct page_walk *walk, const void *data, size_t size)
{
    const uint8_t *start = data;
    *walk = (struct page_walk){.at = start, .end = start, .next = start, .limit = start + size};
}

static bool stop(struct page_walk *walk, bool malformed)
{
    walk->malformed = walk->malformed || malformed;
    walk->at = walk->end = walk->next = walk->limit;
    return false;
}

static bool next_page(struct page_walk *walk)
{
    const size_t left = (size_t)(walk->limit - walk->next);
    if (left == 0) {
        return stop(walk, false);
    }
    if (left < PAGE_HEADER) {
        return stop(walk, true);
    }
    const uint64_t commit = load_u64(walk->next + 8);
    const uint64_t length = commit & COMMIT_LENGTH;
    const uint64_t count = (commit & COMMIT_COUNT_FOLLOWS) != 0 ? 8 : 0;
    const bool sane = commit >> 32 == 0 || (commit & COMMIT_MISSED_SIGN) == COMMIT_MISSED_SIGN;
    if (!sane || length + count > left - PAGE_HEADER) {
        return stop(walk, true);
    }
    walk->time_ns = load_u64(walk->next);
    walk->at = walk->next + PAGE_HEADER;
    walk->end = walk->at + length;
    if (count != 0) {
        walk->missed += load_u64(walk->end);
    } else if ((commit & COMMIT_MISSED) != 0) {
        walk->missed_events++;
    }
    const size_t used =
        (size_t)(PAGE_HEADER + length + count + PAGE_ALIGNMENT - 1) & ~(size_t)(PAGE_ALIGNMENT - 1);
    walk->next = used < left ? walk->next + used : walk->limit;
    return true;
}

/*
 * Times are kept in 59 bits. Those on top come from the time before, which may
 * just have gone over.
 */
static uint64_t absolute_time(uint64_t before, uint64_t low)
{
    const uint64_t high = before >> ABSOLUTE_BITS << ABSOLUTE_BITS;
    const uint64_t time = high | low;
    return high != 0 && time < before ? time + (UINT64_C(1) << ABSOLUTE_BITS) : time;
}

static bool long_record(struct page_walk *walk, uint32_t delta, struct record *record)
{
    const size_t left = (size_t)(walk->end - walk->at);
    const uint32_t length = load_u32(walk->at + 4);
    if (length < 4 || length > left - 4) {
        return stop(walk, true);
    }
    walk->time_ns += delta;
    *record = (struct record){walk->time_ns, walk->at + 8, length - 4};
    const size_t padded = 4 + (((size_t)length + 3) & ~(size_t)3);
    walk->at += padded < left ? padded : left;
    return true;
}

/*
 * A discarded event still counts its delta, for the one after it was measured
 * from there. The kernel makes a delta of 0 into 1 when it discards, to tell it
 * from the padding at the end of a page; so 1 means 0.
 */
static bool skip_discarded(struct page_walk *walk, uint32_t delta)
{
    const size_t left = (size_t)(walk->end - walk->at);
    if (delta == 0) {
        walk->at = walk->end;
        return true;
    }
    const uint32_t length = left < 8 ? UINT32_MAX : load_u32(walk->at + 4);
    if (length > left - 4) {
        return stop(walk, true);
    }
    walk->time_ns += delta == 1 ? 0 : delta;
    walk->at += 4 + (size_t)length;
    return true;
}

static bool short_record(struct page_walk *walk, uint32_t header, struct record *record)
{
    const uint32_t size = (header & 31U) * 4U;
    if (size > (size_t)(walk->end - walk->at) - 4) {
        return stop(walk, true);
    }
    walk->time_ns += header >> DELTA_SHIFT;
    *record = (struct record){walk->time_ns, walk->at + 4, size};
    walk->at += 4 + (size_t)size;
    return true;
}

/* Goes over one event that is not at the end of its page. */
static bool step(struct page_walk *walk, struct record *record, bool *found)
{
    const size_t left = (size_t)(walk->end - walk->at);
    if (left < 4) {
        return stop(walk, true);
    }
    const uint32_t header = load_u32(walk->at);
    const uint32_t type = header & 31U;
    const uint32_t delta = header >> DELTA_SHIFT;
    if (type == TYPE_PADDING) {
        return skip_discarded(walk, delta);
    }
    if (left < 8) {
        return stop(walk, true);
    }
    if (type <= TYPE_LONGEST_SHORT) {
        *found = type == TYPE_LONG_DATA ? long_record(walk, delta, record)
                                        : short_record(walk, header, record);
        return *found;
    }
    const uint64_t time = ((uint64_t)load_u32(walk->at + 4) << DELTA_BITS) + delta;
    walk->time_ns =
        type == TYPE_TIME_EXTEND ? walk->time_ns + time : absolute_time(walk->time_ns, time);
    walk->at += 8;
    return true;
}

bool page_walk_slow(struct page_walk *walk, struct record *record)
{
    bool found = false;
    while (!found) {
        const bool more = walk->at == walk->end ? next_page(walk) : step(walk, record, &found);
        if (!more) {
            return false;
        }
    }
    return true;
}

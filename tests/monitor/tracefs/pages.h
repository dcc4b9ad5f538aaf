/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_TESTS_MONITOR_TRACEFS_PAGES_H
#define ETWAS_TESTS_MONITOR_TRACEFS_PAGES_H

#include <assert.h>
#include <stdint.h>
#include <string.h>

/* Writes ring-buffer pages for tests, in a fixed room. */
struct pages {
    uint8_t data[8192];
    size_t size;
    size_t page; /* where the last page starts */
};

static inline void pages_put(struct pages *pages, uint64_t value, size_t size)
{
    assert(size <= sizeof pages->data - pages->size);
    memcpy(pages->data + pages->size, &value, size);
    pages->size += size;
}

static inline void pages_start(struct pages *pages, uint64_t time)
{
    while (pages->size % 8 != 0) {
        pages_put(pages, 0, 1);
    }
    pages->page = pages->size;
    pages_put(pages, time, 8);
    pages_put(pages, 0, 8);
}

/* Writes the length of the page; `flags` are the bits from 30 on. */
static inline void pages_end(struct pages *pages, uint64_t flags)
{
    const uint64_t commit = (pages->size - pages->page - 16) | flags;
    memcpy(pages->data + pages->page + 8, &commit, 8);
}

static inline void pages_header(struct pages *pages, uint32_t type, uint32_t delta)
{
    pages_put(pages, type | delta << 5, 4);
}

/* A record of 4 bytes that hold `value`. */
static inline void pages_record(struct pages *pages, uint32_t delta, uint32_t value)
{
    pages_header(pages, 1, delta);
    pages_put(pages, value, 4);
}

#endif

/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_TRACEFS_MERGE_H
#define ETWAS_MONITOR_TRACEFS_MERGE_H

#include "ipc/status.h"
#include "monitor/tracefs/page.h"

/*
 * Puts the records of many CPUs into one order, by time; where times are equal,
 * the lower CPU comes first. Each CPU has a queue of blocks.
 *
 * Blocks are borrowed. One whose records have all been given out is listed as
 * consumed, and may be given back once its records are no longer used, that is,
 * at the end of the batch: merge_take_consumed().
 */
struct merge;

enum { MERGE_CPUS = 4096, MERGE_BLOCKS = 65536 /* pushed and not yet taken back */ };

struct merge_counts {
    uint64_t late;          /* records given out after a later one: they came late */
    uint64_t malformed;     /* blocks with a rest that could not be read */
    uint64_t missed;        /* as in struct page_walk */
    uint64_t missed_events; /* as in struct page_walk */
};

struct merge *merge_open(void);        /* NULL when there is no memory */
void merge_close(struct merge *merge); /* NULL is fine; forgets the blocks */

/* Queues a block behind those of its CPU. ETWAS_TOO_BIG: over a limit above. */
ETWAS_MUST_CHECK enum etwas_status merge_push(struct merge *merge, uint32_t cpu, const void *data,
                                              size_t size, void *tag);

/*
 * The earliest record, if its time is at most `watermark_ns`: the time up to
 * which all CPUs have delivered, as the caller knows.
 */
bool merge_next(struct merge *merge, uint64_t watermark_ns, struct record *record, uint32_t *cpu);

/* The tag of a block consumed, each once, oldest first; false: no more. */
bool merge_take_consumed(struct merge *merge, void **tag);

const struct merge_counts *merge_counts(const struct merge *merge);

#endif

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

/*
 * The same for many records at once, the hot path: a CPU's records for as long as
 * they come before those of all others. `record` is the first; the caller takes on
 * from it with page_walk_next(run.walk, run.record) while that succeeds and
 * record->time_ns <= until_ns, or stops earlier, and then ends the run:
 *
 *     more     what the last page_walk_next() said; `record` is then not taken yet
 *     last_ns  the time of the last record taken
 */
struct merge_run {
    struct page_walk *walk;
    struct record *record;
    uint64_t until_ns;
    uint32_t cpu;
};
bool merge_run_begin(struct merge *merge, uint64_t watermark_ns, struct merge_run *run);
void merge_run_end(struct merge *merge, const struct merge_run *run, uint64_t last_ns, bool more);

/* How many records of a CPU wait. Walks over all of them: nothing for the hot path. */
uint64_t merge_held(const struct merge *merge, uint32_t cpu);

/* The tag of a block consumed, each once, oldest first; false: no more. */
bool merge_take_consumed(struct merge *merge, void **tag);

const struct merge_counts *merge_counts(const struct merge *merge);

#endif

/* SPDX-License-Identifier: MIT */
#include "monitor/tracefs/merge.h"

#include <stdlib.h>

struct block {
    struct block *next;
    const void *data;
    size_t size;
    void *tag;
};

struct queue {
    struct block *first;
    struct block **last; /* where the next one is linked */
};

/* A CPU's queue. Its first record is taken out already, while it has any. */
struct lane {
    struct record head;
    struct page_walk walk;
    struct queue blocks; /* the first is the one being walked */
};

struct node {
    uint64_t time_ns;
    uint32_t cpu;
};

/* The order of a lane without records, behind all others. */
#define NO_RECORD UINT64_MAX

/*
 * The lanes are the leaves of a tournament, in the order of their CPUs; each
 * node holds the earliest time below it and whose it is. Node 1 is the root, the
 * children of node n are 2n and 2n + 1, and leaf `cpu` is node `leaves + cpu`.
 * Taking a record replays the games of one leaf: a load and a choice for each
 * level, which compilers make without a branch. With interleaved CPUs branches
 * would be mispredicted all the time, which is what made a heap slower.
 */
struct merge {
    size_t leaves; /* a power of two */
    struct node nodes[2 * MERGE_CPUS];
    uint64_t last_ns; /* the time given out last */
    struct lane *lanes[MERGE_CPUS];
    struct queue consumed;
    struct block *unused;
    size_t blocks; /* pushed and not taken back */
    struct merge_counts counts;
};

static void queue_put(struct queue *queue, struct block *block)
{
    block->next = NULL;
    *queue->last = block;
    queue->last = &block->next;
}

static struct block *queue_take(struct queue *queue)
{
    struct block *block = queue->first;
    if (block != NULL) {
        queue->first = block->next;
        queue->last = queue->first == NULL ? &queue->first : queue->last;
    }
    return block;
}

static void free_blocks(struct block *block)
{
    while (block != NULL) {
        struct block *next = block->next;
        free(block);
        block = next;
    }
}

struct merge *merge_open(void)
{
    struct merge *merge = calloc(1, sizeof *merge);
    if (merge != NULL) {
        merge->consumed.last = &merge->consumed.first;
        merge->leaves = 1;
        merge->nodes[1].time_ns = NO_RECORD;
    }
    return merge;
}

void merge_close(struct merge *merge)
{
    if (merge == NULL) {
        return;
    }
    for (size_t i = 0; i < MERGE_CPUS; i++) {
        if (merge->lanes[i] != NULL) {
            free_blocks(merge->lanes[i]->blocks.first);
            free(merge->lanes[i]);
        }
    }
    free_blocks(merge->consumed.first);
    free_blocks(merge->unused);
    free(merge);
}

/* The time of a lane has changed: plays its games again, up to the root. */
static inline void replay(struct merge *merge, uint32_t cpu, uint64_t time)
{
    struct node *nodes = merge->nodes;
    size_t node = merge->leaves + cpu;
    nodes[node] = (struct node){time, cpu};
    while (node > 1) {
        const uint64_t other = nodes[node ^ 1].time_ns;
        const uint32_t other_cpu = nodes[node ^ 1].cpu;
        /* Equal times: the lower CPU, which is the left one of both, wins. */
        const bool loses = (other < time) | ((other == time) & (node & 1));
        time = loses ? other : time;
        cpu = loses ? other_cpu : cpu;
        node /= 2;
        nodes[node].time_ns = time;
        nodes[node].cpu = cpu;
    }
}

/* The only time that sorts as "no record" is no time that a clock shows. */
static inline uint64_t order_of(const struct record *record)
{
    return record->time_ns == NO_RECORD ? NO_RECORD - 1 : record->time_ns;
}

/* Makes the tree large enough for `cpu`. */
static void grow(struct merge *merge, uint32_t cpu)
{
    const size_t before = merge->leaves;
    if (cpu < before) {
        return;
    }
    while (merge->leaves <= cpu) {
        merge->leaves *= 2;
    }
    for (size_t i = 0; i < 2 * merge->leaves; i++) {
        merge->nodes[i].time_ns = NO_RECORD;
    }
    for (uint32_t i = 0; i < before; i++) {
        const struct lane *lane = merge->lanes[i];
        if (lane != NULL && lane->blocks.first != NULL) {
            replay(merge, i, order_of(&lane->head));
        }
    }
}

static void block_done(struct merge *merge, struct lane *lane)
{
    merge->counts.malformed += lane->walk.malformed;
    merge->counts.missed += lane->walk.missed;
    merge->counts.missed_events += lane->walk.missed_events;
    queue_put(&merge->consumed, queue_take(&lane->blocks));
}

/* The first record of the next block that has any, when the one walked has no more. */
static bool lane_next_block(struct merge *merge, struct lane *lane)
{
    do {
        block_done(merge, lane);
        if (lane->blocks.first == NULL) {
            return false;
        }
        page_walk_init(&lane->walk, lane->blocks.first->data, lane->blocks.first->size);
    } while (!page_walk_next(&lane->walk, &lane->head));
    return true;
}

static struct lane *lane_of(struct merge *merge, uint32_t cpu)
{
    if (merge->lanes[cpu] == NULL) {
        struct lane *lane = calloc(1, sizeof *lane);
        if (lane != NULL) {
            lane->blocks.last = &lane->blocks.first;
        }
        merge->lanes[cpu] = lane;
    }
    return merge->lanes[cpu];
}

static struct block *block_of(struct merge *merge)
{
    struct block *block = merge->unused;
    if (block != NULL) {
        merge->unused = block->next;
        return block;
    }
    return calloc(1, sizeof *block);
}

enum etwas_status merge_push(struct merge *merge, uint32_t cpu, const void *data, size_t size,
                             void *tag)
{
    if (cpu >= MERGE_CPUS || merge->blocks == MERGE_BLOCKS) {
        return ETWAS_TOO_BIG;
    }
    struct lane *lane = lane_of(merge, cpu);
    struct block *block = lane == NULL ? NULL : block_of(merge);
    if (block == NULL) {
        return ETWAS_NO_MEMORY;
    }
    block->data = data;
    block->size = size;
    block->tag = tag;
    merge->blocks++;
    const bool idle = lane->blocks.first == NULL;
    queue_put(&lane->blocks, block);
    if (!idle) {
        return ETWAS_OK;
    }
    page_walk_init(&lane->walk, data, size);
    if (page_walk_next(&lane->walk, &lane->head) || lane_next_block(merge, lane)) {
        grow(merge, cpu);
        replay(merge, cpu, order_of(&lane->head));
    }
    return ETWAS_OK;
}

/* How long `cpu` stays first: up to the earliest time of all others, found on its way up. */
static uint64_t first_until(const struct merge *merge, uint32_t cpu, uint64_t watermark_ns)
{
    uint64_t until = watermark_ns < NO_RECORD - 1 ? watermark_ns : NO_RECORD - 1;
    for (size_t node = merge->leaves + cpu; node > 1; node /= 2) {
        const uint64_t other = merge->nodes[node ^ 1].time_ns;
        /* Equal times: the left one, of the lower CPU, goes first. */
        const uint64_t last = other - (other != 0 && (node & 1) != 0);
        until = last < until ? last : until;
    }
    return until;
}

bool merge_run_begin(struct merge *merge, uint64_t watermark_ns, struct merge_run *run)
{
    const uint64_t time = merge->nodes[1].time_ns;
    if (time > watermark_ns || time == NO_RECORD) {
        return false;
    }
    run->cpu = merge->nodes[1].cpu;
    struct lane *lane = merge->lanes[run->cpu];
    run->until_ns = first_until(merge, run->cpu, watermark_ns);
    run->walk = &lane->walk;
    run->record = &lane->head;
    merge->counts.late += time < merge->last_ns;
    return true;
}

void merge_run_end(struct merge *merge, const struct merge_run *run, uint64_t last_ns, bool more)
{
    struct lane *lane = merge->lanes[run->cpu];
    merge->last_ns = last_ns < merge->last_ns ? merge->last_ns : last_ns;
    more = more || lane_next_block(merge, lane);
    replay(merge, run->cpu, more ? order_of(&lane->head) : NO_RECORD);
}

bool merge_next(struct merge *merge, uint64_t watermark_ns, struct record *record, uint32_t *cpu)
{
    struct merge_run run;
    if (!merge_run_begin(merge, watermark_ns, &run)) {
        return false;
    }
    *record = *run.record;
    *cpu = run.cpu;
    merge_run_end(merge, &run, record->time_ns, page_walk_next(run.walk, run.record));
    return true;
}

static uint64_t count_rest(struct page_walk walk)
{
    struct record record;
    uint64_t count = 0;
    while (page_walk_next(&walk, &record)) {
        count++;
    }
    return count;
}

uint64_t merge_held(const struct merge *merge, uint32_t cpu)
{
    const struct lane *lane = cpu < MERGE_CPUS ? merge->lanes[cpu] : NULL;
    if (lane == NULL || lane->blocks.first == NULL) {
        return 0;
    }
    uint64_t count = 1 + count_rest(lane->walk);
    for (const struct block *block = lane->blocks.first->next; block != NULL; block = block->next) {
        struct page_walk walk;
        page_walk_init(&walk, block->data, block->size);
        count += count_rest(walk);
    }
    return count;
}

bool merge_take_consumed(struct merge *merge, void **tag)
{
    struct block *block = queue_take(&merge->consumed);
    if (block == NULL) {
        return false;
    }
    *tag = block->tag;
    merge->blocks--;
    block->next = merge->unused;
    merge->unused = block;
    return true;
}

const struct merge_counts *merge_counts(const struct merge *merge)
{
    return &merge->counts;
}

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

struct entry {
    uint64_t time_ns;
    uint32_t cpu;
};

/*
 * The lanes with records form a binary heap. Its top is kept for as long as its
 * records come before `bound`, the last time that it may give out before the
 * next best lane; only then is the heap touched.
 */
struct merge {
    struct lane *current; /* that of the top; NULL when the heap is empty */
    uint64_t bound;
    uint64_t last_ns; /* the time given out last */
    size_t count;     /* of the heap */
    struct lane *lanes[MERGE_CPUS];
    struct entry heap[MERGE_CPUS];
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

/* Equal times: the lower CPU first. */
static bool before(struct entry left, struct entry right)
{
    return left.time_ns < right.time_ns || (left.time_ns == right.time_ns && left.cpu < right.cpu);
}

static void sift_down(struct merge *merge)
{
    struct entry *heap = merge->heap;
    const struct entry moving = heap[0];
    size_t hole = 0;
    for (;;) {
        size_t child = 2 * hole + 1;
        if (child >= merge->count) {
            break;
        }
        child += child + 1 < merge->count && before(heap[child + 1], heap[child]);
        if (!before(heap[child], moving)) {
            break;
        }
        heap[hole] = heap[child];
        hole = child;
    }
    heap[hole] = moving;
}

static void sift_up(struct merge *merge, size_t hole)
{
    struct entry *heap = merge->heap;
    const struct entry moving = heap[hole];
    while (hole != 0 && before(moving, heap[(hole - 1) / 2])) {
        heap[hole] = heap[(hole - 1) / 2];
        hole = (hole - 1) / 2;
    }
    heap[hole] = moving;
}

/* After the heap has changed: who is first, and for how long. */
static void find_bound(struct merge *merge)
{
    const struct entry *heap = merge->heap;
    merge->current = merge->count == 0 ? NULL : merge->lanes[heap[0].cpu];
    merge->bound = UINT64_MAX;
    if (merge->count > 1) {
        const struct entry second =
            merge->count > 2 && before(heap[2], heap[1]) ? heap[2] : heap[1];
        /* The top came before it, so a higher CPU has a lower time: no wrap. */
        merge->bound = heap[0].cpu < second.cpu ? second.time_ns : second.time_ns - 1;
    }
}

static void block_done(struct merge *merge, struct lane *lane)
{
    merge->counts.malformed += lane->walk.malformed;
    merge->counts.missed += lane->walk.missed;
    merge->counts.missed_events += lane->walk.missed_events;
    queue_put(&merge->consumed, queue_take(&lane->blocks));
}

/* Takes the next record out of a lane; false when it has no more. */
static bool lane_refill(struct merge *merge, struct lane *lane)
{
    while (!page_walk_next(&lane->walk, &lane->head)) {
        block_done(merge, lane);
        if (lane->blocks.first == NULL) {
            return false;
        }
        page_walk_init(&lane->walk, lane->blocks.first->data, lane->blocks.first->size);
    }
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
    if (lane_refill(merge, lane)) {
        /* The time in the heap of the current lane lags behind while it runs. */
        if (merge->current != NULL) {
            merge->heap[0].time_ns = merge->current->head.time_ns;
        }
        merge->heap[merge->count] = (struct entry){lane->head.time_ns, cpu};
        sift_up(merge, merge->count++);
        find_bound(merge);
    }
    return ETWAS_OK;
}

/* The current lane has given out a record and is empty now, or over its bound. */
static void change_lane(struct merge *merge, bool empty)
{
    if (empty) {
        merge->heap[0] = merge->heap[--merge->count];
    } else {
        merge->heap[0].time_ns = merge->current->head.time_ns;
    }
    if (merge->count != 0) {
        sift_down(merge);
    }
    find_bound(merge);
}

bool merge_next(struct merge *merge, uint64_t watermark_ns, struct record *record, uint32_t *cpu)
{
    struct lane *lane = merge->current;
    if (lane == NULL || lane->head.time_ns > watermark_ns) {
        return false;
    }
    *record = lane->head;
    *cpu = merge->heap[0].cpu;
    if (record->time_ns < merge->last_ns) {
        merge->counts.late++;
    } else {
        merge->last_ns = record->time_ns;
    }
    const bool more = lane_refill(merge, lane);
    if (!more || lane->head.time_ns > merge->bound) {
        change_lane(merge, !more);
    }
    return true;
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

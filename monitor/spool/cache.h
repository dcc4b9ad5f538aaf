/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_SPOOL_CACHE_H
#define ETWAS_MONITOR_SPOOL_CACHE_H

#include <stdatomic.h>

#include "monitor/spool/segment.h"
#include "monitor/spool/spool.h"

/*
 * The batches in memory, by their numbers: those that were written and may yet be read, up
 * to SPOOL_CACHE, and behind them the loose ones, which are nowhere else. A part of the spool
 * (spool_parts.h), used under its lock.
 */
struct shelf;

/* A batch in memory, and the record it is on disk. */
struct node {
    struct spool_batch batch; /* first */
    _Atomic uint32_t users;   /* the cache is one */
    struct shelf *shelf;      /* of one in the cache: where it is on disk; NULL: loose */
    struct shelf *held;       /* of one read from disk: counts as its user */
    bool digested;            /* under digest_lock */
    size_t size;              /* of the record */
    _Alignas(8) uint8_t record[];
};

struct node *node_make(const struct batch_head *head, const struct source_position *position,
                       const void *body, size_t size);
struct node *node_room(size_t record_size); /* for a record that is read from disk */
void node_release(struct node *node);
size_t node_cost(const struct node *node);
void node_digest(struct spool *spool, struct node *node);

/* Takes the node over; what is on disk makes room. NO_MEMORY: it stays the caller's. */
ETWAS_MUST_CHECK enum etwas_status cache_add(struct spool *spool, struct node *node);
struct node *cache_find(const struct spool *spool, uint64_t sequence);
struct node *cache_first_loose(const struct spool *spool, uint64_t sequence); /* or NULL */
void cache_remove(struct spool *spool, struct node *node);
void cache_forget_shelf(struct spool *spool, const struct shelf *shelf);
void cache_forget_until(struct spool *spool, uint64_t sequence);
bool cache_uses(const struct spool *spool, const struct shelf *shelf); /* somebody reads one */
void cache_set_loose(struct spool *spool);                             /* all of it */
void cache_settled(struct spool *spool, struct node *node, struct shelf *shelf);
void cache_clear(struct spool *spool);

#endif

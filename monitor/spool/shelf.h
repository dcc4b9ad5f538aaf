/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_SPOOL_SHELF_H
#define ETWAS_MONITOR_SPOOL_SHELF_H

#include <stdatomic.h>

#include "monitor/spool/segment.h"
#include "monitor/spool/spool.h"

/*
 * The segments that are there, oldest first, and what is in them. Of those that nobody reads or
 * writes only sums are kept. A part of the spool (spool_parts.h), used under its lock.
 */
struct node;

/* Where a batch is in a segment. */
struct entry {
    uint64_t sequence;
    uint64_t before;
    int64_t made_ms;
    uint32_t offset;
    uint32_t size; /* of the record */
    uint32_t body;
    uint32_t traced;
    bool gone; /* dropped or damaged, while its neighbours are there */
};

/* A segment. */
struct shelf {
    _Atomic uint32_t users; /* the spool is one, others are batches read from it */
    uint64_t number;
    uint64_t salt;
    uint64_t size;           /* of what is good of the file */
    uint64_t prior_sequence; /* of the last batch before this segment, */
    uint64_t prior_before;   /* and the events up to and with it */
    uint64_t last;           /* sequence of its last batch, or as prior_sequence */
    uint64_t batches;        /* those that are not gone */
    uint64_t traced;
    uint64_t bytes;
    int64_t youngest_ms;
    int file;              /* -1: not open now; then there are no entries, either */
    bool dirty;            /* written since it was synced */
    bool keep;             /* some entries are gone: they are nowhere else */
    struct entry *entries; /* owned; NULL: not read */
    size_t entry_count;
    size_t entry_room;
};

ETWAS_MUST_CHECK enum etwas_status shelf_load_all(struct spool *spool);
/* Its entries are there then. NOT_FOUND: the segment had to be taken out of the spool. */
ETWAS_MUST_CHECK enum etwas_status shelf_open(struct spool *spool, struct shelf *shelf);
void shelf_release(struct shelf *shelf);
bool shelf_remove(struct spool *spool, size_t index); /* and its file; false: it has to stay */
void shelf_forget_all(struct spool *spool);           /* not their files */
void shelf_entry_gone(struct shelf *shelf, struct entry *entry);
size_t shelf_entry_behind(const struct shelf *shelf, uint64_t sequence);
ETWAS_MUST_CHECK uint32_t shelf_write(struct spool *spool, struct node *node);

#endif

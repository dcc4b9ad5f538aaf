/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_SPOOL_SEGMENT_H
#define ETWAS_MONITOR_SPOOL_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/batch.h"
#include "ipc/status.h"
#include "monitor/source.h"

/*
 * A segment: a file of batches, one after the other, as docs/spool.md draws it byte by
 * byte. This knows bytes only, no files.
 *
 * A record has two checksums. The one of its head is salted with a random number
 * of the segment's that never leaves it, so that bytes in a body cannot be taken for a record
 * when the walk has to look for the next one behind damage.
 */
enum {
    SEGMENT_HEADER = 64,  /* bytes at a segment's beginning */
    SEGMENT_RECORD = 112, /* bytes at a record's, before the lanes */
    SEGMENT_LANE = 16,
    SEGMENT_ALIGN = 8,
};

struct segment_header {
    uint8_t stream[BATCH_STREAM_SIZE];
    uint64_t number; /* as in the file's name */
    uint64_t salt;
    int64_t made_ms;
};

void segment_put_header(uint8_t room[SEGMENT_HEADER], const struct segment_header *header);
ETWAS_MUST_CHECK enum etwas_status segment_get_header(const uint8_t *data, size_t size,
                                                      struct segment_header *header);

struct segment_record {
    struct batch_head head; /* `after` and `stream` are zeros */
    int64_t made_ms;
    uint64_t session;
    uint32_t lane_count;
    const uint8_t *lanes; /* borrowed, as is the body */
    const uint8_t *body;  /* NULL: damaged, while the head is not */
    size_t body_size;
    size_t offset; /* of the record in the segment */
    size_t size;   /* of the record, all in all */
};

/* Bytes of a record, a multiple of SEGMENT_ALIGN. */
size_t segment_record_size(uint32_t lane_count, size_t body_size);

struct segment_body {
    const void *data;
    size_t size; /* at most BATCH_MAX_SENT */
};

/*
 * Writes a record of segment_record_size() bytes, but for its numbers and its salt: these
 * come later, and in this order. Gives back the place of the body in it.
 */
uint8_t *segment_put_record(uint8_t *room, const struct batch_head *head,
                            const struct source_position *position, int64_t made_ms,
                            const struct segment_body *body);
void segment_number(uint8_t *record, uint64_t sequence, uint64_t before);
void segment_seal(uint8_t *record, uint64_t salt);

void segment_position(const struct segment_record *record, struct source_position *position);

/* The events of a batch that were traced. */
uint64_t segment_traced(const struct batch_head *head);

/*
 * Goes through a segment's records. A record counts only if its number is above that of the
 * one before, and what it says of the events before it no less: set `sequence` and `before`
 * to what earlier segments said.
 */
struct segment_walk {
    const uint8_t *data;
    size_t size;
    size_t at;
    uint64_t salt;
    uint64_t sequence; /* of the last record */
    uint64_t before;   /* traced events up to and with it */
    size_t end;        /* behind the last record */
    uint32_t damaged;  /* stretches that were not read, and bodies */
    bool torn;         /* at the end there is the beginning of a record */
    bool uncertain;    /* at the end there is something else: records may be missing */
};

/* `data` begins with the header; it outlives the walk. */
void segment_walk_init(struct segment_walk *walk, const uint8_t *data, size_t size, uint64_t salt);
bool segment_next(struct segment_walk *walk, struct segment_record *record);

#endif

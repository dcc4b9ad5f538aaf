/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_FORWARD_BATCHER_H
#define ETWAS_MONITOR_FORWARD_BATCHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/status.h"
#include "monitor/event/event.h"
#include "monitor/sink/sink.h"
#include "monitor/spool/spool.h"

/*
 * Fills batches: encodes events as JSON lines, compresses them and hands them to the
 * spool together with the books. All of one stream, once for all its sinks.
 *
 * Books and position are those of the last checkpoint. A batch that is full before the next
 * one also counts the events since then: as produced if they were not yet, and in
 * the position of their CPU. What is not sealed yet is kept as a draft (monitor/spool/draft.h)
 * while nothing more comes, and every few milliseconds else. What was left out since then it cannot
 * know; should this program die right there, the next will count that as lost(monitor) instead of
 * filtered.
 */
struct batcher;

struct batcher_options {
    struct spool *spool; /* borrowed */
    uint32_t fill_ms;    /* how long a batch may take to fill */
    uint32_t silence_ms; /* after which a heartbeat is due */
    /* Asked while the spool has no room: true ends the wait. */
    bool (*interrupted)(void);
};

struct batcher_stats {
    uint64_t batches;
    uint64_t events;
    uint64_t cut; /* events too big to be sent, sent without their fields */
};

/* NO_MEMORY. */
ETWAS_MUST_CHECK enum etwas_status batcher_open(const struct batcher_options *options,
                                                struct batcher **batcher);
void batcher_close(struct batcher *batcher); /* NULL is fine; what was not sealed stays a draft */

/* Statuses of spool_append() and BUSY: there is no room, and somebody does not want to wait. */
ETWAS_MUST_CHECK enum etwas_status batcher_add(struct batcher *batcher, const struct event *events,
                                               size_t count, struct etwas_error *error);

/* As sink_ops.checkpoint. */
void batcher_checkpoint(struct batcher *batcher, const struct sink_books *books);

/*
 * After a checkpoint: seals the batch if it is old enough or `now`, or sends a heartbeat
 * if one is due. OK, or AGAIN: events are kept for later. Else as batcher_add().
 */
ETWAS_MUST_CHECK enum etwas_status batcher_flush(struct batcher *batcher, bool now,
                                                 struct etwas_error *error);

const struct batcher_stats *batcher_stats(const struct batcher *batcher);

#endif

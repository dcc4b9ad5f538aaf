/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_SESSION_HANDOVER_H
#define ETWAS_MONITOR_SESSION_HANDOVER_H

#include "monitor/session/accounts.h"
#include "monitor/session/blocks.h"
#include "monitor/session/loss.h"
#include "monitor/session/selection.h"
#include "monitor/session/session_source.h"
#include "monitor/tracefs/merge.h"

/*
 * The last part of a session's way: takes the records in order, counts and
 * leaves out those not asked for, and hands the others over in batches. A part
 * of the session's source, used by nobody else.
 */
enum { HANDOVER_OWN = 32, HANDOVER_LOSSES = 4 * STREAM_MAX_CPUS };

struct handover {
    struct merge *merge;            /* owned */
    struct blocks *blocks;          /* borrowed: consumed ones go back there */
    struct selection *const *table; /* borrowed */
    struct lane_accounts *lanes;    /* owned; STREAM_MAX_CPUS of them */
    int64_t utc_offset_ns;          /* what to add to a record's time */
    uint64_t malformed;             /* blocks noticed to be so */
    uint64_t own_mask;              /* bit (id % 64) of each thread to leave out */
    size_t own_count;
    uint32_t own[HANDOVER_OWN];
    size_t batched;
    size_t loss_count;
    struct loss losses[HANDOVER_LOSSES]; /* waiting; their times in the records' clock */
    struct event batch[SESSION_BATCH];
};

ETWAS_MUST_CHECK enum etwas_status handover_init(struct handover *handover, struct blocks *blocks,
                                                 const struct selections *selections);
void handover_clear(struct handover *handover);

/* The threads of this program are left out from now on; call it again when there are more. */
void handover_leave_out(struct handover *handover, const uint32_t *ids, size_t count);

/* Queues the records of a packet; the block is the handover's then, whatever comes of it. */
ETWAS_MUST_CHECK enum etwas_status handover_take(struct handover *handover,
                                                 const struct stream_records *records,
                                                 struct bytes_reader *body, struct block *block);

/* The counters of a round, or the end of the stream, for the books of a CPU (accounts.h). */
ETWAS_MUST_CHECK enum etwas_status handover_round(struct handover *handover, uint32_t cpu,
                                                  const struct stream_counters *counters,
                                                  bool joined, struct lane_loss *lost);
void handover_end(struct handover *handover, uint32_t cpu, struct lane_loss *lost);

/* Queues a loss between two times of the records' clock; 0 is none. */
void handover_lost(struct handover *handover, const struct loss *loss);

/*
 * Hands over all up to the watermark, then the losses up to there. Stops early
 * when no more than `leave` blocks are taken. The handler's status.
 */
ETWAS_MUST_CHECK enum etwas_status handover_run(struct handover *handover, uint64_t watermark_ns,
                                                size_t leave, struct event_handler *handler);

/* What is still held counts as filtered. */
void handover_discard(struct handover *handover);

#endif

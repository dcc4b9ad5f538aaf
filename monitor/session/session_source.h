/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_SESSION_SESSION_SOURCE_H
#define ETWAS_MONITOR_SESSION_SESSION_SOURCE_H

#include "monitor/session/request.h"
#include "monitor/session/selection.h"
#include "monitor/source.h"

/*
 * The stream of a session as a source: packets are received into blocks, their
 * records put into one order over all CPUs, those asked for handed over, and the
 * books kept against the kernel's counters (accounts.h). Each loss is handed
 * over as an event (loss.h), too.
 *
 * Records are handed over up to the time that the controller vouches for, one
 * round (10 ms) behind. Where so much comes between two rounds that the blocks
 * run out, the earliest are handed over before their time; what then proves to
 * be out of order counts as late.
 */
enum { SESSION_BATCH = 128 /* events a call of the handler; they fit into the cache */ };

/* What the source is made of; it takes all of it, and frees it in close(). */
struct session_plan {
    struct connection connection;
    struct selections *selections;
    uint64_t session;
    bool joined;       /* the session is older than this monitor */
    bool include_self; /* the monitor's own threads are not left out */
    size_t blocks;     /* at most so many of STREAM_MAX_FRAME bytes */
};

/* NO_MEMORY: the plan stays the caller's. */
ETWAS_MUST_CHECK enum etwas_status session_source_open(const struct session_plan *plan,
                                                       struct source **source);

/*
 * Waits for the answer to MESSAGE_START, which may come with the stream's first
 * packets: these are kept for pump(). AGAIN: none within `timeout_ms`.
 */
ETWAS_MUST_CHECK enum etwas_status
session_source_await(struct source *source, struct message_answer *answer, int timeout_ms);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_SESSION_ACCOUNTS_H
#define ETWAS_MONITOR_SESSION_ACCOUNTS_H

#include <stdbool.h>
#include <stdint.h>

#include "ipc/stream.h"
#include "monitor/source.h"

/*
 * Keeps the books of one CPU of a session: what the kernel says it wrote,
 * handed out and lost, against what was seen here. Every round brings the
 * kernel's counters; the books then hold
 *
 *   produced = read + overwritten + refused, since this monitor came
 *   lost_kernel = overwritten + refused
 *   lost_monitor = read - seen
 *
 * so that produced = delivered + filtered + lost_kernel + lost_monitor once
 * everything seen was delivered or filtered. Plain data; all zeros to begin with.
 */
struct lane_accounts {
    struct source_accounts sums; /* delivered and filtered are counted by the owner */
    struct stream_counters base; /* those when this monitor came */
    struct stream_counters last;
    uint64_t seen; /* records received */
    uint64_t next_sequence;
    uint64_t gaps;  /* messages that did not come */
    bool sequenced; /* a message came */
    bool based;     /* `base` holds */
};

/* What a round newly said was lost. */
struct lane_loss {
    uint64_t kernel;
    uint64_t monitor;
};

/* A message of this CPU. MALFORMED: it came before, by its sequence number. */
ETWAS_MUST_CHECK enum etwas_status accounts_records(struct lane_accounts *lane, uint64_t sequence,
                                                    uint64_t records);

/*
 * The counters after all messages so far. `joined`: the session was older than
 * this monitor, so that its past does not count. MALFORMED: a counter that can
 * only grow has not.
 */
ETWAS_MUST_CHECK enum etwas_status accounts_round(struct lane_accounts *lane,
                                                  const struct stream_counters *counters,
                                                  bool joined, struct lane_loss *loss);

/* The stream has ended: what was seen after the last round counts as produced. */
void accounts_end(struct lane_accounts *lane);

void accounts_add(struct source_accounts *sum, const struct source_accounts *part);

#endif

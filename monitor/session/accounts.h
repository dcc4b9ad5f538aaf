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
 *   produced = read + overwritten + refused, since this monitor came, or since what an earlier
 *              one had accounted for
 *   lost_kernel = overwritten + refused
 *   lost_monitor = read - seen, where seen = delivered + filtered + held
 *
 * so that produced = delivered + filtered + lost_kernel + lost_monitor once
 * nothing is held any more. `held` are the records received that wait for their
 * turn. To count them is a walk over all their bytes, which would cost as much as
 * the merge; so it is done only where it may tell something: at the first round
 * of a session joined, after a message that did not come, when asked, each
 * ACCOUNTS_ROUNDS rounds, and at the end. In between lost_monitor stays as it is.
 * Plain data; all zeros to begin with.
 */
enum { ACCOUNTS_ROUNDS = 100 /* about a second */ };
#define ACCOUNTS_NOT_COUNTED UINT64_MAX

struct lane_accounts {
    struct source_accounts sums; /* delivered and filtered are counted by the owner */
    struct source_lane base;     /* from where on the counters are this monitor's */
    struct stream_counters last;
    uint64_t next_sequence;
    uint64_t gaps;    /* messages that did not come */
    uint32_t rounds;  /* since the records held were counted */
    bool sequenced;   /* a message came */
    bool based;       /* `base` holds: a round came */
    bool resumed;     /* `base` is where an earlier monitor stood */
    bool in_question; /* count at the next round */
};

/* What a round newly said was lost. */
struct lane_loss {
    uint64_t kernel;
    uint64_t monitor;
};

/*
 * Before the first round: an earlier monitor of this session stood there. What was read since and
 * is not here, it had read and not handed on.
 */
void accounts_resume(struct lane_accounts *lane, const struct source_lane *at);

/* A message of this CPU. MALFORMED: it came before, by its sequence number. */
ETWAS_MUST_CHECK enum etwas_status accounts_records(struct lane_accounts *lane, uint64_t sequence);

/*
 * Whether the next accounts_round() needs to know how many records are held.
 * `joined`: the session was older than this monitor, so that its past does not count.
 */
bool accounts_wants_held(const struct lane_accounts *lane, bool joined);

/*
 * The counters after all messages so far, and the records held then, or
 * ACCOUNTS_NOT_COUNTED if they are not wanted. MALFORMED: a counter that can only
 * grow has not.
 */
ETWAS_MUST_CHECK enum etwas_status accounts_round(struct lane_accounts *lane,
                                                  const struct stream_counters *counters,
                                                  bool joined, uint64_t held,
                                                  struct lane_loss *loss);

/* How far the counters are accounted for. False: that is not known before the first round. */
bool accounts_position(const struct lane_accounts *lane, bool joined, struct source_lane *at);

/* The stream has ended: what was seen after the last round counts as produced. */
void accounts_end(struct lane_accounts *lane, uint64_t held, struct lane_loss *loss);

void accounts_add(struct source_accounts *sum, const struct source_accounts *part);

#endif

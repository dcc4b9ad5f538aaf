/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_TESTS_PING_SCHEDULE_H
#define ETWAS_TESTS_PING_SCHEDULE_H

#include <stdint.h>

/*
 * When which event is due. Events are counted from 0 and sent in bursts; burst k
 * is due at k * burst / rate seconds, so the first at once. Everything is
 * computed from the start, exactly: rounding never adds up.
 */
#define SCHEDULE_SECOND   UINT64_C(1000000000) /* ns */
#define SCHEDULE_NO_LIMIT UINT64_MAX

struct schedule {
    uint64_t rate;  /* events a second, 1 .. SCHEDULE_SECOND */
    uint64_t burst; /* events sent together, at least 1 */
    uint64_t limit; /* events in all */
};

/* How many events are due `elapsed` ns after the start (at most 2^60). */
uint64_t schedule_due(const struct schedule *schedule, uint64_t elapsed);

/* The ns after the start at which event `index` is due; it needs not exist. */
uint64_t schedule_time(const struct schedule *schedule, uint64_t index);

/* How many of the first `count` events are thread `index`'s: every `threads`-th. */
uint64_t schedule_share(uint64_t count, uint32_t index, uint32_t threads);

#endif

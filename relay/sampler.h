/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_RELAY_SAMPLER_H
#define ETWAS_RELAY_SAMPLER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Chooses at most `limit` events a second, evenly among those that came, and counts both.
 * What is under way is shared out in plans: so many events, so many of them shown.
 * Times are in milliseconds of a clock that only goes forward.
 */
struct sampler {
    uint32_t limit;
    uint64_t passed; /* in this window of a second */
    uint64_t shown;
    uint64_t chosen; /* of those shown: they count against the limit */
    uint64_t spared; /* of those shown: they do not */
    int64_t window_end;
    int64_t saved_at; /* what may be shown is saved up from then on, in thousandths */
    uint64_t saved;
    uint64_t plan_left; /* events */
    uint64_t plan_size;
    uint64_t plan_quota; /* to be shown among them */
    uint64_t plan_step;
};

void sampler_init(struct sampler *sampler, uint32_t limit, int64_t now);

/* Is the plan used up? Then make one for the `available` events, at least 1. */
bool sampler_wants_plan(const struct sampler *sampler);
void sampler_plan(struct sampler *sampler, uint64_t available, int64_t now);

/*
 * An event goes by: is it shown? `always`: it is, and does not count against the limit, unless
 * there were SAMPLER_SPARED of these in this second: who publishes says which they are.
 */
enum { SAMPLER_SPARED = 2000 };
bool sampler_take(struct sampler *sampler, bool always);

/* The second is over: what went by in it, and a new one begins. */
struct sampler_rate {
    int64_t end;
    uint64_t passed;
    uint64_t shown;
};
bool sampler_rate(struct sampler *sampler, int64_t now, struct sampler_rate *rate);

#endif

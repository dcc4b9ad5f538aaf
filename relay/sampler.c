/* SPDX-License-Identifier: MIT */
#include "relay/sampler.h"

enum {
    SECOND = 1000,
    SAVED_MS = 250, /* as monitors send batches each 200 ms */
};

/* A slow limit saves up to one event at least. */
static uint64_t most_saved(uint32_t limit)
{
    const uint64_t saved = (uint64_t)limit * SAVED_MS;
    return saved < SECOND ? SECOND : saved;
}

void sampler_init(struct sampler *sampler, uint32_t limit, int64_t now)
{
    *sampler = (struct sampler){.limit = limit, .window_end = now + SECOND, .saved_at = now};
    sampler->saved = most_saved(limit);
}

bool sampler_wants_plan(const struct sampler *sampler)
{
    return sampler->plan_left == 0;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

void sampler_plan(struct sampler *sampler, uint64_t available, int64_t now)
{
    const uint64_t passed_ms = now > sampler->saved_at ? (uint64_t)(now - sampler->saved_at) : 0;
    sampler->saved = least(sampler->saved + least(passed_ms, SECOND) * sampler->limit,
                           most_saved(sampler->limit));
    sampler->saved_at = now;
    const uint64_t room = sampler->limit > sampler->chosen ? sampler->limit - sampler->chosen : 0;
    sampler->plan_left = available;
    sampler->plan_size = available;
    sampler->plan_quota = least(least(sampler->saved / SECOND, room), available);
    sampler->plan_step = available / 2; /* the middle one of many, if it is one */
}

/* Is it this one's turn? */
static bool is_due(struct sampler *sampler)
{
    if (sampler->plan_left == 0) {
        return false;
    }
    sampler->plan_left--;
    sampler->plan_step += sampler->plan_quota;
    if (sampler->plan_step < sampler->plan_size) {
        return false;
    }
    sampler->plan_step -= sampler->plan_size;
    return true;
}

bool sampler_take(struct sampler *sampler, bool always)
{
    const bool due = is_due(sampler);
    const bool spared = always && sampler->spared < SAMPLER_SPARED;
    const bool chosen = due && !spared && sampler->chosen < sampler->limit;
    sampler->spared += spared ? 1 : 0;
    if (chosen) {
        sampler->chosen++;
        sampler->saved -= least(sampler->saved, SECOND);
    }
    sampler->passed++;
    sampler->shown += chosen || spared ? 1 : 0;
    return chosen || spared;
}

bool sampler_rate(struct sampler *sampler, int64_t now, struct sampler_rate *rate)
{
    if (now < sampler->window_end) {
        return false;
    }
    *rate = (struct sampler_rate){
        .end = sampler->window_end, .passed = sampler->passed, .shown = sampler->shown};
    sampler->passed = 0;
    sampler->shown = 0;
    sampler->chosen = 0;
    sampler->spared = 0;
    sampler->window_end += SECOND;
    if (sampler->window_end <= now) {
        /* It was not asked for a while: what went by belongs to the time until now. */
        rate->end = now;
        sampler->window_end = now + SECOND;
    }
    return true;
}

/* SPDX-License-Identifier: MIT */
#include "tests/ping/schedule.h"

uint64_t schedule_due(const struct schedule *schedule, uint64_t elapsed)
{
    uint64_t seconds = elapsed / SCHEDULE_SECOND;
    uint64_t rest = elapsed % SCHEDULE_SECOND;
    if (seconds > UINT64_MAX / 4 / schedule->rate) {
        return schedule->limit;
    }
    uint64_t passed = seconds * schedule->rate + rest * schedule->rate / SCHEDULE_SECOND;
    uint64_t due = (passed / schedule->burst + 1) * schedule->burst;
    return due < schedule->limit ? due : schedule->limit;
}

uint64_t schedule_time(const struct schedule *schedule, uint64_t index)
{
    uint64_t passed = index - index % schedule->burst;
    uint64_t seconds = passed / schedule->rate;
    uint64_t rest = passed % schedule->rate * SCHEDULE_SECOND;
    if (seconds > UINT64_MAX / 2 / SCHEDULE_SECOND) {
        return UINT64_MAX / 2; /* in 292 years */
    }
    /* Rounded up: at that time schedule_due() counts the event. */
    return seconds * SCHEDULE_SECOND + (rest + schedule->rate - 1) / schedule->rate;
}

uint64_t schedule_share(uint64_t count, uint32_t index, uint32_t threads)
{
    return count / threads + (count % threads > index ? 1 : 0);
}

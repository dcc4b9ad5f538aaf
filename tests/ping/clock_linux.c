/* SPDX-License-Identifier: MIT */
#include "tests/ping/clock.h"

#include <time.h>

#define SECOND UINT64_C(1000000000)

uint64_t clock_now(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail for this clock */
    return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

void clock_sleep_until(uint64_t time)
{
    struct timespec until = {.tv_sec = (time_t)(time / SECOND), .tv_nsec = (long)(time % SECOND)};
    (void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

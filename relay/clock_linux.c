/* SPDX-License-Identifier: MIT */
#include "relay/clock.h"

#include <time.h>

static int64_t read_us(clockid_t which)
{
    struct timespec now = {0};
    (void)clock_gettime(which, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_utc_ms(void)
{
    return read_us(CLOCK_REALTIME) / 1000;
}

int64_t clock_ms(void)
{
    return read_us(CLOCK_MONOTONIC) / 1000;
}

int64_t clock_us(void)
{
    return read_us(CLOCK_MONOTONIC);
}

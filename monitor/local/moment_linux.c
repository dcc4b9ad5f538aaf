/* SPDX-License-Identifier: MIT */
#include "monitor/local/moment.h"

#include <time.h>

#include "monitor/event/event.h"

int64_t moment_event_time(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return EVENT_UNIX_EPOCH + (int64_t)now.tv_sec * 10000000 + now.tv_nsec / 100;
}

int64_t moment_steady_ms(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

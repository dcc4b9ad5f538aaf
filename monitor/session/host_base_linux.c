/* SPDX-License-Identifier: MIT */
#include "monitor/session/host_base.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

int64_t host_now_ns(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 * HOST_MS + now.tv_nsec;
}

int64_t host_utc_offset_ns(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 * HOST_MS + now.tv_nsec - host_now_ns();
}

int host_left_ms(int64_t deadline_ns)
{
    const int64_t left = deadline_ns - host_now_ns();
    if (left <= 0) {
        return 0;
    }
    const int64_t ms = (left + HOST_MS - 1) / HOST_MS;
    return ms > INT_MAX ? INT_MAX : (int)ms;
}

void host_sleep_ms(int ms)
{
    const struct timespec span = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * HOST_MS};
    (void)nanosleep(&span, NULL);
}

const char *host_error(uint32_t code, char text[HOST_ERROR_SIZE])
{
    (void)snprintf(text, HOST_ERROR_SIZE, "%s", strerror((int)code));
    return text;
}

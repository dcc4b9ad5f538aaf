/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_SESSION_HOST_BASE_H
#define ETWAS_MONITOR_SESSION_HOST_BASE_H

#include <stddef.h>
#include <stdint.h>

/* What every part of the monitor needs of the system, with a controller or without: time, words. */
#define HOST_MS INT64_C(1000000) /* nanoseconds */

/* The clock of the records: CLOCK_MONOTONIC on Linux. Elsewhere one that is never set. */
int64_t host_now_ns(void);

/* What to add to that clock for UTC since 1970. */
int64_t host_utc_offset_ns(void);

/* Milliseconds until `deadline_ns` of that clock, rounded up; 0 when it has passed. */
int host_left_ms(int64_t deadline_ns);

void host_sleep_ms(int ms);

enum { HOST_ERROR_SIZE = 256 };

/* What the system calls its error `code`, in `text`, which is returned. */
const char *host_error(uint32_t code, char text[HOST_ERROR_SIZE]);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_LOCAL_MOMENT_H
#define ETWAS_MONITOR_LOCAL_MOMENT_H

#include <stdint.h>

/* The time now, as in struct event; and on a clock that is never set, for intervals. */
int64_t moment_event_time(void);
int64_t moment_steady_ms(void);

#endif

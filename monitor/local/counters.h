/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_LOCAL_COUNTERS_H
#define ETWAS_MONITOR_LOCAL_COUNTERS_H

#include <stdint.h>

#include "ipc/status.h"
#include "monitor/source.h"

/*
 * The sources "cpu" and "process-cpu": what the system counts by itself, read
 * every `interval_ms` (0: a second). They need no privilege and no session.
 */

/*
 * Each interval one event a CPU and one of all together (Cpu -1): percentages of
 * the interval in User, Nice, System, Idle, IoWait, Irq, SoftIrq, Steal, and Busy,
 * which is all but Idle and IoWait.
 */
ETWAS_MUST_CHECK enum etwas_status cpu_open(uint32_t interval_ms, struct source **source,
                                            struct etwas_error *error);

/*
 * Each interval one event a process that matches: Cpu in percent of one CPU, User
 * and System in milliseconds of the interval, Rss in bytes, Threads.
 */
struct process_cpu_wanted {
    uint32_t interval_ms;
    uint32_t process_id; /* 0: any */
    const char *name;    /* pattern with * and ?, borrowed; "": any that used a CPU */
};
ETWAS_MUST_CHECK enum etwas_status process_cpu_open(const struct process_cpu_wanted *wanted,
                                                    struct source **source,
                                                    struct etwas_error *error);

#endif

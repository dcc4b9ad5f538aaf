/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_LOCAL_STAT_TEXT_H
#define ETWAS_MONITOR_LOCAL_STAT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The kernel's counters as text: /proc/stat and /proc/PID/stat, proc(5). Texts
 * are given by their size and may hold anything: a process chooses its own name.
 */

/* Ticks of one CPU since the start, in the order of its line. */
enum { STAT_TIMES = 8 };
enum stat_time {
    STAT_USER,
    STAT_NICE,
    STAT_SYSTEM,
    STAT_IDLE,
    STAT_IOWAIT,
    STAT_IRQ,
    STAT_SOFTIRQ,
    STAT_STEAL,
};

struct stat_cpu {
    int32_t cpu; /* -1: all together */
    uint64_t times[STAT_TIMES];
};

/*
 * Reads the lines of CPUs at the start of /proc/stat, at most `capacity` of them;
 * returns how many. Times that a line lacks are 0.
 */
size_t stat_read_cpus(const char *text, size_t size, struct stat_cpu *cpus, size_t capacity);

/*
 * Hundredths of a percent of its time that went to each kind between two
 * readings of one CPU; zeros when no time passed. Counters that went back, as
 * iowait may, count as standing still.
 */
void stat_cpu_shares(const struct stat_cpu *before, const struct stat_cpu *after, uint32_t *shares);

enum { STAT_NAME_SIZE = 64 }; /* kernel threads may have more than the usual 15 bytes */

struct stat_process {
    uint32_t process_id;
    char name[STAT_NAME_SIZE]; /* as the process gave it, cut off, without its parentheses */
    uint64_t user;             /* ticks */
    uint64_t system;           /* ticks */
    uint64_t threads;
    uint64_t started; /* ticks after the system's start */
    uint64_t rss;     /* pages */
};

/* False when it is not such a line. The name ends at the last parenthesis. */
bool stat_read_process(const char *text, size_t size, struct stat_process *process);

/* Does `name` match `pattern`, in which * is any text and ? any character? */
bool stat_name_matches(const char *name, const char *pattern);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_TESTS_PING_INTERRUPT_H
#define ETWAS_TESTS_PING_INTERRUPT_H

#include <stdint.h>

/*
 * What wakes the main thread: the user, who wants an end (Ctrl+C, a request to
 * terminate), the other threads, or the time.
 */
enum interrupt {
    INTERRUPT_TIME,
    INTERRUPT_USER,
    INTERRUPT_DONE,
};

/* Before any thread is made. From then on writing to a closed pipe only fails. */
void interrupt_init(void);

/* Waits until `time` (of clock_now()). Only the main thread calls it. */
enum interrupt interrupt_wait(uint64_t time);

/* Wakes the main thread with INTERRUPT_DONE, also if it waits only later. */
void interrupt_notify(void);

#endif

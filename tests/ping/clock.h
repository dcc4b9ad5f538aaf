/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_TESTS_PING_CLOCK_H
#define ETWAS_TESTS_PING_CLOCK_H

#include <stdint.h>

/* Steady time in ns since some point in the past. */
uint64_t clock_now(void);

/* Sleeps to that time, without spinning. A signal ends it early. */
void clock_sleep_until(uint64_t time);

#endif

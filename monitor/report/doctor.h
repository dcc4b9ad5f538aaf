/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_REPORT_DOCTOR_H
#define ETWAS_MONITOR_REPORT_DOCTOR_H

#include <stdbool.h>

#include "ipc/status.h"

/*
 * The doctor's findings, one a line: `ok`, `no` or `??`, what was found, and, where
 * something can be done about it, a second line with what to type.
 */
enum finding { FINDING_OK, FINDING_NO, FINDING_UNKNOWN };

/* `next` NULL: nothing to do. */
ETWAS_PRINTF(3, 4)
void doctor_say(enum finding finding, const char *next, const char *format, ...);

/* What this system says without the controller. False: it has no tracing. */
bool doctor_system(void);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_PIPELINE_HOST_H
#define ETWAS_MONITOR_PIPELINE_HOST_H

#include <stdbool.h>
#include <stddef.h>

#include "ipc/status.h"

/*
 * What the pipeline needs of the system: waiting for many inputs at once, and
 * being asked to stop. The second time that somebody asks ends the program.
 */

/* From now on asking to stop (Ctrl+C) is noted, and wakes pipeline_wait(). */
ETWAS_MUST_CHECK enum etwas_status pipeline_signals_open(void);
void pipeline_signals_close(void); /* as before */
bool pipeline_stop_asked(void);

struct pipeline_input {
    int descriptor; /* -1: nothing to wait on */
    bool ready;     /* has input, or has ended */
};

/* Waits for input, a signal or the time; -1 waits for ever. True when any input is ready. */
bool pipeline_wait(struct pipeline_input *inputs, size_t count, int timeout_ms);

#endif

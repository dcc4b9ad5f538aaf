/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_SESSION_PROCESSES_H
#define ETWAS_MONITOR_SESSION_PROCESSES_H

#include "monitor/event/event.h"

/*
 * Which process a thread belongs to, and its name, for events that only say the
 * thread. Learnt from the system when first asked for, and kept in a table of a
 * fixed size; forgotten after PROCESSES_AGE_MS, when a new thread takes the place
 * in the table, or when events pass that say so (a thread ended, began, or runs
 * another program). A thread that had ended before it was asked for stays unknown.
 */
enum { PROCESSES_TABLE = 4096, PROCESSES_AGE_MS = 2000, PROCESSES_NAME_SIZE = 16 };

struct processes;

struct processes *processes_open(void);            /* NULL when there is no memory */
void processes_close(struct processes *processes); /* NULL is fine */

/*
 * Fills in process_id and process_name of events that name a thread and no
 * process. The names live until the next call.
 */
void processes_fill(struct processes *processes, struct event *events, size_t count);

/* The system's part: false when there is no such thread. `name` gets a zero at its end. */
bool process_of_thread(uint32_t thread, uint32_t *process, char name[PROCESSES_NAME_SIZE]);

#endif

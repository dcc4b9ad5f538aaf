/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_REPORT_EXPLAIN_H
#define ETWAS_MONITOR_REPORT_EXPLAIN_H

#include "monitor/plan/catalog.h"
#include "monitor/session/request.h"

/*
 * Says on standard error what was refused, why, and what to type next; where the
 * controller could not be reached, what this system offers to change that.
 * Returns the exit status that goes with it.
 */
int explain_refusal(const struct refusal *refusal, const char *controller);

/* The same, where the caller knows better what to do next. */
int explain_refusal_next(const struct refusal *refusal, const char *next);

/*
 * The events of the kernel, asked for over a connection. The catalog is the
 * caller's to clear; on failure it is empty.
 */
ETWAS_MUST_CHECK enum etwas_status
explain_catalog(struct connection *connection, struct catalog *catalog, struct refusal *refusal);

/*
 * Says that the kernel has no such system or event (`event` NULL or "": the
 * system was named alone) and what may have been meant. Returns the exit status.
 */
int explain_unknown(const struct catalog *catalog, const char *system, const char *event);

#endif

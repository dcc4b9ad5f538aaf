/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_CHOOSE_TRACE_H
#define ETWAS_MONITOR_CHOOSE_TRACE_H

#include "monitor/etw/trace_census.h"
#include "monitor/options/options.h"
#include "monitor/paths.h"

/* Which files --file names, and what of them --source lets pass. Borrows from the options. */
struct trace_choices {
    struct paths paths;
    struct trace_rule rules[OPTIONS_MAX_SOURCES];
    struct trace_source_options wanted; /* points into this */
    const char *failed_manifest;        /* that could not be read, or NULL */
};

/* What cannot be found is said on standard error; the exit status of the program, 0 if all is. */
int choose_trace(const struct options *options, struct trace_choices *choices);
void choose_trace_clear(struct trace_choices *choices); /* also where it failed */

/* Says what failed when what is wanted was opened; the exit status for it. */
int choose_trace_explain(const struct trace_choices *choices, size_t failed,
                         const struct etwas_error *error);

/* Says that the trace has no provider `name`, and which were meant; the exit status for it. */
int choose_trace_unknown(const struct trace_census *census, const char *name);

#endif

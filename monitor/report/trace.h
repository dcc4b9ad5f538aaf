/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_REPORT_TRACE_H
#define ETWAS_MONITOR_REPORT_TRACE_H

#include "monitor/etw/trace_census.h"

/* What etwas says about recorded traces, on standard output: for people, or as JSON lines. */
enum { TRACE_REPORT_FAILED = -1 };

/* Each file's facts. TRACE_REPORT_FAILED: `error` and `failed` as of trace_open(); else the exit
 * status: 2 where something is damaged. */
int report_trace_info(const struct trace_source_options *options, bool json, size_t *failed,
                      struct etwas_error *error);

/* Providers with their counts, and who knows the schemas of their events. */
void report_trace_providers(const struct trace_census *census, bool json);

/* The kinds of events, of one provider or (NULL) of all. False: there is no such provider. */
bool report_trace_events(const struct trace_census *census, const char *provider, bool json);

#endif

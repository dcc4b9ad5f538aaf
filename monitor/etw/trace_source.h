/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_ETW_TRACE_SOURCE_H
#define ETWAS_MONITOR_ETW_TRACE_SOURCE_H

#include "monitor/etl/trace.h"
#include "monitor/etw/schemas.h"
#include "monitor/etw/trace_filter.h"
#include "monitor/source.h"

/*
 * Recorded traces as a source: every record comes out as one event, in time order. What cannot
 * be read is said on standard error when the source ends, place by place, and makes pump() end with
 * MALFORMED after everything else was handed over.
 */
struct trace_source_options {
    const char *const *paths;
    size_t path_count;
    const struct trace_rule *rules; /* copied; the ids they point to must outlive the source */
    size_t rule_count;              /* 0: everything passes */
    struct schemas_options schemas;
    bool stacks; /* events get the column Stack, for which the files are read three times */
    /* Nobody looks at fields and names: events have none, and no schema is looked for. */
    bool headers_only;
};

/* `*failed` is the index of the path that could not be opened. */
ETWAS_MUST_CHECK enum etwas_status trace_source_open(const struct trace_source_options *options,
                                                     struct source **source, size_t *failed,
                                                     struct etwas_error *error);

#endif

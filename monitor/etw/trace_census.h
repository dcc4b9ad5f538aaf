/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_ETW_TRACE_CENSUS_H
#define ETWAS_MONITOR_ETW_TRACE_CENSUS_H

#include "monitor/etl/provider_name.h"
#include "monitor/etl/trace.h"
#include "monitor/etw/layout.h"
#include "monitor/etw/trace_source.h"

/*
 * Which events a trace has and how many of each, without decoding any: what --list tells, and
 * where the names of providers are looked up that nobody else knows.
 */
struct trace_census_event {
    const struct etw_layout *layout; /* names, and who knows the schema */
    const char *provider;            /* its name, if any of its events' schemas has it */
    uint64_t count;
    uint16_t id; /* of classic ones the opcode */
    uint8_t version;
    bool classic;
};

struct trace_census {
    struct trace *trace;
    struct schemas *schemas;           /* the layouts live as long */
    struct trace_census_event *events; /* by provider, id, version, name */
    size_t count;
};

/*
 * Counts what the rules of `options` let pass. What is damaged is passed over; trace_damage() tells
 * of it. `census` is undefined on failure; `*failed` as of trace_open().
 */
ETWAS_MUST_CHECK enum etwas_status trace_census_take(const struct trace_source_options *options,
                                                     struct trace_census *census, size_t *failed,
                                                     struct etwas_error *error);
void trace_census_clear(struct trace_census *census);

/* The provider of that name in the trace, as shown or as an EventSource's is hashed. */
bool trace_census_id(const struct trace_census *census, const char *name,
                     uint8_t id[PROVIDER_ID_SIZE]);

/* "TraceLogging", "manifest" ...; NULL: nobody does. */
const char *etw_source_name(enum etw_source source);

#endif

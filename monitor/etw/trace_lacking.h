/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_ETW_TRACE_LACKING_H
#define ETWAS_MONITOR_ETW_TRACE_LACKING_H

#include <stddef.h>
#include <stdint.h>

#include "monitor/event/event.h"

/* The providers of events that nobody could decode, and how many there were of each. */
enum { TRACE_LACKING_PROVIDERS = 128 };

struct trace_lacking {
    size_t count;
    size_t last;   /* where the event before was counted: most often here, too */
    uint64_t more; /* events of providers that found no place */
    struct {
        const struct schema *schema; /* the first one seen; lives as the schemas */
        uint64_t events;
    } providers[TRACE_LACKING_PROVIDERS];
};

/* Starts as zeros. `schema` is one with nothing but Raw. */
void trace_lacking_add(struct trace_lacking *lacking, const struct schema *schema);

/* A line for each on standard error, most events first. */
void trace_lacking_say(const struct trace_lacking *lacking);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_TESTS_MONITOR_ETW_WALK_H
#define ETWAS_TESTS_MONITOR_ETW_WALK_H

#include "monitor/etl/trace.h"
#include "monitor/etw/schemas.h"
#include "monitor/event/encode.h"

/* Reads traces as `etwas --file` does, to the last field, and throws away what comes out. */
struct walk_options {
    const char *const *paths;
    size_t count;
    enum event_format format;
    bool stacks;
    bool raw_values;
    /* Records that are learnt from beside those of the traces; NULL: there are none. */
    void (*learn)(struct schemas *schemas);
    /* Told of each event; NULL: nobody wants to know. */
    void (*each)(const struct etl_record *record);
};

struct walk {
    size_t events;
    size_t damages;
    size_t text; /* bytes of output */
};

/* What trace_open() said, or what ended it: CLOSED is the end of the trace. */
enum etwas_status walk(const struct walk_options *options, struct walk *walk);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_ETW_CLASSIC_H
#define ETWAS_MONITOR_ETW_CLASSIC_H

#include <stddef.h>
#include <stdint.h>

/*
 * The classic kernel events as tables (classic_*.c), made from the MOF classes in the SDK's
 * documentation of the NT Kernel Logger (win32, "Event Tracing", NT Kernel Logger event classes)
 * and checked against real traces. `fields` are written as table.h says.
 *
 * Events are called as PerfView and xperf users know them: Task/Opcode.
 */
struct classic_event {
    uint8_t first_version;
    uint8_t last_version;
    const char *opcodes; /* "1 2 3-5": types of events */
    const char *name;    /* of each opcode, with | between; "Other/Name" is of another task */
    const char *fields;
};

struct classic_class {
    uint8_t id[16];
    const char *name; /* what people call the provider */
    const char *task; /* what its events are called, before the / */
    const struct classic_event *events;
    size_t count;
};

#define CLASSIC(first, last, types, called, lies)                                                  \
    {                                                                                              \
        .first_version = (first), .last_version = (last), .opcodes = (types), .name = (called),    \
        .fields = (lies)                                                                           \
    }

/* A GUID's parts as the memory has them. */
#define CLASSIC_ID(a, b, c, d0, d1, d2, d3, d4, d5, d6, d7)                                        \
    {                                                                                              \
        (a) & 0xff, (a) >> 8 & 0xff, (a) >> 16 & 0xff, (a) >> 24, (b)&0xff, (b) >> 8, (c)&0xff,    \
            (c) >> 8, (d0), (d1), (d2), (d3), (d4), (d5), (d6), (d7)                               \
    }

#define CLASSIC_EVENTS(table) .events = (table), .count = sizeof(table) / sizeof((table)[0])

struct classic_group {
    const struct classic_class *classes;
    size_t count;
};

extern const struct classic_group classic_process; /* processes, threads, images, memory, timing */
extern const struct classic_group classic_io;      /* disks, files, networks, the registry */
extern const struct classic_group classic_config;  /* the computer, and what tracing says of it */

#endif

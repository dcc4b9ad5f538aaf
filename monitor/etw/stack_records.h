/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_ETW_STACK_RECORDS_H
#define ETWAS_MONITOR_ETW_STACK_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "monitor/etl/record.h"

/*
 * What records say of stacks: StackWalk_Event of the NT Kernel Logger's MOF classes, its forms
 * with keys (StackWalk_StackKey of the SDK's evntrace.h), and CLRStackWalk of the .NET runtime's
 * manifest. Frames stay in the record.
 */
enum stack_kind {
    STACK_OF_EVENT,   /* of an event with that stamp and thread */
    STACK_BY_KEY,     /* the same, its frames told under a key */
    STACK_OF_KEY,     /* the frames of a key, which ends with it */
    STACK_OF_RUNTIME, /* of the runtime's event before it on its thread */
};

struct stack_record {
    enum stack_kind kind;
    int64_t stamp; /* the event's; of a key and of a runtime its own */
    uint64_t key;
    uint32_t process;
    uint32_t thread;
    uint32_t file;
    uint8_t pointer_size;
    const uint8_t *data; /* of the frames */
    size_t count;
};

/* False: it is none, or too short for one. */
bool stack_record_read(const struct etl_record *record, struct stack_record *stack);
/* The one that an event carries with it. */
bool stack_record_item(const struct etl_record *record, struct stack_record *stack);

uint64_t stack_record_frame(const struct stack_record *stack, size_t index);

/* Was it put into the trace when traces were merged, at the time of an event that has a stack? */
bool stack_record_is_late(const struct etl_record *record);

/* Is it an event of a .NET runtime? */
bool stack_record_is_runtime(const struct etl_record *record);

/* Whose stack an event has, as far as it says so: PERFINFO headers have no thread. */
#define STACK_ANY_THREAD UINT32_MAX
uint32_t stack_record_thread(const struct etl_record *record);

#endif

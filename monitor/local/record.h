/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_LOCAL_RECORD_H
#define ETWAS_MONITOR_LOCAL_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "monitor/event/event.h"

/*
 * Events that the monitor makes itself. The payload of each is a C struct (or
 * bare text), and a constant table says where in it the fields lie.
 */
enum record_kind {
    RECORD_INT,        /* int32_t */
    RECORD_UINT,       /* uint32_t */
    RECORD_SIZE,       /* uint64_t */
    RECORD_HUNDREDTHS, /* uint32_t: comes out divided by 100 */
    RECORD_TEXT,       /* from the offset to the end of the payload */
};

struct record_field {
    const char *name;
    enum record_kind kind;
    size_t offset;
};

struct record_schema {
    struct schema schema;
    const struct record_field *fields;
};

/* The functions of a struct schema whose address is that of a struct record_schema. */
const char *record_field_name(const struct schema *schema, uint16_t index);
struct value record_field(const struct event *event, uint16_t index, struct arena *arena);

/* Fills in everything but payload and process; `time` as in struct event. */
void record_init(struct event *event, const struct record_schema *schema, int64_t time);

#endif

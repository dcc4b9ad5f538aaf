/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_ETW_TRACE_PACK_H
#define ETWAS_MONITOR_ETW_TRACE_PACK_H

#include "monitor/etl/record.h"
#include "monitor/event/encode.h"

/*
 * Any event as an ETW record that describes itself, as TraceLogging does: the name of the event and
 * of its fields and their types travel with it. A provider without a GUID has the one that
 * EventSource makes of its name. What ETW has no place for (process name, message) is not kept; a
 * system without levels has level 0.
 *
 * Integers become 64 bits wide, or 32 where they are error codes; text UTF-8. An array of items of
 * several types becomes an array of text.
 */
enum { TRACE_PACK_ROOM = 64 * 1024 };

struct trace_pack_area {
    uint8_t data[TRACE_PACK_ROOM];
    size_t size;
    bool full;
};

struct trace_pack {
    struct trace_pack_area extended;
    struct trace_pack_area payload;
    struct output text; /* of items that become text */
    struct encoder encoder;
    uint8_t provider_id[16];
    const struct schema *named; /* whose name `provider_id` was made of last */
};

void trace_pack_init(struct trace_pack *pack);
void trace_pack_clear(struct trace_pack *pack);

/*
 * The record borrows from the pack and the event, until the next call. TOO_BIG: it does not fit
 * into one; the record then has one field, TooBig, instead of the event's.
 */
ETWAS_MUST_CHECK enum etwas_status trace_pack(struct trace_pack *pack, const struct event *event,
                                              struct arena *arena, struct etl_record *record);

#endif

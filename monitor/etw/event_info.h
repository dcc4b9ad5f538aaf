/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_ETW_EVENT_INFO_H
#define ETWAS_MONITOR_ETW_EVENT_INFO_H

#include "monitor/etl/record.h"
#include "monitor/etw/schemas_parts.h"

/*
 * Merged traces bring the schemas of their events with them: records of the provider
 * bbccf6c1-6cd1-48c4-80ff-839482e37671 whose payload is a TRACE_EVENT_INFO (opcode 32) or the GUID
 * of a provider and an EVENT_MAP_INFO (opcode 33), both of tdh.h.
 */
struct event_infos;

struct event_infos *event_infos_open(void); /* NULL when there is no memory */
void event_infos_close(struct event_infos *infos);

bool event_infos_teaches(const struct etl_glance *glance); /* as schemas_teaches() */

/* Keeps what such a record says. False: it is none, or there is no memory. */
bool event_infos_learn(struct event_infos *infos, const struct etl_record *record);

/* NULL: nothing was said about such an event. */
const struct etw_layout *event_infos_layout(const struct event_infos *infos,
                                            const struct etl_record *record,
                                            const struct schemas_options *options,
                                            struct arena *arena);

/* The same for one TRACE_EVENT_INFO by itself, without maps: what a caller of TDH has. */
const struct etw_layout *event_info_layout(const uint8_t *info, size_t size, uint8_t pointer_size,
                                           struct arena *arena);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_ETW_DECODE_H
#define ETWAS_MONITOR_ETW_DECODE_H

#include <stdbool.h>

#include "monitor/etl/record.h"
#include "monitor/etw/layout.h"

/*
 * Decodes payloads by layouts: what stands behind schema.field of every ETW event. A field is found
 * by walking over those before it, unless all of them are of one size; decoding one field after
 * the other walks once.
 *
 * The walk is remembered in the layout, so a layout serves one thread.
 */

/*
 * Makes a layout whole: schema.field_name, .field, .field_count and .json. Memory comes from
 * `arena`, which must live as long; false: it is full, or the layout contradicts itself (a member
 * that is not there, a count of a field that comes later).
 */
bool etw_layout_finish(struct etw_layout *layout, struct arena *arena);

/*
 * Fills in an event from a record, whose memory it borrows. The schema's field Raw, if the layout
 * says less than there is, needs no care: see etw_rest().
 */
void etw_event(struct event *event, const struct etl_record *record,
               const struct etw_layout *layout);

/* The same without any layout: an event of a nameless schema that has no fields. */
void etw_event_header(struct event *event, const struct etl_record *record);

/* Bytes of the payload behind the last field: 0 when the layout fits, SIZE_MAX when it says more.
 */
size_t etw_rest(const struct event *event, struct arena *arena);

#endif

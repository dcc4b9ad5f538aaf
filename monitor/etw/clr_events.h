/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_ETW_CLR_EVENTS_H
#define ETWAS_MONITOR_ETW_CLR_EVENTS_H

#include "monitor/etw/schemas_parts.h"

/*
 * Events of .NET runtimes that manifests at hand often do not know: those of Windows lag behind
 * the runtimes, which come by themselves. Made from ClrEtwAll.man, the manifest in the sources of
 * the .NET runtime, and checked against real traces; `fields` are written as table.h says.
 */

/*
 * Of the record's own version or an older one that says the same; NULL: not in the table. With
 * `always`, only what manifests are known to describe wrongly: stacks, of which they say that they
 * have two addresses.
 */
const struct etw_layout *clr_events_layout(const struct etl_record *record, bool always,
                                           const struct schemas_options *options,
                                           struct arena *arena);

#endif

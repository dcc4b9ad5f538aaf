/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_ETW_TMF_H
#define ETWAS_MONITOR_ETW_TMF_H

#include "monitor/etw/schemas_parts.h"

/*
 * WPP: what a message says stands in a trace message format file, GUID.tmf, made from the
 * program's symbols (WDK documentation, "Trace Message Format File" and tracefmt's item types):
 *
 *   d58c126f-b309-11d1-969e-0000f875a5bc tracedrv // SRC=tracedrv.c MJ= MN=
 *   #typev tracedrv_c104 13 "%0IRP %10!p! has status %11!s!" //   LEVEL=1 FUNC=Dispatch
 *   {
 *   Irp, ItemPtr -- 10
 *   status, ItemNTSTATUS -- 11
 *   }
 *
 * Arguments count from 10. The layout's message counts them from 1, as those of manifests do.
 */

/* Of the record's message, in such a text. NULL: it does not have it, or no memory. */
const struct etw_layout *tmf_text_layout(const char *text, const struct etl_record *record,
                                         const struct schemas_options *options,
                                         struct arena *arena);

/* From the file of that name in options->tmf. NULL: none is there, or it is no WPP record. */
const struct etw_layout *tmf_layout(const struct etl_record *record,
                                    const struct schemas_options *options, struct arena *arena);

#endif

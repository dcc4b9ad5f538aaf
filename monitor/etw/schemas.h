/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_ETW_SCHEMAS_H
#define ETWAS_MONITOR_ETW_SCHEMAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/status.h"
#include "monitor/etl/record.h"
#include "monitor/etw/layout.h"

/*
 * Which layout a record has: asked of the record itself (TraceLogging), of what the stream
 * said about itself (0xFFFE manifests, TRACE_EVENT_INFO), of manifests the user named, of the
 * tables built in, in that order. What was found once is kept by (provider, id or opcode, version,
 * pointer size), so that finding it again is one look into a table.
 */
struct schemas;

struct schemas_options {
    const char *const *manifests; /* files and folders */
    size_t manifest_count;
    const char **failed; /* where schemas_open() leaves which of them it was, or NULL */
    const char *cache;   /* folder for the index of manifests, or NULL: none is kept */
    const char *tmf;     /* folder of trace message formats, or NULL */
    bool raw_values;     /* no names for the numbers of maps */
    bool keep_values;    /* the names, and the numbers as FIELD_value */
};

ETWAS_MUST_CHECK enum etwas_status schemas_open(const struct schemas_options *options,
                                                struct schemas **schemas,
                                                struct etwas_error *error);
void schemas_close(struct schemas *schemas); /* NULL is fine; layouts end with it */

/* Could such a record say something about others? If not, schemas_learn() takes nothing from it. */
bool schemas_teaches(const struct etl_glance *glance);

/* What the stream says about itself is taken in here. True: it was such a record. */
bool schemas_learn(struct schemas *schemas, const struct etl_record *record);

/*
 * The layout; what has no schema gets one with the single field Raw (source ETW_RAW). NULL: no
 * memory, or, until schemas_learnt() was called, nothing is known yet: then the whole stream should
 * be passed to schemas_learn(), since what describes an event may come later than it.
 */
const struct etw_layout *schemas_find(struct schemas *schemas, const struct etl_record *record);

/* Nothing more will be learnt of this stream that was not passed already. */
void schemas_learnt(struct schemas *schemas);
bool schemas_is_learnt(const struct schemas *schemas);

/* One line for people since the last call, or NULL: manifests that are not well-formed ... */
const char *schemas_notice(struct schemas *schemas);

/* "Name" or "*Name" (an EventSource's, hashed) or "{GUID}" to 16 bytes. False: not known. */
bool schemas_provider_id(struct schemas *schemas, const char *name, uint8_t id[16]);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_ETW_SCHEMAS_PARTS_H
#define ETWAS_MONITOR_ETW_SCHEMAS_PARTS_H

#include "monitor/etw/schemas.h"
#include "monitor/event/arena.h"

/*
 * What the kinds of schema offer to schemas.c, each in a file of its name, and what schemas.c
 * offers to them. Layouts, and all they point to, live in the arena.
 */
enum { SCHEMAS_ID_SIZE = 16 };

/* From a record's own TraceLogging item; NULL: it has none, or it is malformed. */
const struct etw_layout *tracelogging_layout(const struct etl_record *record,
                                             const struct schemas_options *options,
                                             struct arena *arena);

/* From the tables of classic kernel classes; NULL: not in them. */
const struct etw_layout *classic_layout(const struct etl_record *record,
                                        const struct schemas_options *options, struct arena *arena);

/* The class of that name, upper and lower case the same ("Process"). False: not in the tables. */
bool classic_id(const char *name, uint8_t id[SCHEMAS_ID_SIZE]);

/* The manifests that the user named. */
struct manifest_files;
ETWAS_MUST_CHECK enum etwas_status manifest_files_open(const struct schemas_options *options,
                                                       struct manifest_files **files,
                                                       struct etwas_error *error);
void manifest_files_close(struct manifest_files *files); /* NULL is fine */
/* NULL: none describes such an event. */
const struct etw_layout *manifest_files_layout(struct manifest_files *files,
                                               const struct etl_record *record,
                                               const struct schemas_options *options,
                                               struct arena *arena);
bool manifest_files_id(const struct manifest_files *files, const char *name,
                       uint8_t id[SCHEMAS_ID_SIZE]);
const char *manifest_files_notice(struct manifest_files *files); /* as schemas_notice() */

/* Those that EventSources send through the stream. */
struct stream_manifests;
struct stream_manifests *stream_manifests_open(void);
void stream_manifests_close(struct stream_manifests *manifests);
bool stream_manifests_teaches(const struct etl_glance *glance); /* as schemas_teaches() */
bool stream_manifests_learn(struct stream_manifests *manifests, const struct etl_record *record);
const struct etw_layout *stream_manifests_layout(const struct stream_manifests *manifests,
                                                 const struct etl_record *record,
                                                 const struct schemas_options *options,
                                                 struct arena *arena);

/* Of the records that carry them, ManifestData; NULL: it is none of a manifest that was learnt. */
const struct etw_layout *stream_manifests_chunk(const struct stream_manifests *manifests,
                                                const struct etl_record *record,
                                                const struct schemas_options *options,
                                                struct arena *arena);

/* Bytes that outlive what they come from; NULL: no memory. */
void *schemas_copy(struct arena *arena, const void *data, size_t size);

/* The provider's name in the item of its traits; NULL: there is none. */
const char *schemas_traits_name(const struct etl_record *record, struct arena *arena);

/* "{d3dd3dd4-aac2-4e2a-8dd4-a8fb61b77615}"; NULL: no memory. */
const char *schemas_id_text(const uint8_t id[SCHEMAS_ID_SIZE], struct arena *arena);

#endif

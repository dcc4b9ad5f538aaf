/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_ETL_RECORD_H
#define ETWAS_MONITOR_ETL_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/status.h"

/*
 * One record of an ETW buffer, its header read and nothing else: what .etl files hold and what
 * the Windows controller passes on. Layouts: the SDK's evntrace.h and evntcons.h for EVENT_HEADER,
 * EVENT_TRACE_HEADER, EVENT_INSTANCE_HEADER; G. Chappell's study of the others.
 *
 * Pointers go into the buffer and live as long.
 */
enum etl_kind {
    ETL_SYSTEM,   /* hook, time, process, thread, processor times */
    ETL_COMPACT,  /* the same without times */
    ETL_PERFINFO, /* hook and time only */
    ETL_EVENT,    /* EVENT_HEADER: manifest, TraceLogging */
    ETL_FULL,     /* EVENT_TRACE_HEADER: classic providers */
    ETL_INSTANCE, /* EVENT_INSTANCE_HEADER */
    ETL_TIMED,
    ETL_MESSAGE, /* WPP */
    ETL_UNKNOWN, /* a known size and nothing else */
};

struct etl_record {
    enum etl_kind kind;
    uint8_t pointer_size; /* 4 or 8; of this record, not of the file */
    bool classic;         /* no EVENT_HEADER: `id` is 0, what it is says `opcode` */
    bool has_process;     /* PERFINFO and TIMED say nothing of process and thread */
    int64_t stamp;        /* as the trace's clock counts */
    int64_t time;         /* UTC, 100 ns since 1601; set by whoever knows the clock */
    uint32_t cpu;         /* these two by who knows the buffer */
    uint32_t file;        /* of several that are read together */
    uint32_t process_id;
    uint32_t thread_id;
    const uint8_t *provider_id; /* 16 bytes; of kernel records the GUID of their class */
    const uint8_t *activity_id; /* 16 bytes, or NULL */
    uint64_t keywords;
    uint64_t processor_time; /* as the header has it, 0 if it does not */
    uint16_t hook;           /* of kernel records: group << 8 | type */
    uint16_t id;
    uint16_t task;
    uint16_t flags;    /* EVENT_HEADER.Flags */
    uint16_t property; /* EVENT_HEADER.EventProperty */
    uint8_t version;
    uint8_t channel;
    uint8_t level;
    uint8_t opcode;
    uint32_t message_number; /* WPP */
    uint16_t message_flags;
    uint32_t instance_id;
    uint32_t parent_instance_id;
    const uint8_t *parent_id; /* GUID of the parent's class, or NULL */
    const uint8_t *extended;  /* extended data items, or NULL; see etl_item_next() */
    size_t extended_size;
    const uint8_t *payload;
    size_t payload_size;
};

/* What one look at a record tells, enough to pass over most of them without reading them. */
struct etl_glance {
    enum etl_kind kind;         /* ETL_EVENT, ETL_FULL; all others are ETL_UNKNOWN */
    uint8_t opcode;             /* of both */
    uint16_t id;                /* of ETL_EVENT */
    const uint8_t *provider_id; /* of both; else NULL */
};

/* Parameters as of etl_record_read(). */
ETWAS_MUST_CHECK enum etwas_status etl_record_glance(const uint8_t *data, size_t size,
                                                     struct etl_glance *glance, size_t *taken);

/*
 * Reads the record at `data` of which at most `size` bytes are there. `*taken` is the distance to
 * the next one (its size, up to a multiple of 8). MALFORMED: no record can begin like this.
 */
ETWAS_MUST_CHECK enum etwas_status etl_record_read(const uint8_t *data, size_t size,
                                                   struct etl_record *record, size_t *taken);

/*
 * The class of a kernel record: a GUID for the group in its hook's upper byte (the SDK's kernel
 * event classes). Never NULL: a group that is not known has the zero GUID.
 */
const uint8_t *etl_class_of_hook(uint16_t hook);

/* EVENT_HEADER_EXT_TYPE_* of evntcons.h */
enum etl_item_type {
    ETL_ITEM_RELATED_ACTIVITY = 1,
    ETL_ITEM_SID = 2,
    ETL_ITEM_TS_ID = 3,
    ETL_ITEM_INSTANCE = 4,
    ETL_ITEM_STACK32 = 5,
    ETL_ITEM_STACK64 = 6,
    ETL_ITEM_PEBS = 7,
    ETL_ITEM_PMC = 8,
    ETL_ITEM_PSM_KEY = 9,
    ETL_ITEM_EVENT_KEY = 10,
    ETL_ITEM_SCHEMA_TL = 11,
    ETL_ITEM_PROV_TRAITS = 12,
    ETL_ITEM_PROCESS_START_KEY = 13,
    ETL_ITEM_CONTROL_GUID = 14,
    ETL_ITEM_QPC_DELTA = 15,
    ETL_ITEM_CONTAINER_ID = 16,
    ETL_ITEM_STACK_KEY32 = 17,
    ETL_ITEM_STACK_KEY64 = 18,
};

struct etl_item {
    uint16_t type;
    uint16_t size;
    const uint8_t *data;
};

/* Walks the items from `*offset` 0. False: there is none, or it is not whole. */
bool etl_item_next(const struct etl_record *record, size_t *offset, struct etl_item *item);
/* The first of that type; false: there is none. */
bool etl_item_find(const struct etl_record *record, uint16_t type, struct etl_item *item);

#endif

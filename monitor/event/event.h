/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_EVENT_EVENT_H
#define ETWAS_MONITOR_EVENT_EVENT_H

#include <stddef.h>
#include <stdint.h>

#include "ipc/status.h"
#include "monitor/event/arena.h"
#include "monitor/event/value.h"

/*
 * The one decoded shape of an event, whatever system or file it came from.
 *
 * The header is decoded; the payload is not: it stays the bytes of the record,
 * and event_field() decodes one field when a query or an encoder asks for it.
 * What a field is and where it lies is said by the schema, found once for each
 * kind of event and shared by all events of the kind.
 *
 * An event borrows its record, its schema and its names. The record lives until
 * the batch is done, schemas and names as long as the decoder that made them.
 */

struct event;

struct schema_json;

/* Whose word an event is: who keeps the books of a stream has to know. */
enum schema_origin {
    SCHEMA_TRACED, /* recorded by the system */
    SCHEMA_LOCAL,  /* made here from lines, counters */
    SCHEMA_OWN,    /* the monitor reports about itself */
    SCHEMA_FILE,   /* read from a trace: of another time, most often of another machine */
};

/*
 * How the fields of one kind of event are decoded. A decoder (tracefs format,
 * manifest, TraceLogging ...) embeds this as the first member of its own schema.
 */
struct schema {
    const char *provider;       /* UTF-8 */
    const char *event_name;     /* "" when the system has none */
    const uint8_t *provider_id; /* GUID, 16 bytes, or NULL where the system has none */
    const char *task_name;      /* or NULL: people see the number */
    const char *opcode_name;    /* or NULL: the name winmeta.xml gives the number, if any */
    /* From schema_json_make() (encode.h), or NULL: then names are escaped for each event. */
    const struct schema_json *json;
    enum schema_origin origin;
    uint16_t field_count;
    /* The name of field `index`, UTF-8; index < field_count. */
    const char *(*field_name)(const struct schema *schema, uint16_t index);
    /*
     * Decodes field `index` of `event`, whose schema this is. What cannot be
     * decoded (the record is too short, the arena full) becomes VALUE_NULL;
     * the event never fails as a whole.
     */
    struct value (*field)(const struct event *event, uint16_t index, struct arena *arena);
    /*
     * The sentence about `event`, whose schema this is; made when it is to be shown. NULL: there
     * is none. `values` are its fields, if they are decoded already, or NULL. The function itself
     * is NULL where no event of the kind has a sentence.
     */
    const char *(*message)(const struct event *event, const struct value *values,
                           struct arena *arena);
    /* The same of all fields, into `values`, for who wants all: or NULL. */
    void (*values)(const struct event *event, struct value *values, struct arena *arena);
};

/* 100 ns ticks between 1601-01-01, where event time begins, and 1970-01-01. */
#define EVENT_UNIX_EPOCH INT64_C(116444736000000000)

enum { EVENT_LEVEL_NONE = 0xff }; /* the system has no level, opcode or task */

struct event {
    const struct schema *schema;
    const uint8_t *payload;
    size_t payload_size;
    int64_t time; /* UTC in 100 ns ticks since 1601-01-01, as a FILETIME */
    uint64_t keywords;
    const uint8_t *activity_id;         /* GUID, or NULL */
    const uint8_t *related_activity_id; /* GUID, or NULL */
    const char *process_name;           /* or NULL when unknown */
    const char *message;                /* or NULL: the schema's, event_message() */
    const struct value *extra;          /* columns that few events have, an OBJECT; or NULL */
    uint32_t process_id;                /* 0 when unknown */
    uint32_t thread_id;
    uint32_t cpu;
    uint16_t id;
    uint16_t task;
    uint8_t version;
    uint8_t level; /* EVENT_LEVEL_NONE: level, opcode, task, keywords are null */
    uint8_t opcode;
    uint8_t channel;
};

static inline struct value event_field(const struct event *event, uint16_t index,
                                       struct arena *arena)
{
    return event->schema->field(event, index, arena);
}

/* UTF-8, or NULL: it has none. `values` as in schema.message. */
static inline const char *event_message(const struct event *event, const struct value *values,
                                        struct arena *arena)
{
    return event->message != NULL || event->schema->message == NULL
               ? event->message
               : event->schema->message(event, values, arena);
}

/*
 * All fields, `field_count` of them, in the arena. NULL: it is full, or the schema does not give
 * them at once; then there is event_field().
 */
const struct value *event_values(const struct event *event, struct arena *arena);

/* The index of the field called `name`, or -1. Case matters. */
int event_field_index(const struct schema *schema, const char *name);

/* What winmeta.xml calls the level and the opcode; NULL for others and for none. */
const char *event_level_name(const struct event *event);
const char *event_opcode_name(const struct event *event);

#endif

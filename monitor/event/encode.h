/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_EVENT_ENCODE_H
#define ETWAS_MONITOR_EVENT_ENCODE_H

#include <stdbool.h>

#include "ipc/status.h"
#include "monitor/event/event.h"

/*
 * Events as text. An output buffer grows by doubling up to the maximum given
 * when it is opened; one event either fits whole or leaves the buffer as it was.
 */
struct output {
    char *data;
    size_t size;     /* bytes written */
    size_t capacity; /* bytes allocated */
    size_t maximum;
};

/* Allocates nothing yet. */
void output_init(struct output *output, size_t maximum);
void output_clear(struct output *output); /* frees; the output can be used again */

/*
 * What is remembered from one event to the next, to be fast: the rendered
 * second. One per thread; owns nothing, so there is nothing to clear.
 */
struct encoder {
    uint32_t columns;     /* of the terminal, for tables; 0: nothing is cut at an edge */
    int64_t second_start; /* as event.time */
    char second[20];      /* "2026-11-20T22:54:30." */
};

void encoder_init(struct encoder *encoder);

enum event_format {
    EVENT_TEXT,  /* for people: one line a field, an empty line between events */
    EVENT_JSON,  /* one object a line */
    EVENT_XML,   /* the Windows Event schema, one element a line, all inside <Events> */
    EVENT_TABLE, /* for people: one line an event, in columns */
    EVENT_CSV,   /* RFC 4180, the columns of JSON, EventData and Extra as JSON */
};

/* "json" and so on. False: there is no such format. */
bool event_format_named(const char *name, enum event_format *format);

/*
 * Appends one event. ETWAS_TOO_BIG: it does not fit below the maximum;
 * ETWAS_NO_MEMORY: the buffer could not grow. Either way the output is as before.
 *
 * Text: control characters are escaped, so that no event can drive a terminal.
 *
 * JSON: the columns in this order: TimeCreated Provider ProviderId EventId
 * EventName Version Level LevelValue Opcode OpcodeValue Task TaskValue Keywords
 * Channel ProcessId ThreadId ProcessName Cpu ActivityId RelatedActivityId
 * EventData Message. Before EventData come the event's extra columns, if it has any
 * (UserId SessionId ProcessStartKey Stack ...), which all formats show. A column whose value is
 * null is left out: absent equals null. Integers are exact; VALUE_HEX, keywords and bytes are
 * strings of 0x hex digits; invalid UTF-8 becomes U+FFFD; NaN and the infinities are strings.
 * All: a time outside the years 1601 to 9999 is shown as the nearest inside.
 *
 * XML: what XML 1.0 cannot hold becomes U+FFFD. Arrays are elements with one name,
 * structures ComplexData. Of the extra columns UserId and SessionId have their place in System,
 * the others are in ExtendedTracingInfo.
 *
 * Table: as text, extra columns at the end; what does not fit into its column ends in an
 * ellipsis.
 *
 * CSV: extra columns are one column, Extra, as JSON; a text that a spreadsheet would run as a
 * formula gets an apostrophe before it; control characters other than tab and line ends become
 * U+FFFD.
 */
ETWAS_MUST_CHECK enum etwas_status encode_event(struct encoder *encoder, const struct event *event,
                                                enum event_format format, struct arena *arena,
                                                struct output *output);

/*
 * What stands before the first event and behind the last: the line of names, the root element.
 * Nothing in text and JSON. Statuses as of encode_event().
 */
ETWAS_MUST_CHECK enum etwas_status encode_start(const struct encoder *encoder,
                                                enum event_format format, struct output *output);
ETWAS_MUST_CHECK enum etwas_status encode_end(enum event_format format, struct output *output);

/*
 * The names of a schema as JSON, escaped once for all its events. Lives in
 * `arena`, which must outlive the schema; NULL when the arena is full.
 */
const struct schema_json *schema_json_make(const struct schema *schema, struct arena *arena);

#endif

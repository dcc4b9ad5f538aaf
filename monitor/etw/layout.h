/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_ETW_LAYOUT_H
#define ETWAS_MONITOR_ETW_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "monitor/event/event.h"

/*
 * How the payload of one kind of ETW event lies: a list of fields, as TRACE_EVENT_INFO has it,
 * whoever said so: TraceLogging, a manifest, TRACE_EVENT_INFO, a table of ours. All are decoded
 * by the one engine in decode.c.
 *
 * Layouts live as long as the schemas they come from (schemas.h) and do not change once handed out.
 */

/* TDH_INTYPE_* (tdh.h, documented as _TDH_IN_TYPE) */
enum etw_in_type {
    ETW_IN_NULL = 0,
    ETW_IN_UTF16 = 1, /* ends with a zero, by its length, or with the payload */
    ETW_IN_ANSI = 2,
    ETW_IN_INT8 = 3,
    ETW_IN_UINT8 = 4,
    ETW_IN_INT16 = 5,
    ETW_IN_UINT16 = 6,
    ETW_IN_INT32 = 7,
    ETW_IN_UINT32 = 8,
    ETW_IN_INT64 = 9,
    ETW_IN_UINT64 = 10,
    ETW_IN_FLOAT = 11,
    ETW_IN_DOUBLE = 12,
    ETW_IN_BOOLEAN = 13, /* 4 bytes */
    ETW_IN_BINARY = 14,
    ETW_IN_GUID = 15,
    ETW_IN_POINTER = 16,
    ETW_IN_FILETIME = 17,
    ETW_IN_SYSTEMTIME = 18,
    ETW_IN_SID = 19,
    ETW_IN_HEX32 = 20,
    ETW_IN_HEX64 = 21,
    ETW_IN_MANIFEST_COUNTED_UTF16 = 22, /* u16 bytes before it, as the next three */
    ETW_IN_MANIFEST_COUNTED_ANSI = 23,
    ETW_IN_MANIFEST_COUNTED_BINARY = 25,
    ETW_IN_COUNTED_UTF16 = 300,
    ETW_IN_COUNTED_ANSI = 301,
    ETW_IN_REVERSED_COUNTED_UTF16 = 302,
    ETW_IN_REVERSED_COUNTED_ANSI = 303,
    ETW_IN_UNTERMINATED_UTF16 = 304, /* to the end of the payload */
    ETW_IN_UNTERMINATED_ANSI = 305,
    ETW_IN_UNICODE_CHAR = 306,
    ETW_IN_ANSI_CHAR = 307,
    ETW_IN_SIZE = 308,     /* as a pointer */
    ETW_IN_HEX_DUMP = 309, /* u32 bytes before it */
    ETW_IN_WBEM_SID = 310, /* TOKEN_USER (two pointers) and the SID, or 4 zero bytes */
};

/* TDH_OUTTYPE_* */
enum etw_out_type {
    ETW_OUT_NULL = 0,
    ETW_OUT_STRING = 1,
    ETW_OUT_DATETIME = 2,
    ETW_OUT_BYTE = 3,
    ETW_OUT_UNSIGNED_BYTE = 4,
    ETW_OUT_SHORT = 5,
    ETW_OUT_UNSIGNED_SHORT = 6,
    ETW_OUT_INT = 7,
    ETW_OUT_UNSIGNED_INT = 8,
    ETW_OUT_LONG = 9,
    ETW_OUT_UNSIGNED_LONG = 10,
    ETW_OUT_FLOAT = 11,
    ETW_OUT_DOUBLE = 12,
    ETW_OUT_BOOLEAN = 13,
    ETW_OUT_GUID = 14,
    ETW_OUT_HEX_BINARY = 15,
    ETW_OUT_HEX8 = 16,
    ETW_OUT_HEX16 = 17,
    ETW_OUT_HEX32 = 18,
    ETW_OUT_HEX64 = 19,
    ETW_OUT_PID = 20,
    ETW_OUT_TID = 21,
    ETW_OUT_PORT = 22, /* in network order */
    ETW_OUT_IPV4 = 23,
    ETW_OUT_IPV6 = 24,
    ETW_OUT_SOCKET_ADDRESS = 25,
    ETW_OUT_CIM_DATETIME = 26,
    ETW_OUT_ETW_TIME = 27,
    ETW_OUT_XML = 28,
    ETW_OUT_ERROR_CODE = 29,
    ETW_OUT_WIN32_ERROR = 30,
    ETW_OUT_NTSTATUS = 31,
    ETW_OUT_HRESULT = 32,
    ETW_OUT_CULTURE_DATETIME = 33,
    ETW_OUT_JSON = 34,
    ETW_OUT_UTF8 = 35,
    ETW_OUT_PKCS7 = 36,
    ETW_OUT_CODE_POINTER = 37,
    ETW_OUT_DATETIME_UTC = 38,
};

struct etw_map_entry {
    uint32_t value;
    const char *text; /* UTF-8 */
};

struct etw_map {
    bool is_bits; /* each bit by itself; else one value */
    uint32_t count;
    const struct etw_map_entry *entries;
};

/* Where a count or a length comes from. */
enum etw_extent {
    ETW_EXTENT_NONE,  /* one item; a length as the type has it */
    ETW_EXTENT_FIXED, /* the number itself */
    ETW_EXTENT_FIELD, /* the value of the field of that index, which comes before */
    ETW_EXTENT_U16,   /* 2 bytes before the items themselves (TraceLogging) */
};

struct etw_field {
    const char *name; /* UTF-8 */
    uint16_t in_type;
    uint16_t out_type;
    uint8_t count_from;  /* enum etw_extent */
    uint8_t length_from; /* in units of the type: characters, bytes */
    bool is_struct;      /* `first` and `members` say which fields it has; in_type does not count */
    bool is_hidden;      /* takes its bytes and is not shown (padding) */
    bool to_end;         /* as many items as there are; `count` is the most */
    uint16_t count;
    uint16_t length;
    uint16_t first; /* index of the first member, behind all fields of the level above */
    uint16_t members;
    const struct etw_map *map; /* or NULL */
};

/* Who said how it lies. */
enum etw_source {
    ETW_TRACELOGGING,
    ETW_EVENT_INFO,
    ETW_STREAM_MANIFEST,
    ETW_MANIFEST,
    ETW_CLASSIC,
    ETW_WPP,
    ETW_RAW, /* nobody: the payload is one field, Raw */
};

struct etw_plan;    /* how a field is decoded: decode_plan.c */
struct etw_reading; /* where decode.c was last: the next field is not searched from the start */

/*
 * `fields` has all fields: `top_count` of them at the top, then the members of structs, each
 * struct's in a row. etw_layout_finish() (decode.h) fills in what decoding needs from this and the
 * header.
 */
struct etw_layout {
    struct schema schema; /* first */
    const struct etw_field *fields;
    uint16_t top_count;
    uint16_t field_total;
    uint8_t pointer_size;
    enum etw_source source;
    bool raw_values;     /* maps give no names, addresses no text */
    bool keep_values;    /* a field with a map has a second one behind it: its number */
    bool nearest;        /* of another version than the record's: nobody knows that one */
    const char *message; /* "%1 was started by %2", UTF-8, or NULL */
    const char *channel; /* name, or NULL */
    /* etw_layout_finish()'s: */
    uint16_t *shown;           /* index in `fields` of each field of the schema but the last, Raw */
    const char **number_names; /* by field: what the number behind its name is called, or NULL */
    struct etw_reading *reading;
    struct etw_plan *plans; /* of all fields */
    uint16_t leading_count; /* fields that begin the payload and are always of one size */
    bool has_references;    /* counts or lengths that are another field's number */
    size_t leading_size;
};

#endif

/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_EVENT_VALUE_H
#define ETWAS_MONITOR_EVENT_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One decoded field. A value owns nothing: text, bytes and items point into the
 * record it was decoded from, into its schema, or into the arena of the batch,
 * and die with the shortest-lived of them, the batch.
 */
enum value_type {
    VALUE_NULL,   /* could not be decoded */
    VALUE_ABSENT, /* this event has no such field: encoders leave it out */
    VALUE_BOOL,
    VALUE_INT,
    VALUE_UINT,
    VALUE_HEX, /* an unsigned number that people read as 0x...: pointers, masks */
    VALUE_FLOAT,
    VALUE_TEXT, /* UTF-8 as found: encoders replace what is invalid by U+FFFD */
    VALUE_BYTES,
    VALUE_TIME, /* as event.time */
    VALUE_GUID, /* 16 bytes in their Windows (mixed-endian) order, in `bytes` */
    VALUE_ARRAY,
    VALUE_OBJECT, /* values with names */
};

struct member;

/* What an integer is a code of. JSON keeps the number alone; people get the name, too. */
enum value_code { CODE_NONE, CODE_NTSTATUS, CODE_HRESULT, CODE_WIN32 };

struct value {
    enum value_type type;
    enum value_code code; /* of INT, UINT and HEX */
    union {
        bool truth;
        int64_t i;  /* INT, TIME */
        uint64_t u; /* UINT, HEX */
        double number;
        struct {
            const char *data;
            size_t size;
        } text;
        struct {
            const uint8_t *data;
            size_t size;
        } bytes; /* BYTES, GUID */
        struct {
            const struct value *items;
            size_t count;
        } array;
        struct {
            const struct member *members;
            size_t count;
        } object;
    } as;
};

struct member {
    const char *name; /* UTF-8 */
    struct value value;
};

#endif

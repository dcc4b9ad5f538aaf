/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_TRACEFS_FORMAT_H
#define ETWAS_MONITOR_TRACEFS_FORMAT_H

#include "ipc/status.h"
#include "monitor/event/event.h"

/*
 * A tracefs `format` file: how the records of one kind of event are laid out.
 *
 * Everything a format is made of lives in the arena given to format_parse() and
 * dies with it. Formats are read only afterwards and may be shared by threads.
 *
 * Values of fields: integers are VALUE_INT and VALUE_UINT, pointers VALUE_HEX,
 * text VALUE_TEXT up to its NUL, arrays of integers VALUE_ARRAY, but those of
 * bytes, structs and unknown types VALUE_BYTES, bit masks VALUE_HEX or, from 65
 * bits, an array of VALUE_HEX. A number that the event's `print fmt` prints by
 * name is VALUE_TEXT (print_format.h), and so is that of a known system call.
 */
struct print_format;
struct print_names;

enum {
    FORMAT_TEXT_SIZE = 64 * 1024, /* a format file */
    FORMAT_FIELDS = 256,
    FORMAT_RECORD_SIZE = 65535, /* offsets and sizes */
    FORMAT_IDS = 65536,
};

enum field_kind {
    FIELD_INTEGER, /* 1, 2, 4 or 8 bytes */
    FIELD_POINTER,
    FIELD_BOOL,
    FIELD_SYSCALL,  /* an integer: the number of a system call */
    FIELD_REGISTER, /* 8 bytes of which the lower 4 are an int: see format_value.c */
    FIELD_TEXT,
    FIELD_INTEGERS,
    FIELD_MASK,
    FIELD_BYTES,
};

enum field_place {
    FIELD_IN_PLACE,
    FIELD_TO_END,   /* from its offset to the end of the record */
    FIELD_DATA_LOC, /* a u32 says where: length << 16 | offset in the record */
    FIELD_REL_LOC,  /* the same, with the offset counted from the end of the u32 */
};

struct format_field {
    const char *name;
    const char *type; /* as written, without array brackets behind the name */
    uint32_t offset;
    uint32_t size;
    enum field_kind kind;
    enum field_place place;
    uint8_t item_size; /* of FIELD_INTEGERS */
    bool is_signed;
    const struct print_names *names; /* or NULL */
};

struct format {
    struct schema schema; /* its fields are `fields` */
    const struct format_field *fields;
    const struct format_field *common; /* the common_ ones */
    const struct print_format *print;  /* NULL when there is no `print fmt` */
    uint16_t field_count;
    uint16_t common_count;
    uint16_t id; /* the common_type of its records; differs from boot to boot */
};

/*
 * Parses the text of `events/SYSTEM/EVENT/format`. ETWAS_MALFORMED: it is none;
 * ETWAS_TOO_BIG: over a limit above; ETWAS_NO_MEMORY: the arena is full.
 */
ETWAS_MUST_CHECK enum etwas_status format_parse(const char *system, const char *text, size_t size,
                                                struct arena *arena, const struct format **format);

/*
 * Fills in what a record says itself: schema, payload, thread. The rest (time,
 * process, cpu) is left as it is; level becomes EVENT_LEVEL_NONE, id 0.
 */
void format_event(const struct format *format, const uint8_t *record, size_t size,
                  struct event *event);

/* The bytes of a field in a record, or NULL when the record does not hold them. */
const uint8_t *format_field_bytes(const struct format_field *field, const uint8_t *record,
                                  size_t record_size, size_t *size);

/* An integer field, sign-extended; false when it is none or not in the record. */
bool format_field_number(const struct format_field *field, const uint8_t *record,
                         size_t record_size, uint64_t *number);

/* A text field up to its NUL; false when it is none or not in the record. */
bool format_field_text(const struct format_field *field, const uint8_t *record, size_t record_size,
                       struct value *text);

/* The field called `name`, common ones too, or NULL. */
const struct format_field *format_field_find(const struct format *format, const char *name,
                                             size_t name_size);

/* For struct schema. */
struct value format_value(const struct event *event, uint16_t index, struct arena *arena);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_ETW_DECODE_PARTS_H
#define ETWAS_MONITOR_ETW_DECODE_PARTS_H

#include "monitor/etw/layout.h"

/* What the files decode*.c share; for nobody else. */

/*
 * How far the walk over one payload has come. Fields are walked in order; what others need as
 * their count or length is kept in `numbers` on the way.
 */
struct etw_reading {
    const uint8_t *payload; /* whose: NULL, none's yet */
    size_t size;
    size_t at;           /* where field `index` begins */
    uint16_t index;      /* of `fields`, at the top */
    bool bad;            /* field `index` does not fit: those from it on cannot be decoded */
    uint64_t *numbers;   /* by field */
    bool *is_referenced; /* by field */
    struct arena *arena; /* of the field that is read */
    bool plain;          /* numbers are wanted, and no names for them */
};

enum { ETW_NUMBER = 0x8000 /* in `shown`: not the names of that field, but its number */ };

/* Is the number of a field shown behind its names? */
static inline bool etw_has_number(const struct etw_layout *layout, uint16_t index)
{
    return layout->number_names != NULL && layout->number_names[index] != NULL;
}

/* What stands behind schema.field, .values and .field_name of all layouts. */
struct value etw_field_value(const struct event *event, uint16_t index, struct arena *arena);
void etw_all_values(const struct event *event, struct value *values, struct arena *arena);
const char *etw_field_name(const struct schema *schema, uint16_t index);

/* Where a value lies, and what of its layout it needs. */
struct etw_place {
    const struct etw_layout *layout;
    const struct etw_field *field;
    const uint8_t *data;
    size_t size; /* of one item */
};

/* Bytes of a type whose size is always the same; 0: it is not. */
size_t etw_fixed_size(const struct etw_layout *layout, uint16_t in_type);

/*
 * The size of one item at `data`; SIZE_MAX: it does not fit into `left` bytes. `length` is what the
 * layout says, in units of the type; SIZE_MAX: it says nothing.
 */
size_t etw_item_size(const struct etw_layout *layout, const struct etw_field *field,
                     const uint8_t *data, size_t left, size_t length);

/* The value of an item whose size is right. Only numbers: no memory is needed. */
uint64_t etw_item_number(const struct etw_field *field, const uint8_t *data, size_t size);

/* Field `index` of those at the top, shown or not. */
struct value etw_top_value(const struct event *event, uint16_t index, struct arena *arena);

struct value etw_item_value(const struct etw_place *place, struct arena *arena);

/* Text of UTF-16 units, up to the first zero. */
struct value etw_utf16(const uint8_t *data, size_t size, struct arena *arena);
/* "S-1-5-18"; NULL: malformed, or no memory. */
struct value etw_sid(const uint8_t *data, size_t size, struct arena *arena);
struct value etw_ipv4(const uint8_t *data, struct arena *arena);
struct value etw_ipv6(const uint8_t *data, struct arena *arena);
/* A SOCKADDR_IN, SOCKADDR_IN6 or something else, which stays bytes. */
struct value etw_socket_address(const uint8_t *data, size_t size, struct arena *arena);
/* The names of a map for a number; the number itself when it has none. */
struct value etw_mapped(const struct etw_map *map, uint64_t number, struct arena *arena);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_IPC_FIELD_H
#define ETWAS_IPC_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/status.h"

/*
 * Reads structured fields of HTTP (RFC 8941): a dictionary's members one after the other,
 * the items of an inner list, the parameters of either. Without memory: values are pieces of the
 * text, borrowed. Strict; base64 must be padded. A name that comes twice is the caller's business.
 *
 * The first error makes the walker bad: from then on it yields nothing. A member is checked
 * whole, so that walks over what is in it cannot fail.
 */
enum field_type {
    FIELD_INTEGER,
    FIELD_DECIMAL,
    FIELD_STRING,
    FIELD_TOKEN, /* names are given as these */
    FIELD_BYTES,
    FIELD_BOOLEAN,
    FIELD_LIST,
};

struct field_value {
    enum field_type type;
    bool escaped;   /* a string that has a backslash in it */
    int64_t number; /* integer; decimal in thousandths; boolean 0 or 1 */
    /* String, still escaped, bytes as base64 or list without what is around it; token. */
    const char *data;
    size_t size;
    const char *parameters; /* from the first ";" */
    size_t parameters_size;
};

struct field_walker {
    const char *at;
    const char *end;
    bool bad;
};

struct field_walker field_dictionary(const char *text, size_t size);
struct field_walker field_list(const struct field_value *value);
struct field_walker field_parameters(const struct field_value *value);

/* The next one. False: there is none, or it is bad. */
bool field_member(struct field_walker *walker, struct field_value *name, struct field_value *value);
bool field_item(struct field_walker *walker, struct field_value *value);
bool field_parameter(struct field_walker *walker, struct field_value *name,
                     struct field_value *value);

/* OK: all were taken and nothing is left. MALFORMED. */
ETWAS_MUST_CHECK enum etwas_status field_end(const struct field_walker *walker);

/* Is this token, or string unescaped, the text `text`? */
bool field_is(const struct field_value *value, const char *text);

/* Copies a token, or a string unescaped, and a zero. TOO_BIG: `room` bytes do not suffice. */
ETWAS_MUST_CHECK enum etwas_status field_copy(const struct field_value *value, char *text,
                                              size_t room);

#endif

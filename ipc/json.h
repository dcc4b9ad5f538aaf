/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_IPC_JSON_H
#define ETWAS_IPC_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/status.h"

/*
 * Walks JSON text (RFC 8259) that somebody else wrote, without a tree and without
 * memory: the caller asks for the members of an object one after the other and
 * gets pieces of the text. Strict: what json_end() accepts, any JSON reader accepts,
 * UTF-8 and halves of surrogate pairs included, if its numbers are wide enough. Names that
 * come twice are the caller's business. Nesting is limited to JSON_MAX_DEPTH. For the lines
 * of batches; configuration is read with jansson.
 *
 * jansson has the names json_object() and JSON_OBJECT: who uses both must not mix them up.
 * The first error makes the walker bad: from then on it yields nothing.
 */
enum { JSON_MAX_DEPTH = 32 };

enum json_type {
    JSON_IS_OBJECT,
    JSON_IS_ARRAY,
    JSON_IS_STRING,
    JSON_IS_NUMBER,
    JSON_IS_TRUE,
    JSON_IS_FALSE,
    JSON_IS_NULL,
};

/* A value in the text, borrowed; of a string without its quotes, still escaped. */
struct json_piece {
    const char *data;
    size_t size;
    enum json_type type;
    bool escaped; /* a string that has a backslash in it */
};

struct json_walker {
    const char *at;
    const char *end;
    bool bad;
};

/*
 * Begins at an object or an array (after white space); nested ones are walked the same way
 * from their piece.
 */
struct json_walker json_walk_object(const char *data, size_t size);
struct json_walker json_walk_array(const char *data, size_t size);

/* The next member or item; its value is checked whole. False: there is none, or it is bad. */
bool json_member(struct json_walker *walker, struct json_piece *name, struct json_piece *value);
bool json_item(struct json_walker *walker, struct json_piece *value);

/* OK: all members were taken and nothing but white space is left. MALFORMED. */
ETWAS_MUST_CHECK enum etwas_status json_end(const struct json_walker *walker);

/* Is this string, unescaped, the text `text`? No value of another type is. */
bool json_is(const struct json_piece *piece, const char *text);

/* Unescapes a string to `room` bytes; the size needed, which may be more than `room`. */
size_t json_unescape(const struct json_piece *piece, char *text, size_t room);

/* A number without sign, fraction and exponent that fits. */
bool json_u64(const struct json_piece *piece, uint64_t *number);

#endif

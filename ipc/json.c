/* SPDX-License-Identifier: MIT */
#include "ipc/json.h"

#include <string.h>

#include "ipc/json_text.h"

/*
 * A walker stands at the next member, or at the end of its text: there, the closing bracket
 * was seen and nothing came behind. Functions that skip something begin within the text,
 * and return where they stopped, or NULL: it is wrong.
 */

enum { WORD = 8 /* bytes */ };
#define EACH_BYTE (UINT64_MAX / 0xff)

/* One load where bytes lie that way round. As a loop it would be eight: gcc 12 only sees this. */
static uint64_t load_word(const char *at)
{
    const uint8_t *byte = (const uint8_t *)at;
    const uint32_t low =
        byte[0] | (uint32_t)byte[1] << 8 | (uint32_t)byte[2] << 16 | (uint32_t)byte[3] << 24;
    const uint32_t high =
        byte[4] | (uint32_t)byte[5] << 8 | (uint32_t)byte[6] << 16 | (uint32_t)byte[7] << 24;
    return low | (uint64_t)high << 32;
}

/*
 * The top bit of each byte that is a quote, a backslash, a control character or beyond ASCII.
 * A borrow may set it in bytes above such a one, so only the lowest bit is to be trusted.
 */
static uint64_t stops_in(uint64_t word)
{
    const uint64_t quotes = word ^ (EACH_BYTE * '"');
    const uint64_t backslashes = word ^ (EACH_BYTE * '\\');
    const uint64_t found =
        (quotes - EACH_BYTE) | (backslashes - EACH_BYTE) | (word - EACH_BYTE * ' ') | word;
    return found & (EACH_BYTE * 0x80);
}

static bool is_plain(char c)
{
    return (uint8_t)c >= ' ' && (uint8_t)c < 0x80 && c != '"' && c != '\\';
}

static const char *skip_plain(const char *at, const char *end)
{
    while (end - at >= WORD) {
        const uint64_t stops = stops_in(load_word(at));
        if (stops != 0) {
            return at + __builtin_ctzll(stops) / 8;
        }
        at += WORD;
    }
    while (at < end && is_plain(*at)) {
        at++;
    }
    return at;
}

/* From behind the quote to the other one. */
static const char *skip_string(const char *at, const char *end, bool *escaped)
{
    uint32_t code = 0;
    *escaped = false;
    at = skip_plain(at, end);
    while (at != NULL && at < end && *at != '"') {
        if (*at == '\\') {
            *escaped = true;
            at = json_take_escape(at, end, &code);
        } else {
            at = json_skip_character(at, end);
        }
        at = at != NULL ? skip_plain(at, end) : NULL;
    }
    return at == end ? NULL : at;
}

static const char *skip_space(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r')) {
        at++;
    }
    return at;
}

static const char *skip_digits(const char *at, const char *end)
{
    const char *start = at;
    while (at < end && *at >= '0' && *at <= '9') {
        at++;
    }
    return at == start ? NULL : at;
}

static const char *skip_number(const char *at, const char *end)
{
    at += *at == '-';
    at = at < end && *at == '0' ? at + 1 : skip_digits(at, end);
    if (at != NULL && at < end && *at == '.') {
        at = skip_digits(at + 1, end);
    }
    if (at != NULL && at < end && (*at == 'e' || *at == 'E')) {
        at++;
        at += at < end && (*at == '+' || *at == '-');
        at = skip_digits(at, end);
    }
    return at;
}

static const char *skip_word(const char *at, const char *end, const char *word)
{
    const size_t size = strlen(word);
    return (size_t)(end - at) >= size && memcmp(at, word, size) == 0 ? at + size : NULL;
}

/* Anything but an object or an array; `*type` and `*escaped` become its. */
static const char *skip_scalar(const char *at, const char *end, enum json_type *type, bool *escaped)
{
    switch (*at) {
    case '"':
        *type = JSON_IS_STRING;
        at = skip_string(at + 1, end, escaped);
        return at != NULL ? at + 1 : NULL;
    case 't':
        *type = JSON_IS_TRUE;
        return skip_word(at, end, "true");
    case 'f':
        *type = JSON_IS_FALSE;
        return skip_word(at, end, "false");
    case 'n':
        *type = JSON_IS_NULL;
        return skip_word(at, end, "null");
    default:
        *type = JSON_IS_NUMBER;
        return skip_number(at, end);
    }
}

/* From a name's quote over the colon to its value, which is within the text. */
static const char *skip_name(const char *at, const char *end, struct json_piece *name)
{
    if (at == end || *at != '"') {
        return NULL;
    }
    name->type = JSON_IS_STRING;
    name->data = at + 1;
    at = skip_string(at + 1, end, &name->escaped);
    if (at == NULL) {
        return NULL;
    }
    name->size = (size_t)(at - name->data);
    at = skip_space(at + 1, end);
    if (at == end || *at != ':') {
        return NULL;
    }
    at = skip_space(at + 1, end);
    return at < end ? at : NULL;
}

/* The objects and arrays around a place: bit 0 of `objects` is the innermost. */
struct nest {
    uint32_t objects;
    unsigned depth;
};

static char closing(const struct nest *nest)
{
    return (nest->objects & 1) != 0 ? '}' : ']';
}

/* To the next value of the innermost one, which may have a name. */
static const char *next_in(const struct nest *nest, const char *at, const char *end)
{
    struct json_piece name;
    if ((nest->objects & 1) != 0) {
        return skip_name(at, end, &name);
    }
    return at < end ? at : NULL;
}

/* From behind a value to the next one, or out of the nest. */
static const char *leave_value(struct nest *nest, const char *at, const char *end)
{
    while (nest->depth > 0) {
        at = skip_space(at, end);
        if (at == end) {
            return NULL;
        }
        if (*at == ',') {
            return next_in(nest, skip_space(at + 1, end), end);
        }
        if (*at != closing(nest)) {
            return NULL;
        }
        at++;
        nest->objects >>= 1;
        nest->depth--;
    }
    return at;
}

/* From a bracket to the first value behind it, or what comes if there is none. */
static const char *enter(struct nest *nest, const char *at, const char *end)
{
    if (nest->depth == JSON_MAX_DEPTH - 1) { /* the walker's own is one more */
        return NULL;
    }
    nest->objects = nest->objects << 1 | (*at == '{' ? 1U : 0U);
    nest->depth++;
    at = skip_space(at + 1, end);
    if (at < end && *at == closing(nest)) {
        nest->objects >>= 1;
        nest->depth--;
        return leave_value(nest, at + 1, end);
    }
    return next_in(nest, at, end);
}

static const char *skip_nest(const char *at, const char *end)
{
    struct nest nest = {.depth = 0};
    at = enter(&nest, at, end);
    while (at != NULL && nest.depth > 0) {
        if (*at == '{' || *at == '[') {
            at = enter(&nest, at, end);
        } else {
            enum json_type type = JSON_IS_NULL;
            bool escaped = false;
            at = skip_scalar(at, end, &type, &escaped);
            at = at != NULL ? leave_value(&nest, at, end) : NULL;
        }
    }
    return at;
}

static const char *skip_value(const char *at, const char *end, struct json_piece *value)
{
    const char *start = at;
    value->escaped = false;
    if (*at == '{' || *at == '[') {
        value->type = *at == '{' ? JSON_IS_OBJECT : JSON_IS_ARRAY;
        at = skip_nest(at, end);
    } else {
        at = skip_scalar(at, end, &value->type, &value->escaped);
    }
    if (at != NULL) {
        const bool quoted = value->type == JSON_IS_STRING;
        value->data = start + quoted;
        value->size = (size_t)(at - start) - (quoted ? 2 : 0);
    }
    return at;
}

/* Over the closing bracket, behind which nothing may be. */
static const char *skip_end(const char *at, const char *end)
{
    at = skip_space(at + 1, end);
    return at == end ? at : NULL;
}

/* From behind a value to the next member, or to the end. */
static const char *skip_comma(const char *at, const char *end, char close)
{
    at = skip_space(at, end);
    if (at < end && *at == ',') {
        at = skip_space(at + 1, end);
        return at < end ? at : NULL;
    }
    return at < end && *at == close ? skip_end(at, end) : NULL;
}

static struct json_walker begin(const char *data, size_t size, char open, char close)
{
    const char *end = data + size;
    const char *at = skip_space(data, end);
    if (at < end && *at == open) {
        at = skip_space(at + 1, end);
        if (at < end && *at == close) {
            at = skip_end(at, end);
        } else if (at == end) {
            at = NULL;
        }
    } else {
        at = NULL;
    }
    return (struct json_walker){.at = at, .end = end, .bad = at == NULL};
}

struct json_walker json_walk_object(const char *data, size_t size)
{
    return begin(data, size, '{', '}');
}

struct json_walker json_walk_array(const char *data, size_t size)
{
    return begin(data, size, '[', ']');
}

static bool arrive(struct json_walker *walker, const char *at)
{
    walker->bad = at == NULL;
    walker->at = at;
    return at != NULL;
}

bool json_member(struct json_walker *walker, struct json_piece *name, struct json_piece *value)
{
    if (walker->bad || walker->at == walker->end) {
        return false;
    }
    const char *at = skip_name(walker->at, walker->end, name);
    at = at != NULL ? skip_value(at, walker->end, value) : NULL;
    return arrive(walker, at != NULL ? skip_comma(at, walker->end, '}') : NULL);
}

bool json_item(struct json_walker *walker, struct json_piece *value)
{
    if (walker->bad || walker->at == walker->end) {
        return false;
    }
    const char *at = skip_value(walker->at, walker->end, value);
    return arrive(walker, at != NULL ? skip_comma(at, walker->end, ']') : NULL);
}

enum etwas_status json_end(const struct json_walker *walker)
{
    return !walker->bad && walker->at == walker->end ? ETWAS_OK : ETWAS_MALFORMED;
}

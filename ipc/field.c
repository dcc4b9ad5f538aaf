/* SPDX-License-Identifier: MIT */
#include "ipc/field.h"

#include <string.h>

/*
 * A walker stands at the next member, item or parameter, or at the end of its text. Functions
 * that take something return where it ended, or NULL: it is wrong. The numbers are the RFC's.
 */

enum { INTEGER_DIGITS = 15, DECIMAL_DIGITS = 12, FRACTION_DIGITS = 3, BASE64_GROUP = 4 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_letter(char c)
{
    return is_lower(c) || (c >= 'A' && c <= 'Z');
}

static bool is_one_of(char c, const char *characters)
{
    return c != '\0' && strchr(characters, c) != NULL;
}

static bool is_next(const char *at, const char *end, char c)
{
    return at < end && *at == c;
}

static const char *skip_spaces(const char *at, const char *end)
{
    while (is_next(at, end, ' ')) {
        at++;
    }
    return at;
}

static const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t')) {
        at++;
    }
    return at;
}

static const char *take_name(const char *at, const char *end, struct field_value *name)
{
    *name = (struct field_value){.type = FIELD_TOKEN, .data = at, .parameters = at};
    if (at == end || (!is_lower(*at) && *at != '*')) {
        return NULL;
    }
    while (at < end && (is_lower(*at) || is_digit(*at) || is_one_of(*at, "_-.*"))) {
        at++;
    }
    name->size = (size_t)(at - name->data);
    return at;
}

/* At most `most` digits, and one at least; they go to the end of `*number`. */
static const char *take_digits(const char *at, const char *end, size_t most, int64_t *number)
{
    const char *start = at;
    while (at < end && is_digit(*at)) {
        if ((size_t)(at - start) == most) {
            return NULL;
        }
        *number = *number * 10 + (*at - '0');
        at++;
    }
    return at == start ? NULL : at;
}

static const char *take_fraction(const char *at, const char *end, struct field_value *value)
{
    const char *start = at;
    value->type = FIELD_DECIMAL;
    at = take_digits(at, end, FRACTION_DIGITS, &value->number);
    for (size_t i = at != NULL ? (size_t)(at - start) : 0; i < FRACTION_DIGITS; i++) {
        value->number *= 10;
    }
    return at;
}

static const char *take_number(const char *at, const char *end, struct field_value *value)
{
    const bool negative = *at == '-';
    at += negative;
    const char *start = at;
    value->type = FIELD_INTEGER;
    at = take_digits(at, end, INTEGER_DIGITS, &value->number);
    if (at != NULL && is_next(at, end, '.')) {
        at = at - start <= DECIMAL_DIGITS ? take_fraction(at + 1, end, value) : NULL;
    }
    value->number = negative ? -value->number : value->number;
    return at;
}

static const char *take_string(const char *at, const char *end, struct field_value *value)
{
    at++;
    value->type = FIELD_STRING;
    value->data = at;
    while (at < end && *at != '"') {
        const bool escape = *at == '\\';
        value->escaped = value->escaped || escape;
        at += escape;
        if (at == end || (escape ? !is_one_of(*at, "\"\\") : *at < ' ' || *at > '~')) {
            return NULL;
        }
        at++;
    }
    value->size = (size_t)(at - value->data);
    return at < end ? at + 1 : NULL;
}

static const char *take_token(const char *at, const char *end, struct field_value *value)
{
    value->type = FIELD_TOKEN;
    value->data = at;
    while (at < end && (is_letter(*at) || is_digit(*at) || is_one_of(*at, "!#$%&'*+-.^_`|~:/"))) {
        at++;
    }
    value->size = (size_t)(at - value->data);
    return at;
}

static const char *take_bytes(const char *at, const char *end, struct field_value *value)
{
    size_t padding = 0;
    at++;
    value->type = FIELD_BYTES;
    value->data = at;
    while (at < end && (is_letter(*at) || is_digit(*at) || is_one_of(*at, "+/"))) {
        at++;
    }
    while (is_next(at, end, '=')) {
        padding++;
        at++;
    }
    value->size = (size_t)(at - value->data);
    const bool whole = padding <= 2 && value->size % BASE64_GROUP == 0;
    return whole && is_next(at, end, ':') ? at + 1 : NULL;
}

static const char *take_boolean(const char *at, const char *end, struct field_value *value)
{
    at++;
    value->type = FIELD_BOOLEAN;
    if (!is_next(at, end, '0') && !is_next(at, end, '1')) {
        return NULL;
    }
    value->number = *at == '1';
    return at + 1;
}

/* An item without its parameters. */
static const char *take_bare(const char *at, const char *end, struct field_value *value)
{
    *value = (struct field_value){.data = at, .parameters = at};
    if (at == end) {
        return NULL;
    }
    if (*at == '-' || is_digit(*at)) {
        return take_number(at, end, value);
    }
    if (*at == '*' || is_letter(*at)) {
        return take_token(at, end, value);
    }
    switch (*at) {
    case '"':
        return take_string(at, end, value);
    case ':':
        return take_bytes(at, end, value);
    case '?':
        return take_boolean(at, end, value);
    default:
        return NULL;
    }
}

/* "NAME" or "NAME=ITEM"; a name alone is true. */
static const char *take_pair(const char *at, const char *end, struct field_value *name,
                             struct field_value *value)
{
    at = take_name(skip_spaces(at, end), end, name);
    if (at != NULL && is_next(at, end, '=')) {
        return take_bare(at + 1, end, value);
    }
    *value = (struct field_value){
        .type = FIELD_BOOLEAN, .number = 1, .data = name->data, .parameters = name->data};
    return at;
}

static const char *take_parameters(const char *at, const char *end, struct field_value *value)
{
    struct field_value name;
    struct field_value one;
    value->parameters = at;
    while (at != NULL && is_next(at, end, ';')) {
        at = take_pair(at + 1, end, &name, &one);
    }
    value->parameters_size = at != NULL ? (size_t)(at - value->parameters) : 0;
    return at;
}

static const char *take_item(const char *at, const char *end, struct field_value *value)
{
    at = take_bare(at, end, value);
    return at != NULL ? take_parameters(at, end, value) : NULL;
}

static const char *take_list(const char *at, const char *end, struct field_value *value)
{
    struct field_value item;
    *value = (struct field_value){.type = FIELD_LIST, .data = at + 1};
    at = skip_spaces(at + 1, end);
    while (!is_next(at, end, ')')) {
        at = take_item(at, end, &item);
        if (at == NULL || (!is_next(at, end, ' ') && !is_next(at, end, ')'))) {
            return NULL;
        }
        at = skip_spaces(at, end);
    }
    value->size = (size_t)(at - value->data);
    return take_parameters(at + 1, end, value);
}

static const char *take_member(const char *at, const char *end, struct field_value *name,
                               struct field_value *value)
{
    at = take_name(at, end, name);
    if (at == NULL) {
        return NULL;
    }
    if (!is_next(at, end, '=')) {
        *value = (struct field_value){.type = FIELD_BOOLEAN, .number = 1, .data = at};
        return take_parameters(at, end, value);
    }
    return is_next(at + 1, end, '(') ? take_list(at + 1, end, value)
                                     : take_item(at + 1, end, value);
}

/* From behind a member to the next one, or to the end. */
static const char *skip_comma(const char *at, const char *end)
{
    at = skip_blanks(at, end);
    if (at == end) {
        return at;
    }
    at = *at == ',' ? skip_blanks(at + 1, end) : end;
    return at < end ? at : NULL;
}

struct field_walker field_dictionary(const char *text, size_t size)
{
    const char *end = text + size;
    return (struct field_walker){.at = skip_spaces(text, end), .end = end};
}

struct field_walker field_list(const struct field_value *value)
{
    const char *end = value->data + value->size;
    return (struct field_walker){
        .at = skip_spaces(value->data, end), .end = end, .bad = value->type != FIELD_LIST};
}

struct field_walker field_parameters(const struct field_value *value)
{
    return (struct field_walker){.at = value->parameters,
                                 .end = value->parameters + value->parameters_size};
}

static bool arrive(struct field_walker *walker, const char *at)
{
    walker->bad = at == NULL;
    walker->at = at;
    return at != NULL;
}

static bool is_over(const struct field_walker *walker)
{
    return walker->bad || walker->at == walker->end;
}

bool field_member(struct field_walker *walker, struct field_value *name, struct field_value *value)
{
    if (is_over(walker)) {
        return false;
    }
    const char *at = take_member(walker->at, walker->end, name, value);
    return arrive(walker, at != NULL ? skip_comma(at, walker->end) : NULL);
}

bool field_item(struct field_walker *walker, struct field_value *value)
{
    if (is_over(walker)) {
        return false;
    }
    const char *at = take_item(walker->at, walker->end, value);
    return arrive(walker, at != NULL ? skip_spaces(at, walker->end) : NULL);
}

bool field_parameter(struct field_walker *walker, struct field_value *name,
                     struct field_value *value)
{
    if (is_over(walker)) {
        return false;
    }
    return arrive(walker, take_pair(walker->at + 1, walker->end, name, value));
}

enum etwas_status field_end(const struct field_walker *walker)
{
    return !walker->bad && walker->at == walker->end ? ETWAS_OK : ETWAS_MALFORMED;
}

static bool is_text(const struct field_value *value)
{
    return value->type == FIELD_STRING || value->type == FIELD_TOKEN;
}

/* The next character of a string or token, unescaped; `*index` moves on. */
static char next_character(const struct field_value *value, size_t *index)
{
    *index += value->type == FIELD_STRING && value->data[*index] == '\\';
    return value->data[(*index)++];
}

bool field_is(const struct field_value *value, const char *text)
{
    size_t index = 0;
    while (is_text(value) && index < value->size) {
        if (*text == '\0' || next_character(value, &index) != *text) {
            return false;
        }
        text++;
    }
    return is_text(value) && *text == '\0';
}

enum etwas_status field_copy(const struct field_value *value, char *text, size_t room)
{
    size_t index = 0;
    size_t size = 0;
    while (is_text(value) && index < value->size && size < room) {
        text[size++] = next_character(value, &index);
    }
    if (!is_text(value)) {
        return ETWAS_MALFORMED;
    }
    if (size == room) {
        return ETWAS_TOO_BIG;
    }
    text[size] = '\0';
    return ETWAS_OK;
}

/* SPDX-License-Identifier: MIT */
/*
 * The input is JSON text; jansson reads it, too, and must come to the same. It differs, and
 * may, in these: it has no room for some numbers, takes no escaped NUL in names, nests deeper,
 * and overlooks a NUL behind a number.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "ipc/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool good)
{
    if (!good) {
        abort();
    }
}

static size_t depth_of(json_t *value)
{
    size_t deepest = 0;
    size_t index = 0;
    const char *key = NULL;
    json_t *inner = NULL;
    if (!json_is_array(value) && !json_is_object(value)) {
        return 0;
    }
    json_array_foreach(value, index, inner)
    {
        const size_t depth = depth_of(inner);
        deepest = depth > deepest ? depth : deepest;
    }
    json_object_foreach(value, key, inner)
    {
        const size_t depth = depth_of(inner);
        deepest = depth > deepest ? depth : deepest;
    }
    return deepest + 1;
}

/* Unescapes into a block of just its size, with a zero behind what is needed. */
static char *text_of(const struct json_piece *piece, size_t *size)
{
    char *text = malloc(piece->size + 1);
    require(text != NULL);
    *size = json_unescape(piece, text, piece->size);
    require(*size <= piece->size);
    text[*size] = '\0';
    require(json_is(piece, text) == (strlen(text) == *size));
    return text;
}

static void compare_string(const struct json_piece *piece, const json_t *expected)
{
    size_t size = 0;
    char *text = text_of(piece, &size);
    require(size == json_string_length(expected));
    require(memcmp(text, json_string_value(expected), size) == 0);
    free(text);
}

static void compare_number(const struct json_piece *piece, const json_t *expected)
{
    uint64_t number = 0;
    const bool whole = json_u64(piece, &number);
    if (json_is_integer(expected) && json_integer_value(expected) >= 0 && piece->data[0] != '-') {
        require(whole && number == (uint64_t)json_integer_value(expected));
    } else {
        require(!whole);
    }
}

static void compare_array(const struct json_piece *piece, const json_t *expected);
static void compare_object(const struct json_piece *piece, const json_t *expected);

static void compare(const struct json_piece *piece, const json_t *expected)
{
    switch (piece->type) {
    case JSON_IS_OBJECT:
        require(json_is_object(expected));
        compare_object(piece, expected);
        break;
    case JSON_IS_ARRAY:
        require(json_is_array(expected));
        compare_array(piece, expected);
        break;
    case JSON_IS_STRING:
        require(json_is_string(expected));
        compare_string(piece, expected);
        break;
    case JSON_IS_NUMBER:
        require(json_is_number(expected));
        compare_number(piece, expected);
        break;
    case JSON_IS_TRUE:
    case JSON_IS_FALSE:
        require(json_is_boolean(expected));
        require(json_is_true(expected) == (piece->type == JSON_IS_TRUE));
        break;
    case JSON_IS_NULL:
        require(json_is_null(expected));
        break;
    }
}

static void compare_array(const struct json_piece *piece, const json_t *expected)
{
    struct json_walker walker = json_walk_array(piece->data, piece->size);
    struct json_piece value;
    size_t index = 0;
    while (json_item(&walker, &value)) {
        const json_t *item = json_array_get(expected, index++);
        require(item != NULL);
        compare(&value, item);
    }
    require(json_end(&walker) == ETWAS_OK && index == json_array_size(expected));
}

/* jansson keeps the last of members with one name: only if there are none, all can be compared. */
static void compare_object(const struct json_piece *piece, const json_t *expected)
{
    struct json_walker walker = json_walk_object(piece->data, piece->size);
    struct json_piece name;
    struct json_piece value;
    size_t count = 0;
    while (json_member(&walker, &name, &value)) {
        count++;
    }
    require(json_end(&walker) == ETWAS_OK && count >= json_object_size(expected));
    walker = json_walk_object(piece->data, piece->size);
    while (json_member(&walker, &name, &value)) {
        size_t size = 0;
        char *text = text_of(&name, &size);
        const json_t *member = json_object_getn(expected, text, size);
        free(text);
        require(member != NULL);
        if (count == json_object_size(expected)) {
            compare(&value, member);
        }
    }
}

static bool is_taken(const struct json_piece *piece)
{
    struct json_piece name;
    struct json_piece value;
    struct json_walker walker = piece->type == JSON_IS_ARRAY
                                    ? json_walk_array(piece->data, piece->size)
                                    : json_walk_object(piece->data, piece->size);
    while (piece->type == JSON_IS_ARRAY ? json_item(&walker, &value)
                                        : json_member(&walker, &name, &value)) {
    }
    return json_end(&walker) == ETWAS_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    require(text != NULL);
    memcpy(text + 1, data, size);
    struct json_piece piece = {.data = text + 1, .size = size, .type = JSON_IS_OBJECT};
    for (size_t i = 0; i < size && piece.type == JSON_IS_OBJECT && data[i] != '{'; i++) {
        piece.type = data[i] == '[' ? JSON_IS_ARRAY : JSON_IS_OBJECT;
    }
    json_error_t error;
    json_t *expected = json_loadb(piece.data, size, JSON_ALLOW_NUL, &error);
    if (is_taken(&piece) && expected != NULL) {
        compare(&piece, expected);
    } else if (is_taken(&piece)) {
        const enum json_error_code code = json_error_code(&error);
        require(code == json_error_numeric_overflow || code == json_error_null_byte_in_key);
    } else if (expected != NULL) {
        require(depth_of(expected) > JSON_MAX_DEPTH || memchr(data, 0, size) != NULL);
    }
    json_decref(expected);
    free(text);
    return 0;
}

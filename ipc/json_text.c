/* SPDX-License-Identifier: MIT */
#include "ipc/json_text.h"

#include <string.h>

#include "ipc/json.h"

enum { HEX_DIGITS = 4, UTF8_SIZE = 4 };

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    const char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* The four digits behind "\u". */
static const char *take_unit(const char *at, const char *end, uint32_t *unit)
{
    *unit = 0;
    if (end - at < HEX_DIGITS + 2 || at[0] != '\\' || at[1] != 'u') {
        return NULL;
    }
    for (int i = 2; i < HEX_DIGITS + 2; i++) {
        const int digit = hex_digit(at[i]);
        if (digit < 0) {
            return NULL;
        }
        *unit = *unit << 4 | (uint32_t)digit;
    }
    return at + HEX_DIGITS + 2;
}

static const char *take_unicode(const char *at, const char *end, uint32_t *code)
{
    at = take_unit(at, end, code);
    if (at == NULL || *code < 0xd800 || *code > 0xdfff) {
        return at;
    }
    uint32_t low = 0;
    at = take_unit(at, end, &low);
    if (at == NULL || *code > 0xdbff || low < 0xdc00 || low > 0xdfff) {
        return NULL;
    }
    *code = 0x10000 + ((*code - 0xd800) << 10) + (low - 0xdc00);
    return at;
}

const char *json_take_escape(const char *at, const char *end, uint32_t *code)
{
    static const char letters[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    if (end - at < 2) {
        return NULL;
    }
    if (at[1] == 'u') {
        return take_unicode(at, end, code);
    }
    const char *letter = memchr(letters, at[1], sizeof letters - 1);
    if (letter == NULL) {
        return NULL;
    }
    *code = (uint8_t)meanings[letter - letters];
    return at + 2;
}

/* Bytes that follow the first one; -1: it is none. */
static int utf8_more(uint8_t first)
{
    if (first < 0xc2 || first > 0xf4) {
        return -1;
    }
    return first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
}

const char *json_skip_character(const char *at, const char *end)
{
    static const uint32_t smallest[] = {0, 0x80, 0x800, 0x10000};
    const int more = utf8_more((uint8_t)*at);
    if (more < 0 || end - at <= more) {
        return NULL;
    }
    uint32_t code = (uint8_t)*at & (0x3fU >> more);
    for (int i = 1; i <= more; i++) {
        const uint8_t byte = (uint8_t)at[i];
        if ((byte & 0xc0) != 0x80) {
            return NULL;
        }
        code = code << 6 | (byte & 0x3fU);
    }
    const bool surrogate = code >= 0xd800 && code <= 0xdfff;
    return code >= smallest[more] && code <= 0x10ffff && !surrogate ? at + more + 1 : NULL;
}

static size_t encode_utf8(uint32_t code, char bytes[UTF8_SIZE])
{
    if (code < 0x80) {
        bytes[0] = (char)code;
        return 1;
    }
    const size_t more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    for (size_t i = more; i > 0; i--) {
        bytes[i] = (char)(0x80 | (code & 0x3f));
        code >>= 6;
    }
    bytes[0] = (char)((0xff80U >> more & 0xff) | code);
    return more + 1;
}

/* The next stretch of a string, unescaped, in `*data`: text as it is, or `room` with one character.
 */
static const char *take_stretch(const char *at, const char *end, char room[UTF8_SIZE],
                                const char **data, size_t *size)
{
    if (*at != '\\') {
        const char *stop = memchr(at, '\\', (size_t)(end - at));
        stop = stop != NULL ? stop : end;
        *data = at;
        *size = (size_t)(stop - at);
        return stop;
    }
    uint32_t code = 0;
    at = json_take_escape(at, end, &code);
    *data = room;
    *size = encode_utf8(code, room);
    return at;
}

bool json_is(const struct json_piece *piece, const char *text)
{
    const size_t size = strlen(text);
    if (piece->type != JSON_IS_STRING) {
        return false;
    }
    if (!piece->escaped) {
        return piece->size == size && memcmp(piece->data, text, size) == 0;
    }
    const char *at = piece->data;
    const char *end = piece->data + piece->size;
    size_t done = 0;
    while (at != NULL && at < end) {
        char room[UTF8_SIZE];
        const char *data = NULL;
        size_t part = 0;
        at = take_stretch(at, end, room, &data, &part);
        if (part > size - done || memcmp(text + done, data, part) != 0) {
            return false;
        }
        done += part;
    }
    return at != NULL && done == size;
}

size_t json_unescape(const struct json_piece *piece, char *text, size_t room)
{
    const char *at = piece->data;
    const char *end = piece->data + piece->size;
    size_t needed = 0;
    while (at != NULL && at < end) {
        char one[UTF8_SIZE];
        const char *data = NULL;
        size_t part = 0;
        at = take_stretch(at, end, one, &data, &part);
        if (needed < room) {
            memcpy(text + needed, data, part < room - needed ? part : room - needed);
        }
        needed += part;
    }
    return needed;
}

bool json_u64(const struct json_piece *piece, uint64_t *number)
{
    uint64_t value = 0;
    if (piece->type != JSON_IS_NUMBER) {
        return false;
    }
    for (size_t i = 0; i < piece->size; i++) {
        const unsigned digit = (unsigned)(uint8_t)piece->data[i] - '0';
        if (digit > 9 || value > (UINT64_MAX - digit) / 10) {
            return false;
        }
        value = value * 10 + digit;
    }
    *number = value;
    return piece->size != 0;
}

/* SPDX-License-Identifier: MIT */
#include "monitor/event/text.h"

#include <stdint.h>

#define EACH_BYTE(value) (UINT64_C(0x0101010101010101) * (value))

/*
 * Nonzero when one of eight bytes cannot be copied as it is: below 0x20, from
 * 0x7f, a quote or a backslash. `x - 1` borrows into the top bit of a byte that
 * was 0; the borrow may also raise bits above such a byte, never below, so the
 * answer "none" is exact, and that is all the fast path asks.
 */
static uint64_t special_in(uint64_t eight)
{
    const uint64_t quote = eight ^ EACH_BYTE('"');
    const uint64_t backslash = eight ^ EACH_BYTE('\\');
    const uint64_t deleted = eight ^ EACH_BYTE(0x7f);
    return ((eight - EACH_BYTE(0x20)) | (quote - EACH_BYTE(1)) | (backslash - EACH_BYTE(1)) |
            (deleted - EACH_BYTE(1)) | eight) &
           EACH_BYTE(0x80);
}

static bool is_special(uint8_t byte)
{
    return byte < 0x20 || byte >= 0x7f || byte == '"' || byte == '\\';
}

/* Copies what needs no escape, from the start of `data`; how much that was. */
static size_t put_plain_bytes(char *at, const char *data, size_t size)
{
    size_t done = 0;
    for (; done < size && !is_special((uint8_t)data[done]); done++) {
        at[done] = data[done];
    }
    return done;
}

/*
 * The same, eight bytes at once, and so is the rest of fewer than eight: together
 * with bytes before it that were copied already.
 */
static size_t put_plain_eights(char *at, const char *data, size_t size)
{
    size_t done = 0;
    while (done < size) {
        const size_t start = size - done < sizeof(uint64_t) ? size - sizeof(uint64_t) : done;
        uint64_t eight = 0;
        memcpy(&eight, data + start, sizeof eight);
        if (special_in(eight) != 0) {
            return done + put_plain_bytes(at + done, data + done, size - done);
        }
        memcpy(at + start, &eight, sizeof eight);
        done = start + sizeof eight;
    }
    return done;
}

/* Fewer than eight: two fours that may overlap, if there are so many. */
static size_t put_plain_few(char *at, const char *data, size_t size)
{
    uint32_t first = 0;
    uint32_t last = 0;
    if (size >= sizeof first) {
        memcpy(&first, data, sizeof first);
        memcpy(&last, data + size - sizeof last, sizeof last);
        if (special_in((uint64_t)first << 32 | last) == 0) {
            memcpy(at, &first, sizeof first);
            memcpy(at + size - sizeof last, &last, sizeof last);
            return size;
        }
    }
    return put_plain_bytes(at, data, size);
}

static size_t put_plain_run(struct sink *sink, const char *data, size_t size)
{
    if (!sink_room(sink, size)) {
        return size;
    }
    const size_t done = size < sizeof(uint64_t) ? put_plain_few(sink->at, data, size)
                                                : put_plain_eights(sink->at, data, size);
    sink->at += done;
    return done;
}

/* The bytes of a sequence, by its first one; 0: none starts with it. */
static uint32_t sequence_length(uint8_t first)
{
    if (first < 0xc0 || first >= 0xf8) {
        return first < 0x80 ? 1 : 0;
    }
    return first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
}

/* The number in a sequence; UINT32_MAX where a byte does not continue it. */
static uint32_t sequence_code(const char *text, uint32_t length)
{
    uint32_t code = (uint8_t)text[0] & (length == 1 ? 0x7fU : 0x7fU >> length);
    for (uint32_t i = 1; i < length; i++) {
        const uint8_t next = (uint8_t)text[i];
        if ((next & 0xc0U) != 0x80) {
            return UINT32_MAX;
        }
        code = code << 6 | (next & 0x3fU);
    }
    return code;
}

/* Decodes strictly: no overlong forms, no surrogates, nothing above U+10FFFF. */
struct character text_character(const char *text, size_t size)
{
    static const uint32_t SMALLEST[5] = {0, 0, 0x80, 0x800, 0x10000};
    const struct character invalid = {.code = 0xfffd, .size = 1};
    const uint32_t length = sequence_length((uint8_t)text[0]);
    if (length == 0 || length > size) {
        return invalid;
    }
    const uint32_t code = sequence_code(text, length);
    if (code < SMALLEST[length] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
        return invalid;
    }
    return (struct character){.code = code, .size = length};
}

/* \n and its like, else \u0000; at most 6 characters. */
static void put_escaped(struct sink *sink, uint32_t code)
{
    static const char DIGITS[] = "0123456789abcdef";
    static const char LETTERS[128] = {
        ['\n'] = 'n', ['\t'] = 't', ['\r'] = 'r', ['"'] = '"', ['\\'] = '\\'};
    if (code < sizeof LETTERS && LETTERS[code] != 0) {
        const char text[2] = {'\\', LETTERS[code]};
        sink_put(sink, text, sizeof text);
        return;
    }
    const char text[6] = {'\\', 'u', '0', '0', DIGITS[code >> 4 & 15], DIGITS[code & 15]};
    sink_put(sink, text, sizeof text);
}

static bool json_escapes(uint32_t code)
{
    return code < 0x20 || code == '"' || code == '\\';
}

/* A backslash is left alone: Windows paths should stay readable. */
static bool plain_escapes(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

static void put_text(struct sink *sink, const char *data, size_t size, bool (*escapes)(uint32_t))
{
    while (size != 0) {
        const size_t run = put_plain_run(sink, data, size);
        data += run;
        size -= run;
        if (size == 0) {
            return;
        }
        const struct character next = text_character(data, size);
        if (escapes(next.code)) {
            put_escaped(sink, next.code);
        } else if (next.code == 0xfffd) {
            SINK_PUT(sink, "\xef\xbf\xbd");
        } else {
            sink_put(sink, data, next.size);
        }
        data += next.size;
        size -= next.size;
    }
}

void sink_put_json_text(struct sink *sink, const char *data, size_t size)
{
    put_text(sink, data, size, json_escapes);
}

void sink_put_plain_text(struct sink *sink, const char *data, size_t size)
{
    put_text(sink, data, size, plain_escapes);
}

/* As XML 1.0 wants it; C1 is allowed there, but nobody means it. */
static bool is_unclean(uint32_t code)
{
    return (code < 0x20 && code != '\t' && code != '\n' && code != '\r') ||
           (code >= 0x7f && code < 0xa0) || code >= 0xfffd;
}

/* Those above U+FFFF are characters again. */
static bool is_clean(uint32_t code)
{
    return !is_unclean(code) || code > 0xffff;
}

static const char *xml_entity(uint32_t code)
{
    switch (code) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\t':
        return "&#9;";
    case '\n':
        return "&#10;";
    case '\r':
        return "&#13;";
    default:
        return NULL;
    }
}

static const char *no_entity(uint32_t code)
{
    (void)code;
    return NULL;
}

/* Copies runs of what stays as it is. */
static void put_clean(struct sink *sink, const char *data, size_t size,
                      const char *(*entity)(uint32_t))
{
    size_t done = 0;
    size_t at = 0;
    while (at < size) {
        const struct character next = text_character(data + at, size - at);
        const char *instead = is_clean(next.code) ? entity(next.code) : "\xef\xbf\xbd";
        if (instead != NULL) {
            sink_put(sink, data + done, at - done);
            sink_put(sink, instead, strlen(instead));
            done = at + next.size;
        }
        at += next.size;
    }
    sink_put(sink, data + done, at - done);
}

void sink_put_clean_text(struct sink *sink, const char *data, size_t size)
{
    put_clean(sink, data, size, no_entity);
}

void sink_put_xml_text(struct sink *sink, const char *data, size_t size)
{
    put_clean(sink, data, size, xml_entity);
}

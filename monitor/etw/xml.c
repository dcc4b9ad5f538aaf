/* SPDX-License-Identifier: MIT */
#include "monitor/etw/xml.h"

#include <stdint.h>
#include <string.h>

#include "monitor/etl/utf16.h"

struct xml xml_of(const char *text, size_t size)
{
    return (struct xml){.start = text, .at = text, .end = text + size};
}

bool xml_is(const struct xml_piece *piece, const char *text)
{
    return piece->size == strlen(text) && memcmp(piece->data, text, piece->size) == 0;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == ':' || c == '-' || c == '.' || (unsigned char)c >= 0x80;
}

static void fault(struct xml *xml, const char *at)
{
    if (xml->faults++ == 0) {
        xml->fault_line = 1;
        for (const char *i = xml->start; i < at; i++) {
            xml->fault_line += *i == '\n' ? 1 : 0;
        }
    }
}

/* Where `text` begins; the end when it is not there. */
static const char *find(const char *at, const char *end, const char *text)
{
    const size_t size = strlen(text);
    while ((size_t)(end - at) >= size) {
        const char *found = memchr(at, text[0], (size_t)(end - at) - size + 1);
        if (found == NULL) {
            break;
        }
        if (memcmp(found, text, size) == 0) {
            return found;
        }
        at = found + 1;
    }
    return end;
}

/* Over a comment, a declaration or an instruction, at whose "<" `at` is. */
static const char *skip_special(const char *at, const char *end)
{
    const bool comment = end - at >= 4 && memcmp(at, "<!--", 4) == 0;
    const char *close = find(at, end, comment ? "-->" : ">");
    return close == end ? end : close + (comment ? 3 : 1);
}

/* To the ">" of a tag, which quotes may hide; NULL: a "<" or the end comes first. */
static const char *find_close(const char *at, const char *end)
{
    const char *quote = NULL; /* the one that has to come first */
    for (; at < end; at++) {
        if (quote != NULL) {
            quote = *at == *quote ? NULL : quote;
        } else if (*at == '"' || *at == '\'') {
            quote = at;
        } else if (*at == '>') {
            return at;
        } else if (*at == '<') {
            return NULL;
        }
    }
    return NULL;
}

static void set_name(struct xml_tag *tag, const char *at, const char *end)
{
    const char *name = at;
    while (at < end && is_name(*at)) {
        name = *at == ':' ? at + 1 : name;
        at++;
    }
    tag->name = (struct xml_piece){name, (size_t)(at - name)};
    tag->attributes = (struct xml_piece){at, (size_t)(end - at)};
}

bool xml_next(struct xml *xml, struct xml_tag *tag)
{
    while (xml->at < xml->end) {
        const char *open = memchr(xml->at, '<', (size_t)(xml->end - xml->at));
        if (open == NULL || xml->end - open < 2) {
            break;
        }
        if (open[1] == '!' || open[1] == '?') {
            xml->at = skip_special(open, xml->end);
            continue;
        }
        tag->start = open;
        tag->closes = open[1] == '/';
        const char *name = open + (tag->closes ? 2 : 1);
        const char *close = find_close(name, xml->end);
        if (close == NULL || name == close || !is_name(*name)) {
            fault(xml, open);
            xml->at = open + 1;
            continue;
        }
        tag->empty = !tag->closes && close[-1] == '/';
        set_name(tag, name, close - (tag->empty ? 1 : 0));
        xml->at = close + 1;
        return true;
    }
    xml->at = xml->end;
    return false;
}

/* The next attribute at `at`, or NULL: there is none. Returns what is behind it. */
static const char *take_attribute(const char *at, const char *end, struct xml_piece *name,
                                  struct xml_piece *value)
{
    while (at < end && !is_name(*at)) {
        at++;
    }
    name->data = at;
    while (at < end && is_name(*at)) {
        at++;
    }
    name->size = (size_t)(at - name->data);
    while (at < end && (is_space(*at) || *at == '=')) {
        at++;
    }
    *value = (struct xml_piece){at, 0};
    if (at == end || (*at != '"' && *at != '\'')) {
        return at == end ? NULL : at; /* a name without a value */
    }
    const char *close = memchr(at + 1, *at, (size_t)(end - at) - 1);
    if (close == NULL) {
        return NULL;
    }
    *value = (struct xml_piece){at + 1, (size_t)(close - at) - 1};
    return close + 1;
}

bool xml_attribute(const struct xml_tag *tag, const char *name, struct xml_piece *value)
{
    const char *end = tag->attributes.data + tag->attributes.size;
    struct xml_piece found_name;
    struct xml_piece found;
    const char *at = take_attribute(tag->attributes.data, end, &found_name, &found);
    for (; at != NULL; at = take_attribute(at, end, &found_name, &found)) {
        const bool has_value = found.data > found_name.data + found_name.size && at > found.data;
        if (has_value && xml_is(&found_name, name)) {
            *value = found;
            return true;
        }
    }
    return false;
}

/* What a digit stands for; 16: it is none. */
static uint32_t digit_of(char c)
{
    const unsigned letter = (unsigned char)c | 0x20U;
    if (c >= '0' && c <= '9') {
        return (uint32_t)(c - '0');
    }
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10U : 16U;
}

/* A character reference without "&" and ";". Its text is never shorter than the character. */
static size_t put_number(char *out, const char *digits, size_t size)
{
    const bool hex = size > 1 && (digits[0] == 'x' || digits[0] == 'X');
    const uint32_t base = hex ? 16 : 10;
    uint32_t c = 0;
    for (size_t i = hex ? 1 : 0; i < size; i++) {
        const uint32_t digit = digit_of(digits[i]);
        if (digit >= base || c > 0x10ffff / 16) {
            return 0;
        }
        c = c * base + digit;
    }
    const bool is_character = c != 0 && c <= 0x10ffff && (c < 0xd800 || c >= 0xe000);
    return is_character ? utf8_put(out, c) : 0;
}

static size_t put_entity(char *out, const char *name, size_t size)
{
    static const struct {
        const char *name;
        char character;
    } entities[] = {
        {"lt",   '<' },
        {"gt",   '>' },
        {"amp",  '&' },
        {"quot", '"' },
        {"apos", '\''},
    };
    if (size > 1 && name[0] == '#') {
        return put_number(out, name + 1, size - 1);
    }
    for (size_t i = 0; i < sizeof entities / sizeof entities[0]; i++) {
        if (size == strlen(entities[i].name) && memcmp(name, entities[i].name, size) == 0) {
            out[0] = entities[i].character;
            return 1;
        }
    }
    return 0;
}

size_t xml_unescape(const struct xml_piece *piece, char *out)
{
    enum { LONGEST = 10 }; /* of an entity */
    size_t used = 0;
    for (size_t i = 0; i < piece->size; i++) {
        const char c = piece->data[i];
        const size_t left = piece->size - i - 1;
        const char *name = piece->data + i + 1;
        const char *close =
            c == '&' && left != 0 ? memchr(name, ';', left < LONGEST ? left : LONGEST) : NULL;
        const size_t put = close != NULL ? put_entity(out + used, name, (size_t)(close - name)) : 0;
        if (put != 0) {
            used += put;
            i += (size_t)(close - name) + 1;
        } else {
            out[used++] = c;
        }
    }
    return used;
}

/* SPDX-License-Identifier: MIT */
#include "monitor/etw/xml.h"

#include <stdint.h>
#include <string.h>

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
    char quote = '\0';
    for (; at < end; at++) {
        if (quote != '\0') {
            quote = *at == quote ? '\0' : quote;
        } else if (*at == '"' || *at == '\'') {
            quote = *at;
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

bool xml_attribute(const struct xml_tag *tag, const char *name, struct xml_piece *value)
{
    const char *at = tag->attributes.data;
    const char *end = at + tag->attributes.size;
    while (at < end) {
        while (at < end && !is_name(*at)) {
            at++;
        }
        struct xml_piece found = {at, 0};
        while (at < end && is_name(*at)) {
            at++;
        }
        found.size = (size_t)(at - found.data);
        while (at < end && (is_space(*at) || *at == '=')) {
            at++;
        }
        if (at == end || (*at != '"' && *at != '\'')) {
            continue;
        }
        const char *start = at + 1;
        const char *close = memchr(start, *at, (size_t)(end - start));
        if (close == NULL) {
            return false;
        }
        if (xml_is(&found, name)) {
            *value = (struct xml_piece){start, (size_t)(close - start)};
            return true;
        }
        at = close + 1;
    }
    return false;
}

static size_t put_utf8(char *out, uint32_t c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    size_t size = 0;
    if (c < 0x800) {
        out[size++] = (char)(0xc0U | c >> 6);
    } else {
        if (c < 0x10000) {
            out[size++] = (char)(0xe0U | c >> 12);
        } else {
            out[size++] = (char)(0xf0U | c >> 18);
            out[size++] = (char)(0x80U | (c >> 12 & 0x3fU));
        }
        out[size++] = (char)(0x80U | (c >> 6 & 0x3fU));
    }
    out[size++] = (char)(0x80U | (c & 0x3fU));
    return size;
}

/* A character reference without "&" and ";". Its text is never shorter than the character. */
static size_t put_number(char *out, const char *digits, size_t size)
{
    const bool hex = size > 1 && (digits[0] == 'x' || digits[0] == 'X');
    uint32_t c = 0;
    for (size_t i = hex ? 1 : 0; i < size; i++) {
        const char d = digits[i];
        const bool decimal = d >= '0' && d <= '9';
        const bool letter = hex && ((d | 0x20) >= 'a' && (d | 0x20) <= 'f');
        if ((!decimal && !letter) || c > 0x10ffff / 16) {
            return 0;
        }
        c = c * (hex ? 16 : 10) + (uint32_t)(decimal ? d - '0' : (d | 0x20) - 'a' + 10);
    }
    if (size == 0 || c == 0 || c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) {
        return 0;
    }
    return put_utf8(out, c);
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

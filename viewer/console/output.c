/* SPDX-License-Identifier: MIT */
#include "viewer/console/output.h"

#include <stdio.h>
#include <string.h>

void output_flush(struct output *output)
{
    if (output->used != 0 && output->status == ETWAS_OK) {
        output->status = output->write(output->block, output->used, &output->error);
    }
    output->used = 0;
}

void output_put(struct output *output, const char *data, size_t size)
{
    while (size > OUTPUT_BLOCK - output->used) {
        const size_t part = OUTPUT_BLOCK - output->used;
        memcpy(output->block + output->used, data, part);
        output->used = OUTPUT_BLOCK;
        output_flush(output);
        data += part;
        size -= part;
    }
    if (size != 0) {
        memcpy(output->block + output->used, data, size);
        output->used += size;
    }
}

/* Characters that are not shown, or that change how others are. Sorted. */
static const struct range {
    uint32_t first;
    uint32_t last;
} hidden[] = {
    {0x0000,  0x001f }, /* controls */
    {0x007f,  0x009f }, /* and those of C1 */
    {0x00ad,  0x00ad }, /* soft hyphen */
    {0x061c,  0x061c }, /* direction */
    {0x180e,  0x180e },
    {0x200b,  0x200b }, /* no width; its neighbours join letters of some languages
  */
    {0x200e,  0x200f }, /* direction */
    {0x2028,  0x202e }, /* ends of lines, direction */
    {0x2060,  0x206f },
    {0xfeff,  0xfeff },
    {0xfff9,  0xfffb },
    {0xe0000, 0xe007f}, /* tags */
};

static bool is_hidden(uint32_t code)
{
    if (code >= 0x20 && code < 0x7f) {
        return false;
    }
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++) {
        if (code <= hidden[i].last) {
            return code >= hidden[i].first;
        }
    }
    return false;
}

static void put_utf8(struct output *output, uint32_t code)
{
    char text[4];
    size_t size = 1;
    if (code < 0x80) {
        text[0] = (char)code;
    } else if (code < 0x800) {
        text[0] = (char)(0xc0 | code >> 6);
        size = 2;
    } else if (code < 0x10000) {
        text[0] = (char)(0xe0 | code >> 12);
        size = 3;
    } else {
        text[0] = (char)(0xf0 | code >> 18);
        size = 4;
    }
    for (size_t i = 1; i < size; i++) {
        text[i] = (char)(0x80 | (code >> 6 * (size - 1 - i) & 0x3f));
    }
    output_put(output, text, size);
}

static void put_unit(struct output *output, uint32_t unit)
{
    char text[8];
    const int size = snprintf(text, sizeof text, "\\u%04x", (unsigned)(unit & 0xffffU));
    output_put(output, text, (size_t)size);
}

/* As JSON has it: characters above 0xffff are two units. */
static void put_escape(struct output *output, uint32_t code)
{
    if (code > 0xffff) {
        put_unit(output, 0xd800 + ((code - 0x10000) >> 10));
        put_unit(output, 0xdc00 + ((code - 0x10000) & 0x3ff));
    } else {
        put_unit(output, code);
    }
}

void output_put_character(struct output *output, uint32_t code)
{
    if (code == '\n') {
        OUTPUT_PUT(output, "\\n");
    } else if (code == '\t') {
        OUTPUT_PUT(output, "\\t");
    } else if (code == '\r') {
        OUTPUT_PUT(output, "\\r");
    } else if (is_hidden(code)) {
        put_escape(output, code);
    } else {
        put_utf8(output, code);
    }
}

static size_t sequence_length(uint8_t first)
{
    if (first < 0xc2 || first > 0xf4) {
        return 1;
    }
    return first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
}

/* The character that begins here and its size; U+FFFD and one byte for what is none. */
static uint32_t character_at(const char *text, size_t size, size_t *taken)
{
    static const uint32_t SMALLEST[5] = {0, 0, 0x80, 0x800, 0x10000};
    const uint8_t first = (uint8_t)text[0];
    const size_t length = sequence_length(first);
    *taken = 1;
    if (length == 1 || length > size) {
        return 0xfffd;
    }
    uint32_t code = first & (0x7fU >> length);
    for (size_t i = 1; i < length; i++) {
        const uint8_t next = (uint8_t)text[i];
        if ((next & 0xc0U) != 0x80) {
            return 0xfffd;
        }
        code = code << 6 | (next & 0x3fU);
    }
    if (code < SMALLEST[length] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
        return 0xfffd;
    }
    *taken = length;
    return code;
}

static size_t plain_run(const char *data, size_t size)
{
    size_t run = 0;
    while (run < size && data[run] >= 0x20 && data[run] < 0x7f) {
        run++;
    }
    return run;
}

static void put_clean(struct output *output, const char *data, size_t size,
                      void (*put)(struct output *output, uint32_t code))
{
    while (size != 0) {
        size_t taken = plain_run(data, size);
        if (taken != 0) {
            output_put(output, data, taken);
        } else if ((uint8_t)data[0] < 0x80) {
            taken = 1;
            put(output, (uint8_t)data[0]);
        } else {
            put(output, character_at(data, size, &taken));
        }
        data += taken;
        size -= taken;
    }
}

void output_put_plain(struct output *output, const char *data, size_t size)
{
    put_clean(output, data, size, output_put_character);
}

/* White space between values stays: there no escape is JSON; within strings it cannot be. */
static void put_json_character(struct output *output, uint32_t code)
{
    if (is_hidden(code) && code != '\t' && code != '\n' && code != '\r') {
        put_escape(output, code);
    } else {
        put_utf8(output, code);
    }
}

void output_put_json(struct output *output, const char *data, size_t size)
{
    put_clean(output, data, size, put_json_character);
}

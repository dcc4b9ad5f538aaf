/* SPDX-License-Identifier: MIT */
#include "relay/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "relay/moment.h"

enum { FIRST = 512 };

void text_init(struct text *text, size_t maximum)
{
    *text = (struct text){.maximum = maximum};
}

void text_clear(struct text *text)
{
    free(text->data);
    text_init(text, text->maximum);
}

char *text_room(struct text *text, size_t size)
{
    if (text->bad || size >= text->maximum || text->size > text->maximum - size - 1) {
        text->bad = true;
        return NULL;
    }
    const size_t needed = text->size + size + 1;
    if (needed > text->capacity) {
        size_t wanted = text->capacity < FIRST ? FIRST : text->capacity;
        while (wanted < needed) {
            wanted *= 2;
        }
        char *grown = realloc(text->data, wanted);
        if (grown == NULL) {
            text->bad = true;
            return NULL;
        }
        text->data = grown;
        text->capacity = wanted;
    }
    return text->data + text->size;
}

void text_used(struct text *text, size_t size)
{
    text->size += size;
    text->data[text->size] = '\0';
}

void text_add(struct text *text, const char *data, size_t size)
{
    char *room = text_room(text, size);
    if (room != NULL) {
        memcpy(room, data, size);
        text_used(text, size);
    }
}

void text_print(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    va_list again;
    va_copy(again, arguments);
    const int size = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *room = size < 0 ? NULL : text_room(text, (size_t)size);
    if (room != NULL) {
        (void)vsnprintf(room, (size_t)size + 1, format, again);
        text_used(text, (size_t)size);
    }
    va_end(again);
}

void text_add_json(struct text *text, const char *string)
{
    text_add(text, "\"", 1);
    for (const char *at = string; *at != '\0'; at++) {
        const unsigned char c = (unsigned char)*at;
        if (c == '"' || c == '\\') {
            text_print(text, "\\%c", c);
        } else if (c < 0x20 || c == 0x7f) {
            text_print(text, "\\u%04x", c);
        } else {
            text_add(text, at, 1);
        }
    }
    text_add(text, "\"", 1);
}

void text_add_time(struct text *text, int64_t time)
{
    char moment[MOMENT_SIZE];
    if (time == 0) {
        text_add(text, "null", 4);
        return;
    }
    moment_format(time, moment);
    text_print(text, "\"%s\"", moment);
}

void text_add_time_ms(struct text *text, int64_t utc_ms)
{
    text_add_time(text, utc_ms == 0 ? 0 : moment_from_unix_ms(utc_ms));
}

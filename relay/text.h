/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_RELAY_TEXT_H
#define ETWAS_RELAY_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/status.h"

/*
 * Text that grows up to a maximum. What does not fit, or finds no memory, marks it bad and
 * writes nothing; so a whole answer is written in a row and `bad` asked once.
 */
struct text {
    char *data; /* ends with a zero that `size` does not count; NULL while nothing is in it */
    size_t size;
    size_t capacity;
    size_t maximum;
    bool bad;
};

void text_init(struct text *text, size_t maximum);
void text_clear(struct text *text);

/* Room for `size` more bytes at the end, NULL if bad; text_used() then says how many came. */
char *text_room(struct text *text, size_t size);
void text_used(struct text *text, size_t size);

void text_add(struct text *text, const char *data, size_t size);
ETWAS_PRINTF(2, 3) void text_print(struct text *text, const char *format, ...);

/* As a JSON string with its quotes. Bytes that are no UTF-8 must not be in it. */
void text_add_json(struct text *text, const char *string);

/* A time in 100 ns since 1601, or in ms since 1970, as a JSON string; 0 is null. */
void text_add_time(struct text *text, int64_t time);
void text_add_time_ms(struct text *text, int64_t utc_ms);

#endif

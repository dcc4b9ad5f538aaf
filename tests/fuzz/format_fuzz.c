/* SPDX-License-Identifier: MIT */
/*
 * The input is a format file; what is behind its first NUL is a record of it.
 * Every field is decoded and encoded, every argument of the print format evaluated.
 */
#include <stdlib.h>
#include <string.h>

#include "monitor/event/encode.h"
#include "monitor/tracefs/print_format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void evaluate(const struct format *format, const struct event *event, struct arena *arena)
{
    struct print_value value;
    volatile size_t seen = 0;
    for (size_t i = 0; format->print != NULL && i < format->print->argument_count; i++) {
        const struct print_node *argument = format->print->arguments[i];
        if (argument != NULL && print_evaluate(argument, event, arena, &value) && value.is_text) {
            seen = seen + strnlen(value.text.as.text.data, value.text.as.text.size);
        }
    }
}

static void encode(const struct format *format, const uint8_t *record, size_t size)
{
    struct arena *arena = arena_open(1 << 20);
    struct output output;
    struct encoder encoder;
    struct event event = {0};
    output_init(&output, 1 << 20);
    encoder_init(&encoder);
    format_event(format, record, size, &event);
    if (arena == NULL || encode_event(&encoder, &event, EVENT_JSON, arena, &output) != ETWAS_OK ||
        encode_event(&encoder, &event, EVENT_TEXT, arena, &output) != ETWAS_OK) {
        output.size = 0;
    }
    if (arena != NULL) {
        evaluate(format, &event, arena);
    }
    output_clear(&output);
    arena_close(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = size == 0 ? NULL : memchr(data, 0, size);
    const size_t text_size = end == NULL ? size : (size_t)(end - data);
    struct arena *arena = arena_open(4 << 20);
    const struct format *format = NULL;
    if (arena != NULL && size != 0 &&
        format_parse("syscalls", (const char *)data, text_size, arena, &format) == ETWAS_OK) {
        const size_t record_size = end == NULL ? 0 : size - text_size - 1;
        /* A block of just its size, so that each byte read too many is seen. */
        uint8_t *record = malloc(record_size + 1);
        if (record != NULL) {
            memcpy(record, data + size - record_size, record_size);
            encode(format, record, record_size);
            free(record);
        }
    }
    arena_close(arena);
    return 0;
}

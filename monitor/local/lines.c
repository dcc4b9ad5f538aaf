/* SPDX-License-Identifier: MIT */
#include "monitor/local/lines.h"

#include <string.h>

#include "monitor/local/record.h"

static const struct record_field fields[] = {
    {"Line", RECORD_TEXT, 0},
};

static const struct record_schema schema = {
    .schema = {.provider = "stdout",
               .event_name = "Line",
               .origin = SCHEMA_LOCAL,
               .field_count = 1,
               .field_name = record_field_name,
               .field = record_field},
    .fields = fields,
};

void line_event(struct event *event, const char *line, size_t size, int64_t time)
{
    record_init(event, &schema, time);
    event->payload = (const uint8_t *)line;
    event->payload_size = size;
}

/* Hands out the first `size` bytes and passes over `passed`. */
static bool take(struct line_buffer *buffer, const char **line, size_t size, size_t passed)
{
    *line = buffer->data + buffer->taken;
    buffer->taken += passed;
    buffer->in_split = passed == size && size == LINES_MAX_LINE;
    return true;
}

bool line_buffer_take(struct line_buffer *buffer, bool last, const char **line, size_t *size)
{
    const char *start = buffer->data + buffer->taken;
    const size_t left = buffer->size - buffer->taken;
    const size_t looked = left < LINES_MAX_LINE + 1 ? left : LINES_MAX_LINE + 1;
    const char *end = memchr(start, '\n', looked);
    if (end == start && buffer->in_split) {
        /* The line ended exactly where it was split: nothing of it is left. */
        buffer->taken++;
        buffer->in_split = false;
        return line_buffer_take(buffer, last, line, size);
    }
    if (end != NULL) {
        *size = (size_t)(end - start);
        return take(buffer, line, *size, *size + 1);
    }
    if (left > LINES_MAX_LINE) {
        buffer->split += buffer->in_split ? 0 : 1;
        *size = LINES_MAX_LINE;
        return take(buffer, line, *size, *size);
    }
    *size = left;
    return last && left > 0 && take(buffer, line, *size, left);
}

void line_buffer_compact(struct line_buffer *buffer)
{
    memmove(buffer->data, buffer->data + buffer->taken, buffer->size - buffer->taken);
    buffer->size -= buffer->taken;
    buffer->taken = 0;
}

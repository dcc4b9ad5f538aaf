/* SPDX-License-Identifier: MIT */
#include "monitor/local/record.h"

#include <string.h>

/* The schema is the first member of the record_schema it came from. */
static const struct record_field *field_of(const struct schema *schema, uint16_t index)
{
    return &((const struct record_schema *)(const void *)schema)->fields[index];
}

const char *record_field_name(const struct schema *schema, uint16_t index)
{
    return field_of(schema, index)->name;
}

static size_t kind_size(enum record_kind kind)
{
    switch (kind) {
    case RECORD_INT:
    case RECORD_UINT:
    case RECORD_HUNDREDTHS:
        return sizeof(uint32_t);
    case RECORD_SIZE:
        return sizeof(uint64_t);
    case RECORD_TEXT:
        break;
    }
    return 0;
}

static struct value number_at(const uint8_t *at, enum record_kind kind)
{
    int32_t number = 0;
    uint32_t natural = 0;
    uint64_t size = 0;
    if (kind == RECORD_SIZE) {
        memcpy(&size, at, sizeof size);
        return (struct value){.type = VALUE_UINT, .as.u = size};
    }
    if (kind == RECORD_INT) {
        memcpy(&number, at, sizeof number);
        return (struct value){.type = VALUE_INT, .as.i = number};
    }
    memcpy(&natural, at, sizeof natural);
    if (kind == RECORD_HUNDREDTHS) {
        return (struct value){.type = VALUE_FLOAT, .as.number = natural / 100.0};
    }
    return (struct value){.type = VALUE_UINT, .as.u = natural};
}

struct value record_field(const struct event *event, uint16_t index, struct arena *arena)
{
    (void)arena;
    const struct record_field *field = field_of(event->schema, index);
    if (field->offset > event->payload_size ||
        event->payload_size - field->offset < kind_size(field->kind)) {
        return (struct value){.type = VALUE_NULL};
    }
    const uint8_t *at = event->payload + field->offset;
    if (field->kind == RECORD_TEXT) {
        struct value text = {.type = VALUE_TEXT};
        text.as.text.data = (const char *)at;
        text.as.text.size = event->payload_size - field->offset;
        return text;
    }
    return number_at(at, field->kind);
}

void record_init(struct event *event, const struct record_schema *schema, int64_t time)
{
    memset(event, 0, sizeof *event);
    event->schema = &schema->schema;
    event->time = time;
    event->level = EVENT_LEVEL_NONE;
}

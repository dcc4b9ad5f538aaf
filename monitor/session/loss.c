/* SPDX-License-Identifier: MIT */
#include "monitor/session/loss.h"

#include <string.h>

enum { FIELD_WHERE, FIELD_CPU, FIELD_COUNT, FIELD_FIRST, FIELD_LAST, FIELDS };

static const char *const field_names[FIELDS] = {"Where", "Cpu", "Count", "First", "Last"};

static const char *field_name(const struct schema *schema, uint16_t index)
{
    (void)schema;
    return field_names[index];
}

static struct value text_value(const char *text)
{
    return (struct value){
        .type = VALUE_TEXT, .as.text = {.data = text, .size = strlen(text)}
    };
}

static struct value field(const struct event *event, uint16_t index, struct arena *arena)
{
    (void)arena;
    struct loss loss;
    memcpy(&loss, event->payload, sizeof loss);
    switch (index) {
    case FIELD_WHERE:
        return text_value(loss.where);
    case FIELD_CPU:
        return (struct value){.type = VALUE_UINT, .as.u = loss.cpu};
    case FIELD_COUNT:
        return (struct value){.type = VALUE_UINT, .as.u = loss.count};
    case FIELD_FIRST:
        return (struct value){.type = VALUE_TIME, .as.i = loss.first};
    case FIELD_LAST:
        return (struct value){.type = VALUE_TIME, .as.i = loss.last};
    default:
        return (struct value){.type = VALUE_NULL};
    }
}

static const struct schema schema = {
    .provider = "Etwas",
    .event_name = "Lost",
    .origin = SCHEMA_OWN,
    .field_count = FIELDS,
    .field_name = field_name,
    .field = field,
};

struct event loss_event(const struct loss *loss)
{
    return (struct event){
        .schema = &schema,
        .payload = (const uint8_t *)loss,
        .payload_size = sizeof *loss,
        .time = loss->last,
        .cpu = loss->cpu,
        .level = EVENT_LEVEL_NONE,
    };
}

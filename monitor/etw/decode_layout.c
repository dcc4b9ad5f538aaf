/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "monitor/etw/decode.h"
#include "monitor/etw/decode_plan.h"
#include "monitor/etw/message.h"
#include "monitor/event/encode.h"

/* What makes a layout whole. */

enum { MAXIMUM_FIELDS = 4096 };

const char *etw_field_name(const struct schema *schema, uint16_t index)
{
    const struct etw_layout *layout = (const struct etw_layout *)(const void *)schema;
    if (index + 1 == schema->field_count) {
        return "Raw";
    }
    const uint16_t shown = layout->shown[index];
    return (shown & ETW_NUMBER) != 0 ? layout->number_names[shown & (uint16_t)~ETW_NUMBER]
                                     : layout->fields[shown].name;
}

static bool note_reference(struct etw_layout *layout, uint8_t from, uint16_t number, uint16_t index)
{
    if (from != ETW_EXTENT_FIELD) {
        return true;
    }
    if (number >= layout->field_total || number == index) {
        return false;
    }
    layout->reading->is_referenced[number] = true;
    layout->has_references = true;
    return true;
}

static bool check_field(struct etw_layout *layout, uint16_t index)
{
    const struct etw_field *field = &layout->fields[index];
    if (field->name == NULL ||
        (field->is_struct && (field->first <= index || field->first > layout->field_total ||
                              field->members > layout->field_total - field->first))) {
        return false;
    }
    return note_reference(layout, field->count_from, field->count, index) &&
           note_reference(layout, field->length_from, field->length, index);
}

/* "FIELD_value" for those that have names for their numbers. */
static bool name_numbers(struct etw_layout *layout, struct arena *arena)
{
    static const char tail[] = "_value";
    const size_t total = layout->field_total;
    layout->number_names = NULL;
    if (!layout->keep_values || layout->raw_values) {
        return true;
    }
    layout->number_names = arena_take(arena, (total + 1) * sizeof *layout->number_names);
    for (size_t i = 0; layout->number_names != NULL && i < total; i++) {
        const struct etw_field *field = &layout->fields[i];
        layout->number_names[i] = NULL;
        if (field->map == NULL || field->is_struct || field->is_hidden) {
            continue;
        }
        const size_t size = strlen(field->name);
        char *name = arena_take(arena, size + sizeof tail);
        if (name == NULL) {
            return false;
        }
        memcpy(name, field->name, size);
        memcpy(name + size, tail, sizeof tail);
        layout->number_names[i] = name;
    }
    return layout->number_names != NULL;
}

/* Those that are not hidden, and the numbers behind them; Raw is the last. */
static void show_fields(struct etw_layout *layout)
{
    uint16_t count = 0;
    for (uint16_t i = 0; i < layout->top_count; i++) {
        if (!layout->fields[i].is_hidden) {
            layout->shown[count++] = i;
        }
        if (etw_has_number(layout, i)) {
            layout->shown[count++] = (uint16_t)(i | ETW_NUMBER);
        }
    }
    layout->schema.field_count = (uint16_t)(count + 1);
}

bool etw_layout_finish(struct etw_layout *layout, struct arena *arena)
{
    const size_t total = layout->field_total;
    struct etw_reading *reading = arena_take(arena, sizeof *reading);
    layout->shown = arena_take(arena, (layout->top_count * 2U + 1U) * sizeof *layout->shown);
    layout->plans = arena_take(arena, (total + 1) * sizeof *layout->plans);
    layout->has_references = false;
    if (total > MAXIMUM_FIELDS || layout->top_count > total || reading == NULL ||
        layout->shown == NULL || layout->plans == NULL) {
        return false;
    }
    *reading = (struct etw_reading){0};
    reading->numbers = arena_take(arena, (total + 1) * sizeof *reading->numbers);
    reading->is_referenced = arena_take(arena, (total + 1) * sizeof *reading->is_referenced);
    if (reading->numbers == NULL || reading->is_referenced == NULL) {
        return false;
    }
    memset(reading->numbers, 0, (total + 1) * sizeof *reading->numbers);
    memset(reading->is_referenced, 0, (total + 1) * sizeof *reading->is_referenced);
    layout->reading = reading;
    for (uint16_t i = 0; i < total; i++) {
        if (!check_field(layout, i)) {
            return false;
        }
    }
    if (!name_numbers(layout, arena)) {
        return false;
    }
    show_fields(layout);
    etw_plan_make(layout);
    layout->schema.origin = SCHEMA_FILE;
    layout->schema.field_name = etw_field_name;
    layout->schema.field = etw_field_value;
    if (layout->message != NULL) {
        layout->message = etw_message_format(layout->message, arena);
        layout->schema.message = etw_message;
    }
    layout->schema.values = layout->number_names == NULL ? etw_all_values : NULL;
    layout->schema.json = schema_json_make(&layout->schema, arena);
    return layout->schema.json != NULL;
}

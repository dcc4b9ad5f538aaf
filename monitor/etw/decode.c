/* SPDX-License-Identifier: MIT */
#include "monitor/etw/decode.h"

#include <string.h>

#include "monitor/etw/decode_parts.h"
#include "monitor/etw/message.h"
#include "monitor/event/encode.h"

enum {
    MAXIMUM_DEPTH = 8,
    MAXIMUM_FIELDS = 4096,
    NUMBER = 0x8000, /* in `shown`: not the names of that field, but its number */
};

static const char raw_name[] = "Raw";

/* --- walking --- */

/* A count or length as the payload has it. False: it cannot be known. */
static bool extent(const struct etw_layout *layout, uint8_t from, uint16_t number, uint64_t *value)
{
    switch ((enum etw_extent)from) {
    case ETW_EXTENT_FIXED:
        *value = number;
        return true;
    case ETW_EXTENT_FIELD:
        *value = layout->reading->numbers[number];
        return true;
    case ETW_EXTENT_NONE:
    case ETW_EXTENT_U16:
        break;
    }
    return false;
}

/* How many items, and where they begin. SIZE_MAX: the payload ends before. */
static size_t count_of(const struct etw_layout *layout, const struct etw_field *field,
                       const uint8_t *data, size_t left, size_t *skip)
{
    uint64_t count = 1;
    *skip = 0;
    if (field->count_from == ETW_EXTENT_U16) {
        if (left < 2) {
            return SIZE_MAX;
        }
        *skip = 2;
        return (size_t)data[0] | (size_t)data[1] << 8;
    }
    return extent(layout, field->count_from, field->count, &count) || field->count_from == 0
               ? (count < SIZE_MAX ? (size_t)count : SIZE_MAX)
               : SIZE_MAX;
}

static size_t length_of(const struct etw_layout *layout, const struct etw_field *field)
{
    uint64_t length = 0;
    return extent(layout, field->length_from, field->length, &length) && length < SIZE_MAX
               ? (size_t)length
               : SIZE_MAX;
}

static bool is_array(const struct etw_field *field)
{
    return field->count_from != ETW_EXTENT_NONE;
}

static size_t field_size(const struct etw_layout *layout, uint16_t index, const uint8_t *data,
                         size_t left, unsigned depth);

/* All members of a struct, one after the other. */
static size_t members_size(const struct etw_layout *layout, const struct etw_field *field,
                           const uint8_t *data, size_t left, unsigned depth)
{
    size_t used = 0;
    for (uint16_t i = 0; i < field->members; i++) {
        const uint16_t member = (uint16_t)(field->first + i);
        const size_t size = field_size(layout, member, data + used, left - used, depth + 1);
        if (size > left - used) {
            return SIZE_MAX;
        }
        used += size;
    }
    return used;
}

/* The size of a field with all its items; SIZE_MAX: it does not fit. Keeps numbers on the way. */
static size_t field_size(const struct etw_layout *layout, uint16_t index, const uint8_t *data,
                         size_t left, unsigned depth)
{
    const struct etw_field *field = &layout->fields[index];
    const struct etw_plan *plan = &layout->plans[index];
    if (plan->shape == ETW_SHAPE_ITEM && plan->size != 0 &&
        !layout->reading->is_referenced[index]) {
        return plan->size <= left ? plan->size : SIZE_MAX; /* what the rest comes to, too */
    }
    size_t used = 0;
    const size_t count = count_of(layout, field, data, left, &used);
    const size_t length = length_of(layout, field);
    if (count == SIZE_MAX || depth > MAXIMUM_DEPTH) {
        return SIZE_MAX;
    }
    for (size_t i = 0; i < count; i++) {
        const size_t size = field->is_struct
                                ? members_size(layout, field, data + used, left - used, depth)
                                : etw_item_size(layout, field, data + used, left - used, length);
        if (size > left - used) {
            return field->to_end ? used : SIZE_MAX;
        }
        if (layout->reading->is_referenced[index]) {
            layout->reading->numbers[index] = etw_item_number(field, data + used, size);
        }
        used += size;
        if (size == 0 && count > left) {
            return used; /* as many items of nothing as anybody likes to claim */
        }
    }
    return used;
}

/* The walk begins behind the leading fields, unless the payload ends among them. */
static void start_walk(const struct event *event, const struct etw_layout *layout, uint16_t index)
{
    struct etw_reading *reading = layout->reading;
    const bool behind =
        index >= layout->leading_count && event->payload_size >= layout->leading_size;
    reading->payload = event->payload;
    reading->size = event->payload_size;
    reading->at = behind ? layout->leading_size : 0;
    reading->index = behind ? layout->leading_count : 0;
    reading->bad = false;
    for (uint16_t i = 0; i < reading->index && layout->has_references; i++) {
        const struct etw_plan *plan = &layout->plans[i];
        if (reading->is_referenced[i]) {
            reading->numbers[i] =
                etw_item_number(plan->field, event->payload + plan->end - plan->size, plan->size);
        }
    }
}

/* Moves the walk to field `index` of the top; false: it does not get there. */
static bool walk_to(const struct event *event, uint16_t index)
{
    const struct etw_layout *layout = (const struct etw_layout *)(const void *)event->schema;
    struct etw_reading *reading = layout->reading;
    if (reading->payload != event->payload || reading->size != event->payload_size ||
        index < reading->index) {
        start_walk(event, layout, index);
    }
    while (reading->index < index && !reading->bad) {
        const size_t left = reading->size - reading->at;
        const size_t size =
            field_size(layout, reading->index, reading->payload + reading->at, left, 0);
        reading->bad = size > left;
        if (!reading->bad) {
            reading->at += size;
            reading->index++;
        }
    }
    return reading->index == index;
}

/* --- values --- */

struct reader {
    const struct etw_layout *layout;
    struct arena *arena;
    const uint8_t *at;
    size_t left;
};

static struct value read_field(struct reader *reader, uint16_t index, unsigned depth);

/* Is its number shown, too? */
static bool has_number(const struct etw_layout *layout, uint16_t index)
{
    return layout->number_names != NULL && layout->number_names[index] != NULL;
}

static const struct value nothing = {.type = VALUE_NULL};

static void add_member(struct value *object, struct member *members, const char *name,
                       struct value value)
{
    members[object->as.object.count++] = (struct member){.name = name, .value = value};
}

static struct value read_struct(struct reader *reader, const struct etw_field *field,
                                unsigned depth)
{
    struct value value = {.type = VALUE_OBJECT};
    const struct etw_layout *layout = reader->layout;
    struct member *members =
        arena_take(reader->arena, (field->members * 2U + 1U) * sizeof *members);
    if (members == NULL) {
        return nothing;
    }
    for (uint16_t i = 0; i < field->members; i++) {
        const uint16_t index = (uint16_t)(field->first + i);
        struct reader again = *reader;
        const struct value member = read_field(reader, index, depth + 1);
        if (!layout->fields[index].is_hidden) {
            add_member(&value, members, layout->fields[index].name, member);
        }
        if (has_number(layout, index)) {
            layout->reading->plain = true;
            add_member(&value, members, layout->number_names[index],
                       read_field(&again, index, depth + 1));
            layout->reading->plain = false;
        }
    }
    value.as.object.members = members;
    return value;
}

static struct value read_item(struct reader *reader, const struct etw_field *field, size_t length,
                              unsigned depth)
{
    if (field->is_struct) {
        return read_struct(reader, field, depth);
    }
    const size_t size = etw_item_size(reader->layout, field, reader->at, reader->left, length);
    if (size > reader->left) {
        reader->left = 0;
        return nothing;
    }
    const struct etw_place place = {
        .layout = reader->layout, .field = field, .data = reader->at, .size = size};
    reader->at += size;
    reader->left -= size;
    return etw_item_value(&place, reader->arena);
}

static struct value read_field(struct reader *reader, uint16_t index, unsigned depth)
{
    const struct etw_layout *layout = reader->layout;
    const struct etw_field *field = &layout->fields[index];
    size_t skip = 0;
    size_t count = count_of(layout, field, reader->at, reader->left, &skip);
    const size_t length = length_of(layout, field);
    if (count == SIZE_MAX || depth > MAXIMUM_DEPTH) {
        reader->left = 0;
        return nothing;
    }
    reader->at += skip;
    reader->left -= skip;
    if (!is_array(field)) {
        const uint8_t *start = reader->at;
        const struct value value = read_item(reader, field, length, depth);
        if (layout->reading->is_referenced[index] && reader->at != start) {
            layout->reading->numbers[index] =
                etw_item_number(field, start, (size_t)(reader->at - start));
        }
        return value;
    }
    /* No more items than there are bytes are worth memory. */
    count = count <= reader->left ? count : reader->left;
    struct value *items = arena_take(reader->arena, (count + 1) * sizeof *items);
    if (items == NULL) {
        return nothing;
    }
    for (size_t i = 0; i < count; i++) {
        if (field->to_end && reader->left == 0) {
            count = i;
            break;
        }
        items[i] = read_item(reader, field, length, depth);
    }
    return (struct value){
        .type = VALUE_ARRAY, .as.array = {.items = items, .count = count}
    };
}

/* What is behind the last field, or could not be decoded. */
static struct value read_rest(const struct event *event)
{
    const struct etw_layout *layout = (const struct etw_layout *)(const void *)event->schema;
    (void)walk_to(event, layout->top_count);
    const struct etw_reading *reading = layout->reading;
    if (reading->at == event->payload_size) {
        return (struct value){.type = VALUE_ABSENT};
    }
    return (struct value){
        .type = VALUE_BYTES,
        .as.bytes = {.data = event->payload + reading->at,
                     .size = event->payload_size - reading->at}
    };
}

/* One item: its size is asked only where it is not always the same. */
static struct value take_item(const struct etw_layout *layout, const struct etw_plan *plan,
                              const uint8_t *data, size_t left, size_t *used)
{
    struct etw_reading *reading = layout->reading;
    *used = plan->size != 0
                ? plan->size
                : etw_item_size(layout, plan->field, data, left, length_of(layout, plan->field));
    if (*used > left) {
        return nothing;
    }
    if (reading->is_referenced[reading->index]) {
        reading->numbers[reading->index] = etw_item_number(plan->field, data, *used);
    }
    return plan->decode(plan, data, *used, reading->arena);
}

/* An array whose items are all of one size. */
static struct value take_items(const struct etw_layout *layout, const struct etw_plan *plan,
                               const uint8_t *data, size_t left, size_t *used)
{
    size_t skip = 0;
    size_t count = count_of(layout, plan->field, data, left, &skip);
    const size_t room = count != SIZE_MAX ? (left - skip) / plan->size : 0;
    *used = SIZE_MAX;
    if (count > room && plan->field->to_end) {
        count = room;
    }
    if (count > room) {
        return nothing;
    }
    *used = skip + count * plan->size;
    struct value *items = arena_take(layout->reading->arena, (count + 1) * sizeof *items);
    if (items == NULL) {
        return nothing;
    }
    const uint8_t *at = data + skip;
    for (size_t i = 0; i < count; i++) {
        items[i] = plan->decode(plan, at, plan->size, layout->reading->arena);
        at += plan->size;
    }
    return (struct value){
        .type = VALUE_ARRAY, .as.array = {.items = items, .count = count}
    };
}

/* Structures, arrays of them and of items of many sizes: measured as a whole, then read. */
static struct value take_other(const struct etw_layout *layout, const uint8_t *data, size_t left,
                               size_t *used)
{
    struct reader reader = {.layout = layout, .arena = layout->reading->arena, .at = data};
    const uint16_t index = layout->reading->index;
    *used = field_size(layout, index, data, left, 0);
    if (*used > left) {
        return nothing;
    }
    reader.left = *used;
    return read_field(&reader, index, 0);
}

/* The field that the walk has come to. */
static struct value take_field(const struct etw_layout *layout, struct arena *arena)
{
    struct etw_reading *reading = layout->reading;
    const struct etw_plan *plan = &layout->plans[reading->index];
    const uint8_t *data = reading->payload + reading->at;
    const size_t left = reading->size - reading->at;
    struct value value = nothing;
    size_t used = 0;
    reading->arena = arena;
    switch (plan->shape) {
    case ETW_SHAPE_ITEM:
        value = take_item(layout, plan, data, left, &used);
        break;
    case ETW_SHAPE_ITEMS:
        value = take_items(layout, plan, data, left, &used);
        break;
    case ETW_SHAPE_OTHER:
        value = take_other(layout, data, left, &used);
        break;
    }
    if (used > left) {
        reading->bad = true;
        return nothing;
    }
    reading->at += used;
    reading->index++;
    return value;
}

struct value etw_top_value(const struct event *event, uint16_t index, struct arena *arena)
{
    const struct etw_layout *layout = (const struct etw_layout *)(const void *)event->schema;
    const struct etw_plan *plan = &layout->plans[index];
    if (index < layout->leading_count && plan->end <= event->payload_size) {
        return plan->decode(plan, event->payload + plan->end - plan->size, plan->size, arena);
    }
    return walk_to(event, index) ? take_field(layout, arena) : nothing;
}

static struct value field_value(const struct event *event, uint16_t index, struct arena *arena)
{
    const struct etw_layout *layout = (const struct etw_layout *)(const void *)event->schema;
    if (index < layout->direct_count) {
        const struct etw_plan *plan = &layout->plans[layout->shown[index]];
        if (plan->end <= event->payload_size) {
            return plan->decode(plan, event->payload + plan->end - plan->size, plan->size, arena);
        }
    }
    if (index + 1 == layout->schema.field_count) {
        return read_rest(event);
    }
    if ((layout->shown[index] & NUMBER) != 0) {
        layout->reading->plain = true;
        const struct value value =
            etw_top_value(event, layout->shown[index] & (uint16_t)~NUMBER, arena);
        layout->reading->plain = false;
        return value;
    }
    return walk_to(event, layout->shown[index]) ? take_field(layout, arena) : nothing;
}

static const char *field_name(const struct schema *schema, uint16_t index)
{
    const struct etw_layout *layout = (const struct etw_layout *)(const void *)schema;
    if (index + 1 == schema->field_count) {
        return raw_name;
    }
    const uint16_t shown = layout->shown[index];
    return (shown & NUMBER) != 0 ? layout->number_names[shown & (uint16_t)~NUMBER]
                                 : layout->fields[shown].name;
}

/* --- making --- */

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
        if (has_number(layout, i)) {
            layout->shown[count++] = (uint16_t)(i | NUMBER);
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
    layout->direct_count = layout->number_names != NULL ? 0 : layout->direct_count;
    layout->schema.origin = SCHEMA_FILE;
    layout->schema.field_name = field_name;
    layout->schema.field = field_value;
    if (layout->message != NULL) {
        layout->message = etw_message_format(layout->message, arena);
        layout->schema.message = etw_message;
    }
    layout->schema.json = schema_json_make(&layout->schema, arena);
    return layout->schema.json != NULL;
}

static void fill_in(struct event *event, const struct etl_record *record,
                    const struct schema *schema)
{
    *event = (struct event){
        .schema = schema,
        .payload = record->payload,
        .payload_size = record->payload_size,
        .time = record->time,
        .keywords = record->keywords,
        .activity_id = record->activity_id,
        .process_id = record->process_id,
        .thread_id = record->thread_id,
        .cpu = record->cpu,
        /* Messages of WPP have numbers instead. */
        .id = record->kind == ETL_MESSAGE ? (uint16_t)record->message_number : record->id,
        .task = record->task,
        .version = record->version,
        .level = record->level,
        .opcode = record->opcode,
        .channel = record->channel,
    };
}

void etw_event(struct event *event, const struct etl_record *record,
               const struct etw_layout *layout)
{
    /* Memory of buffers is used again: what was read at this address before is another's. */
    layout->reading->payload = NULL;
    fill_in(event, record, &layout->schema);
}

void etw_event_header(struct event *event, const struct etl_record *record)
{
    static const struct schema nameless = {
        .provider = "", .event_name = "", .origin = SCHEMA_FILE, .field_name = field_name};
    fill_in(event, record, &nameless);
}

size_t etw_rest(const struct event *event, struct arena *arena)
{
    const struct value rest = field_value(event, (uint16_t)(event->schema->field_count - 1), arena);
    const struct etw_layout *layout = (const struct etw_layout *)(const void *)event->schema;
    if (layout->reading->bad) {
        return SIZE_MAX;
    }
    return rest.type == VALUE_ABSENT ? 0 : rest.as.bytes.size;
}

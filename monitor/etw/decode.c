/* SPDX-License-Identifier: MIT */
#include "monitor/etw/decode.h"

#include "monitor/etw/decode_plan.h"

enum { MAXIMUM_DEPTH = 8 };

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
static size_t items_size(const struct etw_layout *layout, uint16_t index, const uint8_t *data,
                         size_t left, unsigned depth)
{
    const struct etw_field *field = &layout->fields[index];
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
        if (size == 0) {
            return used; /* so do all others: the same bytes say the same again */
        }
    }
    return used;
}

static size_t field_size(const struct etw_layout *layout, uint16_t index, const uint8_t *data,
                         size_t left, unsigned depth)
{
    const struct etw_plan *plan = &layout->plans[index];
    if (plan->shape == ETW_SHAPE_FIXED && !plan->is_referenced) {
        return plan->size <= left ? plan->size : SIZE_MAX; /* what the rest comes to, too */
    }
    return items_size(layout, index, data, left, depth);
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
        if (plan->is_referenced) {
            reading->numbers[i] =
                etw_item_number(plan->field, event->payload + plan->offset, plan->size);
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
        if (etw_has_number(layout, index)) {
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

/* One item of a size that is asked for. */
static size_t take_item(const struct etw_layout *layout, const struct etw_plan *plan,
                        const uint8_t *data, size_t left, struct value *value)
{
    const size_t size =
        etw_item_size(layout, plan->field, data, left, length_of(layout, plan->field));
    if (size <= left) {
        etw_plan_put(plan, data, size, left, value);
    }
    return size;
}

/* An array whose items are all of one size. */
static size_t take_items(const struct etw_layout *layout, const struct etw_plan *plan,
                         const uint8_t *data, size_t left, struct value *value)
{
    size_t skip = 0;
    size_t count = count_of(layout, plan->field, data, left, &skip);
    const size_t room = count != SIZE_MAX ? (left - skip) / plan->size : 0;
    if (count > room && !plan->field->to_end) {
        return SIZE_MAX;
    }
    count = count < room ? count : room;
    struct value *items = arena_take(layout->reading->arena, (count + 1) * sizeof *items);
    if (items == NULL) {
        *value = nothing;
        return skip + count * plan->size;
    }
    etw_plan_put_items(plan, data + skip, left - skip, items, count);
    *value = (struct value){
        .type = VALUE_ARRAY, .as.array = {.items = items, .count = count}
    };
    return skip + count * plan->size;
}

/* Structures, arrays of them and of items of many sizes: measured as a whole, then read. */
static size_t take_other(const struct etw_layout *layout, const uint8_t *data, size_t left,
                         struct value *value)
{
    const uint16_t index = layout->reading->index;
    const size_t size = field_size(layout, index, data, left, 0);
    if (size <= left) {
        struct reader reader = {
            .layout = layout, .arena = layout->reading->arena, .at = data, .left = size};
        *value = read_field(&reader, index, 0);
    }
    return size;
}

/* The field that the walk has come to. False: it does not fit, and the walk ends. */
static bool take_field(const struct etw_layout *layout, struct value *value)
{
    struct etw_reading *reading = layout->reading;
    const struct etw_plan *plan = &layout->plans[reading->index];
    const uint8_t *data = reading->payload + reading->at;
    const size_t left = reading->size - reading->at;
    size_t used = plan->size;
    switch ((enum etw_shape)plan->shape) {
    case ETW_SHAPE_FIXED:
        if (used <= left) {
            etw_plan_put(plan, data, used, left, value);
        }
        break;
    case ETW_SHAPE_ITEM:
        used = take_item(layout, plan, data, left, value);
        break;
    case ETW_SHAPE_ITEMS:
        used = take_items(layout, plan, data, left, value);
        break;
    case ETW_SHAPE_OTHER:
        used = take_other(layout, data, left, value);
        break;
    }
    if (used > left) {
        reading->bad = true;
        return false;
    }
    if (plan->is_referenced && plan->shape <= ETW_SHAPE_ITEM) {
        reading->numbers[reading->index] = etw_item_number(plan->field, data, used);
    }
    reading->at += used;
    reading->index++;
    return true;
}

struct value etw_top_value(const struct event *event, uint16_t index, struct arena *arena)
{
    const struct etw_layout *layout = (const struct etw_layout *)(const void *)event->schema;
    const struct etw_plan *plan = &layout->plans[index];
    struct value value = nothing;
    layout->reading->arena = arena;
    if (index < layout->leading_count && plan->size <= event->payload_size &&
        plan->offset <= event->payload_size - plan->size) {
        etw_plan_put(plan, event->payload + plan->offset, plan->size,
                     event->payload_size - plan->offset, &value);
    } else if (!walk_to(event, index) || !take_field(layout, &value)) {
        return nothing;
    }
    return value;
}

struct value etw_field_value(const struct event *event, uint16_t index, struct arena *arena)
{
    const struct etw_layout *layout = (const struct etw_layout *)(const void *)event->schema;
    if (index + 1 == layout->schema.field_count) {
        return read_rest(event);
    }
    const uint16_t shown = layout->shown[index];
    layout->reading->plain = (shown & ETW_NUMBER) != 0;
    const struct value value = etw_top_value(event, shown & (uint16_t)~ETW_NUMBER, arena);
    layout->reading->plain = false;
    return value;
}

/* All of them in one walk, without the numbers behind names: those who ask for these can wait. */
void etw_all_values(const struct event *event, struct value *values, struct arena *arena)
{
    const struct etw_layout *layout = (const struct etw_layout *)(const void *)event->schema;
    struct etw_reading *reading = layout->reading;
    const struct value *end = values + layout->schema.field_count - 1;
    start_walk(event, layout, layout->top_count);
    reading->arena = arena;
    /* What is not shown is written, too, and then over. */
    for (uint16_t i = 0; i < reading->index; i++) {
        const struct etw_plan *plan = &layout->plans[i];
        etw_plan_put(plan, event->payload + plan->offset, plan->size,
                     event->payload_size - plan->offset, values);
        values += plan->is_shown;
    }
    while (reading->index < layout->top_count && take_field(layout, values)) {
        values += layout->plans[reading->index - 1].is_shown;
    }
    while (values < end) {
        *values++ = nothing;
    }
    values->type = VALUE_ABSENT;
    if (reading->at != event->payload_size) {
        *values = read_rest(event);
    }
}

static void fill_in(struct event *event, const struct etl_record *record,
                    const struct schema *schema)
{
    *event = (struct event){
        /* All members: to clear what is left out takes longer than all else that is done here. */
        .schema = schema,
        .payload = record->payload,
        .payload_size = record->payload_size,
        .time = record->time,
        .keywords = record->keywords,
        .activity_id = record->activity_id,
        .related_activity_id = NULL,
        .process_name = NULL,
        .message = NULL,
        .extra = NULL,
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
        .provider = "", .event_name = "", .origin = SCHEMA_FILE, .field_name = etw_field_name};
    fill_in(event, record, &nameless);
}

size_t etw_rest(const struct event *event, struct arena *arena)
{
    const struct value rest =
        etw_field_value(event, (uint16_t)(event->schema->field_count - 1), arena);
    const struct etw_layout *layout = (const struct etw_layout *)(const void *)event->schema;
    if (layout->reading->bad) {
        return SIZE_MAX;
    }
    return rest.type == VALUE_ABSENT ? 0 : rest.as.bytes.size;
}

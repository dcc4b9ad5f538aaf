/* SPDX-License-Identifier: MIT */
#include "monitor/etw/extra.h"

#include <string.h>

#include "ipc/load.h"
#include "monitor/etw/decode_parts.h"

enum { GUID_SIZE = 16, INSTANCE_SIZE = 24, MAXIMUM = 24 };

struct columns {
    struct arena *arena;
    size_t count;
    struct member members[MAXIMUM];
};

static const struct value absent = {.type = VALUE_ABSENT};

static void add(struct columns *columns, const char *name, struct value value)
{
    if (value.type != VALUE_ABSENT && value.type != VALUE_NULL && columns->count < MAXIMUM) {
        columns->members[columns->count++] = (struct member){.name = name, .value = value};
    }
}

static struct value uint_value(uint64_t number)
{
    return (struct value){.type = VALUE_UINT, .as.u = number};
}

static struct value number_of(const struct etl_item *item)
{
    if (item->size < sizeof(uint32_t)) {
        return absent;
    }
    return uint_value(item->size >= sizeof(uint64_t) ? load_u64(item->data) : load_u32(item->data));
}

static struct value guid_at(const uint8_t *data)
{
    return (struct value){
        .type = VALUE_GUID, .as.bytes = {.data = data, .size = GUID_SIZE}
    };
}

/* As sixteen bytes, or as text, which containers have. */
static struct value guid_of(const struct etl_item *item)
{
    if (item->size == GUID_SIZE) {
        return guid_at(item->data);
    }
    size_t size = item->size;
    while (size > 0 && item->data[size - 1] == 0) {
        size--;
    }
    return size == 0 ? absent
                     : (struct value){
                           .type = VALUE_TEXT,
                           .as.text = {.data = (const char *)item->data, .size = size}
    };
}

static struct value counters_of(const struct etl_item *item, struct arena *arena)
{
    const size_t count = item->size / sizeof(uint64_t);
    struct value *items = arena_take(arena, (count + 1) * sizeof *items);
    if (items == NULL) {
        return absent;
    }
    for (size_t i = 0; i < count; i++) {
        items[i] = uint_value(load_u64(item->data + i * sizeof(uint64_t)));
    }
    return (struct value){
        .type = VALUE_ARRAY, .as.array = {.items = items, .count = count}
    };
}

static void add_instance(struct columns *columns, const struct etl_item *item)
{
    if (item->size >= INSTANCE_SIZE) {
        add(columns, "InstanceId", uint_value(load_u32(item->data)));
        add(columns, "ParentInstanceId", uint_value(load_u32(item->data + 4)));
        add(columns, "ParentGuid", guid_at(item->data + 8));
    }
}

static void add_item(struct columns *columns, const struct etl_item *item)
{
    switch (item->type) {
    case ETL_ITEM_SID:
        add(columns, "UserId", etw_sid(item->data, item->size, columns->arena));
        break;
    case ETL_ITEM_TS_ID:
        add(columns, "SessionId", number_of(item));
        break;
    case ETL_ITEM_INSTANCE:
        add_instance(columns, item);
        break;
    case ETL_ITEM_PEBS:
        add(columns, "PebsIndex", number_of(item));
        break;
    case ETL_ITEM_PMC:
        add(columns, "PmcCounters", counters_of(item, columns->arena));
        break;
    case ETL_ITEM_PSM_KEY:
        add(columns, "PsmKey", etw_utf16(item->data, item->size, columns->arena));
        break;
    case ETL_ITEM_EVENT_KEY:
        add(columns, "EventKey", number_of(item));
        break;
    case ETL_ITEM_PROCESS_START_KEY:
        add(columns, "ProcessStartKey", number_of(item));
        break;
    case ETL_ITEM_CONTROL_GUID:
        add(columns, "ControlGuid", guid_of(item));
        break;
    case ETL_ITEM_QPC_DELTA:
        add(columns, "QpcDelta", number_of(item));
        break;
    case ETL_ITEM_CONTAINER_ID:
        add(columns, "ContainerId", guid_of(item));
        break;
    default: /* what describes the event itself, and stacks */
        break;
    }
}

static void add_stack(struct columns *columns, const struct etl_record *record,
                      struct stacks *stacks)
{
    struct value stack = stacks_find(stacks, record, columns->arena);
    if (stack.type == VALUE_ABSENT) {
        stack = stacks_own(stacks, record, columns->arena);
    }
    add(columns, "Stack", stack);
}

/* Into the arena, where the event's extra columns live. */
static const struct value *keep(const struct columns *columns)
{
    const size_t size = columns->count * sizeof columns->members[0];
    struct value *value = arena_take(columns->arena, sizeof *value);
    struct member *members = arena_take(columns->arena, size);
    if (value == NULL || members == NULL) {
        return NULL;
    }
    memcpy(members, columns->members, size);
    *value = (struct value){
        .type = VALUE_OBJECT, .as.object = {.members = members, .count = columns->count}
    };
    return value;
}

/* By itself: what clears the columns costs as much as all else that is done for most records. */
static void add_columns(struct event *event, const struct etl_record *record, struct stacks *stacks,
                        struct arena *arena)
{
    struct columns columns;
    struct etl_item item;
    size_t offset = 0;
    columns.arena = arena;
    columns.count = 0;
    if (record->kind == ETL_INSTANCE) {
        add(&columns, "InstanceId", uint_value(record->instance_id));
        add(&columns, "ParentInstanceId", uint_value(record->parent_instance_id));
        if (record->parent_id != NULL) {
            add(&columns, "ParentGuid", guid_at(record->parent_id));
        }
    }
    while (etl_item_next(record, &offset, &item)) {
        if (item.type == ETL_ITEM_RELATED_ACTIVITY && item.size == GUID_SIZE) {
            event->related_activity_id = item.data;
        } else {
            add_item(&columns, &item);
        }
    }
    if (stacks != NULL) {
        add_stack(&columns, record, stacks);
    }
    event->extra = columns.count != 0 ? keep(&columns) : NULL;
}

void etw_extra(struct event *event, const struct etl_record *record, struct stacks *stacks,
               struct arena *arena)
{
    if (record->extended != NULL || record->kind == ETL_INSTANCE || stacks != NULL) {
        add_columns(event, record, stacks, arena);
    }
}

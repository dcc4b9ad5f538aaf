/* SPDX-License-Identifier: MIT */
#include "monitor/etw/event_info.h"

#include <stdlib.h>
#include <string.h>

#include "ipc/load.h"
#include "monitor/etw/decode.h"
#include "monitor/etw/decode_parts.h"

enum {
    OPCODE_EVENT = 32,
    OPCODE_MAP = 33,
    MAXIMUM_ITEMS = 65536,
    MAXIMUM_BYTES = 16 * 1024 * 1024, /* of all of them */
    BUCKETS = 1024,
    MAXIMUM_FIELDS = 1024,
    /* TRACE_EVENT_INFO */
    AT_EVENT_ID = 16, /* GUID of a classic event */
    AT_DESCRIPTOR = 32,
    AT_PROVIDER_NAME = 52,
    AT_CHANNEL_NAME = 60,
    AT_TASK_NAME = 68,
    AT_OPCODE_NAME = 72,
    AT_MESSAGE = 76,
    AT_EVENT_NAME = 92,
    AT_COUNT = 100,
    AT_TOP_COUNT = 104,
    INFO_HEAD = 112,
    /* EVENT_PROPERTY_INFO */
    PROPERTY_SIZE = 24,
    IS_STRUCT = 0x01,
    HAS_LENGTH_FIELD = 0x02,
    HAS_COUNT_FIELD = 0x04,
    HAS_FIXED_LENGTH = 0x10,
    HAS_FIXED_COUNT = 0x20,
    /* EVENT_MAP_INFO, behind the provider's GUID */
    MAP_HEAD = 16,
    MAP_ENTRY = 8,
    MAP_IS_BITS = 2, /* EVENTMAP_INFO_FLAG_MANIFEST_BITMAP */
};

static const uint8_t metadata_id[SCHEMAS_ID_SIZE] = {
    0xc1, 0xf6, 0xcc, 0xbb, 0xd1, 0x6c, 0xc4, 0x48, 0x80, 0xff, 0x83, 0x94, 0x82, 0xe3, 0x76, 0x71};

struct item {
    uint8_t *data;
    size_t size;
    bool is_map;
    uint32_t next; /* of those with the same last bits of their sum, from 1; 0: there is none */
};

struct event_infos {
    struct item *items;
    size_t count;
    size_t capacity;
    size_t bytes;
    uint32_t first[BUCKETS]; /* from 1, by the last bits of their sum */
};

struct event_infos *event_infos_open(void)
{
    return calloc(1, sizeof(struct event_infos));
}

void event_infos_close(struct event_infos *infos)
{
    if (infos != NULL) {
        for (size_t i = 0; i < infos->count; i++) {
            free(infos->items[i].data);
        }
        free(infos->items);
        free(infos);
    }
}

bool event_infos_teaches(const struct etl_glance *glance)
{
    return glance->kind == ETL_FULL &&
           (glance->opcode == OPCODE_EVENT || glance->opcode == OPCODE_MAP) &&
           memcmp(glance->provider_id, metadata_id, SCHEMAS_ID_SIZE) == 0;
}

static bool is_info(const struct etl_record *record)
{
    return record->classic && record->provider_id != NULL &&
           memcmp(record->provider_id, metadata_id, SCHEMAS_ID_SIZE) == 0 &&
           (record->opcode == OPCODE_EVENT || record->opcode == OPCODE_MAP) &&
           record->payload_size >= SCHEMAS_ID_SIZE + MAP_HEAD;
}

static uint32_t bucket_of(const uint8_t *data, size_t size)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < size; i++) {
        sum = (sum ^ data[i]) * 16777619U; /* FNV */
    }
    return (sum ^ sum >> 16) % BUCKETS;
}

/* A trace that was put together of many says the same many times. */
static bool is_known(const struct event_infos *infos, const struct etl_record *record,
                     uint32_t bucket)
{
    for (uint32_t i = infos->first[bucket]; i != 0; i = infos->items[i - 1].next) {
        const struct item *item = &infos->items[i - 1];
        if (item->size == record->payload_size && item->is_map == (record->opcode == OPCODE_MAP) &&
            memcmp(item->data, record->payload, item->size) == 0) {
            return true;
        }
    }
    return false;
}

static bool has_room(struct event_infos *infos, size_t size)
{
    if (infos->count == MAXIMUM_ITEMS || size > MAXIMUM_BYTES - infos->bytes) {
        return false;
    }
    if (infos->count == infos->capacity) {
        const size_t capacity = infos->capacity * 2 + 64;
        struct item *items = realloc(infos->items, capacity * sizeof *items);
        if (items == NULL) {
            return false;
        }
        infos->items = items;
        infos->capacity = capacity;
    }
    return true;
}

bool event_infos_learn(struct event_infos *infos, const struct etl_record *record)
{
    if (!is_info(record)) {
        return false;
    }
    const size_t size = record->payload_size;
    const uint32_t bucket = bucket_of(record->payload, size);
    if (is_known(infos, record, bucket)) {
        return true;
    }
    uint8_t *data = has_room(infos, size) ? malloc(size) : NULL;
    if (data == NULL) {
        return false;
    }
    memcpy(data, record->payload, size);
    infos->items[infos->count++] = (struct item){.data = data,
                                                 .size = size,
                                                 .is_map = record->opcode == OPCODE_MAP,
                                                 .next = infos->first[bucket]};
    infos->first[bucket] = (uint32_t)infos->count;
    infos->bytes += size;
    return true;
}

/* UTF-16 at an offset, as text with a zero; NULL: offset 0, or beyond the end. */
static const char *text_at(const uint8_t *data, size_t size, size_t offset, struct arena *arena)
{
    if (offset == 0 || offset >= size) {
        return NULL;
    }
    const struct value value = etw_utf16(data + offset, size - offset, arena);
    if (value.type != VALUE_TEXT) {
        return NULL;
    }
    size_t length = value.as.text.size;
    /* Names as TDH gives them end in a blank. */
    while (length > 0 && value.as.text.data[length - 1] == ' ') {
        length--;
    }
    char *text = arena_take(arena, length + 1);
    if (text != NULL) {
        memcpy(text, value.as.text.data, length);
        text[length] = '\0';
    }
    return text;
}

static const struct etw_map *make_map(const struct item *item, struct arena *arena)
{
    const uint8_t *info = item->data + SCHEMAS_ID_SIZE;
    const size_t size = item->size - SCHEMAS_ID_SIZE;
    const uint32_t count = load_u32(info + 8);
    struct etw_map *map = arena_take(arena, sizeof *map);
    if (map == NULL || count > (size - MAP_HEAD) / MAP_ENTRY) {
        return NULL;
    }
    struct etw_map_entry *entries = arena_take(arena, (count + (size_t)1) * sizeof *entries);
    if (entries == NULL) {
        return NULL;
    }
    *map = (struct etw_map){.is_bits = (load_u32(info + 4) & MAP_IS_BITS) != 0, .entries = entries};
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *entry = info + MAP_HEAD + (size_t)i * MAP_ENTRY;
        const char *text = text_at(info, size, load_u32(entry), arena);
        if (text != NULL) {
            entries[map->count++] = (struct etw_map_entry){load_u32(entry + 4), text};
        }
    }
    return map;
}

/* The map that a provider calls `name`. */
static const struct etw_map *find_map(const struct event_infos *infos, const uint8_t *provider,
                                      const char *name, struct arena *arena)
{
    for (size_t i = 0; infos != NULL && i < infos->count; i++) {
        const struct item *item = &infos->items[i];
        if (!item->is_map || memcmp(item->data, provider, SCHEMAS_ID_SIZE) != 0) {
            continue;
        }
        const uint8_t *info = item->data + SCHEMAS_ID_SIZE;
        const char *found = text_at(info, item->size - SCHEMAS_ID_SIZE, load_u32(info), arena);
        if (found != NULL && strcmp(found, name) == 0) {
            return make_map(item, arena);
        }
    }
    return NULL;
}

static void set_extents(const uint8_t *property, uint32_t flags, struct etw_field *field)
{
    const uint16_t count = load_u16(property + 16);
    const uint16_t length = load_u16(property + 18);
    field->count = count;
    field->length = length;
    if ((flags & HAS_COUNT_FIELD) != 0) {
        field->count_from = ETW_EXTENT_FIELD;
    } else if ((flags & HAS_FIXED_COUNT) != 0 || count > 1) {
        field->count_from = ETW_EXTENT_FIXED;
    }
    const bool has_length = field->in_type == ETW_IN_UTF16 || field->in_type == ETW_IN_ANSI ||
                            field->in_type == ETW_IN_BINARY;
    if ((flags & HAS_LENGTH_FIELD) != 0) {
        field->length_from = ETW_EXTENT_FIELD;
    } else if (has_length && ((flags & HAS_FIXED_LENGTH) != 0 || length != 0)) {
        field->length_from = ETW_EXTENT_FIXED;
    }
}

/* A TRACE_EVENT_INFO, and the maps it may name. */
struct reading {
    const struct event_infos *infos;
    const uint8_t *info;
    size_t size;
    struct arena *arena;
};

static bool set_field(const struct reading *reading, const uint8_t *property,
                      struct etw_field *field)
{
    const uint32_t flags = load_u32(property);
    const uint8_t *info = reading->info;
    struct arena *arena = reading->arena;
    *field =
        (struct etw_field){.name = text_at(info, reading->size, load_u32(property + 4), arena)};
    field->is_struct = (flags & IS_STRUCT) != 0;
    if (field->is_struct) {
        field->first = load_u16(property + 8);
        field->members = load_u16(property + 10);
    } else {
        field->in_type = load_u16(property + 8);
        field->out_type = load_u16(property + 10);
        const char *map = text_at(info, reading->size, load_u32(property + 12), arena);
        field->map = map != NULL ? find_map(reading->infos, info, map, arena) : NULL;
    }
    set_extents(property, flags, field);
    return field->name != NULL;
}

static bool set_fields(const struct reading *reading, struct etw_layout *layout)
{
    const uint8_t *info = reading->info;
    const uint32_t count = load_u32(info + AT_COUNT);
    const uint32_t top = load_u32(info + AT_TOP_COUNT);
    if (count > MAXIMUM_FIELDS || top > count ||
        count > (reading->size - INFO_HEAD) / PROPERTY_SIZE) {
        return false;
    }
    struct etw_field *fields = arena_take(reading->arena, (count + (size_t)1) * sizeof *fields);
    if (fields == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *property = info + INFO_HEAD + (size_t)i * PROPERTY_SIZE;
        if (!set_field(reading, property, &fields[i])) {
            return false;
        }
    }
    layout->fields = fields;
    layout->field_total = (uint16_t)count;
    layout->top_count = (uint16_t)top;
    return true;
}

static const char *or_empty(const char *text)
{
    return text != NULL ? text : "";
}

static const struct etw_layout *make_layout(const struct event_infos *infos, const uint8_t *info,
                                            size_t size, const struct etw_layout *base,
                                            struct arena *arena)
{
    struct etw_layout *layout = arena_take(arena, sizeof *layout);
    if (layout == NULL || size < INFO_HEAD) {
        return NULL;
    }
    const struct reading reading = {.infos = infos, .info = info, .size = size, .arena = arena};
    *layout = *base;
    struct schema *schema = &layout->schema;
    schema->provider_id = schemas_copy(arena, info, SCHEMAS_ID_SIZE);
    schema->provider = or_empty(text_at(info, size, load_u32(info + AT_PROVIDER_NAME), arena));
    schema->task_name = text_at(info, size, load_u32(info + AT_TASK_NAME), arena);
    schema->opcode_name = text_at(info, size, load_u32(info + AT_OPCODE_NAME), arena);
    schema->event_name = text_at(info, size, load_u32(info + AT_EVENT_NAME), arena);
    if (schema->event_name == NULL) {
        schema->event_name = or_empty(schema->task_name);
    }
    layout->message = text_at(info, size, load_u32(info + AT_MESSAGE), arena);
    layout->channel = text_at(info, size, load_u32(info + AT_CHANNEL_NAME), arena);
    return schema->provider_id != NULL && set_fields(&reading, layout) &&
                   etw_layout_finish(layout, arena)
               ? layout
               : NULL;
}

/* Is this info about that kind of event? */
static bool is_about(const struct item *item, const struct etl_record *record)
{
    const uint8_t *info = item->data;
    if (item->is_map || item->size < INFO_HEAD || record->provider_id == NULL) {
        return false;
    }
    const uint8_t *descriptor = info + AT_DESCRIPTOR;
    if (record->classic) {
        return memcmp(info + AT_EVENT_ID, record->provider_id, SCHEMAS_ID_SIZE) == 0 &&
               descriptor[5] == record->opcode && descriptor[2] == record->version;
    }
    return memcmp(info, record->provider_id, SCHEMAS_ID_SIZE) == 0 &&
           load_u16(descriptor) == record->id && descriptor[2] == record->version;
}

const struct etw_layout *event_infos_layout(const struct event_infos *infos,
                                            const struct etl_record *record,
                                            const struct schemas_options *options,
                                            struct arena *arena)
{
    const struct etw_layout base = {.source = ETW_EVENT_INFO,
                                    .pointer_size = record->pointer_size,
                                    .raw_values = options->raw_values,
                                    .keep_values = options->keep_values};
    for (size_t i = 0; i < infos->count; i++) {
        if (is_about(&infos->items[i], record)) {
            return make_layout(infos, infos->items[i].data, infos->items[i].size, &base, arena);
        }
    }
    return NULL;
}

const struct etw_layout *event_info_layout(const uint8_t *info, size_t size, uint8_t pointer_size,
                                           struct arena *arena)
{
    const struct etw_layout base = {.source = ETW_EVENT_INFO, .pointer_size = pointer_size};
    return make_layout(NULL, info, size, &base, arena);
}

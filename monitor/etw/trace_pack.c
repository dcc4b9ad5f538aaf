/* SPDX-License-Identifier: MIT */
#include "monitor/etw/trace_pack.h"

#include <string.h>

#include "ipc/store.h"
#include "monitor/etl/provider_name.h"
#include "monitor/event/encode_format.h"

/* TlgIn* and TlgOut* of TraceLoggingProvider.h, as tracelogging.c reads them. */
enum {
    IN_NULL = 0,
    IN_INT32 = 7,
    IN_UINT32 = 8,
    IN_INT64 = 9,
    IN_UINT64 = 10,
    IN_UINT8 = 4,
    IN_DOUBLE = 12,
    IN_BINARY = 14,
    IN_GUID = 15,
    IN_FILETIME = 17,
    IN_HEX64 = 21,
    IN_COUNTED_ANSI = 23,
    IN_STRUCT = 24,
    IN_ARRAY = 0x40, /* with a count in the payload */
    HAS_OUT = 0x80,
    OUT_BOOLEAN = 3,
    OUT_WIN32 = 13,
    OUT_NTSTATUS = 14,
    OUT_HRESULT = 15,
    OUT_UTF8 = 35,
    MAXIMUM_MEMBERS = 127,
    MAXIMUM_DEPTH = 8,
    MAXIMUM_TEXT = 64 * 1024,
    ITEM_HEAD = 8,
    ITEM_MORE = 1,
    EVENT_HEAD = 80,
    BUFFER_HEAD = 72,
    /* What both areas together may have. */
    RECORD_ROOM = TRACE_PACK_ROOM - BUFFER_HEAD - EVENT_HEAD,
};

void trace_pack_init(struct trace_pack *pack)
{
    encoder_init(&pack->encoder);
    output_init(&pack->text, MAXIMUM_TEXT);
    pack->named = NULL;
}

void trace_pack_clear(struct trace_pack *pack)
{
    output_clear(&pack->text);
}

static void put(struct trace_pack_area *area, const void *data, size_t size)
{
    if (size > sizeof area->data - area->size) {
        area->full = true;
    } else if (size != 0) {
        memcpy(area->data + area->size, data, size);
        area->size += size;
    }
}

static void put_u8(struct trace_pack_area *area, uint8_t value)
{
    put(area, &value, 1);
}

static void put_u16(struct trace_pack_area *area, size_t value)
{
    uint8_t bytes[2];
    store_u16(bytes, (uint16_t)value);
    area->full = area->full || value > UINT16_MAX;
    put(area, bytes, sizeof bytes);
}

static void put_u32(struct trace_pack_area *area, uint32_t value)
{
    uint8_t bytes[4];
    store_u32(bytes, value);
    put(area, bytes, sizeof bytes);
}

static void put_u64(struct trace_pack_area *area, uint64_t value)
{
    uint8_t bytes[8];
    store_u64(bytes, value);
    put(area, bytes, sizeof bytes);
}

static void put_counted(struct trace_pack_area *area, const void *data, size_t size)
{
    put_u16(area, size);
    put(area, data, size);
}

struct type {
    uint8_t in;
    uint8_t out; /* 0: none is said */
};

/* Codes are 32 bits wide, wherever they come from; a wider number is no code. */
static struct type integer_type(const struct value *value)
{
    static const uint8_t outs[] = {[CODE_NONE] = 0,
                                   [CODE_NTSTATUS] = OUT_NTSTATUS,
                                   [CODE_HRESULT] = OUT_HRESULT,
                                   [CODE_WIN32] = OUT_WIN32};
    const bool is_signed = value->type == VALUE_INT;
    const bool fits = is_signed ? value->as.i >= INT32_MIN && value->as.i <= INT32_MAX
                                : value->as.u <= UINT32_MAX;
    if (value->code != CODE_NONE && fits) {
        return (struct type){is_signed ? IN_INT32 : IN_UINT32, outs[value->code]};
    }
    return (struct type){is_signed ? IN_INT64 : IN_UINT64, 0};
}

static struct type type_of(const struct value *value)
{
    switch (value->type) {
    case VALUE_BOOL:
        return (struct type){IN_UINT8, OUT_BOOLEAN};
    case VALUE_INT:
    case VALUE_UINT:
        return integer_type(value);
    case VALUE_HEX:
        return (struct type){IN_HEX64, 0};
    case VALUE_FLOAT:
        return (struct type){IN_DOUBLE, 0};
    case VALUE_TEXT:
        return (struct type){IN_COUNTED_ANSI, OUT_UTF8};
    case VALUE_BYTES:
        return (struct type){IN_BINARY, 0};
    case VALUE_TIME:
        return (struct type){IN_FILETIME, 0};
    case VALUE_GUID:
        return (struct type){IN_GUID, 0};
    case VALUE_OBJECT:
        return (struct type){IN_STRUCT, (uint8_t)value->as.object.count};
    case VALUE_NULL:
    case VALUE_ABSENT:
    case VALUE_ARRAY:
        break;
    }
    return (struct type){IN_NULL, 0};
}

static bool describe(struct trace_pack *pack, const char *name, const struct value *value,
                     unsigned depth);

/* A name and types; `kind` is IN_ARRAY or 0. */
static bool describe_item(struct trace_pack *pack, const char *name, const struct value *value,
                          unsigned kind, unsigned depth)
{
    struct trace_pack_area *area = &pack->extended;
    const struct type type = type_of(value);
    const bool is_struct = value->type == VALUE_OBJECT;
    const size_t members = is_struct ? value->as.object.count : 0;
    if (value->type == VALUE_ARRAY || members > MAXIMUM_MEMBERS || (is_struct && members == 0) ||
        depth == MAXIMUM_DEPTH) {
        return false;
    }
    put(area, name, strlen(name) + 1);
    put_u8(area, (uint8_t)(type.in | kind | (type.out != 0 ? HAS_OUT : 0)));
    if (type.out != 0) {
        put_u8(area, type.out);
    }
    bool good = true;
    for (size_t i = 0; i < members && good; i++) {
        const struct member *member = &value->as.object.members[i];
        good = describe(pack, member->name, &member->value, depth + 1);
    }
    return good;
}

/* Do all items look like the first? Each is described behind it, compared and taken back. */
static bool describe_array(struct trace_pack *pack, const char *name, const struct value *value,
                           unsigned depth)
{
    static const struct value nothing = {.type = VALUE_UINT};
    struct trace_pack_area *area = &pack->extended;
    const struct value *items = value->as.array.items;
    const size_t start = area->size;
    if (value->as.array.count == 0) {
        return describe_item(pack, name, &nothing, IN_ARRAY, depth);
    }
    if (!describe_item(pack, name, &items[0], IN_ARRAY, depth)) {
        return false;
    }
    const size_t size = area->size - start;
    bool same = true;
    for (size_t i = 1; i < value->as.array.count && same && !area->full; i++) {
        same = describe_item(pack, name, &items[i], IN_ARRAY, depth) &&
               area->size == start + 2 * size &&
               memcmp(area->data + start, area->data + start + size, size) == 0;
        area->size = start + size;
    }
    return same;
}

static bool describe(struct trace_pack *pack, const char *name, const struct value *value,
                     unsigned depth)
{
    if (value->type == VALUE_ABSENT) {
        return true;
    }
    return value->type == VALUE_ARRAY ? describe_array(pack, name, value, depth)
                                      : describe_item(pack, name, value, 0, depth);
}

static void put_value(struct trace_pack_area *area, const struct value *value);

static void put_items(struct trace_pack_area *area, const struct value *value)
{
    put_u16(area, value->as.array.count);
    for (size_t i = 0; i < value->as.array.count && !area->full; i++) {
        put_value(area, &value->as.array.items[i]);
    }
}

static void put_members(struct trace_pack_area *area, const struct value *value)
{
    for (size_t i = 0; i < value->as.object.count && !area->full; i++) {
        put_value(area, &value->as.object.members[i].value);
    }
}

static void put_integer(struct trace_pack_area *area, const struct value *value)
{
    if (integer_type(value).out != 0) {
        put_u32(area, (uint32_t)value->as.u);
    } else {
        put_u64(area, value->as.u);
    }
}

static void put_value(struct trace_pack_area *area, const struct value *value)
{
    uint64_t bits = 0;
    switch (value->type) {
    case VALUE_NULL:
    case VALUE_ABSENT:
        return;
    case VALUE_BOOL:
        put_u8(area, value->as.truth ? 1 : 0);
        return;
    case VALUE_INT:
    case VALUE_UINT:
        put_integer(area, value);
        return;
    case VALUE_HEX:
    case VALUE_TIME:
        put_u64(area, value->as.u);
        return;
    case VALUE_FLOAT:
        memcpy(&bits, &value->as.number, sizeof bits);
        put_u64(area, bits);
        return;
    case VALUE_TEXT:
        put_counted(area, value->as.text.data, value->as.text.size);
        return;
    case VALUE_BYTES:
        put_counted(area, value->as.bytes.data, value->as.bytes.size);
        return;
    case VALUE_GUID:
        put(area, value->as.bytes.data, 16);
        return;
    case VALUE_ARRAY:
        put_items(area, value);
        return;
    case VALUE_OBJECT:
        put_members(area, value);
        return;
    }
}

/* One value as people read it; the output is used again for the next. */
static void put_as_text(struct trace_pack *pack, const struct value *value)
{
    struct sink sink;
    pack->text.size = 0;
    sink_start(&sink, &pack->text);
    encode_text_value(&sink, &pack->encoder, value);
    if (sink_finish(&sink) == ETWAS_OK) {
        put_counted(&pack->payload, pack->text.data, pack->text.size);
    } else {
        pack->payload.full = true;
    }
}

/* What TraceLogging cannot say: an array of several types, a structure in nothing like it. */
static void put_field_as_text(struct trace_pack *pack, const char *name, const struct value *value)
{
    const bool is_array = value->type == VALUE_ARRAY;
    put(&pack->extended, name, strlen(name) + 1);
    put_u8(&pack->extended, (uint8_t)(IN_COUNTED_ANSI | HAS_OUT | (is_array ? IN_ARRAY : 0)));
    put_u8(&pack->extended, OUT_UTF8);
    if (!is_array) {
        put_as_text(pack, value);
        return;
    }
    put_u16(&pack->payload, value->as.array.count);
    for (size_t i = 0; i < value->as.array.count && !pack->payload.full; i++) {
        put_as_text(pack, &value->as.array.items[i]);
    }
}

static void put_field(struct trace_pack *pack, const char *name, const struct value *value)
{
    const size_t before = pack->extended.size;
    if (value->type == VALUE_ABSENT) {
        return;
    }
    if (describe(pack, name, value, 0)) {
        put_value(&pack->payload, value);
    } else {
        pack->extended.size = before;
        put_field_as_text(pack, name, value);
    }
}

/* EVENT_HEADER_EXTENDED_DATA_ITEM as it lies in files; the data follow, up to a multiple of 8. */
static size_t item_start(struct trace_pack_area *area, uint16_t type, bool more)
{
    put_u16(area, 0);
    put_u16(area, type);
    put_u16(area, more ? ITEM_MORE : 0);
    put_u16(area, 0);
    return area->size;
}

static void item_end(struct trace_pack_area *area, size_t start)
{
    static const uint8_t zeros[8];
    const size_t size = area->size - start;
    if (area->full || size > UINT16_MAX) {
        area->full = true;
        return;
    }
    store_u16(area->data + start - 2, (uint16_t)size);
    put(area, zeros, (8 - size % 8) % 8);
}

static void start_items(struct trace_pack *pack, const struct event *event)
{
    struct trace_pack_area *area = &pack->extended;
    const char *provider = event->schema->provider;
    area->size = 0;
    area->full = false;
    pack->payload.size = 0;
    pack->payload.full = false;
    if (event->related_activity_id != NULL) {
        const size_t start = item_start(area, ETL_ITEM_RELATED_ACTIVITY, true);
        put(area, event->related_activity_id, 16);
        item_end(area, start);
    }
    const size_t start = item_start(area, ETL_ITEM_PROV_TRAITS, true);
    put_u16(area, 2 + strlen(provider) + 1);
    put(area, provider, strlen(provider) + 1);
    item_end(area, start);
}

/* The item that describes the fields begins with its own size again, then tags and a name. */
static size_t start_schema(struct trace_pack *pack, const struct event *event)
{
    const size_t start = item_start(&pack->extended, ETL_ITEM_SCHEMA_TL, false);
    const char *name = event->schema->event_name;
    put_u16(&pack->extended, 0);
    put_u8(&pack->extended, 0);
    put(&pack->extended, name, strlen(name) + 1);
    return start;
}

static void end_schema(struct trace_pack *pack, size_t start)
{
    const size_t size = pack->extended.size - start;
    if (!pack->extended.full && size <= UINT16_MAX) {
        store_u16(pack->extended.data + start, (uint16_t)size);
    }
    item_end(&pack->extended, start);
}

static bool fits(const struct trace_pack *pack)
{
    const size_t payload = pack->payload.size;
    return !pack->extended.full && !pack->payload.full && payload <= RECORD_ROOM &&
           pack->extended.size <= RECORD_ROOM - payload;
}

static const uint8_t *id_of(struct trace_pack *pack, const struct schema *schema)
{
    if (schema->provider_id != NULL) {
        return schema->provider_id;
    }
    if (pack->named != schema) {
        provider_id_of_name(schema->provider, pack->provider_id);
        pack->named = schema;
    }
    return pack->provider_id;
}

static void take_head(struct trace_pack *pack, const struct event *event, struct etl_record *record)
{
    const bool leveled = event->level != EVENT_LEVEL_NONE;
    *record = (struct etl_record){
        .kind = ETL_EVENT,
        .pointer_size = 8,
        .has_process = true,
        .flags = 1, /* EVENT_HEADER_FLAG_EXTENDED_INFO */
        .time = event->time,
        .cpu = event->cpu,
        .process_id = event->process_id,
        .thread_id = event->thread_id,
        .provider_id = id_of(pack, event->schema),
        .activity_id = event->activity_id,
        .keywords = leveled ? event->keywords : 0,
        .id = event->id,
        .task = leveled ? event->task : 0,
        .version = leveled ? event->version : 0,
        .channel = event->channel,
        .level = leveled ? event->level : 0,
        .opcode = leveled ? event->opcode : 0,
    };
}

enum etwas_status trace_pack(struct trace_pack *pack, const struct event *event,
                             struct arena *arena, struct etl_record *record)
{
    const struct schema *schema = event->schema;
    enum etwas_status status = ETWAS_OK;
    start_items(pack, event);
    size_t start = start_schema(pack, event);
    for (uint16_t i = 0; i < schema->field_count && fits(pack); i++) {
        const struct value value = event_field(event, i, arena);
        put_field(pack, schema->field_name(schema, i), &value);
    }
    end_schema(pack, start);
    if (!fits(pack)) {
        const struct value yes = {.type = VALUE_BOOL, .as.truth = true};
        status = ETWAS_TOO_BIG;
        start_items(pack, event);
        start = start_schema(pack, event);
        put_field(pack, "TooBig", &yes);
        end_schema(pack, start);
        pack->extended.size = fits(pack) ? pack->extended.size : 0; /* names of 64 KiB */
    }
    take_head(pack, event, record);
    record->extended = pack->extended.data;
    record->extended_size = pack->extended.size;
    record->payload = pack->payload.data;
    record->payload_size = pack->payload.size;
    return status;
}

/* SPDX-License-Identifier: MIT */
#include "monitor/etw/schemas.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipc/load.h"
#include "monitor/etl/provider_name.h"
#include "monitor/etw/builtin.h"
#include "monitor/etw/clr_events.h"
#include "monitor/etw/decode.h"
#include "monitor/etw/event_info.h"
#include "monitor/etw/schemas_parts.h"
#include "monitor/etw/tmf.h"
#include "monitor/event/arena.h"

enum {
    ARENA_MAXIMUM = 64 * 1024 * 1024,
    FIRST_SLOTS = 1024, /* a power of two */
    ID_TEXT = 40,
};

/* What tells one kind of event from another. */
struct key {
    uint64_t provider[2]; /* its 16 bytes */
    uint64_t what;        /* id or opcode, version, pointer size, kind */
    uint64_t schema;      /* hash of its own TraceLogging metadata, else 0 */
};

struct slot {
    struct key key;
    const struct etw_layout *layout; /* NULL: free */
};

struct schemas {
    struct schemas_options options;
    struct arena *arena;
    struct slot *slots; /* open addressing */
    size_t slot_count;
    size_t used;
    struct manifest_files *files;
    struct stream_manifests *stream;
    struct event_infos *infos;
    bool learnt;
};

static const uint8_t no_id[SCHEMAS_ID_SIZE];

void *schemas_copy(struct arena *arena, const void *data, size_t size)
{
    void *copy = arena_take(arena, size != 0 ? size : 1);
    if (copy != NULL && size != 0) {
        memcpy(copy, data, size);
    }
    return copy;
}

const char *schemas_id_text(const uint8_t id[SCHEMAS_ID_SIZE], struct arena *arena)
{
    char *text = arena_take(arena, ID_TEXT);
    if (text != NULL && id != NULL) {
        (void)snprintf(text, ID_TEXT, "{%08lx-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x}",
                       (unsigned long)load_u32(id), (unsigned)load_u16(id + 4),
                       (unsigned)load_u16(id + 6), id[8], id[9], id[10], id[11], id[12], id[13],
                       id[14], id[15]);
    }
    return id != NULL ? text : NULL;
}

/* u16 size, name; evntprov.h, EventProviderSetTraits. */
const char *schemas_traits_name(const struct etl_record *record, struct arena *arena)
{
    struct etl_item item;
    if (!etl_item_find(record, ETL_ITEM_PROV_TRAITS, &item) || item.size < 3) {
        return NULL;
    }
    const uint8_t *zero = memchr(item.data + 2, 0, item.size - 2U);
    if (zero == NULL || zero == item.data + 2) {
        return NULL;
    }
    return schemas_copy(arena, item.data + 2, (size_t)(zero - item.data) - 1);
}

enum etwas_status schemas_open(const struct schemas_options *options, struct schemas **schemas,
                               struct etwas_error *error)
{
    struct schemas *made = calloc(1, sizeof *made);
    if (made != NULL) {
        made->options = *options;
        made->arena = arena_open(ARENA_MAXIMUM);
        made->slots = calloc(FIRST_SLOTS, sizeof *made->slots);
        made->slot_count = FIRST_SLOTS;
        made->stream = stream_manifests_open();
        made->infos = event_infos_open();
    }
    *schemas = NULL;
    *error = (struct etwas_error){ETWAS_NO_MEMORY, 0, "making room for schemas"};
    if (made == NULL || made->arena == NULL || made->slots == NULL || made->stream == NULL ||
        made->infos == NULL) {
        schemas_close(made);
        return ETWAS_NO_MEMORY;
    }
    const enum etwas_status status = manifest_files_open(options, &made->files, error);
    if (status != ETWAS_OK) {
        schemas_close(made);
        return status;
    }
    *schemas = made;
    return ETWAS_OK;
}

void schemas_close(struct schemas *schemas)
{
    if (schemas != NULL) {
        manifest_files_close(schemas->files);
        stream_manifests_close(schemas->stream);
        event_infos_close(schemas->infos);
        arena_close(schemas->arena);
        free(schemas->slots);
        free(schemas);
    }
}

/* FNV-1a, eight bytes at a time: metadata is hashed for each event that has its own. */
static uint64_t hash(uint64_t state, const uint8_t *data, size_t size)
{
    const uint64_t prime = UINT64_C(0x100000001b3);
    size_t i = 0;
    for (; size - i >= 8; i += 8) {
        state = (state ^ load_u64(data + i)) * prime;
        state ^= state >> 29;
    }
    for (; i < size; i++) {
        state = (state ^ data[i]) * prime;
    }
    return state ^ state >> 32;
}

static struct key key_of(const struct etl_record *record)
{
    const uint8_t *provider = record->provider_id != NULL ? record->provider_id : no_id;
    struct key key = {
        .provider = {load_u64(provider), load_u64(provider + 8)},
        .what = (uint64_t)(record->classic ? record->opcode : record->id) |
                (uint64_t)record->version << 16 | (uint64_t)record->pointer_size << 24 |
                (uint64_t)record->kind << 32 | (uint64_t)record->message_number << 40,
        .schema = 0
    };
    struct etl_item item;
    if (record->extended != NULL && etl_item_find(record, ETL_ITEM_SCHEMA_TL, &item)) {
        key.schema = hash(UINT64_C(0xcbf29ce484222325), item.data, item.size) | 1;
    }
    return key;
}

static size_t place_of(const struct schemas *schemas, const struct key *key)
{
    /* Two rounds: keys of one provider differ in few bits. */
    const uint64_t factor = UINT64_C(0x9e3779b97f4a7c15);
    uint64_t state = (key->provider[0] ^ key->provider[1] ^ key->schema) * factor;
    state = ((state ^ state >> 32) + key->what) * factor;
    size_t place = (size_t)(state >> 32) & (schemas->slot_count - 1);
    while (schemas->slots[place].layout != NULL) {
        const struct key *found = &schemas->slots[place].key;
        if (found->what == key->what && found->schema == key->schema &&
            found->provider[0] == key->provider[0] && found->provider[1] == key->provider[1]) {
            break;
        }
        place = (place + 1) & (schemas->slot_count - 1);
    }
    return place;
}

static bool grow(struct schemas *schemas)
{
    struct slot *old = schemas->slots;
    const size_t old_count = schemas->slot_count;
    struct slot *slots = calloc(old_count * 2, sizeof *slots);
    if (slots == NULL) {
        return false;
    }
    schemas->slots = slots;
    schemas->slot_count = old_count * 2;
    for (size_t i = 0; i < old_count; i++) {
        if (old[i].layout != NULL) {
            slots[place_of(schemas, &old[i].key)] = old[i];
        }
    }
    free(old);
    return true;
}

/* What nobody describes: one field with all bytes, which decode.c calls Raw. */
static const struct etw_layout *raw_layout(struct schemas *schemas, const struct etl_record *record)
{
    struct etw_layout *layout = arena_take(schemas->arena, sizeof *layout);
    if (layout == NULL) {
        return NULL;
    }
    *layout = (struct etw_layout){.source = ETW_RAW, .pointer_size = record->pointer_size};
    layout->schema.event_name = "";
    layout->schema.provider_id =
        record->provider_id != NULL
            ? schemas_copy(schemas->arena, record->provider_id, SCHEMAS_ID_SIZE)
            : no_id;
    layout->schema.provider = schemas_traits_name(record, schemas->arena);
    if (layout->schema.provider == NULL) {
        layout->schema.provider = schemas_id_text(layout->schema.provider_id, schemas->arena);
    }
    return layout->schema.provider != NULL && etw_layout_finish(layout, schemas->arena) ? layout
                                                                                        : NULL;
}

/* What the record says itself, or the stream. */
static const struct etw_layout *told(const struct schemas *schemas, const struct etl_record *record)
{
    const struct schemas_options *options = &schemas->options;
    struct arena *arena = schemas->arena;
    const struct etw_layout *layout = tracelogging_layout(record, options, arena);
    if (layout == NULL) {
        layout = clr_events_layout(record, true, options, arena);
    }
    if (layout == NULL) {
        layout = stream_manifests_chunk(schemas->stream, record, options, arena);
    }
    if (layout == NULL && record->kind == ETL_EVENT) {
        layout = stream_manifests_layout(schemas->stream, record, options, arena);
    }
    return layout != NULL ? layout : event_infos_layout(schemas->infos, record, options, arena);
}

/* In the order of the design; NULL: nobody describes it. */
static const struct etw_layout *make(const struct schemas *schemas, const struct etl_record *record)
{
    const struct schemas_options *options = &schemas->options;
    struct arena *arena = schemas->arena;
    const struct etw_layout *layout = told(schemas, record);
    if (layout == NULL && record->kind == ETL_EVENT) {
        layout = builtin_layout(
            record, manifest_files_layout(schemas->files, record, options, arena), options, arena);
    }
    if (layout != NULL) {
        return layout;
    }
    return record->kind == ETL_MESSAGE ? tmf_layout(record, options, arena)
           : record->classic           ? classic_layout(record, options, arena)
                                       : NULL;
}

bool schemas_teaches(const struct etl_glance *glance)
{
    return stream_manifests_teaches(glance) || event_infos_teaches(glance);
}

bool schemas_learn(struct schemas *schemas, const struct etl_record *record)
{
    return stream_manifests_learn(schemas->stream, record) ||
           event_infos_learn(schemas->infos, record);
}

void schemas_learnt(struct schemas *schemas)
{
    schemas->learnt = true;
}

bool schemas_is_learnt(const struct schemas *schemas)
{
    return schemas->learnt;
}

bool schemas_provider_id(struct schemas *schemas, const char *name, uint8_t id[SCHEMAS_ID_SIZE])
{
    if (name[0] == '*') {
        provider_id_of_name(name + 1, id);
        return name[1] != '\0';
    }
    return provider_id_parse(name, id) || manifest_files_id(schemas->files, name, id) ||
           classic_id(name, id);
}

const char *schemas_notice(struct schemas *schemas)
{
    return manifest_files_notice(schemas->files);
}

const struct etw_layout *schemas_find(struct schemas *schemas, const struct etl_record *record)
{
    const struct key key = key_of(record);
    size_t place = place_of(schemas, &key);
    if (schemas->slots[place].layout != NULL) {
        return schemas->slots[place].layout;
    }
    const struct etw_layout *layout = make(schemas, record);
    if (layout == NULL && schemas->learnt) {
        layout = raw_layout(schemas, record);
    }
    if (layout == NULL || ((schemas->used + 1) * 4 > schemas->slot_count * 3 && !grow(schemas))) {
        return NULL;
    }
    place = place_of(schemas, &key);
    schemas->slots[place] = (struct slot){.key = key, .layout = layout};
    schemas->used++;
    return layout;
}

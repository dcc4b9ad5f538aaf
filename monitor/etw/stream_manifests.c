/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "ipc/load.h"
#include "monitor/etw/manifest.h"
#include "monitor/etw/schemas_parts.h"
#include "monitor/etw/table.h"

/*
 * EventSources describe themselves in events of id 0xfffe: pieces of a manifest, each behind a
 * ManifestEnvelope (System.Diagnostics.Tracing): u8 format, u8 major, u8 minor, u8 0x5b, u16
 * pieces, u16 which piece. They are sent again each time somebody listens, by each process.
 */
enum {
    MANIFEST_EVENT_ID = 0xfffe,
    FORMAT = 1,
    MAGIC = 0x5b,
    HEAD = 8,
    MAXIMUM = 4096, /* manifests, and manifests under way */
    MAXIMUM_PIECES = 1024,
};

struct pieces {
    uint8_t id[SCHEMAS_ID_SIZE];
    uint32_t process;
    uint16_t total;
    uint16_t next;
    char *text;
    size_t size;
};

struct known {
    uint8_t id[SCHEMAS_ID_SIZE];
    struct manifest *manifest;
    size_t size; /* of its text: the same size is taken for the same text */
};

struct stream_manifests {
    struct pieces *pieces;
    size_t piece_count;
    struct known *known;
    size_t known_count;
};

struct stream_manifests *stream_manifests_open(void)
{
    return calloc(1, sizeof(struct stream_manifests));
}

void stream_manifests_close(struct stream_manifests *manifests)
{
    if (manifests == NULL) {
        return;
    }
    for (size_t i = 0; i < manifests->piece_count; i++) {
        free(manifests->pieces[i].text);
    }
    for (size_t i = 0; i < manifests->known_count; i++) {
        manifest_close(manifests->known[i].manifest);
    }
    free(manifests->pieces);
    free(manifests->known);
    free(manifests);
}

static bool is_known(const struct stream_manifests *manifests, const struct pieces *pieces)
{
    for (size_t i = 0; i < manifests->known_count; i++) {
        if (memcmp(manifests->known[i].id, pieces->id, SCHEMAS_ID_SIZE) == 0 &&
            manifests->known[i].size == pieces->size) {
            return true;
        }
    }
    return false;
}

/* All pieces are here. */
static void complete(struct stream_manifests *manifests, const struct pieces *pieces)
{
    if (is_known(manifests, pieces) || manifests->known_count == MAXIMUM) {
        return;
    }
    struct known *known = realloc(manifests->known, (manifests->known_count + 1) * sizeof *known);
    if (known == NULL) {
        return;
    }
    manifests->known = known;
    struct manifest *manifest = manifest_open(pieces->text, pieces->size);
    if (manifest == NULL) {
        return;
    }
    known[manifests->known_count] = (struct known){.manifest = manifest, .size = pieces->size};
    memcpy(known[manifests->known_count].id, pieces->id, SCHEMAS_ID_SIZE);
    manifests->known_count++;
}

/* The manifest under way of that provider and process, begun if there is none. */
static struct pieces *find_pieces(struct stream_manifests *manifests,
                                  const struct etl_record *record)
{
    for (size_t i = 0; i < manifests->piece_count; i++) {
        struct pieces *pieces = &manifests->pieces[i];
        if (pieces->process == record->process_id &&
            memcmp(pieces->id, record->provider_id, SCHEMAS_ID_SIZE) == 0) {
            return pieces;
        }
    }
    if (manifests->piece_count == MAXIMUM) {
        return NULL;
    }
    struct pieces *grown = realloc(manifests->pieces, (manifests->piece_count + 1) * sizeof *grown);
    if (grown == NULL) {
        return NULL;
    }
    manifests->pieces = grown;
    struct pieces *pieces = &grown[manifests->piece_count++];
    *pieces = (struct pieces){.process = record->process_id};
    memcpy(pieces->id, record->provider_id, SCHEMAS_ID_SIZE);
    return pieces;
}

static bool append(struct pieces *pieces, const uint8_t *data, size_t size)
{
    if (size > MANIFEST_MAX_SIZE - pieces->size) {
        return false;
    }
    char *text = realloc(pieces->text, pieces->size + size + 1);
    if (text == NULL) {
        return false;
    }
    memcpy(text + pieces->size, data, size);
    pieces->text = text;
    pieces->size += size;
    return true;
}

bool stream_manifests_teaches(const struct etl_glance *glance)
{
    return glance->kind == ETL_EVENT && glance->id == MANIFEST_EVENT_ID;
}

bool stream_manifests_learn(struct stream_manifests *manifests, const struct etl_record *record)
{
    const uint8_t *data = record->payload;
    if (record->kind != ETL_EVENT || record->id != MANIFEST_EVENT_ID ||
        record->payload_size < HEAD || data[0] != FORMAT || data[3] != MAGIC) {
        return false;
    }
    const uint16_t total = load_u16(data + 4);
    const uint16_t index = load_u16(data + 6);
    struct pieces *pieces = find_pieces(manifests, record);
    if (pieces == NULL || total == 0 || total > MAXIMUM_PIECES || index >= total) {
        return true;
    }
    if (index == 0) {
        pieces->total = total;
        pieces->next = 0;
        pieces->size = 0;
    }
    /* A piece that was lost: wait for the next time it is sent. */
    if (total != pieces->total || index != pieces->next ||
        !append(pieces, data + HEAD, record->payload_size - HEAD)) {
        pieces->total = 0;
        return true;
    }
    pieces->next++;
    if (pieces->next == pieces->total) {
        complete(manifests, pieces);
    }
    return true;
}

const struct etw_layout *stream_manifests_layout(const struct stream_manifests *manifests,
                                                 const struct etl_record *record,
                                                 const struct schemas_options *options,
                                                 struct arena *arena)
{
    const struct manifest_wanted wanted = {.id = record->id,
                                           .version = record->version,
                                           .pointer_size = record->pointer_size,
                                           .raw_values = options->raw_values,
                                           .keep_values = options->keep_values,
                                           .source = ETW_STREAM_MANIFEST};
    for (size_t i = manifests->known_count; i > 0; i--) {
        const struct known *known = &manifests->known[i - 1];
        if (memcmp(known->id, record->provider_id, SCHEMAS_ID_SIZE) != 0) {
            continue;
        }
        const struct etw_layout *layout = manifest_layout(known->manifest, 0, &wanted, arena);
        if (layout != NULL) {
            return layout;
        }
    }
    return NULL;
}

/* What the provider calls itself in its manifest, or NULL. */
static const char *name_of(const struct stream_manifests *manifests, const uint8_t *wanted)
{
    uint8_t id[SCHEMAS_ID_SIZE];
    const char *name = NULL;
    for (size_t i = 0; i < manifests->known_count; i++) {
        if (memcmp(manifests->known[i].id, wanted, SCHEMAS_ID_SIZE) == 0 &&
            manifest_provider(manifests->known[i].manifest, 0, id, &name)) {
            return name;
        }
    }
    return NULL;
}

const struct etw_layout *stream_manifests_chunk(const struct stream_manifests *manifests,
                                                const struct etl_record *record,
                                                const struct schemas_options *options,
                                                struct arena *arena)
{
    const bool is_chunk = record->kind == ETL_EVENT && record->id == MANIFEST_EVENT_ID &&
                          record->payload_size >= HEAD && record->payload[3] == MAGIC;
    const char *name = is_chunk ? name_of(manifests, record->provider_id) : NULL;
    struct etw_layout *layout = name != NULL ? arena_take(arena, sizeof *layout) : NULL;
    if (layout == NULL) {
        return NULL;
    }
    *layout = (struct etw_layout){.source = ETW_STREAM_MANIFEST,
                                  .pointer_size = record->pointer_size,
                                  .raw_values = options->raw_values,
                                  .keep_values = options->keep_values};
    layout->schema.event_name = "ManifestData";
    layout->schema.provider = schemas_copy(arena, name, strlen(name) + 1);
    layout->schema.provider_id = schemas_copy(arena, record->provider_id, SCHEMAS_ID_SIZE);
    return layout->schema.provider_id != NULL && layout->schema.provider != NULL &&
                   table_layout(layout,
                                "u1 Format, u1 MajorVersion, u1 MinorVersion, x1 Magic, "
                                "u2 TotalChunks, u2 ChunkNumber, a Manifest",
                                arena)
               ? layout
               : NULL;
}

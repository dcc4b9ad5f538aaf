/* SPDX-License-Identifier: MIT */
/*
 * The input is the text of a manifest; what is behind four bytes 0xff is the payload of its events.
 * Each of them is understood and shown, in both sizes of pointers, and versions that are not there,
 * too.
 */
#include <stdlib.h>
#include <string.h>

#include "monitor/etw/manifest_parts.h"
#include "tests/fuzz/show.h"

enum { MEMORY = 16 * 1024 * 1024, MAXIMUM_EVENTS = 12, MARK_SIZE = 4 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t text_size(const uint8_t *data, size_t size)
{
    static const uint8_t mark[MARK_SIZE] = {0xff, 0xff, 0xff, 0xff};
    for (size_t i = 0; size >= MARK_SIZE && i <= size - MARK_SIZE; i++) {
        if (memcmp(data + i, mark, MARK_SIZE) == 0) {
            return i;
        }
    }
    return size;
}

static void show_event(const struct manifest *manifest, const struct manifest_item *item,
                       const struct etl_record *record)
{
    struct arena *arena = arena_open(MEMORY);
    if (arena != NULL) {
        const struct manifest_wanted wanted = {.id = item->id,
                                               .version = record->version,
                                               .pointer_size = record->pointer_size,
                                               .raw_values = record->pointer_size == 4,
                                               .source = ETW_MANIFEST};
        show(manifest_layout(manifest, item->provider, &wanted, arena), record);
    }
    arena_close(arena);
}

static void show_events(const struct manifest *manifest, const uint8_t *payload, size_t size)
{
    struct etl_record record = show_record(payload, size);
    size_t shown = 0;
    for (size_t i = 0; i < manifest->item_count && shown < MAXIMUM_EVENTS; i++) {
        const struct manifest_item *item = &manifest->items[i];
        if (item->kind == MANIFEST_EVENT) {
            record.id = item->id;
            record.version = item->version;
            record.pointer_size = 8;
            show_event(manifest, item, &record);
            record.version++;
            record.pointer_size = 4;
            show_event(manifest, item, &record);
            shown++;
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pieces pieces = {data, size};
    size_t length = text_size(data, size);
    uint8_t *text = pieces_take(&pieces, &length);
    size_t mark_size = MARK_SIZE;
    free(pieces_take(&pieces, &mark_size));
    size_t payload_size = pieces.left;
    uint8_t *payload = pieces_take(&pieces, &payload_size);
    uint8_t id[MANIFEST_ID_SIZE];
    const char *name = NULL;
    size_t line = 0;
    size_t providers = 0;
    struct manifest *manifest = manifest_open(text, length);
    if (manifest != NULL) {
        while (manifest_provider(manifest, providers, id, &name)) {
            providers++;
        }
        if ((manifest_faults(manifest, &line) == 0) != (line == 0)) {
            abort();
        }
        show_events(manifest, payload, payload_size);
    }
    manifest_close(manifest);
    free(payload);
    free(text);
    return 0;
}

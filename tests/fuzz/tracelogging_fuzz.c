/* SPDX-License-Identifier: MIT */
/*
 * The input is flags, the size of TraceLogging metadata (16 bits), the metadata, and a payload that
 * is decoded and shown by it.
 */
#include <stdlib.h>
#include <string.h>

#include "monitor/etw/schemas_parts.h"
#include "tests/fuzz/show.h"

enum { HEAD = 8, MEMORY = 16 * 1024 * 1024, IS_32_BIT = 1, RAW_VALUES = 2 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An extended data item of its own, in a block of its size. */
static uint8_t *item_of(const uint8_t *metadata, size_t size)
{
    uint8_t *item = malloc(HEAD + size);
    if (item == NULL) {
        abort();
    }
    memset(item, 0, HEAD);
    item[2] = ETL_ITEM_SCHEMA_TL;
    item[6] = (uint8_t)size;
    item[7] = (uint8_t)(size >> 8);
    memcpy(item + HEAD, metadata, size);
    return item;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pieces pieces = {data, size};
    const uint8_t flags = pieces_u8(&pieces);
    size_t metadata_size = pieces_u16(&pieces);
    uint8_t *metadata = pieces_take(&pieces, &metadata_size);
    size_t payload_size = pieces.left;
    uint8_t *payload = pieces_take(&pieces, &payload_size);
    uint8_t *item = item_of(metadata, metadata_size);
    struct arena *arena = arena_open(MEMORY);
    const struct schemas_options options = {.raw_values = (flags & RAW_VALUES) != 0};
    struct etl_record record = show_record(payload, payload_size);
    record.pointer_size = (flags & IS_32_BIT) != 0 ? 4 : 8;
    record.extended = item;
    record.extended_size = HEAD + metadata_size;
    if (arena != NULL) {
        show(tracelogging_layout(&record, &options, arena), &record);
    }
    arena_close(arena);
    free(item);
    free(payload);
    free(metadata);
    return 0;
}

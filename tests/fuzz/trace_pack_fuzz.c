/* SPDX-License-Identifier: MIT */
/*
 * The input is the size of TraceLogging metadata (16 bits), the metadata, and a payload: any event.
 * It is packed, decoded again and packed again, which gives the same bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "monitor/etw/decode.h"
#include "monitor/etw/schemas_parts.h"
#include "monitor/etw/trace_pack.h"
#include "tests/fuzz/show.h"

enum { HEAD = 8, MEMORY = 1 << 24 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct schemas_options options;
static struct trace_pack first;
static struct trace_pack second;

static void require(bool good)
{
    if (!good) {
        abort();
    }
}

static void pack_twice(const struct etl_record *record, struct arena *arena)
{
    const struct etw_layout *layout = tracelogging_layout(record, &options, arena);
    struct event event;
    struct etl_record packed;
    struct etl_record again;
    if (layout == NULL) {
        return;
    }
    etw_event(&event, record, layout);
    (void)!trace_pack(&first, &event, arena, &packed);
    layout = tracelogging_layout(&packed, &options, arena);
    if (layout == NULL) {
        require(packed.extended_size == 0 || first.extended.size > UINT16_MAX / 2);
        return;
    }
    show(layout, &packed);
    etw_event(&event, &packed, layout);
    require(etw_rest(&event, arena) == 0);
    if (trace_pack(&second, &event, arena, &again) == ETWAS_OK) {
        require(again.payload_size == packed.payload_size);
        require(memcmp(again.payload, packed.payload, packed.payload_size) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pieces pieces = {data, size};
    size_t metadata_size = pieces_u16(&pieces);
    uint8_t *metadata = pieces_take(&pieces, &metadata_size);
    size_t payload_size = pieces.left;
    uint8_t *payload = pieces_take(&pieces, &payload_size);
    uint8_t *item = calloc(1, HEAD + metadata_size);
    struct arena *arena = arena_open(MEMORY);
    require(item != NULL && arena != NULL);
    item[2] = ETL_ITEM_SCHEMA_TL;
    item[6] = (uint8_t)metadata_size;
    item[7] = (uint8_t)(metadata_size >> 8);
    memcpy(item + HEAD, metadata, metadata_size);
    struct etl_record record = show_record(payload, payload_size);
    record.extended = item;
    record.extended_size = HEAD + metadata_size;
    trace_pack_init(&first);
    trace_pack_init(&second);
    pack_twice(&record, arena);
    trace_pack_clear(&second);
    trace_pack_clear(&first);
    arena_close(arena);
    free(item);
    free(payload);
    free(metadata);
    return 0;
}

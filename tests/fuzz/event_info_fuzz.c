/* SPDX-License-Identifier: MIT */
/*
 * The input is records: what kind (a TRACE_EVENT_INFO, a map, an event), an id or opcode, the size
 * of the payload (16 bits), the payload. All are learnt from, then all are shown; each
 * TRACE_EVENT_INFO also describes itself, as a caller of TDH would have it.
 */
#include "monitor/etw/event_info.h"
#include "tests/fuzz/show.h"

enum { KIND = 3, IS_INFO = 1, IS_MAP = 2, IS_CLASSIC = 4, IS_32_BIT = 8, MEMORY = 1 << 24 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct etl_record next(struct pieces *pieces)
{
    static const uint8_t metadata[] = {0xc1, 0xf6, 0xcc, 0xbb, 0xd1, 0x6c, 0xc4, 0x48,
                                       0x80, 0xff, 0x83, 0x94, 0x82, 0xe3, 0x76, 0x71};
    const unsigned kind = pieces_u8(pieces);
    const uint8_t id = pieces_u8(pieces);
    size_t size = pieces_u16(pieces);
    const uint8_t *payload = pieces_take(pieces, &size);
    struct etl_record record = show_record(payload, size);
    record.id = id;
    record.version = kind >> 4 & 3U;
    record.pointer_size = (kind & IS_32_BIT) != 0 ? 4 : 8;
    if ((kind & KIND) == IS_INFO || (kind & KIND) == IS_MAP) {
        record.kind = ETL_FULL;
        record.classic = true;
        record.provider_id = metadata;
        record.opcode = (kind & KIND) == IS_INFO ? 32 : 33;
    } else if ((kind & IS_CLASSIC) != 0) {
        record.kind = ETL_FULL;
        record.classic = true;
        record.opcode = id;
    }
    if ((kind & KIND) == IS_INFO) {
        struct arena *arena = arena_open(MEMORY);
        show(event_info_layout(payload, size, record.pointer_size, arena), &record);
        arena_close(arena);
    }
    return record;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pieces pieces = {data, size};
    show_stream(&pieces, next);
    return 0;
}

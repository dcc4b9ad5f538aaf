/* SPDX-License-Identifier: MIT */
/*
 * The input is records: what kind (bit 0: a piece of a manifest; upper bits: whose), an id, the
 * size of the payload (16 bits), the payload. All are learnt from, then all are shown.
 */
#include "tests/fuzz/show.h"

enum { MANIFEST_EVENT = 0xfffe };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct etl_record next(struct pieces *pieces)
{
    const uint8_t kind = pieces_u8(pieces);
    const uint8_t id = pieces_u8(pieces);
    size_t size = pieces_u16(pieces);
    const uint8_t *payload = pieces_take(pieces, &size);
    struct etl_record record = show_record(payload, size);
    record.id = (kind & 1U) != 0 ? MANIFEST_EVENT : id;
    record.process_id = kind >> 1 & 3U;
    record.version = kind >> 3 & 3U;
    record.pointer_size = (kind & 0x20U) != 0 ? 4 : 8;
    return record;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pieces pieces = {data, size};
    show_stream(&pieces, next);
    return 0;
}

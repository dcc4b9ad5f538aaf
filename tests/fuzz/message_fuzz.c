/* SPDX-License-Identifier: MIT */
/*
 * The input is flags and the message of an event; what is behind its first NUL is the event's
 * payload. The sentence is made with fields of all kinds.
 */
#include <stdlib.h>
#include <string.h>

#include "monitor/etw/table.h"
#include "tests/fuzz/show.h"

enum { MEMORY = 1 << 24, IS_32_BIT = 1, RAW_VALUES = 2 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char fields[] =
    "i4 Int, w Name, u1 Width, u1 Precision, a Text, x8 Hex, f8 Number, "
    "p Pointer, u1*2 Items, o1 Truth, g Id, t Time, {u2 Port, a Host} End, "
    "u4 Last";

static void make_sentence(const char *message, const struct etl_record *record, bool raw_values,
                          struct arena *arena)
{
    struct etw_layout layout = {
        .schema = {.provider = "provider", .event_name = "event"},
        .source = ETW_MANIFEST,
        .pointer_size = record->pointer_size,
        .raw_values = raw_values,
        .message = message
    };
    layout.schema.provider_id = record->provider_id;
    if (table_layout(&layout, fields, arena)) {
        show(&layout, record);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pieces pieces = {data, size};
    const uint8_t flags = pieces_u8(&pieces);
    const uint8_t *zero = pieces.left != 0 ? memchr(pieces.at, 0, pieces.left) : NULL;
    size_t text_size = zero != NULL ? (size_t)(zero - pieces.at) + 1 : 0;
    char *text = (char *)pieces_take(&pieces, &text_size);
    size_t payload_size = pieces.left;
    uint8_t *payload = pieces_take(&pieces, &payload_size);
    struct arena *arena = arena_open(MEMORY);
    if (arena != NULL && text_size != 0) {
        struct etl_record record = show_record(payload, payload_size);
        record.pointer_size = (flags & IS_32_BIT) != 0 ? 4 : 8;
        make_sentence(text, &record, (flags & RAW_VALUES) != 0, arena);
    }
    arena_close(arena);
    free(payload);
    free(text);
    return 0;
}

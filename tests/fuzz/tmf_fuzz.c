/* SPDX-License-Identifier: MIT */
/*
 * The input is the number of a WPP message, flags, the text of a trace message format file; what is
 * behind its first NUL is the payload of the message.
 */
#include <stdlib.h>
#include <string.h>

#include "monitor/etw/tmf.h"
#include "tests/fuzz/show.h"

enum { MEMORY = 1 << 24, IS_32_BIT = 1, RAW_VALUES = 2 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pieces pieces = {data, size};
    const uint8_t number = pieces_u8(&pieces);
    const uint8_t flags = pieces_u8(&pieces);
    const uint8_t *zero = pieces.left != 0 ? memchr(pieces.at, 0, pieces.left) : NULL;
    size_t text_size = zero != NULL ? (size_t)(zero - pieces.at) + 1 : 0;
    char *text = (char *)pieces_take(&pieces, &text_size);
    size_t payload_size = pieces.left;
    uint8_t *payload = pieces_take(&pieces, &payload_size);
    struct arena *arena = arena_open(MEMORY);
    if (arena != NULL && text_size != 0) {
        const struct schemas_options options = {.raw_values = (flags & RAW_VALUES) != 0};
        struct etl_record record = show_record(payload, payload_size);
        record.kind = ETL_MESSAGE;
        record.classic = true;
        record.message_number = number;
        record.pointer_size = (flags & IS_32_BIT) != 0 ? 4 : 8;
        show(tmf_text_layout(text, &record, &options, arena), &record);
    }
    arena_close(arena);
    free(payload);
    free(text);
    return 0;
}

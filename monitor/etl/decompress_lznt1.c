/* SPDX-License-Identifier: MIT */
#include "monitor/etl/decompress.h"
#include "monitor/etl/decompress_copy.h"

/*
 * LZNT1, [MS-XCA] 2.5: chunks of up to 4,096 bytes, each by itself. Eight flags, then as many
 * literals (0) and words (1). How many bits of a word are distance depends on how far the chunk is.
 */
enum {
    CHUNK = 4096,
    HEADER_SIZE = 0x0fff, /* bytes behind the header, less one */
    HEADER_SIGNATURE = 3, /* bits 12 to 14 */
    MINIMUM = 3,
    LENGTH_BITS = 12, /* at the start of a chunk */
};

struct chunk {
    const uint8_t *data;
    size_t size;
    uint8_t *out; /* where the chunk begins */
    size_t room;
    size_t used;
};

static bool word(struct chunk *chunk, size_t at)
{
    const size_t value = (size_t)chunk->data[at] | (size_t)chunk->data[at + 1] << 8;
    unsigned bits = LENGTH_BITS;
    for (size_t far = chunk->used; far > 16 && bits > 4; far = (far + 1) / 2) {
        bits--;
    }
    const size_t length = (value & (((size_t)1 << bits) - 1)) + MINIMUM;
    return decompress_copy(chunk->out, chunk->room, &chunk->used, (value >> bits) + 1, length);
}

/* One item behind its flag; `*at` moves behind it. */
static bool item(struct chunk *chunk, bool is_word, size_t *at)
{
    if (is_word) {
        if (chunk->size - *at < 2 || !word(chunk, *at)) {
            return false;
        }
        *at += 2;
        return true;
    }
    if (chunk->used == chunk->room) {
        return false;
    }
    chunk->out[chunk->used++] = chunk->data[(*at)++];
    return true;
}

static bool compressed(struct chunk *chunk)
{
    size_t at = 0;
    bool good = true;
    while (good && at < chunk->size) {
        unsigned flags = chunk->data[at++];
        for (unsigned i = 0; good && i < 8 && at < chunk->size; i++, flags >>= 1) {
            good = item(chunk, (flags & 1U) != 0, &at);
        }
    }
    return good;
}

static bool plain(struct chunk *chunk)
{
    const bool fits = chunk->size <= chunk->room;
    chunk->used = fits ? chunk->size : chunk->room;
    memcpy(chunk->out, chunk->data, chunk->used);
    return fits;
}

/* One chunk to the end of what was written. CLOSED: there is none behind. */
static enum etwas_status take_chunk(struct chunk *chunk, const uint8_t *data, size_t size,
                                    size_t *at)
{
    const unsigned header = (unsigned)data[*at] | (unsigned)data[*at + 1] << 8;
    if (header == 0) {
        return ETWAS_CLOSED;
    }
    chunk->size = (header & HEADER_SIZE) + 1;
    *at += 2;
    if ((header >> 12 & 7U) != HEADER_SIGNATURE || chunk->size > size - *at) {
        return ETWAS_MALFORMED;
    }
    chunk->data = data + *at;
    *at += chunk->size;
    return (header >> 15 != 0 ? compressed(chunk) : plain(chunk)) ? ETWAS_OK : ETWAS_TOO_BIG;
}

enum etwas_status decompress_lznt1(const uint8_t *data, size_t size, uint8_t *out, size_t room,
                                   size_t *written)
{
    enum etwas_status status = ETWAS_OK;
    size_t at = 0;
    *written = 0;
    while (status == ETWAS_OK && size - at >= 2) {
        struct chunk chunk = {.room = room - *written < CHUNK ? room - *written : CHUNK};
        chunk.out = out + *written;
        status = take_chunk(&chunk, data, size, &at);
        *written += chunk.used;
    }
    if (status == ETWAS_TOO_BIG && *written != room) {
        return ETWAS_MALFORMED; /* not the room: the chunk says more than it may */
    }
    return status == ETWAS_CLOSED || (status == ETWAS_OK && at == size) ? ETWAS_OK
           : status == ETWAS_OK                                         ? ETWAS_MALFORMED
                                                                        : status;
}

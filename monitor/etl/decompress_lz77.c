/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <string.h>

#include "monitor/etl/decompress.h"
#include "monitor/etl/decompress_copy.h"

/*
 * Plain LZ77, [MS-XCA] 2.4: 32 flags, then as many literals (0) and matches (1). A match has 13
 * bits of distance and 3 of length; longer ones go on in half a byte that two matches share, then
 * in a byte, in 16 and in 32 bits.
 */
enum {
    SHORT_LENGTH = 7,
    HALF_LENGTH = 15,
    BYTE_LENGTH = 255,
    MINIMUM = 3,
};

struct lz77 {
    const uint8_t *data;
    size_t size;
    size_t at;
    uint8_t *out;
    size_t room;
    size_t used;
    size_t half; /* where the byte is whose upper half is free; 0: there is none */
};

/* The rest of a length whose first bits are all set. False: the input ends. */
static bool long_length(struct lz77 *z, size_t *length)
{
    size_t more = 0;
    if (z->half == 0) {
        if (z->at == z->size) {
            return false;
        }
        z->half = z->at++;
        more = z->data[z->half] & 0xfU;
    } else {
        more = z->data[z->half] >> 4U;
        z->half = 0;
    }
    if (more == HALF_LENGTH) {
        if (z->at == z->size) {
            return false;
        }
        more = z->data[z->at++];
        if (more == BYTE_LENGTH) {
            return decompress_long_length(z->data, z->size, &z->at, length) &&
                   *length >= HALF_LENGTH + SHORT_LENGTH;
        }
        more += HALF_LENGTH;
    }
    *length = more + SHORT_LENGTH;
    return true;
}

static bool match(struct lz77 *z)
{
    if (z->size - z->at < 2) {
        return false;
    }
    const size_t word = (size_t)z->data[z->at] | (size_t)z->data[z->at + 1] << 8;
    const size_t distance = (word >> 3) + 1;
    size_t length = word & SHORT_LENGTH;
    z->at += 2;
    if (length == SHORT_LENGTH && !long_length(z, &length)) {
        return false;
    }
    return decompress_copy(z->out, z->room, &z->used, distance, length + MINIMUM);
}

/* Up to 32 items. The end is where a match should begin and the input has ended. */
static enum etwas_status items(struct lz77 *z, uint32_t flags)
{
    for (unsigned i = 0; i < 32; i++, flags <<= 1) {
        const bool is_match = flags >> 31 != 0;
        if (z->at == z->size) {
            return is_match ? ETWAS_CLOSED : ETWAS_MALFORMED;
        }
        if (z->used == z->room) {
            return ETWAS_TOO_BIG;
        }
        if (!is_match) {
            z->out[z->used++] = z->data[z->at++];
        } else if (!match(z)) {
            return z->used == z->room ? ETWAS_TOO_BIG : ETWAS_MALFORMED;
        }
    }
    return ETWAS_OK;
}

enum etwas_status decompress_lz77(const uint8_t *data, size_t size, uint8_t *out, size_t room,
                                  size_t *written)
{
    struct lz77 z = {.data = data, .size = size, .room = room};
    z.out = out;
    enum etwas_status status = ETWAS_OK;
    while (status == ETWAS_OK && z.at != size) {
        if (size - z.at < 4) {
            status = ETWAS_MALFORMED;
            break;
        }
        const uint32_t flags = (uint32_t)data[z.at] | (uint32_t)data[z.at + 1] << 8 |
                               (uint32_t)data[z.at + 2] << 16 | (uint32_t)data[z.at + 3] << 24;
        z.at += 4;
        status = items(&z, flags);
    }
    *written = z.used;
    return status == ETWAS_CLOSED ? ETWAS_OK : status;
}

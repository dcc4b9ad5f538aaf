/* SPDX-License-Identifier: MIT */
#include <stdbool.h>

#include "monitor/etl/decompress.h"
#include "monitor/etl/decompress_copy.h"

/*
 * LZ77 with Huffman codes, [MS-XCA] 2.2: blocks of 64 KiB of output, each with the lengths of 512
 * codes in half a byte each before it. Symbols below 256 are literals; of the others four bits are
 * the length and four how many bits of distance follow. Bits come from 16-bit words, the highest
 * first; long lengths lie between the words as bytes.
 */
enum {
    TABLE_SIZE = 256,
    SYMBOLS = 512,
    CODE_BITS = 15,
    TABLE_ENTRIES = 1 << CODE_BITS,
    BLOCK = 65536,
    LITERALS = 256,
    LONG_LENGTH = 15,
    BYTE_LENGTH = 255,
    MINIMUM = 3,
};

struct huffman {
    const uint8_t *data;
    size_t size;
    size_t at;
    uint32_t bits; /* the next ones at the top */
    int extra;     /* bits in `bits` beyond 16 */
    bool drained;  /* words were asked for behind the end */
    uint8_t lengths[SYMBOLS];
    uint16_t symbols[TABLE_ENTRIES]; /* by the next 15 bits */
};

static uint32_t next_word(struct huffman *z)
{
    if (z->size - z->at < 2) {
        z->drained = true;
        z->at = z->size;
        return 0;
    }
    const uint32_t word = (uint32_t)z->data[z->at] | (uint32_t)z->data[z->at + 1] << 8;
    z->at += 2;
    return word;
}

static void drop(struct huffman *z, unsigned count)
{
    z->bits <<= count;
    z->extra -= (int)count;
    if (z->extra < 0) {
        z->bits |= next_word(z) << -z->extra;
        z->extra += 16;
    }
}

/* The entries of all symbols whose codes are that long. False: there is no room for them. */
static bool fill_length(struct huffman *z, unsigned length, size_t *filled)
{
    const size_t entries = (size_t)1 << (CODE_BITS - length);
    for (size_t symbol = 0; symbol < SYMBOLS; symbol++) {
        if (z->lengths[symbol] != length) {
            continue;
        }
        if (entries > TABLE_ENTRIES - *filled) {
            return false;
        }
        const size_t end = *filled + entries;
        while (*filled < end) {
            z->symbols[(*filled)++] = (uint16_t)symbol;
        }
    }
    return true;
}

/* Codes are given out by length, then by symbol. False: they do not fill the tree exactly. */
static bool read_table(struct huffman *z)
{
    size_t filled = 0;
    for (size_t i = 0; i < TABLE_SIZE; i++) {
        z->lengths[2 * i] = z->data[z->at + i] & 0xfU;
        z->lengths[2 * i + 1] = z->data[z->at + i] >> 4U;
    }
    z->at += TABLE_SIZE;
    for (unsigned length = 1; length <= CODE_BITS; length++) {
        if (!fill_length(z, length, &filled)) {
            return false;
        }
    }
    return filled == TABLE_ENTRIES;
}

static bool long_length(struct huffman *z, size_t *length)
{
    if (z->at == z->size) {
        return false;
    }
    *length = z->data[z->at++];
    if (*length != BYTE_LENGTH) {
        *length += LONG_LENGTH;
        return true;
    }
    return decompress_long_length(z->data, z->size, &z->at, length) && *length >= LONG_LENGTH;
}

static bool match(struct huffman *z, unsigned symbol, uint8_t *out, size_t room, size_t *used)
{
    const unsigned distance_bits = symbol >> 4;
    size_t length = symbol & 0xfU;
    if (length == LONG_LENGTH && !long_length(z, &length)) {
        return false;
    }
    size_t distance = (size_t)1 << distance_bits;
    if (distance_bits != 0) {
        distance |= z->bits >> (32 - distance_bits);
        drop(z, distance_bits);
    }
    return decompress_copy(out, room, used, distance, length + MINIMUM);
}

static enum etwas_status block(struct huffman *z, uint8_t *out, size_t room, size_t *used)
{
    const size_t end = room - *used > BLOCK ? *used + BLOCK : room;
    if (!read_table(z)) {
        return ETWAS_MALFORMED;
    }
    z->bits = next_word(z) << 16;
    z->bits |= next_word(z);
    z->extra = 16;
    while (*used < end) {
        const unsigned symbol = z->symbols[z->bits >> (32 - CODE_BITS)];
        const bool ended = z->at == z->size;
        drop(z, z->lengths[symbol]);
        if (symbol < LITERALS) {
            out[(*used)++] = (uint8_t)symbol;
        } else if (symbol == LITERALS && ended) {
            return ETWAS_CLOSED; /* how the end is marked */
        } else if (!match(z, symbol - LITERALS, out, room, used)) {
            return *used == room ? ETWAS_TOO_BIG : ETWAS_MALFORMED;
        }
        if (z->drained && z->extra == 0 && z->bits == 0 && *used < end) {
            return ETWAS_MALFORMED;
        }
    }
    return ETWAS_OK;
}

enum etwas_status decompress_huffman(const uint8_t *data, size_t size, uint8_t *out, size_t room,
                                     size_t *written)
{
    static _Thread_local struct huffman z; /* 64 KiB: too much for a careful stack */
    z.data = data;
    z.size = size;
    z.at = 0;
    z.drained = false;
    enum etwas_status status = ETWAS_OK;
    *written = 0;
    while (status == ETWAS_OK && *written < room && size - z.at >= TABLE_SIZE) {
        status = block(&z, out, room, written);
    }
    return status == ETWAS_CLOSED ? ETWAS_OK : status;
}

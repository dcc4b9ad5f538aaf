/* SPDX-License-Identifier: MIT */
#include "monitor/etl/sha1.h"

#include <string.h>

enum { BLOCK = 64, LENGTH_AT = 56, ROUNDS = 80 };

static uint32_t rotated(uint32_t word, unsigned bits)
{
    return word << bits | word >> (32 - bits);
}

/* RFC 3174, section 5: f(t;B,C,D) and K(t) together. */
static uint32_t mixed(unsigned round, const uint32_t word[5])
{
    const uint32_t b = word[1];
    const uint32_t c = word[2];
    const uint32_t d = word[3];
    if (round < 20) {
        return ((b & c) | (~b & d)) + 0x5a827999U;
    }
    if (round < 40) {
        return (b ^ c ^ d) + 0x6ed9eba1U;
    }
    if (round < 60) {
        return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdcU;
    }
    return (b ^ c ^ d) + 0xca62c1d6U;
}

static void add_block(struct sha1 *sha1)
{
    uint32_t schedule[ROUNDS];
    uint32_t word[5];
    for (unsigned t = 0; t < 16; t++) {
        const uint8_t *at = sha1->block + 4 * (size_t)t;
        schedule[t] = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
    }
    for (unsigned t = 16; t < ROUNDS; t++) {
        schedule[t] =
            rotated(schedule[t - 3] ^ schedule[t - 8] ^ schedule[t - 14] ^ schedule[t - 16], 1);
    }
    memcpy(word, sha1->state, sizeof word);
    for (unsigned t = 0; t < ROUNDS; t++) {
        const uint32_t next = rotated(word[0], 5) + mixed(t, word) + word[4] + schedule[t];
        word[4] = word[3];
        word[3] = word[2];
        word[2] = rotated(word[1], 30);
        word[1] = word[0];
        word[0] = next;
    }
    for (unsigned i = 0; i < 5; i++) {
        sha1->state[i] += word[i];
    }
}

void sha1_init(struct sha1 *sha1)
{
    *sha1 = (struct sha1){
        .state = {0x67452301U, 0xefcdab89U, 0x98badcfeU, 0x10325476U, 0xc3d2e1f0U}
    };
}

void sha1_add(struct sha1 *sha1, const void *data, size_t size)
{
    const uint8_t *bytes = data;
    for (size_t i = 0; i < size; i++) {
        sha1->block[sha1->size++ % BLOCK] = bytes[i];
        if (sha1->size % BLOCK == 0) {
            add_block(sha1);
        }
    }
}

void sha1_end(struct sha1 *sha1, uint8_t digest[SHA1_SIZE])
{
    static const uint8_t first = 0x80;
    static const uint8_t zero = 0;
    const uint64_t bits = sha1->size * 8;
    sha1_add(sha1, &first, 1);
    while (sha1->size % BLOCK != LENGTH_AT) {
        sha1_add(sha1, &zero, 1);
    }
    for (unsigned i = 0; i < 8; i++) {
        const uint8_t byte = (uint8_t)(bits >> (56 - 8 * i));
        sha1_add(sha1, &byte, 1);
    }
    for (unsigned i = 0; i < SHA1_SIZE; i++) {
        digest[i] = (uint8_t)(sha1->state[i / 4] >> (24 - 8 * (i % 4)));
    }
}

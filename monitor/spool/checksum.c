/* SPDX-License-Identifier: MIT */
#include "monitor/spool/checksum.h"

#define PRIME_1 UINT64_C(0x9E3779B185EBCA87)
#define PRIME_2 UINT64_C(0xC2B2AE3D27D4EB4F)
#define PRIME_3 UINT64_C(0x165667B19E3779F9)
#define PRIME_4 UINT64_C(0x85EBCA77C2B2AE63)
#define PRIME_5 UINT64_C(0x27D4EB2F165667C5)
enum { LANES = 4, STRIPE = 32 /* bytes */ };

static uint64_t rotate(uint64_t value, unsigned bits)
{
    return value << bits | value >> (64 - bits);
}

/* Compilers make one load of this; bytes.h would go byte by byte. */
static uint64_t load_64(const uint8_t *at)
{
    return (uint64_t)at[0] | (uint64_t)at[1] << 8 | (uint64_t)at[2] << 16 | (uint64_t)at[3] << 24 |
           (uint64_t)at[4] << 32 | (uint64_t)at[5] << 40 | (uint64_t)at[6] << 48 |
           (uint64_t)at[7] << 56;
}

static uint64_t load_32(const uint8_t *at)
{
    return (uint64_t)at[0] | (uint64_t)at[1] << 8 | (uint64_t)at[2] << 16 | (uint64_t)at[3] << 24;
}

static uint64_t mix(uint64_t lane, uint64_t input)
{
    return rotate(lane + input * PRIME_2, 31) * PRIME_1;
}

static uint64_t merge(uint64_t sum, uint64_t lane)
{
    return (sum ^ mix(0, lane)) * PRIME_1 + PRIME_4;
}

/* The whole stripes; what is left is said by `at` and `size`. */
static uint64_t take_stripes(const uint8_t **at, size_t *size, uint64_t seed)
{
    uint64_t lanes[LANES] = {seed + PRIME_1 + PRIME_2, seed + PRIME_2, seed, seed - PRIME_1};
    for (; *size >= STRIPE; *at += STRIPE, *size -= STRIPE) {
        for (size_t i = 0; i < LANES; i++) {
            lanes[i] = mix(lanes[i], load_64(*at + 8 * i));
        }
    }
    uint64_t sum =
        rotate(lanes[0], 1) + rotate(lanes[1], 7) + rotate(lanes[2], 12) + rotate(lanes[3], 18);
    for (size_t i = 0; i < LANES; i++) {
        sum = merge(sum, lanes[i]);
    }
    return sum;
}

uint64_t checksum_of(const void *data, size_t size, uint64_t seed)
{
    const uint8_t *at = data;
    const uint64_t whole = size;
    uint64_t sum = size >= STRIPE ? take_stripes(&at, &size, seed) : seed + PRIME_5;
    sum += whole;
    for (; size >= 8; at += 8, size -= 8) {
        sum = rotate(sum ^ mix(0, load_64(at)), 27) * PRIME_1 + PRIME_4;
    }
    for (; size >= 4; at += 4, size -= 4) {
        sum = rotate(sum ^ load_32(at) * PRIME_1, 23) * PRIME_2 + PRIME_3;
    }
    for (; size > 0; at++, size--) {
        sum = rotate(sum ^ *at * PRIME_5, 11) * PRIME_1;
    }
    sum = (sum ^ sum >> 33) * PRIME_2;
    sum = (sum ^ sum >> 29) * PRIME_3;
    return sum ^ sum >> 32;
}

/* SPDX-License-Identifier: MIT */
#include "relay/nonce.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST = 64 };

void nonces_clear(struct nonces *nonces)
{
    free(nonces->ring);
    free(nonces->slots);
    *nonces = (struct nonces){.capacity = 0};
}

static uint32_t mask_of(const struct nonces *nonces)
{
    return nonces->capacity * 2 - 1;
}

/* The slot that leads to `hash`, or the free one where it belongs. */
static uint32_t slot_of(const struct nonces *nonces, uint64_t hash)
{
    const uint32_t mask = mask_of(nonces);
    uint32_t slot = (uint32_t)hash & mask;
    while (nonces->slots[slot] != 0 && nonces->ring[nonces->slots[slot] - 1].hash != hash) {
        slot = (slot + 1) & mask;
    }
    return slot;
}

/* Frees a slot and moves up what was put behind it for want of its own place. */
static void free_slot(struct nonces *nonces, uint32_t slot)
{
    const uint32_t mask = mask_of(nonces);
    uint32_t hole = slot;
    nonces->slots[hole] = 0;
    for (uint32_t next = (hole + 1) & mask; nonces->slots[next] != 0; next = (next + 1) & mask) {
        const uint32_t home = (uint32_t)nonces->ring[nonces->slots[next] - 1].hash & mask;
        if (((next - home) & mask) >= ((next - hole) & mask)) {
            nonces->slots[hole] = nonces->slots[next];
            nonces->slots[next] = 0;
            hole = next;
        }
    }
}

static void drop_first(struct nonces *nonces)
{
    free_slot(nonces, slot_of(nonces, nonces->ring[nonces->first].hash));
    nonces->first = (nonces->first + 1) & (nonces->capacity - 1);
    nonces->count--;
}

static bool resize(struct nonces *nonces, uint32_t capacity)
{
    struct nonces other = {.capacity = capacity, .count = nonces->count};
    other.ring = calloc(capacity, sizeof other.ring[0]);
    other.slots = calloc((size_t)capacity * 2, sizeof other.slots[0]);
    if (other.ring == NULL || other.slots == NULL) {
        nonces_clear(&other);
        return false;
    }
    for (uint32_t i = 0; i < nonces->count; i++) {
        other.ring[i] = nonces->ring[(nonces->first + i) & (nonces->capacity - 1)];
        other.slots[slot_of(&other, other.ring[i].hash)] = i + 1;
    }
    free(nonces->ring);
    free(nonces->slots);
    nonces->ring = other.ring;
    nonces->slots = other.slots;
    nonces->capacity = capacity;
    nonces->first = 0;
    return true;
}

static bool grow(struct nonces *nonces)
{
    return resize(nonces, nonces->capacity == 0 ? FIRST : nonces->capacity * 2);
}

/* Room for one more; false: there is no memory for it. */
static bool make_room(struct nonces *nonces, int64_t now_s)
{
    while (nonces->count > 0 && nonces->ring[nonces->first].until_s < now_s) {
        drop_first(nonces);
    }
    if (nonces->capacity > FIRST && nonces->count < nonces->capacity / 8) {
        (void)resize(nonces, nonces->capacity / 2); /* without memory it stays as large */
    }
    if (nonces->count < nonces->capacity) {
        return true;
    }
    if (nonces->capacity < NONCES_MAX && grow(nonces)) {
        return true;
    }
    if (nonces->capacity > 0) {
        drop_first(nonces);
    }
    return nonces->capacity > 0;
}

bool nonces_take(struct nonces *nonces, const char *nonce,
                 const uint8_t hash_key[NONCE_HASH_KEY_SIZE], int64_t until_s, int64_t now_s)
{
    _Static_assert(NONCE_HASH_KEY_SIZE == crypto_shorthash_KEYBYTES, "as libsodium wants it");
    uint64_t hash = 0;
    uint8_t bytes[crypto_shorthash_BYTES];
    (void)crypto_shorthash(bytes, (const unsigned char *)nonce, strlen(nonce), hash_key);
    memcpy(&hash, bytes, sizeof hash);
    if (nonces->count > 0 && nonces->slots[slot_of(nonces, hash)] != 0) {
        const struct nonce *known = &nonces->ring[nonces->slots[slot_of(nonces, hash)] - 1];
        if (known->until_s >= now_s) {
            return false;
        }
    }
    if (!make_room(nonces, now_s)) {
        return true;
    }
    /* One that expired may wait behind others that have not: it is still in its slot. */
    const uint32_t slot = slot_of(nonces, hash);
    if (nonces->slots[slot] != 0) {
        nonces->ring[nonces->slots[slot] - 1].until_s = until_s;
        return true;
    }
    const uint32_t place = (nonces->first + nonces->count) & (nonces->capacity - 1);
    nonces->ring[place] = (struct nonce){.hash = hash, .until_s = until_s};
    nonces->slots[slot] = place + 1;
    nonces->count++;
    return true;
}

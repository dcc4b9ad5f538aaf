/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_RELAY_NONCE_H
#define ETWAS_RELAY_NONCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The nonces of one key that may not come again, each until its signature has expired. Every
 * key has a cache of its own, so nobody can push out those of another. It grows and shrinks with
 * what is sent, up to NONCES_MAX; then the oldest go early, which costs nothing but this one check:
 * a batch that comes again is still known by its key, stream and number.
 *
 * Kept as 64-bit hashes under a secret key. All zeros to begin with; the caller locks.
 */
enum { NONCES_MAX = 64 * 1024, NONCE_HASH_KEY_SIZE = 16 };

struct nonce {
    uint64_t hash;
    int64_t until_s;
};

struct nonces {
    struct nonce *ring; /* `count` of them from `first` on, in the order they came */
    uint32_t *slots;    /* twice as many: 1 + the place in the ring, 0: free */
    uint32_t capacity;  /* of the ring, a power of 2 */
    uint32_t first;
    uint32_t count;
};

void nonces_clear(struct nonces *nonces);

/*
 * Takes it; false: it is there already. What expired before `now_s` is forgotten. Without
 * memory it is taken for new.
 */
bool nonces_take(struct nonces *nonces, const char *nonce,
                 const uint8_t hash_key[NONCE_HASH_KEY_SIZE], int64_t until_s, int64_t now_s);

#endif

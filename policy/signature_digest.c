/* SPDX-License-Identifier: MIT */
#include <sodium.h>
#include <string.h>

#include "policy/signature.h"

#define DIGEST_WORD "sha-512=:"

enum {
    WORD_SIZE = sizeof DIGEST_WORD - 1,
    BASE64_SIZE = sodium_base64_ENCODED_LEN(SIGNATURE_DIGEST_SIZE, sodium_base64_VARIANT_ORIGINAL),
};
_Static_assert(sizeof(crypto_hash_sha512_state) <= sizeof(struct signature_digest), "has room");
_Static_assert(_Alignof(crypto_hash_sha512_state) <= _Alignof(struct signature_digest), "fits");
_Static_assert(SIGNATURE_DIGEST_SIZE == crypto_hash_sha512_BYTES, "as libsodium has it");
_Static_assert((int)WORD_SIZE + (int)BASE64_SIZE + 1 <= (int)SIGNATURE_DIGEST_TEXT, "has room");

static crypto_hash_sha512_state *state_of(struct signature_digest *digest)
{
    return (crypto_hash_sha512_state *)(void *)digest->state;
}

void signature_digest_init(struct signature_digest *digest)
{
    (void)crypto_hash_sha512_init(state_of(digest));
}

void signature_digest_add(struct signature_digest *digest, const void *data, size_t size)
{
    (void)crypto_hash_sha512_update(state_of(digest), data, size);
}

void signature_digest_end(struct signature_digest *digest, uint8_t hash[SIGNATURE_DIGEST_SIZE])
{
    (void)crypto_hash_sha512_final(state_of(digest), hash);
}

void signature_digest_format(const uint8_t hash[SIGNATURE_DIGEST_SIZE],
                             char text[SIGNATURE_DIGEST_TEXT])
{
    memcpy(text, DIGEST_WORD, WORD_SIZE);
    (void)sodium_bin2base64(text + WORD_SIZE, BASE64_SIZE, hash, SIGNATURE_DIGEST_SIZE,
                            sodium_base64_VARIANT_ORIGINAL);
    memcpy(text + WORD_SIZE + BASE64_SIZE - 1, ":", 2);
}

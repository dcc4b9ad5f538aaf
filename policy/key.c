/* SPDX-License-Identifier: MIT */
#include "policy/key.h"

#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define SECRET_WORD "etwas-secret-ed25519 "

enum {
    BASE64_SIZE = sodium_base64_ENCODED_LEN(KEY_PUBLIC_SIZE, sodium_base64_VARIANT_ORIGINAL),
    SECRET_WORD_SIZE = sizeof SECRET_WORD - 1,
    SECRET_LINE_SIZE = SECRET_WORD_SIZE + BASE64_SIZE, /* its end of line is BASE64_SIZE's zero */
    ID_WORD_SIZE = 7,                                  /* "SHA256:" */
};
_Static_assert(KEY_PUBLIC_SIZE == crypto_sign_PUBLICKEYBYTES, "as libsodium has it");
_Static_assert(KEY_SECRET_SIZE == crypto_sign_SECRETKEYBYTES, "as libsodium has it");
_Static_assert(KEY_SEED_SIZE == crypto_sign_SEEDBYTES, "as libsodium has it");
_Static_assert((int)KEY_SEED_SIZE == (int)KEY_PUBLIC_SIZE, "one size of base64");
_Static_assert((int)SECRET_LINE_SIZE < (int)KEY_LINE_SIZE, "a line has its room");

enum etwas_status key_library_open(void)
{
    return sodium_init() < 0 ? ETWAS_SYSTEM : ETWAS_OK;
}

void key_make(struct key_pair *pair)
{
    (void)crypto_sign_keypair(pair->public_key, pair->secret);
}

void key_from_seed(struct key_pair *pair, const uint8_t seed[KEY_SEED_SIZE])
{
    (void)crypto_sign_seed_keypair(pair->public_key, pair->secret, seed);
}

void key_wipe(struct key_pair *pair)
{
    sodium_memzero(pair->secret, sizeof pair->secret);
}

void key_id(const uint8_t public_key[KEY_PUBLIC_SIZE], char id[KEY_ID_SIZE])
{
    uint8_t hash[crypto_hash_sha256_BYTES];
    (void)crypto_hash_sha256(hash, public_key, KEY_PUBLIC_SIZE);
    (void)snprintf(id, KEY_ID_SIZE, "SHA256:");
    (void)sodium_bin2base64(id + ID_WORD_SIZE, KEY_ID_SIZE - ID_WORD_SIZE, hash, sizeof hash,
                            sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
}

/*
 * Exactly 32 bytes, with the padding and without bits that mean nothing. libsodium 1.0.18 takes
 * some bytes beyond ASCII for digits.
 */
static bool decode(const char *text, size_t size, uint8_t bytes[KEY_PUBLIC_SIZE])
{
    size_t decoded = 0;
    uint8_t bits = 0;
    for (size_t i = 0; i < size; i++) {
        bits |= (uint8_t)text[i];
    }
    return size == BASE64_SIZE - 1 && bits < 0x80 &&
           sodium_base642bin(bytes, KEY_PUBLIC_SIZE, text, size, NULL, &decoded, NULL,
                             sodium_base64_VARIANT_ORIGINAL) == 0 &&
           decoded == KEY_PUBLIC_SIZE;
}

void key_secret_format(const struct key_pair *pair, char text[KEY_LINE_SIZE])
{
    memcpy(text, SECRET_WORD, SECRET_WORD_SIZE);
    /* libsodium keeps the seed first. */
    (void)sodium_bin2base64(text + SECRET_WORD_SIZE, BASE64_SIZE, pair->secret, KEY_SEED_SIZE,
                            sodium_base64_VARIANT_ORIGINAL);
    text[SECRET_LINE_SIZE - 1] = '\n';
    text[SECRET_LINE_SIZE] = '\0';
}

enum etwas_status key_secret_parse(const char *text, size_t size, struct key_pair *pair)
{
    uint8_t seed[KEY_SEED_SIZE];
    const bool good = size == SECRET_LINE_SIZE && text[size - 1] == '\n' &&
                      memcmp(text, SECRET_WORD, SECRET_WORD_SIZE) == 0 &&
                      decode(text + SECRET_WORD_SIZE, BASE64_SIZE - 1, seed);
    if (good) {
        key_from_seed(pair, seed);
    }
    sodium_memzero(seed, sizeof seed);
    return good ? ETWAS_OK : ETWAS_MALFORMED;
}

void key_trust_format(const struct key_trust *trust, char text[KEY_LINE_SIZE])
{
    char base64[BASE64_SIZE];
    (void)sodium_bin2base64(base64, sizeof base64, trust->public_key, KEY_PUBLIC_SIZE,
                            sodium_base64_VARIANT_ORIGINAL);
    (void)snprintf(text, KEY_LINE_SIZE, "%setwas-ed25519 %s %.*s",
                   trust->revoked != 0 ? "revoked " : "", base64, KEY_COMPUTER_SIZE - 1,
                   trust->computer);
}

/* The next word, between blanks, in `*word`; its size. */
static size_t take_word(const char **at, const char *end, const char **word)
{
    while (*at < end && (**at == ' ' || **at == '\t')) {
        (*at)++;
    }
    *word = *at;
    while (*at < end && **at != ' ' && **at != '\t') {
        (*at)++;
    }
    return (size_t)(*at - *word);
}

static bool is_word(const char *word, size_t size, const char *text)
{
    return size == strlen(text) && memcmp(word, text, size) == 0;
}

static bool is_name(const char *word, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        const char c = word[i];
        const char lower = (char)(c | 0x20);
        if (!(lower >= 'a' && lower <= 'z') && !(c >= '0' && c <= '9') && c != '.' && c != '_' &&
            c != '-') {
            return false;
        }
    }
    return size != 0 && size < KEY_COMPUTER_SIZE;
}

static enum etwas_status refuse(struct etwas_error *error, const char *what)
{
    *error = (struct etwas_error){.status = ETWAS_MALFORMED, .doing = what};
    return ETWAS_MALFORMED;
}

enum etwas_status key_trust_parse(const char *text, size_t size, struct key_trust *trust,
                                  struct etwas_error *error)
{
    const char *at = text;
    const char *word = NULL;
    size -= size != 0 && text[size - 1] == '\n';
    size -= size != 0 && text[size - 1] == '\r';
    const char *end = text + size;
    size_t length = take_word(&at, end, &word);
    *trust = (struct key_trust){.revoked = is_word(word, length, "revoked")};
    if (trust->revoked != 0) {
        length = take_word(&at, end, &word);
    } else if (length == 0 || word[0] == '#') {
        return ETWAS_NOT_FOUND;
    }
    if (!is_word(word, length, "etwas-ed25519")) {
        return refuse(error, "the kind of key, which must be etwas-ed25519");
    }
    length = take_word(&at, end, &word);
    if (!decode(word, length, trust->public_key)) {
        return refuse(error, "the key, which must be the base64 of 32 bytes");
    }
    length = take_word(&at, end, &word);
    if (!is_name(word, length)) {
        return refuse(error, "the computer's name");
    }
    memcpy(trust->computer, word, length);
    if (take_word(&at, end, &word) != 0) {
        return refuse(error, "what is behind the computer's name");
    }
    return ETWAS_OK;
}

/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_POLICY_KEY_H
#define ETWAS_POLICY_KEY_H

#include <stddef.h>
#include <stdint.h>

#include "ipc/status.h"

/*
 * Ed25519 keys of publishers: made, named, and as text. Files are the caller's
 * business. Call key_library_open() once before anything else of policy/.
 */
enum {
    KEY_PUBLIC_SIZE = 32,
    KEY_SEED_SIZE = 32,
    KEY_SECRET_SIZE = 64,   /* seed and public key, as libsodium keeps them */
    KEY_ID_SIZE = 51,       /* "SHA256:" and 43 characters of base64, and a zero */
    KEY_COMPUTER_SIZE = 65, /* [A-Za-z0-9._-]{1,64} and a zero */
    KEY_LINE_SIZE = 256,    /* room for a line of either kind and its zero */
};

/* SYSTEM: libsodium cannot be used (no source of random bytes). May be called again. */
ETWAS_MUST_CHECK enum etwas_status key_library_open(void);

struct key_pair {
    uint8_t public_key[KEY_PUBLIC_SIZE];
    uint8_t secret[KEY_SECRET_SIZE];
};

void key_make(struct key_pair *pair);
void key_from_seed(struct key_pair *pair, const uint8_t seed[KEY_SEED_SIZE]);
void key_wipe(struct key_pair *pair); /* the secret is gone from memory */

/* "SHA256:" and the unpadded base64 of the SHA-256 of the public key's bytes. */
void key_id(const uint8_t public_key[KEY_PUBLIC_SIZE], char id[KEY_ID_SIZE]);

/*
 * The secret as one line of a file, "etwas-secret-ed25519 BASE64-OF-SEED\n". The reader
 * wants exactly that line; MALFORMED. Wipe the text afterwards.
 */
void key_secret_format(const struct key_pair *pair, char text[KEY_LINE_SIZE]);
ETWAS_MUST_CHECK enum etwas_status key_secret_parse(const char *text, size_t size,
                                                    struct key_pair *pair);

/* A line of a relay's file of trusted keys. */
struct key_trust {
    uint8_t public_key[KEY_PUBLIC_SIZE];
    char computer[KEY_COMPUTER_SIZE];
    int revoked; /* the line begins with "revoked" */
};

/* "etwas-ed25519 BASE64 COMPUTER", "revoked " before it where it is, without an end of line. */
void key_trust_format(const struct key_trust *trust, char text[KEY_LINE_SIZE]);

/*
 * Reads one line, its end of line left out or not. NOT_FOUND: empty, or a comment;
 * MALFORMED: `error->doing` says what of it ("the computer's name").
 */
ETWAS_MUST_CHECK enum etwas_status
key_trust_parse(const char *text, size_t size, struct key_trust *trust, struct etwas_error *error);

#endif

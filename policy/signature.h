/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_POLICY_SIGNATURE_H
#define ETWAS_POLICY_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/status.h"
#include "policy/key.h"

/*
 * HTTP Message Signatures (RFC 9421) with Ed25519, and the Content-Digest (RFC 9530)
 * that ties a body to them. The profile etwas-batch-v1 (docs/http.md) is what
 * signature_make() writes and what signature_check() wants; parsing and the
 * signature base know any components, so that the RFC's own examples can be tried.
 *
 * No allocation: everything is written to rooms of the caller.
 */
enum {
    SIGNATURE_MAX_INPUT = 2048, /* bytes of a Signature-Input or Signature */
    SIGNATURE_MAX_BASE = 8192,  /* bytes of a signature base */
    SIGNATURE_MAX_COMPONENTS = 16,
    SIGNATURE_MAX_HEADERS = 16,
    SIGNATURE_NONCE_MAX = 64, /* characters; ours are 22 */
    SIGNATURE_SIZE = 64,
    SIGNATURE_DIGEST_SIZE = 64,  /* SHA-512 */
    SIGNATURE_DIGEST_TEXT = 128, /* room for "sha-512=:...:" and its zero */
    SIGNATURE_SKEW_S = 30,
    SIGNATURE_MAX_LIFE_S = 300,
    SIGNATURE_LIFE_S = 60, /* of those we make */
};

#define SIGNATURE_TAG       "etwas-batch-v1"
#define SIGNATURE_ALGORITHM "ed25519"

struct signature_header {
    const char *name; /* lower case */
    const char *value;
};

/* A request as both sides see it. Borrowed. */
struct signature_message {
    const char *method;    /* "POST" */
    const char *authority; /* lower case, the default port left out: "relay.example:8080" */
    const char *path;      /* "/v1/batches" */
    const char *query;     /* with its "?", or NULL when there is none */
    const char *scheme;    /* for @target-uri; NULL: not known */
    size_t header_count;
    struct signature_header headers[SIGNATURE_MAX_HEADERS];
};

/* What a Signature-Input says, of the first signature in it with our tag, or of the first. */
struct signature_input {
    char label[32];
    size_t component_count;
    char components[SIGNATURE_MAX_COMPONENTS][32]; /* names without quotes */
    char parameters[1024]; /* from "(" to the end, in the order received: ends the base */
    int64_t created;       /* seconds since 1970; -1: not said */
    int64_t expires;       /* -1: not said */
    char nonce[SIGNATURE_NONCE_MAX + 1]; /* "": not said */
    char key_id[64];                     /* "": not said */
    char algorithm[16];
    char tag[32];
};

/* MALFORMED, also what comes twice; TOO_BIG: more or longer than there is room for. */
ETWAS_MUST_CHECK enum etwas_status signature_input_parse(const char *text, size_t size,
                                                         struct signature_input *input);

/* The bytes of the signature called `label` in a Signature header. MALFORMED, NOT_FOUND. */
ETWAS_MUST_CHECK enum etwas_status signature_value_parse(const char *text, size_t size,
                                                         const char *label,
                                                         uint8_t signature[SIGNATURE_SIZE]);

/*
 * Writes the base and a zero. NOT_FOUND: the message lacks a component, or it is of no kind known
 * here; MALFORMED: a value holds what cannot be signed, a line's end above all; TOO_BIG.
 */
ETWAS_MUST_CHECK enum etwas_status signature_base(const struct signature_message *message,
                                                  const struct signature_input *input, char *base,
                                                  size_t room, size_t *size);

/* The two headers of a request, made by signature_make(). */
struct signature_headers {
    char input[SIGNATURE_MAX_INPUT];
    char signature[160];
};

/*
 * Signs as etwas-batch-v1; the message must have the profile's headers. A query is signed, too.
 * NOT_FOUND, MALFORMED and TOO_BIG as signature_base().
 * `now_s`: seconds since 1970, as the receiver's clock would have it. `nonce`: 16 random bytes.
 */
ETWAS_MUST_CHECK enum etwas_status signature_make(const struct signature_message *message,
                                                  const struct key_pair *pair, int64_t now_s,
                                                  const uint8_t nonce[16],
                                                  struct signature_headers *headers);

enum signature_verdict {
    SIGNATURE_GOOD,
    SIGNATURE_MALFORMED,  /* cannot be parsed */
    SIGNATURE_INCOMPLETE, /* a component or parameter that the profile demands is not there */
    SIGNATURE_CLOCK,      /* created or expires do not fit `now_s` */
    SIGNATURE_EXPIRED,    /* lived too long, or was meant to */
    SIGNATURE_FORGED,     /* not what this key signed */
};

/*
 * The profile's demands on what was parsed: components, parameters, tag, algorithm.
 * "@target-uri" may stand for @authority and @path. GOOD, INCOMPLETE.
 */
enum signature_verdict signature_check_profile(const struct signature_input *input);
/* GOOD, CLOCK (created more than the skew ahead or behind), EXPIRED (life too long, or over). */
enum signature_verdict signature_check_clock(const struct signature_input *input, int64_t now_s);
/* GOOD, MALFORMED and INCOMPLETE (there is no base, or it leaves out a query), FORGED. */
enum signature_verdict signature_check_key(const struct signature_message *message,
                                           const struct signature_input *input,
                                           const uint8_t signature[SIGNATURE_SIZE],
                                           const uint8_t public_key[KEY_PUBLIC_SIZE]);

/* SHA-512 of a body that comes in parts. */
struct signature_digest {
    _Alignas(
        16) unsigned char state[256]; /* libsodium's crypto_hash_sha512_state; asserted to fit */
};
void signature_digest_init(struct signature_digest *digest);
void signature_digest_add(struct signature_digest *digest, const void *data, size_t size);
void signature_digest_end(struct signature_digest *digest, uint8_t hash[SIGNATURE_DIGEST_SIZE]);

/* "sha-512=:BASE64:" */
void signature_digest_format(const uint8_t hash[SIGNATURE_DIGEST_SIZE],
                             char text[SIGNATURE_DIGEST_TEXT]);
/* The sha-512 of a Content-Digest, which may list others too. MALFORMED, NOT_FOUND. */
ETWAS_MUST_CHECK enum etwas_status signature_digest_parse(const char *text, size_t size,
                                                          uint8_t hash[SIGNATURE_DIGEST_SIZE]);

#endif

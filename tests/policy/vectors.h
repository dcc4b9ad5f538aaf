/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_TESTS_POLICY_VECTORS_H
#define ETWAS_TESTS_POLICY_VECTORS_H

#include <stdint.h>

#include "policy/signature.h"

/*
 * RFC 9421: the key test-key-ed25519 of B.1.4, the request of B.2 and what B.2.6 signs of it;
 * and a batch of ours, signed with that key. Computed again with another implementation.
 */
static const uint8_t vector_seed[KEY_SEED_SIZE] = {
    0x9f, 0x83, 0x62, 0xf8, 0x7a, 0x48, 0x4a, 0x95, 0x4e, 0x6e, 0x74, 0x0c, 0x5b, 0x4c, 0x0e, 0x84,
    0x22, 0x91, 0x39, 0xa2, 0x0a, 0xa8, 0xab, 0x56, 0xff, 0x66, 0x58, 0x6f, 0x6a, 0x7d, 0x29, 0xc5};

#define RFC_BODY "{\"hello\": \"world\"}"
#define RFC_DIGEST                                                                                 \
    "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJ" \
    "wew==:"
#define RFC_PARAMETERS                                                                             \
    "(\"date\" \"@method\" \"@path\" \"@authority\" \"content-type\" \"content-length\")"          \
    ";created=1618884473;keyid=\"test-key-ed25519\""
#define RFC_INPUT "sig-b26=" RFC_PARAMETERS
#define RFC_SIGNATURE                                                                              \
    "sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBK" \
    "RCw==:"
#define RFC_BASE                                                                                   \
    "\"date\": Tue, 20 Apr 2021 02:07:55 GMT\n\"@method\": POST\n\"@path\": /foo\n"                \
    "\"@authority\": example.com\n\"content-type\": application/json\n\"content-length\": 18\n"    \
    "\"@signature-params\": " RFC_PARAMETERS

static inline struct signature_message rfc_message(void)
{
    return (struct signature_message){
        .method = "POST",
        .authority = "example.com",
        .path = "/foo",
        .query = "?param=Value&Pet=dog",
        .scheme = "https",
        .header_count = 5,
        .headers = {{"host", "example.com"},
                    {"date", "Tue, 20 Apr 2021 02:07:55 GMT"},
                    {"content-type", "application/json"},
                    {"content-digest", RFC_DIGEST},
                    {"content-length", "18"}},
    };
}

#define BATCH_BODY "{\"EventName\":\"Ping\",\"EventData\":{\"Number\":1}}\n"
#define BATCH_DIGEST                                                                               \
    "sha-512=:+v8jkV9hCEnJXQ4vOaeB1yTNhGdzZbyXYz9OkGIKy9hb9Dtw4MSyM8DkibWCieV/1MTR9EplT8PrN7MlOUU" \
    "C5g==:"
#define BATCH_HEAD "stream=\"0123456789abcdef0123456789abcdef\", seq=42, n=1"
#define BATCH_COMPONENTS                                                                           \
    "(\"@method\" \"@authority\" \"@path\" \"content-type\" \"content-encoding\" "                 \
    "\"content-digest\" \"etwas-batch\")"
#define BATCH_PARAMETERS                                                                           \
    BATCH_COMPONENTS ";created=1795190959;expires=1795191019;nonce=\"AAECAwQFBgcICQoLDA0ODw\""     \
                     ";alg=\"ed25519\";keyid=\"SHA256:sWwtG+rRJiY5dk/bDuTTd0WZM2vUk0BM2ksRNsWfIGI" \
                     "\";tag=\"etwas-batch-v1\""
#define BATCH_INPUT "sig1=" BATCH_PARAMETERS
#define BATCH_SIGNATURE                                                                            \
    "sig1=:iCmuWUbBpIkAjcMMp/bF1g5H46J0gA75TZFGLSdLUBnFLrhnopmJbtyLFhaHa4nKE5XTd+owgePmTuE78sn+D"  \
    "g==:"
#define BATCH_BASE                                                                                 \
    "\"@method\": POST\n\"@authority\": relay.example:8080\n\"@path\": /v1/batches\n"              \
    "\"content-type\": application/x-ndjson\n\"content-encoding\": zstd\n"                         \
    "\"content-digest\": " BATCH_DIGEST "\n\"etwas-batch\": " BATCH_HEAD "\n"                      \
    "\"@signature-params\": " BATCH_PARAMETERS
#define BATCH_CREATED INT64_C(1795190959)

static const uint8_t batch_nonce[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

static inline struct signature_message batch_message(void)
{
    return (struct signature_message){
        .method = "POST",
        .authority = "relay.example:8080",
        .path = "/v1/batches",
        .scheme = "http",
        .header_count = 4,
        .headers = {{"content-type", "application/x-ndjson"},
                    {"content-encoding", "zstd"},
                    {"content-digest", BATCH_DIGEST},
                    {"etwas-batch", BATCH_HEAD}},
    };
}

#endif

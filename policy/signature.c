/* SPDX-License-Identifier: MIT */
#include "policy/signature.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "policy/signature_text.h"

#define LABEL "sig1"

enum { NONCE_SIZE = 16 };
_Static_assert(SIGNATURE_SIZE == crypto_sign_BYTES, "as libsodium has it");

/* In the order in which they are signed; @query only where there is one. */
static const char *const components[] = {"@method",        "@authority",   "@path",
                                         "@query",         "content-type", "content-encoding",
                                         "content-digest", "etwas-batch"};
enum { COMPONENTS = sizeof components / sizeof components[0] };

static void choose_components(const struct signature_message *message,
                              struct signature_input *input)
{
    for (size_t i = 0; i < COMPONENTS; i++) {
        if (strcmp(components[i], "@query") != 0 || message->query != NULL) {
            (void)snprintf(input->components[input->component_count], sizeof input->components[0],
                           "%s", components[i]);
            input->component_count++;
        }
    }
}

/* False: it does not fit, which cannot be. */
static bool put_parameters(struct signature_input *input, const struct key_pair *pair,
                           int64_t now_s, const uint8_t nonce[NONCE_SIZE])
{
    struct text_room room = text_room_of(input->parameters, sizeof input->parameters);
    char id[KEY_ID_SIZE];
    char
        nonce_text[sodium_base64_ENCODED_LEN(NONCE_SIZE, sodium_base64_VARIANT_URLSAFE_NO_PADDING)];
    key_id(pair->public_key, id);
    (void)sodium_bin2base64(nonce_text, sizeof nonce_text, nonce, NONCE_SIZE,
                            sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    for (size_t i = 0; i < input->component_count; i++) {
        text_puts(&room, i == 0 ? "(\"" : " \"");
        text_puts(&room, input->components[i]);
        text_puts(&room, "\"");
    }
    text_puts(&room, ");created=");
    text_put_number(&room, now_s);
    text_puts(&room, ";expires=");
    text_put_number(&room, now_s + SIGNATURE_LIFE_S);
    text_puts(&room, ";nonce=\"");
    text_puts(&room, nonce_text);
    text_puts(&room, "\";alg=\"" SIGNATURE_ALGORITHM "\";keyid=\"");
    text_puts(&room, id);
    text_puts(&room, "\";tag=\"" SIGNATURE_TAG "\"");
    return text_size(&room) != 0;
}

static void put_headers(struct signature_headers *headers, const char *parameters,
                        const uint8_t signature[SIGNATURE_SIZE])
{
    char base64[sodium_base64_ENCODED_LEN(SIGNATURE_SIZE, sodium_base64_VARIANT_ORIGINAL)];
    (void)sodium_bin2base64(base64, sizeof base64, signature, SIGNATURE_SIZE,
                            sodium_base64_VARIANT_ORIGINAL);
    (void)snprintf(headers->input, sizeof headers->input, LABEL "=%s", parameters);
    (void)snprintf(headers->signature, sizeof headers->signature, LABEL "=:%s:", base64);
}

enum etwas_status signature_make(const struct signature_message *message,
                                 const struct key_pair *pair, int64_t now_s,
                                 const uint8_t nonce[NONCE_SIZE], struct signature_headers *headers)
{
    struct signature_input input = {.component_count = 0};
    uint8_t signature[SIGNATURE_SIZE];
    char base[SIGNATURE_MAX_BASE];
    size_t size = 0;
    choose_components(message, &input);
    if (!put_parameters(&input, pair, now_s, nonce)) {
        return ETWAS_TOO_BIG;
    }
    const enum etwas_status status = signature_base(message, &input, base, sizeof base, &size);
    if (status != ETWAS_OK) {
        return status;
    }
    (void)crypto_sign_detached(signature, NULL, (const unsigned char *)base, size, pair->secret);
    put_headers(headers, input.parameters, signature);
    return ETWAS_OK;
}

static bool covers(const struct signature_input *input, const char *name)
{
    for (size_t i = 0; i < input->component_count; i++) {
        if (strcmp(input->components[i], name) == 0) {
            return true;
        }
    }
    return false;
}

enum signature_verdict signature_check_profile(const struct signature_input *input)
{
    const bool target = covers(input, "@target-uri");
    bool good = input->created >= 0 && input->expires >= 0 && input->nonce[0] != '\0' &&
                input->key_id[0] != '\0' && strcmp(input->tag, SIGNATURE_TAG) == 0 &&
                strcmp(input->algorithm, SIGNATURE_ALGORITHM) == 0;
    for (size_t i = 0; i < COMPONENTS; i++) {
        const bool by_target =
            strcmp(components[i], "@authority") == 0 || strcmp(components[i], "@path") == 0;
        const bool optional = strcmp(components[i], "@query") == 0;
        good = good && (optional || (by_target && target) || covers(input, components[i]));
    }
    return good ? SIGNATURE_GOOD : SIGNATURE_INCOMPLETE;
}

enum signature_verdict signature_check_clock(const struct signature_input *input, int64_t now_s)
{
    /* Both times are of 15 digits at most: no difference overflows. */
    const int64_t life_s = input->expires - input->created;
    if (life_s <= 0 || life_s > SIGNATURE_MAX_LIFE_S) {
        return SIGNATURE_EXPIRED;
    }
    if (input->created > now_s + SIGNATURE_SKEW_S || input->created < now_s - SIGNATURE_SKEW_S) {
        return SIGNATURE_CLOCK;
    }
    return now_s < input->expires ? SIGNATURE_GOOD : SIGNATURE_EXPIRED;
}

enum signature_verdict signature_check_key(const struct signature_message *message,
                                           const struct signature_input *input,
                                           const uint8_t signature[SIGNATURE_SIZE],
                                           const uint8_t public_key[KEY_PUBLIC_SIZE])
{
    char base[SIGNATURE_MAX_BASE];
    size_t size = 0;
    /* Else anybody could add a query to what was signed without one. */
    if (message->query != NULL && !covers(input, "@query") && !covers(input, "@target-uri")) {
        return SIGNATURE_INCOMPLETE;
    }
    const enum etwas_status status = signature_base(message, input, base, sizeof base, &size);
    if (status != ETWAS_OK) {
        return status == ETWAS_NOT_FOUND ? SIGNATURE_INCOMPLETE : SIGNATURE_MALFORMED;
    }
    const int result =
        crypto_sign_verify_detached(signature, (const unsigned char *)base, size, public_key);
    return result == 0 ? SIGNATURE_GOOD : SIGNATURE_FORGED;
}

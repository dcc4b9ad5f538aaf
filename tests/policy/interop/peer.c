/* SPDX-License-Identifier: MIT */
/*
 * The one side of policy.interop and policy.interop_fields.
 *
 *   peer sign NOW AUTHORITY PATH BODY
 *       signs a batch with a key made for it and prints the request as JSON
 *   peer check NOW KEY METHOD AUTHORITY PATH NAME VALUE [NAME VALUE ...]
 *       says what a relay would of a request with these headers; KEY as a line of trust
 *   peer fields
 *       says of each line of its input whether it is a dictionary of structured fields
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipc/batch.h"
#include "ipc/field.h"
#include "policy/signature.h"

enum { SIGN_ARGUMENTS = 6, CHECK_ARGUMENTS = 7 };

/* A member of an object; values are ASCII without control characters. */
static void print_member(const char *before, const char *name, const char *value)
{
    (void)printf("%s\"%s\":\"", before, name);
    for (; *value != '\0'; value++) {
        (void)printf(*value == '"' || *value == '\\' ? "\\%c" : "%c", *value);
    }
    (void)printf("\"");
}

static void print_request(const struct signature_message *message,
                          const struct signature_headers *headers, const struct key_pair *pair)
{
    struct key_trust trust = {.computer = "peer"};
    char line[KEY_LINE_SIZE];
    char id[KEY_ID_SIZE];
    memcpy(trust.public_key, pair->public_key, sizeof trust.public_key);
    key_trust_format(&trust, line);
    key_id(pair->public_key, id);
    print_member("{", "key", line);
    print_member(",", "id", id);
    print_member(",", "method", message->method);
    print_member(",", "authority", message->authority);
    print_member(",", "path", message->path);
    (void)printf(",\"headers\":");
    for (size_t i = 0; i < message->header_count; i++) {
        print_member(i == 0 ? "{" : ",", message->headers[i].name, message->headers[i].value);
    }
    print_member(",", "signature-input", headers->input);
    print_member(",", "signature", headers->signature);
    (void)printf("}}\n");
}

static int sign(char **arguments)
{
    struct batch_head head = {
        .sequence = 42, .count = 1, .books = {7, 8, 0, 1, 0}
    };
    struct key_pair pair;
    struct signature_headers headers;
    struct signature_digest digest;
    uint8_t hash[SIGNATURE_DIGEST_SIZE];
    char digest_text[SIGNATURE_DIGEST_TEXT];
    char head_text[BATCH_HEADER_SIZE];
    uint8_t nonce[16];
    key_make(&pair);
    randombytes_buf(nonce, sizeof nonce);
    randombytes_buf(head.stream, sizeof head.stream);
    signature_digest_init(&digest);
    signature_digest_add(&digest, arguments[5], strlen(arguments[5]));
    signature_digest_end(&digest, hash);
    signature_digest_format(hash, digest_text);
    if (batch_head_format(&head, head_text, sizeof head_text) != ETWAS_OK) {
        return 1;
    }
    const struct signature_message message = {
        .method = "POST",
        .authority = arguments[3],
        .path = arguments[4],
        .header_count = 4,
        .headers = {{"content-type", "application/x-ndjson"},
                    {"content-encoding", "zstd"},
                    {"content-digest", digest_text},
                    {"etwas-batch", head_text}},
    };
    const int64_t now_s = strtoll(arguments[2], NULL, 10);
    if (signature_make(&message, &pair, now_s, nonce, &headers) != ETWAS_OK) {
        return 1;
    }
    print_request(&message, &headers, &pair);
    key_wipe(&pair);
    return 0;
}

static const char *value_of(const struct signature_message *message, const char *name)
{
    for (size_t i = 0; i < message->header_count; i++) {
        if (strcmp(message->headers[i].name, name) == 0) {
            return message->headers[i].value;
        }
    }
    return "";
}

static enum signature_verdict verdict_on(const struct signature_message *message,
                                         const struct key_trust *trust, int64_t now_s)
{
    const char *input_text = value_of(message, "signature-input");
    const char *signature_text = value_of(message, "signature");
    struct signature_input input;
    uint8_t signature[SIGNATURE_SIZE];
    char id[KEY_ID_SIZE];
    if (signature_input_parse(input_text, strlen(input_text), &input) != ETWAS_OK ||
        signature_value_parse(signature_text, strlen(signature_text), input.label, signature) !=
            ETWAS_OK) {
        return SIGNATURE_MALFORMED;
    }
    key_id(trust->public_key, id);
    enum signature_verdict verdict = signature_check_profile(&input);
    if (verdict == SIGNATURE_GOOD && strcmp(input.key_id, id) != 0) {
        verdict = SIGNATURE_FORGED;
    }
    if (verdict == SIGNATURE_GOOD) {
        verdict = signature_check_clock(&input, now_s);
    }
    return verdict == SIGNATURE_GOOD
               ? signature_check_key(message, &input, signature, trust->public_key)
               : verdict;
}

static int check(int count, char **arguments)
{
    static const char *const words[] = {
        [SIGNATURE_GOOD] = "good",       [SIGNATURE_MALFORMED] = "malformed",
        [SIGNATURE_CLOCK] = "clock",     [SIGNATURE_INCOMPLETE] = "incomplete",
        [SIGNATURE_EXPIRED] = "expired", [SIGNATURE_FORGED] = "forged",
    };
    struct signature_message message = {
        .method = arguments[4], .authority = arguments[5], .path = arguments[6], .scheme = "http"};
    struct key_trust trust;
    struct etwas_error error;
    if (key_trust_parse(arguments[3], strlen(arguments[3]), &trust, &error) != ETWAS_OK) {
        return 1;
    }
    for (int i = CHECK_ARGUMENTS; i + 1 < count; i += 2) {
        if (message.header_count == SIGNATURE_MAX_HEADERS) {
            return 1;
        }
        message.headers[message.header_count++] =
            (struct signature_header){.name = arguments[i], .value = arguments[i + 1]};
    }
    const int64_t now_s = strtoll(arguments[2], NULL, 10);
    (void)printf("%s\n", words[verdict_on(&message, &trust, now_s)]);
    return 0;
}

static int fields(void)
{
    static char line[4096];
    while (fgets(line, sizeof line, stdin) != NULL) {
        struct field_walker walker = field_dictionary(line, strcspn(line, "\n"));
        struct field_value name;
        struct field_value value;
        while (field_member(&walker, &name, &value)) {
        }
        (void)printf("%s\n", field_end(&walker) == ETWAS_OK ? "taken" : "refused");
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (key_library_open() != ETWAS_OK) {
        return 1;
    }
    if (argc == SIGN_ARGUMENTS && strcmp(argv[1], "sign") == 0) {
        return sign(argv);
    }
    if (argc > CHECK_ARGUMENTS && strcmp(argv[1], "check") == 0) {
        return check(argc, argv);
    }
    if (argc == 2 && strcmp(argv[1], "fields") == 0) {
        return fields();
    }
    return 1;
}

/* SPDX-License-Identifier: MIT */
/*
 * Lines of the input: Signature-Input, Signature, Content-Digest, and a value that is signed.
 * What was parsed, written as it goes into the base, is parsed to the same again; the base
 * has a line for each component and one more.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/signature.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LINES = 4 };

static void require(bool good)
{
    if (!good) {
        abort();
    }
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    require(key_library_open() == ETWAS_OK);
    return 0;
}

static void parse_again(const struct signature_input *input)
{
    char text[sizeof input->label + sizeof input->parameters + 1];
    struct signature_input back;
    (void)snprintf(text, sizeof text, "%s=%s", input->label, input->parameters);
    require(signature_input_parse(text, strlen(text), &back) == ETWAS_OK);
    require(strcmp(input->parameters, back.parameters) == 0);
    require(strcmp(input->nonce, back.nonce) == 0 && strcmp(input->key_id, back.key_id) == 0);
    require(input->created == back.created && input->expires == back.expires);
    require(input->component_count == back.component_count);
}

static void build_base(const struct signature_message *message, const struct signature_input *input)
{
    static char base[SIGNATURE_MAX_BASE];
    size_t size = 0;
    if (signature_base(message, input, base, sizeof base, &size) != ETWAS_OK) {
        return;
    }
    const size_t last = strlen(input->parameters);
    size_t lines = 0;
    for (size_t i = 0; i < size; i++) {
        lines += base[i] == '\n';
    }
    require(size == strlen(base) && lines == input->component_count);
    require(size > last && strcmp(base + size - last, input->parameters) == 0);
}

static void check(const struct signature_message *message, const struct signature_input *input,
                  const char *signature_text, size_t size)
{
    static const uint8_t public_key[KEY_PUBLIC_SIZE] = {
        0x26, 0xb4, 0x0b, 0x8f, 0x93, 0xff, 0xf3, 0xd8, 0x97, 0x11, 0x2f,
        0x7e, 0xbc, 0x58, 0x2b, 0x23, 0x2d, 0xbd, 0x72, 0x51, 0x7d, 0x08,
        0x2f, 0xe8, 0x3c, 0xfb, 0x30, 0xdd, 0xce, 0x43, 0xd1, 0xbb};
    uint8_t signature[SIGNATURE_SIZE];
    (void)signature_check_clock(input, 1795190959);
    build_base(message, input);
    if (signature_value_parse(signature_text, size, input->label, signature) == ETWAS_OK &&
        signature_check_profile(input) == SIGNATURE_GOOD) {
        (void)signature_check_key(message, input, signature, public_key);
    }
}

static void try_digest(const char *text, size_t size)
{
    uint8_t hash[SIGNATURE_DIGEST_SIZE];
    uint8_t back[SIGNATURE_DIGEST_SIZE];
    char formatted[SIGNATURE_DIGEST_TEXT];
    if (signature_digest_parse(text, size, hash) == ETWAS_OK) {
        signature_digest_format(hash, formatted);
        require(signature_digest_parse(formatted, strlen(formatted), back) == ETWAS_OK);
        require(memcmp(hash, back, sizeof hash) == 0);
    }
}

/* A block of just the line's size and a zero. */
static char *line_of(const uint8_t *data, size_t size)
{
    char *line = malloc(size + 1);
    require(line != NULL);
    memcpy(line, data, size);
    line[size] = '\0';
    return line;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *lines[LINES] = {NULL};
    size_t sizes[LINES] = {0};
    for (size_t i = 0; i < LINES; i++) {
        const uint8_t *end = i < LINES - 1 && size > 0 ? memchr(data, '\n', size) : NULL;
        sizes[i] = end != NULL ? (size_t)(end - data) : size;
        lines[i] = line_of(data, sizes[i]);
        data += sizes[i] + (end != NULL);
        size -= sizes[i] + (end != NULL);
    }
    const struct signature_message message = {
        .method = "POST",
        .authority = "relay.example:8080",
        .path = lines[3],
        .query = sizes[3] % 2 == 0 ? NULL : "?x",
        .scheme = "http",
        .header_count = 5,
        .headers = {{"content-type", "application/x-ndjson"},
                    {"content-encoding", "zstd"},
                    {"content-digest", lines[2]},
                    {"etwas-batch", lines[3]},
                    {"etwas-batch", "x"}},
    };
    struct signature_input input;
    if (signature_input_parse(lines[0], sizes[0], &input) == ETWAS_OK) {
        parse_again(&input);
        check(&message, &input, lines[1], sizes[1]);
    }
    try_digest(lines[2], sizes[2]);
    for (size_t i = 0; i < LINES; i++) {
        free(lines[i]);
    }
    return 0;
}

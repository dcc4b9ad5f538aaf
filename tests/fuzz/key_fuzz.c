/* SPDX-License-Identifier: MIT */
/* The input is a line of either kind of key. What is read is written, read again, and the same. */
#include <stdlib.h>
#include <string.h>

#include "policy/key.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int good)
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

static void try_trust(const char *text, size_t size)
{
    struct key_trust trust;
    struct key_trust back;
    struct etwas_error error = {.doing = NULL};
    char line[KEY_LINE_SIZE];
    char again[KEY_LINE_SIZE];
    const enum etwas_status status = key_trust_parse(text, size, &trust, &error);
    require((status == ETWAS_MALFORMED) == (error.doing != NULL));
    if (status == ETWAS_OK) {
        key_trust_format(&trust, line);
        require(key_trust_parse(line, strlen(line), &back, &error) == ETWAS_OK);
        key_trust_format(&back, again);
        require(strcmp(line, again) == 0);
    }
}

static void try_secret(const char *text, size_t size)
{
    struct key_pair pair;
    char line[KEY_LINE_SIZE];
    if (key_secret_parse(text, size, &pair) == ETWAS_OK) {
        key_secret_format(&pair, line);
        require(strlen(line) == size && memcmp(line, text, size) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    require(text != NULL);
    memcpy(text + 1, data, size);
    try_trust(text + 1, size);
    try_secret(text + 1, size);
    free(text);
    return 0;
}

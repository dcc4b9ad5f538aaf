/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "monitor/options/source_spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    if (text == NULL) {
        return 0;
    }
    if (size > 0) {
        memcpy(text, data, size);
    }
    text[size] = 0;
    struct source_spec spec;
    struct source_error error;
    if (source_spec_parse(text, &spec, &error) != ETWAS_OK && error.position > strlen(text)) {
        abort();
    }
    if (source_spec_parse_recorded(text, &spec, &error) != ETWAS_OK &&
        error.position > strlen(text)) {
        abort();
    }
    free(text);
    return 0;
}

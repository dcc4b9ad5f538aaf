/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "relay/moment.h"
#include "relay/parameters.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool good)
{
    if (!good) {
        abort();
    }
}

static void same(struct identity identity)
{
    char text[IDENTITY_SIZE];
    struct identity back = {.row = 0};
    const size_t size = identity_format(identity, text);
    require(identity_parse(text, size, &back));
    require(back.row == identity.row && back.index == identity.index);
}

static void look(const struct parameters *parameters)
{
    char text[MOMENT_SIZE];
    int64_t time = 0;
    require(parameters->limit >= 1 && parameters->limit <= PARAMETERS_MAX_LIMIT);
    require(parameters->sample <= PARAMETERS_MAX_SAMPLE);
    if (parameters->cursor.row != 0) {
        same(parameters->cursor);
    }
    if (parameters->from != INT64_MIN) {
        moment_format(parameters->from, text);
        require(moment_parse(text, MOMENT_SIZE - 1, &time) && time == parameters->from);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size != 0 ? size : 1);
    require(text != NULL);
    if (size != 0) {
        memcpy(text, data, size);
    }
    for (unsigned of = PARAMETERS_EVENTS; of <= PARAMETERS_LIVE; of++) {
        struct parameters parameters;
        struct parameters_fault fault = {.text = ""};
        if (parameters_parse(&parameters, of, text, size, &fault) == ETWAS_OK) {
            look(&parameters);
            continue;
        }
        require(fault.text[0] != '\0');
        for (const char *at = fault.text; *at != '\0'; at++) {
            require(*at >= ' ' && *at < 0x7f);
        }
    }
    free(text);
    return 0;
}

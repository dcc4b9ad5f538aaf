/* SPDX-License-Identifier: MIT */
/* The input is an Etwas-Batch header. What is read is written, read again, and the same. */
#include <stdlib.h>
#include <string.h>

#include "ipc/batch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int good)
{
    if (!good) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    struct batch_head head;
    struct batch_head back;
    char formatted[BATCH_HEADER_SIZE];
    require(text != NULL);
    memcpy(text + 1, data, size);
    if (batch_head_parse(text + 1, size, &head) == ETWAS_OK) {
        require(head.sequence != 0 && head.own <= head.count && head.after < head.sequence);
        require(batch_head_format(&head, formatted, sizeof formatted) == ETWAS_OK);
        require(batch_head_parse(formatted, strlen(formatted), &back) == ETWAS_OK);
        require(memcmp(&head, &back, sizeof head) == 0);
    }
    free(text);
    return 0;
}

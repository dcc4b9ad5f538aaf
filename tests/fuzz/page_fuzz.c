/* SPDX-License-Identifier: MIT */
/* The input is a block of ring-buffer pages: it is walked, and merged with itself. */
#include "monitor/tracefs/page.h"

#include <stdlib.h>

#include "monitor/tracefs/merge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t walk_all(const uint8_t *data, size_t size)
{
    struct page_walk walk;
    struct record record;
    size_t count = 0;
    volatile uint8_t seen = 0;
    page_walk_init(&walk, data, size);
    for (; page_walk_next(&walk, &record); count++) {
        for (uint32_t i = 0; i < record.size; i++) {
            seen = (uint8_t)(seen ^ record.data[i]);
        }
    }
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct merge *merge = merge_open();
    struct record record;
    uint32_t cpu = 0;
    void *tag = NULL;
    size_t left = 3 * walk_all(data, size);
    if (merge == NULL) {
        return 0;
    }
    if (merge_push(merge, 1, data, size, NULL) != ETWAS_OK ||
        merge_push(merge, 1, data, size, NULL) != ETWAS_OK ||
        merge_push(merge, 0, data, size, NULL) != ETWAS_OK) {
        left = 0;
    }
    while (merge_next(merge, UINT64_MAX, &record, &cpu)) {
        left--;
    }
    size_t blocks = 3;
    while (merge_take_consumed(merge, &tag)) {
        blocks--;
    }
    if (left != 0 || blocks != 0) {
        abort();
    }
    merge_close(merge);
    return 0;
}

/* SPDX-License-Identifier: MIT */
#include "monitor/session/blocks.h"

#include <stdlib.h>

void blocks_init(struct blocks *blocks, size_t maximum)
{
    *blocks = (struct blocks){.maximum = maximum};
}

void blocks_clear(struct blocks *blocks)
{
    while (blocks->unused != NULL) {
        struct block *block = blocks->unused;
        blocks->unused = block->next;
        blocks->count--;
        free(block);
    }
}

struct block *blocks_take(struct blocks *blocks)
{
    struct block *block = blocks->unused;
    if (block != NULL) {
        blocks->unused = block->next;
    } else if (blocks->count < blocks->maximum) {
        block = malloc(sizeof *block);
        blocks->count += block != NULL;
    }
    if (block != NULL) {
        block->next = NULL;
        block->size = 0;
        blocks->taken++;
    }
    return block;
}

void blocks_give(struct blocks *blocks, struct block *block)
{
    if (block != NULL) {
        block->next = blocks->unused;
        blocks->unused = block;
        blocks->taken--;
    }
}

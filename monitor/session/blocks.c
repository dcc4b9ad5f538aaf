/* SPDX-License-Identifier: MIT */
#include "monitor/session/blocks.h"

#include <stdlib.h>

#include "monitor/session/host.h"

struct slab {
    struct slab *next;
    struct block blocks[];
};

enum { SLAB_BLOCKS = (HOST_LARGE - sizeof(struct slab)) / sizeof(struct block) };

void blocks_init(struct blocks *blocks, size_t maximum)
{
    *blocks = (struct blocks){.maximum = maximum};
}

void blocks_clear(struct blocks *blocks)
{
    while (blocks->slabs != NULL) {
        struct slab *slab = blocks->slabs;
        blocks->slabs = slab->next;
        free(slab);
    }
    *blocks = (struct blocks){.maximum = blocks->maximum};
}

/* A block of the last slab, or of a new one. */
static struct block *make(struct blocks *blocks)
{
    const size_t index = blocks->count % SLAB_BLOCKS;
    if (index == 0) {
        struct slab *slab = host_large(HOST_LARGE);
        if (slab == NULL) {
            return NULL;
        }
        slab->next = blocks->slabs;
        blocks->slabs = slab;
    }
    blocks->count++;
    return &blocks->slabs->blocks[index];
}

struct block *blocks_take(struct blocks *blocks)
{
    struct block *block = blocks->unused;
    if (block != NULL) {
        blocks->unused = block->next;
    } else if (blocks->count < blocks->maximum) {
        block = make(blocks);
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

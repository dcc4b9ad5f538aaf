/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_SESSION_BLOCKS_H
#define ETWAS_MONITOR_SESSION_BLOCKS_H

#include <stddef.h>
#include <stdint.h>

#include "ipc/codec.h"

/*
 * The memory that packets of a session are received into. Blocks are made when
 * they are first needed, used again and again, the last used first (it is still
 * in the cache), and never more than a maximum: then the session hands over what
 * it holds before it receives more, and the kernel's buffers take the pressure.
 */
struct block {
    struct block *next; /* the owner's to use */
    size_t size;        /* bytes of the packet */
    uint8_t packet[STREAM_MAX_FRAME] __attribute__((aligned(16)));
};

struct blocks {
    struct block *unused;
    size_t count; /* made so far */
    size_t taken; /* of these, not given back */
    size_t maximum;
};

void blocks_init(struct blocks *blocks, size_t maximum);
void blocks_clear(struct blocks *blocks); /* frees those that were given back */

/* NULL when the maximum is reached or no memory is left. */
struct block *blocks_take(struct blocks *blocks);
void blocks_give(struct blocks *blocks, struct block *block); /* NULL is fine */

#endif

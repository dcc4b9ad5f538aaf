/* SPDX-License-Identifier: MIT */
#include "monitor/event/arena.h"

#include <stdint.h>
#include <stdlib.h>

enum { CHUNK_SIZE = 64 * 1024, ALIGNMENT = 16 };

struct chunk {
    struct chunk *next;
    size_t size; /* of data */
    size_t used;
    _Alignas(ALIGNMENT) uint8_t data[];
};

struct arena {
    struct chunk *first;
    struct chunk *current; /* the chunks before it are full, those after it empty */
    size_t left;           /* bytes that may still be allocated */
};

static struct chunk *chunk_open(struct arena *arena, size_t size)
{
    size = size < CHUNK_SIZE ? CHUNK_SIZE : size;
    if (size > arena->left) {
        return NULL;
    }
    struct chunk *chunk = malloc(sizeof *chunk + size);
    if (chunk != NULL) {
        chunk->next = NULL;
        chunk->size = size;
        chunk->used = 0;
        arena->left -= size;
    }
    return chunk;
}

struct arena *arena_open(size_t maximum)
{
    struct arena *arena = calloc(1, sizeof *arena);
    if (arena == NULL) {
        return NULL;
    }
    const size_t rest = maximum % CHUNK_SIZE;
    arena->left = rest == 0 && maximum != 0         ? maximum
                  : maximum > SIZE_MAX - CHUNK_SIZE ? maximum
                                                    : maximum - rest + CHUNK_SIZE;
    arena->first = chunk_open(arena, CHUNK_SIZE);
    arena->current = arena->first;
    if (arena->first == NULL) {
        free(arena);
        return NULL;
    }
    return arena;
}

void arena_close(struct arena *arena)
{
    if (arena == NULL) {
        return;
    }
    struct chunk *chunk = arena->first;
    while (chunk != NULL) {
        struct chunk *next = chunk->next;
        free(chunk);
        chunk = next;
    }
    free(arena);
}

/* The current chunk is too full for `size`: the next kept one, or a new one. */
static struct chunk *next_chunk(struct arena *arena, size_t size)
{
    struct chunk *next = arena->current->next;
    if (next == NULL || next->size < size) {
        struct chunk *fresh = chunk_open(arena, size);
        if (fresh == NULL) {
            return NULL;
        }
        fresh->next = next;
        arena->current->next = fresh;
        next = fresh;
    }
    next->used = 0;
    arena->current = next;
    return next;
}

void *arena_take(struct arena *arena, size_t size)
{
    if (size > SIZE_MAX - ALIGNMENT) {
        return NULL;
    }
    size = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    struct chunk *chunk = arena->current;
    if (size > chunk->size - chunk->used) {
        chunk = next_chunk(arena, size);
        if (chunk == NULL) {
            return NULL;
        }
    }
    void *taken = chunk->data + chunk->used;
    chunk->used += size;
    return taken;
}

void arena_reset(struct arena *arena)
{
    arena->current = arena->first;
    arena->current->used = 0;
}

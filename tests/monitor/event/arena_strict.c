/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "monitor/event/arena.h"

/*
 * Stands in for arena.c where hostile input is tried: each piece is a block of its own, so that
 * AddressSanitizer sees one byte too many, which inside a chunk it cannot.
 */
struct piece {
    struct piece *next;
    _Alignas(16) unsigned char data[];
};

struct arena {
    struct piece *pieces;
    size_t maximum;
    size_t left;
};

struct arena *arena_open(size_t maximum)
{
    struct arena *arena = calloc(1, sizeof *arena);
    if (arena != NULL) {
        arena->maximum = maximum;
        arena->left = maximum;
    }
    return arena;
}

void arena_reset(struct arena *arena)
{
    while (arena->pieces != NULL) {
        struct piece *piece = arena->pieces;
        arena->pieces = piece->next;
        free(piece);
    }
    arena->left = arena->maximum;
}

void arena_close(struct arena *arena)
{
    if (arena != NULL) {
        arena_reset(arena);
        free(arena);
    }
}

void *arena_take(struct arena *arena, size_t size)
{
    struct piece *piece = size <= arena->left ? malloc(sizeof *piece + size) : NULL;
    if (piece == NULL) {
        return NULL;
    }
    piece->next = arena->pieces;
    arena->pieces = piece;
    arena->left -= size;
    return piece->data;
}

/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_EVENT_ARENA_H
#define ETWAS_MONITOR_EVENT_ARENA_H

#include <stddef.h>

/*
 * Memory of one batch of events. Everything that decoding makes (rendered
 * flags, array items) comes from here and lives until arena_reset(); that is
 * the whole lifetime rule. Single values are never freed.
 *
 * An arena grows by whole chunks up to its maximum and keeps the chunks when it
 * is reset, so that a running monitor allocates nothing.
 */
struct arena;

/* NULL when there is no memory. `maximum` bytes in all, rounded up to a chunk. */
struct arena *arena_open(size_t maximum);
void arena_close(struct arena *arena); /* NULL is fine */

/* `size` bytes aligned to 16, not cleared; NULL when the maximum is reached. */
void *arena_take(struct arena *arena, size_t size);

/* Ends the life of everything taken. */
void arena_reset(struct arena *arena);

#endif

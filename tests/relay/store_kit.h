/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_TESTS_RELAY_STORE_KIT_H
#define ETWAS_TESTS_RELAY_STORE_KIT_H

#include <stdbool.h>

#include "relay/store.h"

/* A store in a folder of its own below the temporary folder, and batches to put into it. */
struct kit {
    char folder[64];
    struct store *store;
    struct store_options options;
    struct etwas_error error;
};

/* Makes the folder; false: it cannot. */
bool kit_make(struct kit *kit);
/* Closes the store and removes the folder with all that is in it. */
void kit_remove(struct kit *kit);
void kit_path(const struct kit *kit, const char *name, char path[128]);

/* Fails the test if it does not work. */
void kit_open(struct kit *kit);
void kit_close(struct kit *kit);

/*
 * A batch of `stream` (0 to 255; its key is the stream's, too) with `count` traced events, its
 * books as if all before it had `count` events as well. The body is text that names it.
 */
struct kit_batch {
    struct store_incoming incoming;
    char body[64];
    char etwas_batch[64];
};
void kit_batch(struct kit_batch *batch, unsigned stream, uint64_t sequence, uint64_t count);

/* Puts one; fails the test unless the call succeeds. */
enum store_outcome kit_put(struct kit *kit, struct kit_batch *batch);
/* kit_batch() and kit_put(), which must say STORED. */
void kit_put_new(struct kit *kit, unsigned stream, uint64_t sequence, uint64_t count);

/* The stream's line of store_streams(); false: there is none. `computer` is not kept. */
bool kit_find_stream(struct kit *kit, unsigned stream, struct store_stream *found);

/* Runs SQL on the file from outside. */
void kit_execute(const struct kit *kit, const char *sql);

#endif

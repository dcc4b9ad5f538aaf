/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_RELAY_BLOCK_H
#define ETWAS_RELAY_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/status.h"
#include "policy/key.h"
#include "relay/lines.h"

/*
 * A batch as viewers get it: each line (and the gap before them) as an event of a stream of
 * Server-Sent Events, one frame behind the other. Once made it does not change, so that many
 * threads may copy from it; whoever shares it counts the references.
 */
struct block_source {
    int64_t row;
    const char *computer;
    const void *body;
    size_t size;
    uint64_t missing; /* as of struct store_incoming */
    bool first_contact;
    int64_t missing_first;
    int64_t missing_last;
    int64_t received_ms;
};

struct block {
    int64_t row;
    unsigned references; /* the owner's */
    bool in_ring;        /* the owner's */
    uint64_t before;     /* the owner's: events before it */
    bool has_gap;        /* the first frame is index 0 */
    size_t frames;
    uint32_t *ends; /* in `text`, of each frame */
    bool *always;   /* of each frame: never left out */
    char *text;
    size_t size;
};

/* `lines` is room to work in. */
ETWAS_MUST_CHECK enum etwas_status block_make(const struct block_source *source,
                                              struct lines *lines, struct block **block,
                                              struct etwas_error *error);
void block_free(struct block *block);

/* Events in it: frames but the gap. */
uint64_t block_events(const struct block *block);
/* The first frame behind line `index`. */
size_t block_frame_behind(const struct block *block, uint32_t index);
size_t block_frame_begin(const struct block *block, size_t frame);
/* Memory that it takes. */
size_t block_cost(const struct block *block);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_RELAY_AUDIT_STREAMS_H
#define ETWAS_RELAY_AUDIT_STREAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/status.h"
#include "relay/lines.h"
#include "relay/store.h"

/*
 * How far each stream has come, as an audit walks over its batches: what the relay noted beside a
 * batch (what was missing before it) follows from those before. All zeros to begin with.
 */
struct audit_stream;
struct audit_streams {
    struct audit_stream *slots;
    size_t capacity; /* a power of 2, or 0 */
    size_t count;
    uint64_t part; /* of the rows, between holes */
};

void audit_streams_clear(struct audit_streams *streams);

/* Rows are not there, or cannot be believed: what follows goes on from nothing. */
void audit_streams_interrupt(struct audit_streams *streams);

/*
 * The next batch, in the order of rows; `*follows`: what was noted with it is what follows from
 * those before, as far as they are there.
 */
ETWAS_MUST_CHECK enum etwas_status audit_streams_take(struct audit_streams *streams,
                                                      const struct store_batch *batch,
                                                      const struct lines *lines, bool *follows,
                                                      struct etwas_error *error);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_RELAY_LIVE_H
#define ETWAS_RELAY_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/status.h"
#include "policy/key.h"
#include "relay/http.h"
#include "relay/identity.h"
#include "relay/store.h"

/*
 * GET /v1/live: what was committed goes to all viewers. The newest batches are kept as blocks
 * in a ring; every viewer has its own place in it. Who falls out of the ring, or comes back
 * with an Id, reads from the store until the ring is reached, so a viewer of everything loses
 * nothing however slow it is. One of a sample skips what it is too slow for, and is told.
 *
 * Blocks that only viewers keep, because they are slow, take LIVE_HELD_SIZE at most, besides those
 * that are being read just now, one a thread: a viewer whose block is taken away makes it again
 * from the store when it can be sent more.
 *
 * While nobody looks nothing is unpacked and nothing kept. Any thread may call.
 */
enum {
    LIVE_RING_SIZE = 32 * 1024 * 1024,
    LIVE_RING_BLOCKS = 16 * 1024,
    LIVE_QUEUE_SIZE = 32 * 1024 * 1024, /* committed, but not yet in the ring */
    LIVE_HELD_SIZE = 64 * 1024 * 1024,  /* not in the ring, but with viewers */
    LIVE_KEEP_ALIVE_MS = 15 * 1000,
};

struct live;

struct live_options {
    struct store *store;
    unsigned max_viewers;
    unsigned readers; /* threads that may read streams at once */
};

ETWAS_MUST_CHECK enum etwas_status live_open(const struct live_options *options, struct live **live,
                                             struct etwas_error *error);
/* Ends all streams and takes no new ones; their owners close them. */
void live_stop(struct live *live);
void live_close(struct live *live); /* after the last stream was closed */

/* A batch that was just committed, in the order of rows. `body` is malloc's and taken. */
struct live_batch {
    int64_t row;
    char computer[KEY_COMPUTER_SIZE];
    void *body;
    size_t size;
    uint64_t count; /* lines */
    uint64_t missing;
    bool first_contact;
    int64_t missing_first;
    int64_t missing_last;
    int64_t received_ms;
};
void live_publish(struct live *live, struct live_batch *batch);

/* BUSY: too many viewers. `after.row` 0: from now on. `sample` 0: everything. */
ETWAS_MUST_CHECK enum etwas_status live_view(struct live *live, struct identity after,
                                             uint32_t sample, struct http_stream **stream);

struct live_numbers {
    uint64_t viewers;
    uint64_t shown;      /* events sent to all viewers */
    uint64_t missed;     /* events that viewers of a sample were too slow for */
    uint64_t queued;     /* batches that are committed, but not in the ring yet */
    uint64_t from_store; /* batches that viewers had to read from the store */
    uint64_t held;       /* bytes of blocks that only viewers keep */
};
void live_numbers(struct live *live, struct live_numbers *numbers);

#endif

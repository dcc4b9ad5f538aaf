/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_RELAY_LIVE_PARTS_H
#define ETWAS_RELAY_LIVE_PARTS_H

#include <pthread.h>
#include <stdatomic.h>

#include "relay/block.h"
#include "relay/live.h"
#include "relay/sampler.h"

/* What live.c (the ring and its thread) and viewer.c (a stream) share. */

enum { LIVE_MAX_READERS = 16 };

/* A reader of the store, and room to work in. */
struct live_reader {
    struct store_reader *reader;
    struct lines lines;
};

struct live_item {
    struct live_batch batch;
    struct live_item *next;
};

struct viewer;

struct live {
    struct live_options options;
    pthread_t thread;
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t changed;
    bool started;
    bool stopping;
    struct live_item *queue;
    struct live_item **queue_end;
    size_t queued;
    bool hole; /* a batch could not be queued: the ring does not go on where it ends */
    /* All batches of rows above `floor` up to `last` are in the ring. */
    int64_t floor;
    int64_t last;
    uint64_t floor_events; /* that went by, since the relay started, up to `floor`, `last` */
    uint64_t last_events;
    struct block *ring[LIVE_RING_BLOCKS];
    size_t first;
    size_t count;
    size_t size;
    struct viewer *viewers;
    struct live_numbers numbers;
    struct live_reader *idle[LIVE_MAX_READERS];
    size_t idle_count;
};

struct viewer {
    struct http_stream stream; /* first */
    struct live *live;
    struct viewer *next;
    struct viewer **link;
    bool waits;              /* found nothing and is to be woken */
    bool reading;            /* its reader is at work: `block` is its alone */
    int64_t away;            /* the row of the block that was taken away; 0: none was */
    _Atomic int64_t wake_ms; /* at the latest; set without the lock */
    /* The rest is its reader's alone. */
    int64_t row;          /* of the last block that it is through with */
    uint32_t last_index;  /* of the last line in it; UINT32_MAX: not known */
    struct identity skip; /* in that block, up to this line */
    bool counted;         /* `events` holds */
    uint64_t events;      /* as `last_events`, up to where it is */
    struct block *block;  /* being sent */
    size_t frame;         /* the next one */
    size_t at;            /* what of its text is being sent */
    size_t end;
    struct sampler sampler; /* of its limit 0: shows everything */
    char notice[512];
    size_t notice_size;
    size_t notice_at;
    int64_t wrote_ms;
    uint64_t shown; /* not yet in the numbers */
};

/* With the lock held. */
struct block *live_find(struct live *live, int64_t after_row); /* NULL: none yet; a reference */
void live_drop(struct live *live, struct block *block);
/* Takes blocks away from viewers until the others are few enough. */
void live_take_away(struct live *live);

/* NULL: none is left, which is a mistake, or there is no memory. */
struct live_reader *live_reader_take(struct live *live);
void live_reader_give(struct live *live, struct live_reader *reader);

#endif

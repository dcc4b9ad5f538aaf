/* SPDX-License-Identifier: MIT */
#include "relay/live.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "relay/clock.h"
#include "relay/live_parts.h"

enum {
    WAKE_MS = 5,  /* viewers are woken at most this often: it costs them more than copying */
    IDLE_MS = 50, /* how late a viewer may hear of a second that is over */
};

void live_drop(struct live *live, struct block *block)
{
    if (block != NULL && --block->references == 0) {
        live->numbers.held -= block->in_ring ? 0 : block_cost(block);
        block_free(block);
    }
}

void live_take_away(struct live *live)
{
    /* Those of small batches do not pay for those of huge ones, and all have room together. */
    const size_t share = LIVE_HELD_SIZE / (live->numbers.viewers + 1);
    for (struct viewer *viewer = live->viewers;
         viewer != NULL && live->numbers.held > LIVE_HELD_SIZE; viewer = viewer->next) {
        if (!viewer->reading && viewer->block != NULL && !viewer->block->in_ring &&
            block_cost(viewer->block) > share) {
            viewer->away = viewer->block->row;
            live_drop(live, viewer->block);
            viewer->block = NULL;
        }
    }
}

static void drop_first(struct live *live)
{
    struct block *block = live->ring[live->first];
    live->floor = block->row;
    live->floor_events = block->before + block_events(block);
    live->size -= block_cost(block);
    live->first = (live->first + 1) % LIVE_RING_BLOCKS;
    live->count--;
    block->in_ring = false;
    live->numbers.held += block_cost(block);
    live_drop(live, block);
    live_take_away(live);
}

/* Nothing up to `last` is in the ring any more. */
static void empty_ring(struct live *live)
{
    while (live->count > 0) {
        drop_first(live);
    }
    live->floor = live->last;
    live->floor_events = live->last_events;
}

static void append(struct live *live, struct block *block)
{
    block->before = live->last_events;
    block->in_ring = true;
    live->ring[(live->first + live->count) % LIVE_RING_BLOCKS] = block;
    live->count++;
    live->size += block_cost(block);
    live->last = block->row;
    live->last_events += block_events(block);
    /* The newest stays, whatever its size. */
    while (live->count > 1 && (live->size > LIVE_RING_SIZE || live->count == LIVE_RING_BLOCKS)) {
        drop_first(live);
    }
}

struct block *live_find(struct live *live, int64_t after_row)
{
    size_t low = 0;
    size_t high = live->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (live->ring[(live->first + middle) % LIVE_RING_BLOCKS]->row <= after_row) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == live->count) {
        return NULL;
    }
    struct block *block = live->ring[(live->first + low) % LIVE_RING_BLOCKS];
    block->references++;
    return block;
}

struct live_reader *live_reader_take(struct live *live)
{
    struct live_reader *taken = NULL;
    struct etwas_error error;
    (void)pthread_mutex_lock(&live->lock);
    if (live->idle_count > 0) {
        taken = live->idle[--live->idle_count];
    }
    (void)pthread_mutex_unlock(&live->lock);
    if (taken == NULL) {
        taken = calloc(1, sizeof *taken);
        if (taken != NULL) {
            lines_init(&taken->lines);
        }
    }
    if (taken != NULL && taken->reader == NULL &&
        store_reader_open(live->options.store, &taken->reader, &error) != ETWAS_OK) {
        free(taken);
        taken = NULL;
    }
    return taken;
}

static void close_reader(struct live_reader *reader)
{
    store_reader_close(reader->reader);
    lines_clear(&reader->lines);
    free(reader);
}

void live_reader_give(struct live *live, struct live_reader *reader)
{
    (void)pthread_mutex_lock(&live->lock);
    const bool kept = live->idle_count < LIVE_MAX_READERS && live->viewers != NULL;
    if (kept) {
        live->idle[live->idle_count++] = reader;
    }
    (void)pthread_mutex_unlock(&live->lock);
    if (!kept) {
        close_reader(reader);
    }
}

/* The next committed batch; NULL: none. With the lock held. */
static struct live_item *take_item(struct live *live)
{
    struct live_item *item = live->queue;
    if (item != NULL) {
        live->queue = item->next;
        live->queue_end = live->queue == NULL ? &live->queue : live->queue_end;
        live->queued -= item->batch.size;
    }
    return item;
}

static struct block *make_block(const struct live_batch *batch, struct lines *lines)
{
    const struct block_source source = {.row = batch->row,
                                        .computer = batch->computer,
                                        .body = batch->body,
                                        .size = batch->size,
                                        .missing = batch->missing,
                                        .first_contact = batch->first_contact,
                                        .missing_first = batch->missing_first,
                                        .missing_last = batch->missing_last,
                                        .received_ms = batch->received_ms};
    struct block *block = NULL;
    struct etwas_error error;
    if (block_make(&source, lines, &block, &error) != ETWAS_OK) {
        return NULL;
    }
    return block;
}

/* With the lock held, which is let go of meanwhile. */
static void take_in(struct live *live, struct live_item *item, struct lines *lines)
{
    struct block *block = NULL;
    const bool whole = item->batch.body != NULL && !live->hole;
    live->hole = false;
    if (live->viewers != NULL && whole) {
        (void)pthread_mutex_unlock(&live->lock);
        block = make_block(&item->batch, lines);
        (void)pthread_mutex_lock(&live->lock);
    }
    if (block != NULL) {
        append(live, block);
    } else {
        /* Whoever wants it reads it from the store. */
        live->last = item->batch.row;
        live->last_events += item->batch.count;
        empty_ring(live);
    }
    live->numbers.queued--;
    free(item->batch.body);
    free(item);
}

static void wake_viewers(struct live *live, int64_t now)
{
    for (struct viewer *viewer = live->viewers; viewer != NULL; viewer = viewer->next) {
        if (viewer->waits &&
            (live->stopping || viewer->row < live->last || now >= atomic_load(&viewer->wake_ms))) {
            viewer->waits = false;
            viewer->stream.wake(viewer->stream.waker);
        }
    }
}

static void wait_ms(struct live *live, int64_t time_ms)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += time_ms / 1000;
    until.tv_nsec += time_ms % 1000 * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    (void)pthread_cond_timedwait(&live->changed, &live->lock, &until);
}

static void *run(void *context)
{
    struct live *live = context;
    struct lines lines;
    int64_t woke = 0;
    lines_init(&lines);
    (void)pthread_mutex_lock(&live->lock);
    while (!live->stopping) {
        struct live_item *item = take_item(live);
        if (item != NULL) {
            take_in(live, item, &lines);
        }
        const int64_t now = clock_ms();
        if (now - woke >= WAKE_MS) {
            wake_viewers(live, now);
            woke = now;
        }
        if (live->queue == NULL && live->viewers == NULL) {
            /* Who comes next reads what was from the store. */
            empty_ring(live);
            lines_clear(&lines);
            (void)pthread_cond_wait(&live->changed, &live->lock);
        } else if (live->queue == NULL) {
            wait_ms(live, item != NULL ? WAKE_MS : IDLE_MS);
        }
    }
    wake_viewers(live, clock_ms());
    (void)pthread_mutex_unlock(&live->lock);
    lines_clear(&lines);
    return NULL;
}

enum etwas_status live_open(const struct live_options *options, struct live **live,
                            struct etwas_error *error)
{
    pthread_condattr_t attributes;
    struct live *made = calloc(1, sizeof *made);
    *live = made;
    if (made == NULL) {
        *error = (struct etwas_error){.status = ETWAS_NO_MEMORY, .doing = "starting"};
        return ETWAS_NO_MEMORY;
    }
    made->options = *options;
    made->queue_end = &made->queue;
    made->last = store_last_row(options->store);
    made->floor = made->last;
    (void)pthread_mutex_init(&made->lock, NULL);
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&made->changed, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    const int code = pthread_create(&made->thread, NULL, run, made);
    made->started = code == 0;
    if (code != 0) {
        live_close(made);
        *live = NULL;
        *error = (struct etwas_error){
            .status = ETWAS_SYSTEM, .os_code = (uint32_t)code, .doing = "starting a thread"};
        return ETWAS_SYSTEM;
    }
    return ETWAS_OK;
}

void live_stop(struct live *live)
{
    (void)pthread_mutex_lock(&live->lock);
    const bool running = live->started;
    live->stopping = true;
    live->started = false;
    (void)pthread_cond_signal(&live->changed);
    (void)pthread_mutex_unlock(&live->lock);
    if (running) {
        (void)pthread_join(live->thread, NULL);
    }
}

void live_close(struct live *live)
{
    if (live == NULL) {
        return;
    }
    live_stop(live);
    for (struct live_item *item = take_item(live); item != NULL; item = take_item(live)) {
        free(item->batch.body);
        free(item);
    }
    empty_ring(live);
    while (live->idle_count > 0) {
        close_reader(live->idle[--live->idle_count]);
    }
    (void)pthread_cond_destroy(&live->changed);
    (void)pthread_mutex_destroy(&live->lock);
    free(live);
}

void live_publish(struct live *live, struct live_batch *batch)
{
    struct live_item *item = malloc(sizeof *item);
    (void)pthread_mutex_lock(&live->lock);
    const bool fits = batch->size <= LIVE_QUEUE_SIZE - live->queued;
    if (item == NULL || live->stopping) {
        /* Viewers find it in the store, as soon as there is another one. */
        live->hole = true;
        free(batch->body);
        free(item);
    } else {
        *item = (struct live_item){.batch = *batch};
        if (!fits) {
            free(item->batch.body);
            item->batch.body = NULL;
            item->batch.size = 0;
        }
        *live->queue_end = item;
        live->queue_end = &item->next;
        live->queued += item->batch.size;
        live->numbers.queued++;
        (void)pthread_cond_signal(&live->changed);
    }
    batch->body = NULL;
    (void)pthread_mutex_unlock(&live->lock);
}

void live_numbers(struct live *live, struct live_numbers *numbers)
{
    (void)pthread_mutex_lock(&live->lock);
    *numbers = live->numbers;
    (void)pthread_mutex_unlock(&live->lock);
}

/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "relay/clock.h"
#include "relay/live_parts.h"
#include "relay/text.h"

enum {
    /* Batches that a viewer of a sample reads from the store instead of leaving them out. */
    SAMPLE_MAX_BEHIND = 500,
};

static struct viewer *of(struct http_stream *stream)
{
    return (struct viewer *)(void *)stream;
}

ETWAS_PRINTF(2, 3) static void say(struct viewer *viewer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int size = vsnprintf(viewer->notice, sizeof viewer->notice, format, arguments);
    va_end(arguments);
    viewer->notice_size = size < 0 ? 0 : (size_t)size;
    viewer->notice_at = 0;
}

/* Goes on behind all of `row`; `count` is what that leaves out, if it is known. */
static void jump(struct viewer *viewer, int64_t row, bool counted, uint64_t count)
{
    const struct identity last =
        viewer->skip.row > viewer->row
            ? viewer->skip
            : (struct identity){.row = viewer->row, .index = viewer->last_index};
    const struct identity next = {.row = row + 1, .index = 0};
    char after[IDENTITY_SIZE + 2] = "null";
    char until[IDENTITY_SIZE];
    char number[24] = "null";
    viewer->row = row;
    viewer->last_index = UINT32_MAX;
    viewer->skip.row = 0;
    if (last.row == 0 && !counted) {
        return; /* an Id of another store: nothing of this one was missed */
    }
    if (last.row != 0) {
        after[0] = '"';
        const size_t size = identity_format(last, after + 1);
        memcpy(after + 1 + size, "\"", 2);
    }
    (void)identity_format(next, until);
    if (counted) {
        (void)snprintf(number, sizeof number, "%" PRIu64, count);
    }
    say(viewer, "event: missed\ndata: {\"Count\":%s,\"After\":%s,\"Until\":\"%s\"}\n\n", number,
        after, until);
}

/* Begins to send a block, behind what the viewer has of it. */
static void begin(struct viewer *viewer, struct block *block)
{
    viewer->block = block;
    viewer->frame = 0;
    if (viewer->skip.row == block->row) {
        viewer->frame = block_frame_behind(block, viewer->skip.index);
    }
    viewer->skip.row = 0;
    viewer->at = block_frame_begin(block, viewer->frame);
    viewer->end = viewer->sampler.limit == 0 ? block->size : viewer->at;
    if (viewer->sampler.limit == 0) {
        viewer->shown += block->frames - viewer->frame;
        viewer->frame = block->frames;
    }
}

static void end_block(struct viewer *viewer)
{
    struct block *block = viewer->block;
    viewer->row = block->row;
    viewer->last_index = (uint32_t)block_events(block);
    (void)pthread_mutex_lock(&viewer->live->lock);
    viewer->live->numbers.shown += viewer->shown;
    live_drop(viewer->live, block);
    (void)pthread_mutex_unlock(&viewer->live->lock);
    viewer->shown = 0;
    viewer->block = NULL;
}

/*
 * What the ring has for it. With the lock held. False: the ring does not reach back that far.
 * No block and true: there is nothing new.
 */
static bool from_ring(struct viewer *viewer)
{
    struct live *live = viewer->live;
    if (viewer->row < live->floor) {
        return false;
    }
    struct block *block = live_find(live, viewer->row);
    if (block != NULL) {
        viewer->counted = true;
        viewer->events = block->before + block_events(block);
        begin(viewer, block);
    }
    return true;
}

/* Too slow for its sample: it goes on where the ring begins. With the lock held. */
static bool leaves_out(struct viewer *viewer)
{
    struct live *live = viewer->live;
    if (viewer->sampler.limit == 0 || live->floor - viewer->row <= SAMPLE_MAX_BEHIND) {
        return false;
    }
    const uint64_t count = live->floor_events - viewer->events;
    live->numbers.missed += viewer->counted ? count : 0;
    jump(viewer, live->floor, viewer->counted, count);
    viewer->counted = true;
    viewer->events = live->floor_events;
    return true;
}

static enum etwas_status make_stored(const struct store_batch *batch, struct lines *lines,
                                     struct block **block)
{
    struct etwas_error error;
    const struct block_source source = {.row = batch->row,
                                        .computer = batch->computer,
                                        .body = batch->body,
                                        .size = batch->size,
                                        .missing = batch->missing,
                                        .first_contact = batch->first_contact,
                                        .missing_first = batch->missing_first,
                                        .missing_last = batch->missing_last,
                                        .received_ms = batch->received_ms};
    return block_make(&source, lines, block, &error);
}

/* A block of its own, in nobody's ring. */
static void hold(struct viewer *viewer, const struct block *block)
{
    (void)pthread_mutex_lock(&viewer->live->lock);
    viewer->live->numbers.held += block_cost(block);
    (void)pthread_mutex_unlock(&viewer->live->lock);
}

/* Makes the block again that was taken away. False: it cannot be read any more, or not now. */
static bool take_back(struct viewer *viewer, struct live_reader *reader)
{
    struct store_batch batch;
    struct etwas_error error;
    struct block *block = NULL;
    const struct store_range range = {.row = viewer->away - 1, .from = INT64_MIN, .to = INT64_MAX};
    if (store_next(reader->reader, &range, &batch, &error) != ETWAS_OK ||
        batch.row != viewer->away || make_stored(&batch, &reader->lines, &block) != ETWAS_OK) {
        return false;
    }
    hold(viewer, block);
    viewer->block = block;
    viewer->away = 0;
    return viewer->end <= block->size && viewer->frame <= block->frames;
}

/* Takes the batch behind `row`. False: the store cannot be read now. */
static bool take_stored(struct viewer *viewer, struct live_reader *reader, int64_t floor)
{
    struct store_batch batch;
    struct etwas_error error;
    struct block *block = NULL;
    const struct store_range range = {.row = viewer->row, .from = INT64_MIN, .to = INT64_MAX};
    enum etwas_status status = store_next(reader->reader, &range, &batch, &error);
    if (status == ETWAS_NOT_FOUND) {
        /* Retention took all that was there. */
        jump(viewer, floor, false, 0);
        return true;
    }
    if (status != ETWAS_OK) {
        return false;
    }
    if (batch.row > viewer->row + 1) {
        jump(viewer, batch.row - 1, false, 0);
        return true;
    }
    status = make_stored(&batch, &reader->lines, &block);
    if (status == ETWAS_OK) {
        hold(viewer, block);
        begin(viewer, block);
    } else if (status != ETWAS_NO_MEMORY) {
        /* What is stored was altered since it was checked. */
        jump(viewer, batch.row, true, batch.head.count);
    }
    viewer->counted = false;
    return status != ETWAS_NO_MEMORY;
}

static bool from_store(struct viewer *viewer, int64_t floor)
{
    struct live *live = viewer->live;
    struct live_reader *reader = live_reader_take(live);
    if (reader == NULL) {
        return false;
    }
    const bool good =
        viewer->away != 0 ? take_back(viewer, reader) : take_stored(viewer, reader, floor);
    live_reader_give(live, reader);
    return good;
}

enum found { FOUND_SOMETHING, FOUND_NOTHING, FOUND_END };

static enum found look(struct viewer *viewer)
{
    struct live *live = viewer->live;
    (void)pthread_mutex_lock(&live->lock);
    const int64_t floor = live->floor;
    const bool over = live->stopping;
    const bool reaches = !over && (from_ring(viewer) || leaves_out(viewer));
    const bool something = viewer->block != NULL || viewer->notice_size != 0;
    viewer->waits = reaches && !something;
    live->numbers.from_store += over || reaches ? 0 : 1;
    (void)pthread_mutex_unlock(&live->lock);
    if (over) {
        return FOUND_END;
    }
    if (reaches) {
        return something ? FOUND_SOMETHING : FOUND_NOTHING;
    }
    return from_store(viewer, floor) ? FOUND_SOMETHING : FOUND_END;
}

/* How many events are there to be shared out, this one among them. */
static uint64_t available(struct viewer *viewer)
{
    const uint64_t here = viewer->block->frames - viewer->frame;
    if (!viewer->counted) {
        return here;
    }
    (void)pthread_mutex_lock(&viewer->live->lock);
    const uint64_t behind = viewer->live->last_events - viewer->events;
    (void)pthread_mutex_unlock(&viewer->live->lock);
    return here + behind;
}

/* Walks on to the next frame that is shown. False: the block has no more of them. */
static bool choose(struct viewer *viewer, int64_t now)
{
    const struct block *block = viewer->block;
    for (; viewer->frame < block->frames; viewer->frame++) {
        const bool gap = block->has_gap && viewer->frame == 0;
        if (!gap && sampler_wants_plan(&viewer->sampler)) {
            sampler_plan(&viewer->sampler, available(viewer), now);
        }
        if (gap || sampler_take(&viewer->sampler, block->always[viewer->frame])) {
            viewer->at = block_frame_begin(block, viewer->frame);
            viewer->end = block->ends[viewer->frame];
            viewer->frame++;
            viewer->shown++;
            return true;
        }
    }
    return false;
}

/* Says what went by in the second that is over, and that the connection still lives. */
static void say_what_is_due(struct viewer *viewer, int64_t now)
{
    struct sampler_rate rate;
    if (viewer->sampler.limit != 0 && sampler_rate(&viewer->sampler, now, &rate)) {
        char moment[64];
        struct text time;
        text_init(&time, sizeof moment);
        text_add_time_ms(&time, clock_utc_ms() - (now - rate.end));
        say(viewer,
            "event: rate\ndata: {\"Time\":%s,\"Events\":%" PRIu64 ",\"Shown\":%" PRIu64 "}\n\n",
            time.bad ? "null" : time.data, rate.passed, rate.shown);
        text_clear(&time);
    } else if (now - viewer->wrote_ms >= LIVE_KEEP_ALIVE_MS) {
        say(viewer, ":\n\n");
    }
}

/* Copies what is due to be sent; 0: nothing is. */
static size_t copy(struct viewer *viewer, char *to, size_t room)
{
    if (viewer->notice_size != 0) {
        const size_t left = viewer->notice_size - viewer->notice_at;
        const size_t size = left < room ? left : room;
        memcpy(to, viewer->notice + viewer->notice_at, size);
        viewer->notice_at += size;
        viewer->notice_size = viewer->notice_at == viewer->notice_size ? 0 : viewer->notice_size;
        return size;
    }
    const size_t left = viewer->end - viewer->at;
    const size_t size = left < room ? left : room;
    if (size > 0) {
        memcpy(to, viewer->block->text + viewer->at, size);
        viewer->at += size;
    }
    return size;
}

/* Finds what to send next. */
static enum found advance(struct viewer *viewer, int64_t now)
{
    if (viewer->block != NULL) {
        if (viewer->sampler.limit != 0 && choose(viewer, now)) {
            return FOUND_SOMETHING;
        }
        end_block(viewer);
        viewer->at = 0;
        viewer->end = 0;
    }
    say_what_is_due(viewer, now);
    return viewer->notice_size != 0 ? FOUND_SOMETHING : look(viewer);
}

static void plan_wake(struct viewer *viewer, int64_t now)
{
    const int64_t alive = viewer->wrote_ms + LIVE_KEEP_ALIVE_MS;
    const bool rated = viewer->sampler.limit != 0 && viewer->sampler.window_end < alive;
    const int64_t wanted = rated ? viewer->sampler.window_end : alive;
    atomic_store(&viewer->wake_ms, wanted < now ? now : wanted);
}

/*
 * Its block is its own until it ends to read. False: it was taken away, and is not in the store any
 * more: a frame that was begun can never be ended.
 */
static bool begin_reading(struct viewer *viewer)
{
    struct live *live = viewer->live;
    (void)pthread_mutex_lock(&live->lock);
    viewer->reading = true;
    live->numbers.from_store += viewer->away != 0 ? 1 : 0;
    (void)pthread_mutex_unlock(&live->lock);
    return viewer->away == 0 || from_store(viewer, 0);
}

static void end_reading(struct viewer *viewer)
{
    struct live *live = viewer->live;
    (void)pthread_mutex_lock(&live->lock);
    viewer->reading = false;
    live_take_away(live);
    (void)pthread_mutex_unlock(&live->lock);
}

static long fill(struct viewer *viewer, char *to, size_t room)
{
    const int64_t now = clock_ms();
    size_t written = 0;
    plan_wake(viewer, now);
    while (written < room) {
        const size_t size = copy(viewer, to + written, room - written);
        written += size;
        if (size > 0) {
            continue;
        }
        const enum found found = advance(viewer, now);
        if (found == FOUND_END && written == 0) {
            return HTTP_STREAM_END;
        }
        if (found != FOUND_SOMETHING) {
            break;
        }
    }
    viewer->wrote_ms = written > 0 ? now : viewer->wrote_ms;
    return (long)written;
}

static long read_stream(struct http_stream *stream, char *to, size_t room)
{
    struct viewer *viewer = of(stream);
    const long size = begin_reading(viewer) ? fill(viewer, to, room) : HTTP_STREAM_END;
    end_reading(viewer);
    return size;
}

static void close_stream(struct http_stream *stream)
{
    struct viewer *viewer = of(stream);
    struct live *live = viewer->live;
    (void)pthread_mutex_lock(&live->lock);
    *viewer->link = viewer->next;
    if (viewer->next != NULL) {
        viewer->next->link = viewer->link;
    }
    live->numbers.viewers--;
    live->numbers.shown += viewer->shown;
    live_drop(live, viewer->block);
    (void)pthread_cond_signal(&live->changed);
    (void)pthread_mutex_unlock(&live->lock);
    free(viewer);
}

/* Where the viewer begins. With the lock held. */
static void set_out(struct viewer *viewer, struct identity after)
{
    const struct live *live = viewer->live;
    const int64_t last = store_last_row(live->options.store);
    /* What is committed and on its way to the ring was there before. */
    viewer->row = last > live->last ? last : live->last;
    viewer->last_index = UINT32_MAX;
    viewer->counted = viewer->row == live->last;
    viewer->events = live->last_events;
    if (after.row != 0) {
        viewer->counted = false;
        viewer->row = after.row - 1;
        viewer->skip = after;
    }
    if (after.row > live->last && after.row > last) {
        /* An Id of a store that is no more: all of this one is new to it. */
        viewer->row = 0;
        viewer->skip.row = 0;
    }
}

enum etwas_status live_view(struct live *live, struct identity after, uint32_t sample,
                            struct http_stream **stream)
{
    struct viewer *viewer = calloc(1, sizeof *viewer);
    *stream = NULL;
    if (viewer == NULL) {
        return ETWAS_NO_MEMORY;
    }
    viewer->stream = (struct http_stream){.read = read_stream, .close = close_stream};
    viewer->live = live;
    viewer->wrote_ms = clock_ms();
    sampler_init(&viewer->sampler, sample, viewer->wrote_ms);
    say(viewer, "retry: 1000\n\n");
    (void)pthread_mutex_lock(&live->lock);
    const bool full = live->stopping || live->numbers.viewers >= live->options.max_viewers;
    if (!full) {
        set_out(viewer, after);
        viewer->next = live->viewers;
        viewer->link = &live->viewers;
        if (viewer->next != NULL) {
            viewer->next->link = &viewer->next;
        }
        live->viewers = viewer;
        live->numbers.viewers++;
        (void)pthread_cond_signal(&live->changed);
    }
    (void)pthread_mutex_unlock(&live->lock);
    if (full) {
        free(viewer);
        return ETWAS_BUSY;
    }
    *stream = &viewer->stream;
    return ETWAS_OK;
}

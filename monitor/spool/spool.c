/* SPDX-License-Identifier: MIT */
#include "monitor/spool/spool.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/spool/files.h"
#include "monitor/spool/spool_parts.h"

const uint8_t *spool_stream(const struct spool *spool)
{
    return spool->stream;
}

const struct spool_past *spool_past(const struct spool *spool)
{
    return &spool->past;
}

size_t spool_sink_count(const struct spool *spool)
{
    return spool->sink_count;
}

const char *spool_sink(const struct spool *spool, size_t sink)
{
    return sink < spool->sink_count ? spool->sinks[sink] : NULL;
}

/* The batch gets its number, and the stream's books go on to it. */
static void number(struct spool *spool, struct node *node, const struct source_position *position)
{
    struct batch_head *head = &node->batch.head;
    memcpy(head->stream, spool->stream, BATCH_STREAM_SIZE);
    head->sequence = spool->last.sequence + 1;
    head->books.before = spool->last.books.before;
    segment_number(node->record, head->sequence, head->books.before);
    spool->last.sequence = head->sequence;
    spool->last.books = head->books;
    spool->last.books.before += segment_traced(head);
    memcpy(&spool->last.position, position,
           offsetof(struct source_position, lanes) +
               position->lane_count * sizeof position->lanes[0]);
}

static enum etwas_status take(struct spool *spool, struct node *node,
                              const struct source_position *position)
{
    disk_retry(spool);
    enum etwas_status status = room_make(spool, node->size);
    if (status == ETWAS_AGAIN) {
        spool->wanted = node->size;
        return status;
    }
    number(spool, node, position);
    spool->grown = true;
    if (status == ETWAS_OK) {
        status = cache_add(spool, node);
    }
    if (status != ETWAS_OK) {
        /* Dropped, and counted: the next batch says what was before it. */
        node_release(node);
        (void)disk_state(spool, false);
        return ETWAS_OK;
    }
    if (spool->failing) {
        (void)disk_state(spool, false);
    } else {
        disk_flush(spool);
    }
    if (spool->sync == SPOOL_SYNC_BATCH) {
        disk_sync(spool);
    }
    if (spool->appended != NULL) {
        spool->appended(spool->context);
    }
    return ETWAS_OK;
}

enum etwas_status spool_append(struct spool *spool, const struct batch_head *head,
                               const struct source_position *position, const void *body,
                               size_t size)
{
    assert((!spool->left || spool->usable) && head->own <= head->count &&
           position->lane_count <= SOURCE_MAX_LANES);
    if (size > BATCH_MAX_SENT || segment_traced(head) > UINT32_MAX) {
        return ETWAS_TOO_BIG;
    }
    struct node *node = node_make(head, position, body, size);
    if (node == NULL) {
        return ETWAS_NO_MEMORY;
    }
    (void)pthread_mutex_lock(&spool->lock);
    const enum etwas_status status = take(spool, node, position);
    (void)pthread_mutex_unlock(&spool->lock);
    if (status != ETWAS_OK) {
        node_release(node);
    }
    return status;
}

bool spool_may_grow(const struct spool *spool)
{
    return !spool->left || spool->usable;
}

uint64_t spool_unaccounted(struct spool *spool)
{
    (void)pthread_mutex_lock(&spool->lock);
    const uint64_t count = spool_past_unaccounted(&spool->last);
    (void)pthread_mutex_unlock(&spool->lock);
    return count;
}

void spool_set_past(struct spool *spool)
{
    (void)pthread_mutex_lock(&spool->lock);
    spool->past = spool->last;
    (void)pthread_mutex_unlock(&spool->lock);
}

static bool is_empty(struct spool *spool)
{
    struct tally tally;
    books_tally(spool, room_least_cursor(spool), UINT64_MAX, &tally);
    return tally.batches == 0;
}

static void settle(struct spool *spool)
{
    if (spool->failing) {
        spool->retry_ms = 0;
        disk_retry(spool);
    }
    disk_sync(spool);
    disk_cursors(spool);
    const bool written = files_sync(spool->folder.cursors) == 0 && disk_state(spool, true) &&
                         files_sync(spool->folder.state) == 0;
    if (written) {
        room_collect(spool, true);
    }
}

void spool_close(struct spool *spool)
{
    if (spool == NULL) {
        return;
    }
    flusher_stop(spool);
    if (spool->folder.folder >= 0 || spool->failing) {
        if (spool->left && is_empty(spool)) {
            folder_remove(&spool->folder);
        } else if (!spool->left || spool->grown) {
            settle(spool);
        }
    }
    cache_clear(spool);
    shelf_forget_all(spool);
    free(spool->shelves);
    folder_close(&spool->folder);
    draft_clear(spool);
    flusher_clear(spool);
    free(spool->sinks_text);
    free(spool->sink_names);
    free(spool->base);
    free(spool);
}

/* SPDX-License-Identifier: MIT */
#include "monitor/spool/files.h"
#include "monitor/spool/spool_parts.h"

uint64_t room_least_cursor(const struct spool *spool)
{
    uint64_t least = UINT64_MAX;
    for (size_t i = 0; i < spool->sink_count; i++) {
        const uint64_t cursor = spool->cursors[i].sequence;
        least = cursor < least ? cursor : least;
    }
    return least;
}

static bool is_there(const struct spool *spool, size_t record_size)
{
    if (spool->failing) {
        return spool->loose_bytes + record_size + sizeof(struct node) <= SPOOL_CACHE;
    }
    return spool->used + record_size + SEGMENT_HEADER <= spool->max_bytes;
}

void room_collect(struct spool *spool, bool all)
{
    const uint64_t least = room_least_cursor(spool);
    cache_forget_until(spool, least);
    while (spool->shelf_count > (all ? 0U : 1U) && spool->shelves[0]->last <= least &&
           shelf_remove(spool, 0)) {
        (void)pthread_cond_broadcast(&spool->room);
    }
}

/* One that nobody is sending right now: what is under way may well arrive. */
static bool drop_segment(struct spool *spool)
{
    for (size_t i = 0; i < spool->shelf_count; i++) {
        const struct shelf *shelf = spool->shelves[i];
        if (atomic_load(&shelf->users) == 1 && !cache_uses(spool, shelf)) {
            return shelf_remove(spool, i);
        }
    }
    return false;
}

static bool drop_loose(struct spool *spool)
{
    struct node *node = cache_first_loose(spool, 0);
    while (node != NULL && atomic_load(&node->users) > 1) {
        node = cache_first_loose(spool, node->batch.head.sequence);
    }
    if (node != NULL) {
        cache_remove(spool, node);
    }
    return node != NULL;
}

static bool drop_oldest(struct spool *spool)
{
    if (!spool->failing) {
        return drop_segment(spool);
    }
    /* On a full disk the oldest segment makes room for what is in memory. */
    if (files_code(spool->code) == FILES_FULL && drop_segment(spool)) {
        disk_flush(spool);
        return true;
    }
    return drop_loose(spool);
}

static void say_full(struct spool *spool)
{
    if (!spool->dropping) {
        spool->dropping = true;
        notice_put(spool, "the spool %s is full: the %s batches are dropped", spool->base,
                   spool->drop == SPOOL_DROP_OLDEST ? "oldest" : "newest");
    }
}

enum etwas_status room_make(struct spool *spool, size_t record_size)
{
    if (!is_there(spool, record_size)) {
        room_collect(spool, true);
    }
    while (!is_there(spool, record_size)) {
        if (spool->drop == SPOOL_BLOCK) {
            return ETWAS_AGAIN;
        }
        say_full(spool);
        if (spool->drop == SPOOL_DROP_NEWEST || !drop_oldest(spool)) {
            return ETWAS_BUSY;
        }
    }
    return ETWAS_OK;
}

bool spool_wait_room(struct spool *spool, int timeout_ms)
{
    const int64_t until = files_now_ms() + timeout_ms;
    (void)pthread_mutex_lock(&spool->lock);
    bool there = is_there(spool, spool->wanted);
    for (int64_t now = files_now_ms(); !there && now < until; now = files_now_ms()) {
        (void)flusher_wait(spool, &spool->room, (int)(until - now));
        there = is_there(spool, spool->wanted);
    }
    (void)pthread_mutex_unlock(&spool->lock);
    return there;
}

/* The entries at a segment's beginning that are too old. */
static void expire_entries(struct spool *spool, struct shelf *shelf, int64_t until_ms)
{
    if (shelf_open(spool, shelf) != ETWAS_OK) {
        return;
    }
    for (size_t i = 0; i < shelf->entry_count && shelf->entries[i].made_ms < until_ms; i++) {
        if (!shelf->entries[i].gone) {
            shelf_entry_gone(shelf, &shelf->entries[i]);
        }
    }
}

void room_expire(struct spool *spool)
{
    const int64_t until_ms = files_utc_ms() - spool->max_age_ms;
    if (spool->max_age_ms == 0) {
        return;
    }
    while (spool->shelf_count != 0) {
        struct shelf *shelf = spool->shelves[0];
        if (atomic_load(&shelf->users) > 1 || cache_uses(spool, shelf)) {
            return;
        }
        if (shelf->youngest_ms >= until_ms) {
            expire_entries(spool, shelf, until_ms);
            return;
        }
        if (!shelf_remove(spool, 0)) {
            return;
        }
        (void)pthread_cond_broadcast(&spool->room);
    }
    struct node *node = cache_first_loose(spool, 0);
    while (node != NULL && node->batch.made_ms < until_ms && atomic_load(&node->users) == 1) {
        cache_remove(spool, node);
        node = cache_first_loose(spool, 0);
    }
}

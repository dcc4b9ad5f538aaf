/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "monitor/spool/spool_parts.h"

static void add(struct tally *tally, uint64_t traced, uint64_t bytes, int64_t made_ms)
{
    tally->oldest_ms = tally->batches == 0 ? made_ms : tally->oldest_ms;
    tally->batches++;
    tally->traced += traced;
    tally->bytes += bytes;
}

static void add_entries(struct tally *tally, const struct shelf *shelf, uint64_t from, uint64_t to)
{
    for (size_t i = shelf_entry_behind(shelf, from); i < shelf->entry_count; i++) {
        const struct entry *entry = &shelf->entries[i];
        if (entry->sequence > to) {
            return;
        }
        if (!entry->gone) {
            add(tally, entry->traced, entry->body, entry->made_ms);
        }
    }
}

/* False: the segment was taken out, and the next has its place. */
static bool add_shelf(struct spool *spool, struct shelf *shelf, uint64_t from, uint64_t to,
                      struct tally *tally)
{
    const bool is_whole = shelf->prior_sequence >= from && shelf->last <= to;
    /* The first one tells how old it is. */
    if (is_whole && tally->batches != 0) {
        tally->batches += shelf->batches;
        tally->traced += shelf->traced;
        tally->bytes += shelf->bytes;
        return true;
    }
    const enum etwas_status status = shelf_open(spool, shelf);
    if (status == ETWAS_OK) {
        add_entries(tally, shelf, from, to);
    }
    return status != ETWAS_NOT_FOUND;
}

void books_tally(struct spool *spool, uint64_t from, uint64_t to, struct tally *tally)
{
    *tally = (struct tally){0};
    for (size_t i = 0; i < spool->shelf_count;) {
        struct shelf *shelf = spool->shelves[i];
        const bool within = shelf->last > from && shelf->prior_sequence < to;
        i += !within || add_shelf(spool, shelf, from, to, tally);
    }
    const struct node *node = cache_first_loose(spool, from);
    while (node != NULL && node->batch.head.sequence <= to) {
        add(tally, segment_traced(&node->batch.head), node->batch.size, node->batch.made_ms);
        node = cache_first_loose(spool, node->batch.head.sequence);
    }
}

/* The traced events up to and with a batch, whether it is here or was dropped. */
static uint64_t reached_at(struct spool *spool, uint64_t sequence)
{
    struct place place;
    if (sequence >= spool->last.sequence || read_find(spool, sequence - 1, &place) != ETWAS_OK) {
        return spool->last.books.before;
    }
    if (place.entry != NULL) {
        return place.entry->before + (place.entry->sequence == sequence ? place.entry->traced : 0);
    }
    const struct batch_head *head = &place.node->batch.head;
    return head->books.before + (head->sequence == sequence ? segment_traced(head) : 0);
}

uint64_t spool_cursor(struct spool *spool, size_t sink)
{
    (void)pthread_mutex_lock(&spool->lock);
    const uint64_t cursor = sink < spool->sink_count ? spool->cursors[sink].sequence : 0;
    (void)pthread_mutex_unlock(&spool->lock);
    return cursor;
}

static void move(struct spool *spool, struct folder_cursor *cursor, uint64_t sequence)
{
    struct tally tally;
    books_tally(spool, cursor->sequence, sequence, &tally);
    const uint64_t reached = reached_at(spool, sequence);
    cursor->dropped_batches += sequence - cursor->sequence - tally.batches;
    cursor->dropped_events += reached - cursor->reached - tally.traced;
    cursor->sequence = sequence;
    cursor->reached = reached;
    disk_cursors(spool);
    room_collect(spool, false);
}

void spool_done(struct spool *spool, size_t sink, uint64_t sequence)
{
    (void)pthread_mutex_lock(&spool->lock);
    const uint64_t last = spool->last.sequence;
    const uint64_t until = sequence < last ? sequence : last;
    if (sink < spool->sink_count && until > spool->cursors[sink].sequence) {
        move(spool, &spool->cursors[sink], until);
        spool->dropping = spool->dropping && room_least_cursor(spool) != last;
        (void)pthread_cond_broadcast(&spool->room);
    }
    (void)pthread_mutex_unlock(&spool->lock);
}

void spool_sink_stats(struct spool *spool, size_t sink, struct spool_sink_stats *stats)
{
    *stats = (struct spool_sink_stats){0};
    (void)pthread_mutex_lock(&spool->lock);
    if (sink < spool->sink_count) {
        const struct folder_cursor *cursor = &spool->cursors[sink];
        struct tally tally;
        books_tally(spool, cursor->sequence, UINT64_MAX, &tally);
        *stats = (struct spool_sink_stats){
            .waiting_batches = tally.batches,
            .waiting_events = tally.traced,
            .waiting_bytes = tally.bytes,
            .dropped_batches =
                cursor->dropped_batches + spool->last.sequence - cursor->sequence - tally.batches,
            .dropped_events =
                cursor->dropped_events + spool->last.books.before - cursor->reached - tally.traced,
            .oldest_ms = tally.oldest_ms,
        };
    }
    (void)pthread_mutex_unlock(&spool->lock);
}

uint64_t spool_past_unaccounted(const struct spool_past *past)
{
    const struct batch_books *books = &past->books;
    const uint64_t known =
        books->before + books->filtered + books->lost_kernel + books->lost_monitor;
    return books->produced > known ? books->produced - known : 0;
}

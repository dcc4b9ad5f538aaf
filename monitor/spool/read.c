/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "monitor/spool/files.h"
#include "monitor/spool/spool_parts.h"

static struct entry *find_entry(const struct shelf *shelf, uint64_t sequence)
{
    for (size_t i = shelf_entry_behind(shelf, sequence); i < shelf->entry_count; i++) {
        if (!shelf->entries[i].gone) {
            return &shelf->entries[i];
        }
    }
    return NULL;
}

/* The first segment that has something behind a number. */
static size_t find_shelf(const struct spool *spool, uint64_t sequence)
{
    size_t low = 0;
    size_t high = spool->shelf_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (spool->shelves[middle]->last <= sequence) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

enum etwas_status read_find(struct spool *spool, uint64_t sequence, struct place *place)
{
    *place = (struct place){0};
    for (size_t i = find_shelf(spool, sequence); i < spool->shelf_count;) {
        struct shelf *shelf = spool->shelves[i];
        const enum etwas_status status = shelf_open(spool, shelf);
        if (status == ETWAS_NOT_FOUND) {
            continue; /* the next has its place */
        }
        if (status != ETWAS_OK) {
            return status;
        }
        struct entry *entry = find_entry(shelf, sequence);
        if (entry != NULL) {
            *place = (struct place){
                .node = cache_find(spool, entry->sequence), .shelf = shelf, .entry = entry};
            return ETWAS_OK;
        }
        i++;
    }
    place->node = cache_first_loose(spool, sequence);
    return place->node != NULL ? ETWAS_OK : ETWAS_AGAIN;
}

/* One record that was read from disk. */
static bool check(const struct spool *spool, struct node *node, uint64_t salt, uint64_t sequence)
{
    struct segment_walk walk;
    struct segment_record record;
    segment_walk_init(&walk, node->record, node->size, salt);
    walk.at = 0;
    if (!segment_next(&walk, &record) || record.offset != 0 || record.body == NULL ||
        record.head.sequence != sequence) {
        return false;
    }
    node->batch.head = record.head;
    memcpy(node->batch.head.stream, spool->stream, BATCH_STREAM_SIZE);
    node->batch.made_ms = record.made_ms;
    node->batch.size = record.body_size;
    node->batch.body = record.body;
    return true;
}

/* Reads it without the lock, so that a slow disk holds up nobody else. AGAIN: it was damaged. */
static enum etwas_status read_entry(struct spool *spool, const struct place *place,
                                    struct node **found)
{
    const struct entry entry = *place->entry;
    struct shelf *shelf = place->shelf;
    const uint64_t salt = shelf->salt;
    struct node *node = node_room(entry.size);
    const int file = files_again(shelf->file);
    if (node == NULL || file < 0) {
        node_release(node);
        files_close(file);
        return node == NULL ? ETWAS_NO_MEMORY : ETWAS_SYSTEM;
    }
    atomic_fetch_add(&shelf->users, 1);
    node->held = shelf;
    (void)pthread_mutex_unlock(&spool->lock);
    const size_t got = files_read(file, entry.offset, node->record, entry.size);
    files_close(file);
    const bool good = got == entry.size && check(spool, node, salt, entry.sequence);
    (void)pthread_mutex_lock(&spool->lock);
    if (good) {
        *found = node;
        return ETWAS_OK;
    }
    /* The entries may have been read anew meanwhile. */
    const size_t index = shelf_entry_behind(shelf, entry.sequence - 1);
    if (index < shelf->entry_count && shelf->entries[index].sequence == entry.sequence &&
        !shelf->entries[index].gone) {
        shelf_entry_gone(shelf, &shelf->entries[index]);
        spool->damaged++;
        notice_put(spool, "batch %llu in %s/%s is damaged: it is left out",
                   (unsigned long long)entry.sequence, spool->base, spool->folder.name);
    }
    node_release(node);
    return ETWAS_AGAIN;
}

enum etwas_status spool_read(struct spool *spool, uint64_t sequence, struct spool_batch **batch)
{
    struct node *node = NULL;
    struct place place;
    *batch = NULL;
    (void)pthread_mutex_lock(&spool->lock);
    enum etwas_status status = ETWAS_OK;
    while (status == ETWAS_OK && node == NULL) {
        status = read_find(spool, sequence, &place);
        if (status == ETWAS_OK && place.node != NULL) {
            node = place.node;
            atomic_fetch_add(&node->users, 1);
        } else if (status == ETWAS_OK) {
            status = read_entry(spool, &place, &node);
            status = status == ETWAS_AGAIN ? ETWAS_OK : status;
        }
    }
    (void)pthread_mutex_unlock(&spool->lock);
    if (node != NULL) {
        node_digest(spool, node);
        *batch = &node->batch;
    }
    return status;
}

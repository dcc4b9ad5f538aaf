/* SPDX-License-Identifier: MIT */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/spool/files.h"
#include "monitor/spool/spool_parts.h"

struct node *node_room(size_t record_size)
{
    struct node *node = malloc(sizeof *node + record_size);
    if (node != NULL) {
        memset(node, 0, sizeof *node);
        node->size = record_size;
        atomic_init(&node->users, 1);
    }
    return node;
}

struct node *node_make(const struct batch_head *head, const struct source_position *position,
                       const void *body, size_t size)
{
    const struct segment_body held = {.data = body, .size = size};
    struct node *node = node_room(segment_record_size(position->lane_count, size));
    if (node == NULL) {
        return NULL;
    }
    node->batch.head = *head;
    node->batch.head.after = 0;
    node->batch.made_ms = files_utc_ms();
    node->batch.size = size;
    node->batch.body = segment_put_record(node->record, head, position, node->batch.made_ms, &held);
    return node;
}

void node_release(struct node *node)
{
    if (node == NULL || atomic_fetch_sub(&node->users, 1) != 1) {
        return;
    }
    if (node->held != NULL) {
        shelf_release(node->held);
    }
    free(node);
}

void spool_batch_free(struct spool_batch *batch)
{
    node_release((struct node *)(void *)batch);
}

size_t node_cost(const struct node *node)
{
    return sizeof *node + node->size + sizeof(void *);
}

void node_digest(struct spool *spool, struct node *node)
{
    (void)pthread_mutex_lock(&spool->digest_lock);
    if (!node->digested) {
        (void)crypto_hash_sha512(node->batch.digest, node->batch.body, node->batch.size);
        node->digested = true;
    }
    (void)pthread_mutex_unlock(&spool->digest_lock);
}

/* The index of the first batch behind a number, from cache_first on. */
static size_t behind(const struct spool *spool, uint64_t sequence)
{
    size_t low = spool->cache_first;
    size_t high = spool->cache_first + spool->cache_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (spool->cache[middle]->batch.head.sequence <= sequence) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void take_out(struct spool *spool, size_t index)
{
    struct node *node = spool->cache[index];
    const size_t cost = node_cost(node);
    spool->cache_bytes -= cost;
    if (node->shelf == NULL) {
        spool->loose_count--;
        spool->loose_bytes -= cost;
    }
    if (index == spool->cache_first) {
        spool->cache_first++;
    } else {
        const size_t rest = spool->cache_first + spool->cache_count - index - 1;
        memmove(spool->cache + index, spool->cache + index + 1, rest * sizeof(struct node *));
    }
    spool->cache_count--;
    node_release(node);
}

void cache_remove(struct spool *spool, struct node *node)
{
    take_out(spool, behind(spool, node->batch.head.sequence - 1));
}

/* Room for one more at the end. */
static bool has_room(struct spool *spool)
{
    if (spool->cache_first + spool->cache_count < spool->cache_room) {
        return true;
    }
    if (spool->cache_first > spool->cache_room / 2) {
        memmove(spool->cache, spool->cache + spool->cache_first,
                spool->cache_count * sizeof(struct node *));
        spool->cache_first = 0;
        return true;
    }
    const size_t room = spool->cache_room * 2 + 64;
    struct node **cache = realloc(spool->cache, room * sizeof(struct node *));
    if (cache == NULL) {
        return false;
    }
    spool->cache = cache;
    spool->cache_room = room;
    return true;
}

enum etwas_status cache_add(struct spool *spool, struct node *node)
{
    if (!has_room(spool)) {
        return ETWAS_NO_MEMORY;
    }
    spool->cache[spool->cache_first + spool->cache_count++] = node;
    spool->cache_bytes += node_cost(node);
    spool->loose_count++;
    spool->loose_bytes += node_cost(node);
    while (spool->cache_bytes > SPOOL_CACHE && spool->cache_count > spool->loose_count) {
        take_out(spool, spool->cache_first);
    }
    return ETWAS_OK;
}

struct node *cache_find(const struct spool *spool, uint64_t sequence)
{
    const size_t index = behind(spool, sequence - 1);
    if (index == spool->cache_first + spool->cache_count) {
        return NULL;
    }
    struct node *node = spool->cache[index];
    return node->batch.head.sequence == sequence ? node : NULL;
}

struct node *cache_first_loose(const struct spool *spool, uint64_t sequence)
{
    const size_t end = spool->cache_first + spool->cache_count;
    const size_t loose = end - spool->loose_count;
    const size_t index = behind(spool, sequence);
    const size_t first = index > loose ? index : loose;
    return first < end ? spool->cache[first] : NULL;
}

void cache_forget_shelf(struct spool *spool, const struct shelf *shelf)
{
    for (size_t i = spool->cache_first + spool->cache_count; i > spool->cache_first; i--) {
        if (spool->cache[i - 1]->shelf == shelf) {
            take_out(spool, i - 1);
        }
    }
}

void cache_forget_until(struct spool *spool, uint64_t sequence)
{
    while (spool->cache_count != 0 &&
           spool->cache[spool->cache_first]->batch.head.sequence <= sequence) {
        take_out(spool, spool->cache_first);
    }
}

bool cache_uses(const struct spool *spool, const struct shelf *shelf)
{
    for (size_t i = 0; i < spool->cache_count; i++) {
        const struct node *node = spool->cache[spool->cache_first + i];
        if (node->shelf == shelf && atomic_load(&node->users) > 1) {
            return true;
        }
    }
    return false;
}

void cache_set_loose(struct spool *spool)
{
    for (size_t i = 0; i < spool->cache_count; i++) {
        spool->cache[spool->cache_first + i]->shelf = NULL;
    }
    spool->loose_count = spool->cache_count;
    spool->loose_bytes = spool->cache_bytes;
}

void cache_settled(struct spool *spool, struct node *node, struct shelf *shelf)
{
    node->shelf = shelf;
    spool->loose_count--;
    spool->loose_bytes -= node_cost(node);
}

void cache_clear(struct spool *spool)
{
    cache_forget_until(spool, UINT64_MAX);
    free(spool->cache);
    spool->cache = NULL;
}

/* SPDX-License-Identifier: MIT */
#include "relay/publishers.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = PUBLISHERS_MAX, SECOND_MS = 1000, LONGEST_DEBT_MS = 3600 * 1000 };

/* Events by second, of the last few. */
struct rate {
    int64_t second; /* the newest one that is counted */
    uint64_t counts[PUBLISHERS_RATE_S + 1];
};

/* What may be sent at once, in thousandths: a second's worth is saved up. */
struct bucket {
    int64_t left;
    int64_t at_ms; /* 0: never */
};

struct publisher {
    uint8_t public_key[KEY_PUBLIC_SIZE];
    bool stranger;
    struct nonces nonces;
    struct bucket batch_bucket;
    struct bucket byte_bucket;
    struct rate rate;
    unsigned under_way;
    unsigned users; /* that found it and have not left it */
    size_t memory;
    int64_t found_ms;
    struct publisher *next; /* in its slot */
    struct publisher *older;
    struct publisher *newer;
};

/* Publishers as they were last found. */
struct line {
    struct publisher *oldest;
    struct publisher *newest;
};

struct publishers {
    pthread_mutex_t lock;
    struct publishers_limits limits;
    uint8_t hash_key[NONCE_HASH_KEY_SIZE];
    struct rate rate; /* of all */
    size_t count;
    size_t memory;           /* of all */
    size_t strangers_memory; /* of these alone */
    struct line named;
    struct line strangers;
    struct publisher *slots[SLOTS];
};

struct publishers *publishers_open(const struct publishers_limits *limits)
{
    struct publishers *publishers = calloc(1, sizeof *publishers);
    if (publishers != NULL) {
        (void)pthread_mutex_init(&publishers->lock, NULL);
        publishers->limits = *limits;
        randombytes_buf(publishers->hash_key, sizeof publishers->hash_key);
    }
    return publishers;
}

void publishers_close(struct publishers *publishers)
{
    if (publishers == NULL) {
        return;
    }
    for (size_t i = 0; i < SLOTS; i++) {
        while (publishers->slots[i] != NULL) {
            struct publisher *first = publishers->slots[i];
            publishers->slots[i] = first->next;
            nonces_clear(&first->nonces);
            free(first);
        }
    }
    (void)pthread_mutex_destroy(&publishers->lock);
    free(publishers);
}

/* What leads to the one with this key, or to the end of its slot. */
static struct publisher **link_of(struct publishers *publishers, const uint8_t *public_key)
{
    uint64_t hash = 0;
    uint8_t bytes[crypto_shorthash_BYTES];
    (void)crypto_shorthash(bytes, public_key, KEY_PUBLIC_SIZE, publishers->hash_key);
    memcpy(&hash, bytes, sizeof hash);
    struct publisher **link = &publishers->slots[hash % SLOTS];
    while (*link != NULL && memcmp((*link)->public_key, public_key, KEY_PUBLIC_SIZE) != 0) {
        link = &(*link)->next;
    }
    return link;
}

static struct line *line_of(struct publishers *publishers, const struct publisher *publisher)
{
    return publisher->stranger ? &publishers->strangers : &publishers->named;
}

static void take_out(struct publishers *publishers, struct publisher *publisher)
{
    struct line *line = line_of(publishers, publisher);
    *(publisher->older != NULL ? &publisher->older->newer : &line->oldest) = publisher->newer;
    *(publisher->newer != NULL ? &publisher->newer->older : &line->newest) = publisher->older;
}

static void put_last(struct publishers *publishers, struct publisher *publisher)
{
    struct line *line = line_of(publishers, publisher);
    publisher->older = line->newest;
    publisher->newer = NULL;
    *(line->newest != NULL ? &line->newest->newer : &line->oldest) = publisher;
    line->newest = publisher;
}

/* The one that may be forgotten first; NULL: none. */
static struct publisher *oldest_of(const struct line *line, int64_t until_ms)
{
    struct publisher *oldest = line->oldest;
    while (oldest != NULL && oldest->users != 0) {
        oldest = oldest->newer;
    }
    return oldest != NULL && oldest->found_ms <= until_ms ? oldest : NULL;
}

/* False: there is none that may be forgotten for this one. */
static bool forget_one(struct publishers *publishers, bool for_stranger, int64_t now_ms)
{
    struct publisher *oldest = oldest_of(&publishers->strangers, INT64_MAX);
    if (oldest == NULL) {
        oldest =
            oldest_of(&publishers->named, for_stranger ? now_ms - PUBLISHERS_IDLE_MS : INT64_MAX);
    }
    if (oldest == NULL) {
        return false;
    }
    take_out(publishers, oldest);
    *link_of(publishers, oldest->public_key) = oldest->next;
    publishers->count--;
    nonces_clear(&oldest->nonces);
    free(oldest);
    return true;
}

static struct publisher *make(struct publishers *publishers, const uint8_t *public_key,
                              bool stranger, int64_t now_ms)
{
    struct publisher *made = NULL;
    if (publishers->count < PUBLISHERS_MAX || forget_one(publishers, stranger, now_ms)) {
        made = calloc(1, sizeof *made);
    }
    if (made != NULL) {
        memcpy(made->public_key, public_key, KEY_PUBLIC_SIZE);
        made->stranger = stranger;
        put_last(publishers, made);
        *link_of(publishers, public_key) = made;
        publishers->count++;
    }
    return made;
}

/* It was found now, and may have been named, or taken back, meanwhile. */
static void renew(struct publishers *publishers, struct publisher *publisher, bool stranger)
{
    take_out(publishers, publisher);
    if (publisher->stranger != stranger) {
        publishers->strangers_memory -= publisher->stranger ? publisher->memory : 0;
        publishers->strangers_memory += stranger ? publisher->memory : 0;
        publisher->stranger = stranger;
    }
    put_last(publishers, publisher);
}

struct publisher *publishers_find(struct publishers *publishers,
                                  const uint8_t public_key[KEY_PUBLIC_SIZE], bool stranger,
                                  int64_t now_ms)
{
    (void)pthread_mutex_lock(&publishers->lock);
    struct publisher *found = *link_of(publishers, public_key);
    if (found != NULL) {
        renew(publishers, found, stranger);
    } else {
        found = make(publishers, public_key, stranger, now_ms);
    }
    if (found != NULL) {
        found->found_ms = now_ms;
        found->users++;
    }
    (void)pthread_mutex_unlock(&publishers->lock);
    return found;
}

void publishers_leave(struct publishers *publishers, struct publisher *publisher)
{
    (void)pthread_mutex_lock(&publishers->lock);
    publisher->users--;
    (void)pthread_mutex_unlock(&publishers->lock);
}

/* Whoever has nothing yet may have one, as long as there is any. */
static bool is_share(const struct publishers *publishers, const struct publisher *publisher,
                     size_t size)
{
    const size_t free_size = PUBLISHERS_MAX_MEMORY - publishers->memory;
    if (size > free_size ||
        (publisher->stranger && publishers->strangers_memory + size > PUBLISHERS_MAX_MEMORY / 2)) {
        return false;
    }
    return publisher->memory == 0 || publisher->memory + size <= (free_size - size) / 2;
}

bool publishers_take_memory(struct publishers *publishers, struct publisher *publisher, size_t size)
{
    (void)pthread_mutex_lock(&publishers->lock);
    const bool fits = is_share(publishers, publisher, size);
    if (fits) {
        publishers->memory += size;
        publishers->strangers_memory += publisher->stranger ? size : 0;
        publisher->memory += size;
    }
    (void)pthread_mutex_unlock(&publishers->lock);
    return fits;
}

void publishers_give_memory(struct publishers *publishers, struct publisher *publisher, size_t size)
{
    (void)pthread_mutex_lock(&publishers->lock);
    publishers->memory -= size;
    publishers->strangers_memory -= publisher->stranger ? size : 0;
    publisher->memory -= size;
    (void)pthread_mutex_unlock(&publishers->lock);
}

uint64_t publishers_memory(struct publishers *publishers)
{
    (void)pthread_mutex_lock(&publishers->lock);
    const uint64_t memory = publishers->memory;
    (void)pthread_mutex_unlock(&publishers->lock);
    return memory;
}

bool publishers_take_nonce(struct publishers *publishers, struct publisher *publisher,
                           const char *nonce, int64_t until_s, int64_t now_s)
{
    (void)pthread_mutex_lock(&publishers->lock);
    const bool fresh = nonces_take(&publisher->nonces, nonce, publishers->hash_key, until_s, now_s);
    (void)pthread_mutex_unlock(&publishers->lock);
    return fresh;
}

/*
 * Fills up with what the time since brought. What is taken may leave it in debt, which is paid
 * before the next one goes, so that a batch larger than a second's worth is not kept for ever.
 */
static void fill(struct bucket *bucket, uint64_t per_s, int64_t now_ms)
{
    const int64_t full = (int64_t)per_s * SECOND_MS;
    int64_t passed_ms = now_ms - bucket->at_ms;
    passed_ms = passed_ms < 0 ? 0 : passed_ms;
    passed_ms = passed_ms > LONGEST_DEBT_MS ? LONGEST_DEBT_MS : passed_ms;
    bucket->left += bucket->at_ms == 0 ? full : (int64_t)per_s * passed_ms;
    bucket->left = bucket->left > full ? full : bucket->left;
    bucket->at_ms = now_ms;
}

/* Seconds until something may be taken again, 0: now. */
static unsigned wait_s(const struct bucket *bucket, uint64_t per_s)
{
    if (per_s == 0 || bucket->left > 0) {
        return 0;
    }
    const int64_t seconds = -bucket->left / ((int64_t)per_s * SECOND_MS) + 1;
    return seconds > LONGEST_DEBT_MS / SECOND_MS ? LONGEST_DEBT_MS / SECOND_MS : (unsigned)seconds;
}

static void pay(struct bucket *bucket, uint64_t amount)
{
    bucket->left -= (int64_t)amount * SECOND_MS;
}

unsigned publishers_begin(struct publishers *publishers, struct publisher *publisher, size_t size,
                          int64_t now_ms)
{
    const struct publishers_limits *limits = &publishers->limits;
    (void)pthread_mutex_lock(&publishers->lock);
    fill(&publisher->batch_bucket, limits->batches_per_s, now_ms);
    fill(&publisher->byte_bucket, limits->bytes_per_s, now_ms);
    const unsigned batches = wait_s(&publisher->batch_bucket, limits->batches_per_s);
    const unsigned bytes = wait_s(&publisher->byte_bucket, limits->bytes_per_s);
    unsigned wait = batches > bytes ? batches : bytes;
    if (publisher->under_way >= PUBLISHERS_MAX_UNDER_WAY && wait == 0) {
        wait = 1;
    }
    if (wait == 0) {
        pay(&publisher->batch_bucket, 1);
        pay(&publisher->byte_bucket, size);
        publisher->under_way++;
    }
    (void)pthread_mutex_unlock(&publishers->lock);
    return wait;
}

static void move_to(struct rate *rate, int64_t second)
{
    const int64_t passed = second - rate->second;
    for (int64_t i = 0; i < passed && i <= PUBLISHERS_RATE_S; i++) {
        rate->counts[(second - i) % (PUBLISHERS_RATE_S + 1)] = 0;
    }
    rate->second = passed > 0 ? second : rate->second;
}

static void count(struct rate *rate, int64_t now_ms, uint64_t events)
{
    const int64_t second = now_ms / SECOND_MS;
    move_to(rate, second);
    rate->counts[second % (PUBLISHERS_RATE_S + 1)] += events;
}

void publishers_end(struct publishers *publishers, struct publisher *publisher)
{
    (void)pthread_mutex_lock(&publishers->lock);
    publisher->under_way--;
    (void)pthread_mutex_unlock(&publishers->lock);
}

void publishers_stored(struct publishers *publishers, struct publisher *publisher, uint64_t events,
                       int64_t now_ms)
{
    (void)pthread_mutex_lock(&publishers->lock);
    count(&publisher->rate, now_ms, events);
    count(&publishers->rate, now_ms, events);
    (void)pthread_mutex_unlock(&publishers->lock);
}

/* Over the whole seconds before this one. */
static double rate_of(struct rate *rate, int64_t now_ms)
{
    const int64_t second = now_ms / SECOND_MS;
    uint64_t sum = 0;
    move_to(rate, second);
    for (int64_t i = 1; i <= PUBLISHERS_RATE_S && second >= i; i++) {
        sum += rate->counts[(second - i) % (PUBLISHERS_RATE_S + 1)];
    }
    return (double)sum / PUBLISHERS_RATE_S;
}

double publishers_rate(struct publishers *publishers, const uint8_t *public_key, int64_t now_ms)
{
    double rate = 0;
    (void)pthread_mutex_lock(&publishers->lock);
    if (public_key == NULL) {
        rate = rate_of(&publishers->rate, now_ms);
    } else {
        struct publisher *found = *link_of(publishers, public_key);
        rate = found == NULL ? 0 : rate_of(&found->rate, now_ms);
    }
    (void)pthread_mutex_unlock(&publishers->lock);
    return rate;
}

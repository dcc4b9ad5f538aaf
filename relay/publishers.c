/* SPDX-License-Identifier: MIT */
#include "relay/publishers.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = PUBLISHERS_MAX * 2, SECOND_MS = 1000, LONGEST_DEBT_MS = 3600 * 1000 };

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
    struct nonces nonces;
    struct bucket batch_bucket;
    struct bucket byte_bucket;
    struct rate rate;
    unsigned under_way;
};

struct publishers {
    pthread_mutex_t lock;
    struct publishers_limits limits;
    uint8_t hash_key[NONCE_HASH_KEY_SIZE];
    struct rate rate; /* of all */
    size_t count;
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
        if (publishers->slots[i] != NULL) {
            nonces_clear(&publishers->slots[i]->nonces);
            free(publishers->slots[i]);
        }
    }
    (void)pthread_mutex_destroy(&publishers->lock);
    free(publishers);
}

/* The slot of this key, or the free one where it belongs. */
static struct publisher **slot_of(struct publishers *publishers, const uint8_t *public_key)
{
    uint64_t hash = 0;
    uint8_t bytes[crypto_shorthash_BYTES];
    (void)crypto_shorthash(bytes, public_key, KEY_PUBLIC_SIZE, publishers->hash_key);
    memcpy(&hash, bytes, sizeof hash);
    size_t at = hash % SLOTS;
    while (publishers->slots[at] != NULL &&
           memcmp(publishers->slots[at]->public_key, public_key, KEY_PUBLIC_SIZE) != 0) {
        at = (at + 1) % SLOTS;
    }
    return &publishers->slots[at];
}

static struct publisher *make(struct publishers *publishers, const uint8_t *public_key)
{
    struct publisher *made = NULL;
    if (publishers->count < PUBLISHERS_MAX) {
        made = calloc(1, sizeof *made);
    }
    if (made != NULL) {
        memcpy(made->public_key, public_key, KEY_PUBLIC_SIZE);
        publishers->count++;
    }
    return made;
}

struct publisher *publishers_find(struct publishers *publishers,
                                  const uint8_t public_key[KEY_PUBLIC_SIZE])
{
    (void)pthread_mutex_lock(&publishers->lock);
    struct publisher **slot = slot_of(publishers, public_key);
    if (*slot == NULL) {
        *slot = make(publishers, public_key);
    }
    struct publisher *found = *slot;
    (void)pthread_mutex_unlock(&publishers->lock);
    return found;
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
        struct publisher *found = *slot_of(publishers, public_key);
        rate = found == NULL ? 0 : rate_of(&found->rate, now_ms);
    }
    (void)pthread_mutex_unlock(&publishers->lock);
    return rate;
}

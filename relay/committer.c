/* SPDX-License-Identifier: MIT */
#include "relay/committer.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "relay/clock.h"

enum { STREAM_MARKS = 1024 };

const double committer_bounds[COMMITTER_BOUNDS] = {0.0005, 0.001, 0.0025, 0.005, 0.01,
                                                   0.025,  0.05,  0.1,    0.25,  1};

struct committer {
    struct store *store;
    struct live *live;
    pthread_t thread;
    pthread_mutex_t lock; /* of the queue and the numbers */
    pthread_cond_t changed;
    bool started;
    bool stopping;
    struct commit *queue;
    struct commit **queue_end;
    struct committer_numbers numbers;
    /* The thread's own. */
    struct commit *early; /* wait for the one before */
    size_t early_count;
    uint32_t round;
    uint32_t moved[STREAM_MARKS]; /* the round in which a stream last moved, by its hash */
};

/* Streams are random numbers: any part of one is a hash. */
static uint32_t *mark_of(struct committer *committer, const struct commit *commit)
{
    uint16_t part = 0;
    memcpy(&part, commit->incoming.head.stream, sizeof part);
    return &committer->moved[part % STREAM_MARKS];
}

/* One stream after the other and in it by number, so that those which follow need no wait. */
static int compare(const void *a, const void *b)
{
    const struct store_incoming *one = *(struct store_incoming *const *)a;
    const struct store_incoming *other = *(struct store_incoming *const *)b;
    const int order = memcmp(one->head.stream, other->head.stream, sizeof one->head.stream);
    if (order != 0) {
        return order;
    }
    return (one->head.sequence > other->head.sequence) -
           (one->head.sequence < other->head.sequence);
}

static struct commit *commit_of(struct store_incoming *incoming)
{
    return (struct commit *)(void *)((char *)incoming - offsetof(struct commit, incoming));
}

static void finish(struct committer *committer, struct commit *commit, enum commit_outcome outcome)
{
    (void)pthread_mutex_lock(&committer->lock);
    committer->numbers.queued--;
    (void)pthread_mutex_unlock(&committer->lock);
    commit->outcome = outcome;
    commit->done(commit->context, commit);
}

static void show(struct committer *committer, struct commit *commit)
{
    const struct store_incoming *incoming = &commit->incoming;
    struct live_batch batch = {.row = incoming->row,
                               .body = commit->body,
                               .size = incoming->size,
                               .count = incoming->head.count,
                               .missing = incoming->missing,
                               .first_contact = incoming->first_contact,
                               .missing_first = incoming->missing_first,
                               .missing_last = incoming->missing_last,
                               .received_ms = incoming->received_ms};
    memcpy(batch.computer, incoming->computer, strnlen(incoming->computer, KEY_COMPUTER_SIZE - 1));
    commit->body = NULL;
    commit->incoming.body = NULL;
    live_publish(committer->live, &batch);
}

static void hold(struct committer *committer, struct commit *commit)
{
    if (commit->deadline_ms == 0) {
        commit->deadline_ms = clock_ms() + COMMITTER_HOLD_MS;
    }
    commit->round = *mark_of(committer, commit);
    commit->next = committer->early;
    committer->early = commit;
    committer->early_count++;
}

static void answer(struct committer *committer, struct commit *commit)
{
    static const enum commit_outcome outcomes[] = {
        [STORE_STORED] = COMMIT_STORED,     [STORE_HAVE] = COMMIT_HAVE,
        [STORE_CONFLICT] = COMMIT_CONFLICT, [STORE_FOREIGN] = COMMIT_FOREIGN,
        [STORE_EARLY] = COMMIT_EARLY,       [STORE_CROWDED] = COMMIT_CROWDED,
        [STORE_FAILED] = COMMIT_FAILED,
    };
    if (commit->incoming.outcome == STORE_EARLY) {
        hold(committer, commit);
        return;
    }
    if (commit->incoming.outcome == STORE_STORED) {
        *mark_of(committer, commit) = committer->round;
        if (commit->incoming.row != 0) {
            show(committer, commit);
        }
    }
    finish(committer, commit, outcomes[commit->incoming.outcome]);
}

static void account(struct committer *committer, int64_t took_us, bool good)
{
    size_t bound = 0;
    while (bound < COMMITTER_BOUNDS && (double)took_us / 1e6 > committer_bounds[bound]) {
        bound++;
    }
    (void)pthread_mutex_lock(&committer->lock);
    committer->numbers.transactions++;
    committer->numbers.failed += good ? 0 : 1;
    committer->numbers.healthy = good;
    committer->numbers.by_latency[bound]++;
    committer->numbers.latency_us += (uint64_t)took_us;
    (void)pthread_mutex_unlock(&committer->lock);
}

/* Viewers get what is stored in the order of rows. */
static int compare_rows(const void *a, const void *b)
{
    const struct store_incoming *one = *(struct store_incoming *const *)a;
    const struct store_incoming *other = *(struct store_incoming *const *)b;
    return (one->row > other->row) - (one->row < other->row);
}

static void put(struct committer *committer, struct store_incoming **batches, size_t count)
{
    struct etwas_error error = {.status = ETWAS_OK};
    for (size_t i = 0; i < count; i++) {
        batches[i]->outcome = STORE_FAILED;
        batches[i]->row = 0;
    }
    qsort(batches, count, sizeof(struct store_incoming *), compare);
    const int64_t began_us = clock_us();
    const bool good = store_put(committer->store, batches, count, &error) == ETWAS_OK;
    account(committer, clock_us() - began_us, good);
    committer->round++;
    qsort(batches, count, sizeof(struct store_incoming *), compare_rows);
    for (size_t i = 0; i < count; i++) {
        answer(committer, commit_of(batches[i]));
    }
}

/* Takes from those that are early whose stream moved meanwhile; the late ones are sent back. */
static size_t take_early(struct committer *committer, struct store_incoming **batches, size_t room,
                         bool stopping)
{
    size_t count = 0;
    const int64_t now_ms = committer->early == NULL ? 0 : clock_ms();
    struct commit **link = &committer->early;
    while (*link != NULL && count < room) {
        struct commit *commit = *link;
        const bool moved = commit->round != *mark_of(committer, commit);
        const bool late = stopping || now_ms >= commit->deadline_ms;
        if (!moved && !late) {
            link = &commit->next;
            continue;
        }
        *link = commit->next;
        committer->early_count--;
        if (moved) {
            batches[count++] = &commit->incoming;
        } else {
            finish(committer, commit, COMMIT_EARLY);
        }
    }
    return count;
}

static void wait(struct committer *committer)
{
    if (committer->early == NULL) {
        (void)pthread_cond_wait(&committer->changed, &committer->lock);
        return;
    }
    int64_t first_ms = INT64_MAX;
    for (const struct commit *commit = committer->early; commit != NULL; commit = commit->next) {
        first_ms = commit->deadline_ms < first_ms ? commit->deadline_ms : first_ms;
    }
    const struct timespec until = {.tv_sec = first_ms / 1000, .tv_nsec = first_ms % 1000 * 1000000};
    (void)pthread_cond_timedwait(&committer->changed, &committer->lock, &until);
}

/* What came meanwhile. False: it is time to stop, and nothing came. */
static bool collect(struct committer *committer, struct store_incoming **batches, size_t *count,
                    size_t room)
{
    (void)pthread_mutex_lock(&committer->lock);
    if (committer->queue == NULL && *count == 0 && !committer->stopping) {
        wait(committer);
    }
    while (committer->queue != NULL && *count < room) {
        batches[(*count)++] = &committer->queue->incoming;
        committer->queue = committer->queue->next;
    }
    if (committer->queue == NULL) {
        committer->queue_end = &committer->queue;
    }
    const bool over = committer->stopping && *count == 0;
    (void)pthread_mutex_unlock(&committer->lock);
    return !over;
}

static void *run(void *context)
{
    struct committer *committer = context;
    struct store_incoming *batches[COMMITTER_MAX_TOGETHER];
    size_t count = 0;
    while (collect(committer, batches, &count, COMMITTER_MAX_TOGETHER)) {
        if (count > 0) {
            put(committer, batches, count);
        }
        count = take_early(committer, batches, COMMITTER_MAX_TOGETHER, false);
    }
    while ((count = take_early(committer, batches, COMMITTER_MAX_TOGETHER, true)) > 0) {
        put(committer, batches, count);
    }
    return NULL;
}

enum etwas_status committer_open(struct store *store, struct live *live,
                                 struct committer **committer, struct etwas_error *error)
{
    pthread_condattr_t attributes;
    struct committer *made = calloc(1, sizeof *made);
    *committer = made;
    if (made == NULL) {
        *error = (struct etwas_error){.status = ETWAS_NO_MEMORY, .doing = "starting"};
        return ETWAS_NO_MEMORY;
    }
    made->store = store;
    made->live = live;
    made->queue_end = &made->queue;
    made->numbers.healthy = true;
    (void)pthread_mutex_init(&made->lock, NULL);
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&made->changed, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    const int code = pthread_create(&made->thread, NULL, run, made);
    made->started = code == 0;
    if (code != 0) {
        committer_close(made);
        *committer = NULL;
        *error = (struct etwas_error){
            .status = ETWAS_SYSTEM, .os_code = (uint32_t)code, .doing = "starting a thread"};
        return ETWAS_SYSTEM;
    }
    return ETWAS_OK;
}

enum etwas_status committer_add(struct committer *committer, struct commit *commit)
{
    commit->next = NULL;
    commit->deadline_ms = 0;
    (void)pthread_mutex_lock(&committer->lock);
    const bool takes = !committer->stopping && committer->numbers.queued < COMMITTER_MAX_QUEUED;
    if (takes) {
        committer->numbers.queued++;
        *committer->queue_end = commit;
        committer->queue_end = &commit->next;
        (void)pthread_cond_signal(&committer->changed);
    }
    (void)pthread_mutex_unlock(&committer->lock);
    return takes ? ETWAS_OK : ETWAS_BUSY;
}

void committer_stop(struct committer *committer)
{
    (void)pthread_mutex_lock(&committer->lock);
    const bool running = committer->started;
    committer->stopping = true;
    committer->started = false;
    (void)pthread_cond_signal(&committer->changed);
    (void)pthread_mutex_unlock(&committer->lock);
    if (running) {
        (void)pthread_join(committer->thread, NULL);
    }
}

void committer_close(struct committer *committer)
{
    if (committer != NULL) {
        committer_stop(committer);
        (void)pthread_cond_destroy(&committer->changed);
        (void)pthread_mutex_destroy(&committer->lock);
        free(committer);
    }
}

void committer_numbers(struct committer *committer, struct committer_numbers *numbers)
{
    (void)pthread_mutex_lock(&committer->lock);
    *numbers = committer->numbers;
    (void)pthread_mutex_unlock(&committer->lock);
}

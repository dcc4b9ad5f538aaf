/* SPDX-License-Identifier: MIT */
#include "tests/ping/sender.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "tests/ping/clock.h"
#include "tests/ping/emit.h"
#include "tests/ping/interrupt.h"
#include "tests/ping/schedule.h"

#define LINE      64                  /* bytes */
#define CHUNK     UINT64_C(1024)      /* events between two looks at the clock */
#define TICK      UINT64_C(1000000)   /* ns: the shortest sleep */
#define SLICE     UINT64_C(50000000)  /* ns: the longest sleep, so that a stop is seen */
#define MIN_GRACE UINT64_C(250000000) /* ns */

struct worker {
    struct sender *sender;
    pthread_t thread;
    uint64_t heard;
    uint32_t index;
};

struct sender {
    _Alignas(LINE) _Atomic uint64_t taken; /* alone in its cache line: all write it */
    _Alignas(LINE) struct worker workers[OPTIONS_MAX_THREADS];
    struct schedule schedule;
    uint64_t start;    /* of clock_now() */
    uint64_t duration; /* ns, or OPTIONS_NO_DURATION */
    uint64_t hold;     /* ns after the start before which nobody ends by himself */
    uint32_t threads;
    uint32_t started; /* threads to join; the main thread's */
    atomic_uint running;
    atomic_bool stopping;
    bool paced;
    char text[OPTIONS_MAX_SIZE + 1];
};

static bool must_stop(struct sender *sender)
{
    return atomic_load_explicit(&sender->stopping, memory_order_relaxed);
}

static uint64_t elapsed(const struct sender *sender)
{
    return clock_now() - sender->start;
}

static void sleep_to(struct sender *sender, uint64_t time)
{
    uint64_t now = elapsed(sender);
    while (now < time && !must_stop(sender)) {
        uint64_t step = time - now < SLICE ? time - now : SLICE;
        clock_sleep_until(sender->start + now + step);
        now = elapsed(sender);
    }
}

static void send_flat_out(struct worker *worker)
{
    struct sender *sender = worker->sender;
    uint64_t limit = sender->schedule.limit;
    while (!must_stop(sender) && elapsed(sender) < sender->duration) {
        uint64_t before = atomic_fetch_add_explicit(&sender->taken, CHUNK, memory_order_relaxed);
        if (before >= limit) {
            return;
        }
        uint64_t count = limit - before < CHUNK ? limit - before : CHUNK;
        worker->heard += emit_run(before + 1, count, worker->index, sender->text);
    }
}

static uint64_t last_moment(const struct sender *sender)
{
    uint64_t grace = sender->duration / 10 > MIN_GRACE ? sender->duration / 10 : MIN_GRACE;
    return grace < UINT64_MAX - sender->duration ? sender->duration + grace : UINT64_MAX;
}

static void send_paced(struct worker *worker)
{
    struct sender *sender = worker->sender;
    const struct schedule *schedule = &sender->schedule;
    const uint64_t limit = schedule_share(schedule->limit, worker->index, sender->threads);
    const uint64_t end = last_moment(sender);
    uint64_t mine = 0;
    while (mine < limit && !must_stop(sender)) {
        uint64_t now = elapsed(sender);
        if (now > end) {
            return;
        }
        uint64_t due =
            schedule_share(schedule_due(schedule, now), worker->index, sender->threads) - mine;
        if (due > 0) {
            due = due < CHUNK ? due : CHUNK;
            uint64_t before = atomic_fetch_add_explicit(&sender->taken, due, memory_order_relaxed);
            worker->heard += emit_run(before + 1, due, worker->index, sender->text);
            mine += due;
            continue;
        }
        uint64_t next = schedule_time(schedule, mine * sender->threads + worker->index);
        uint64_t tick = (now / TICK + 1) * TICK;
        sleep_to(sender, next > tick ? next : tick);
    }
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    struct sender *sender = worker->sender;
    if (sender->paced) {
        send_paced(worker);
        sleep_to(sender, sender->hold);
    } else {
        send_flat_out(worker);
    }
    if (atomic_fetch_sub(&sender->running, 1) == 1) {
        interrupt_notify();
    }
    return NULL;
}

static void plan(struct sender *sender, const struct ping_options *options)
{
    atomic_init(&sender->taken, 0);
    atomic_init(&sender->stopping, false);
    atomic_init(&sender->running, options->threads);
    sender->paced = options->rate > 0;
    sender->hold = 0;
    sender->threads = options->threads;
    sender->started = 0;
    sender->duration = options->duration;
    sender->schedule = (struct schedule){options->rate, options->burst, options->count};
    if (sender->paced && options->duration != OPTIONS_NO_DURATION) {
        /* Those due before the end; the one due at the very end is not. */
        sender->schedule.limit =
            options->duration == 0 ? 0 : schedule_due(&sender->schedule, options->duration - 1);
        sender->hold = sender->schedule.limit < options->count ? options->duration : 0;
    }
    for (uint32_t i = 0; i < options->size; i++) {
        sender->text[i] = (char)('a' + (char)(i % 26)); /* so that a cut text shows */
    }
    sender->text[options->size] = '\0';
}

struct sender *sender_start(const struct ping_options *options)
{
    struct sender *sender = aligned_alloc(_Alignof(struct sender), sizeof *sender);
    if (sender == NULL) {
        return NULL;
    }
    plan(sender, options);
    sender->start = clock_now();
    for (uint32_t i = 0; i < sender->threads; i++) {
        struct worker *worker = &sender->workers[i];
        *worker = (struct worker){.sender = sender, .index = i};
        if (pthread_create(&worker->thread, NULL, work, worker) != 0) {
            sender_stop(sender);
            (void)sender_join(sender);
            sender_close(sender);
            return NULL;
        }
        sender->started++;
    }
    return sender;
}

void sender_stop(struct sender *sender)
{
    atomic_store_explicit(&sender->stopping, true, memory_order_relaxed);
}

bool sender_is_done(const struct sender *sender)
{
    return atomic_load(&sender->running) == 0;
}

uint64_t sender_sent(const struct sender *sender)
{
    uint64_t taken = atomic_load_explicit(&sender->taken, memory_order_relaxed);
    return taken < sender->schedule.limit ? taken : sender->schedule.limit;
}

uint64_t sender_join(struct sender *sender)
{
    uint64_t heard = 0;
    for (uint32_t i = 0; i < sender->started; i++) {
        (void)pthread_join(sender->workers[i].thread, NULL);
        heard += sender->workers[i].heard;
    }
    return heard;
}

void sender_close(struct sender *sender)
{
    free(sender);
}

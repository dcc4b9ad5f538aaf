/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_TESTS_MONITOR_SESSION_FAKE_H
#define ETWAS_TESTS_MONITOR_SESSION_FAKE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/codec.h"
#include "monitor/source.h"
#include "tests/monitor/tracefs/pages.h"

/*
 * A controller for tests: listens on a socket of its own, answers the requests of
 * one client from a thread until the session is started, and then sends exactly
 * what a test tells it to. Anything that goes wrong with the fake itself aborts.
 *
 * It knows the events fake:tick (id 100; fields `number` and `text`), fake:tock
 * (101) and fake:secret, which its policy denies in line 7.
 */
enum { FAKE_TICK = 100, FAKE_TOCK = 101, FAKE_SESSION = 4711, FAKE_CPUS = 2, FAKE_PID = 1 << 22 };

struct fake {
    char folder[32];
    char path[48];
    int listener;
    int socket; /* the client's, from its first request on */
    pthread_t thread;
    bool running;
    /* To be set between fake_init() and fake_serve(). */
    enum message_origin origin;
    uint64_t ring_size;
    uint32_t rate_refusals; /* so many ENABLEs are answered with LIMIT_RATE */
    bool end_after_open;    /* hangs up instead of answering ENABLE */
    bool early_round;       /* the stream begins before START is answered */
    /* What was asked for. */
    struct message_enable enabled[8];
    struct message_usdt usdt;
    uint32_t enabled_count;
    uint32_t usdt_count;
    uint64_t sequences[FAKE_CPUS];
    struct stream_counters counters[FAKE_CPUS]; /* what fake_round() says */
};

void fake_init(struct fake *fake);
void fake_serve(struct fake *fake); /* starts answering */
void fake_join(struct fake *fake);  /* all requests were answered, or the client has left */
void fake_clear(struct fake *fake); /* the fake is gone, as is its folder */
void fake_hang_up(struct fake *fake);

/* A session with fake:tick, started by this fake; `include_self` as the options have it. */
struct source *fake_source(struct fake *fake);

/* One record each for pages.h; 24 bytes of data. */
void fake_record(struct pages *pages, uint32_t delta, uint16_t id, uint64_t number);
void fake_record_of(struct pages *pages, uint32_t delta, uint16_t id, uint32_t thread);

/* Sends the pages as records, in sequence; the counters are left to the test. */
void fake_send(struct fake *fake, uint32_t cpu, const struct pages *pages);
/* A page with records at first, first + 10, ..., counted as read. */
void fake_ticks(struct fake *fake, uint32_t cpu, uint64_t first, uint32_t count);
void fake_round(struct fake *fake, uint64_t started_ns);
void fake_end(struct fake *fake, enum stream_reason reason, uint32_t uid);
void fake_packet(struct fake *fake, uint16_t type, const void *body, size_t size);

/* Counts and keeps what a source hands over. */
struct taken {
    struct event_handler handler; /* first */
    size_t count;
    size_t losses;
    int64_t lost_first; /* what the last of them says */
    int64_t lost_last;
    uint64_t lost;
    int64_t times[4096];
    uint64_t numbers[4096];
    uint32_t cpus[4096];
    size_t limit; /* CLOSED after so many; 0: no limit */
};
void taken_init(struct taken *taken);

#endif

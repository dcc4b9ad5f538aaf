/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_TESTS_BENCH_FLEET_FLEET_H
#define ETWAS_TESTS_BENCH_FLEET_FLEET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Many publishers and viewers of one relay, played by two threads. */
enum { FLEET_REMEMBERED = 1024 /* batches of a publisher whose answer times are kept */ };

struct fleet_options {
    uint16_t port;
    const char *token;
    size_t publishers;
    size_t viewers;
    unsigned sample;   /* of the viewers; 0: they get everything */
    size_t rate;       /* events a second of each publisher; 0: as fast as answers come */
    unsigned batch_ms; /* how long a batch is filled, with a rate */
    unsigned batch;    /* events of a batch, without one */
    unsigned seconds;
    unsigned line; /* bytes of an event */
};

/* Latencies in microseconds, as many as come. */
struct samples {
    uint32_t *values;
    size_t count;
    size_t room;
};

void samples_add(struct samples *samples, int64_t us);
/* Sorts them; `part` of 1000. */
uint32_t samples_at(struct samples *samples, unsigned part);

struct fleet {
    struct fleet_options options;
    atomic_bool over; /* the publishers have ended, the viewers may */
    /* When the relay said that a batch is stored, in us; by publisher and number. */
    _Atomic int64_t (*answered)[FLEET_REMEMBERED];
    /* of the publishers */
    uint64_t *stored; /* events of each */
    uint64_t batches;
    uint64_t busy;   /* answers 429 and 503 */
    uint64_t errors; /* any other, and connections that broke */
    struct samples ingest;
    /* of the viewers */
    uint64_t seen;
    uint64_t missed;
    uint64_t viewer_errors;
    struct samples from_event;
    struct samples from_commit;
};

int64_t fleet_now_us(void);

/* Publishes for as long as it was told; false: it could not begin. */
bool publishers_run(struct fleet *fleet);

/* Views until the fleet, which is the context, is over. */
void *viewers_run(void *context);

#endif

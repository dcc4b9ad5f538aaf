/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_RELAY_COMMITTER_H
#define ETWAS_RELAY_COMMITTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/status.h"
#include "relay/live.h"
#include "relay/store.h"

/*
 * Puts batches into the store: all that wait go in one transaction, and each is answered when
 * it is on disk. One thread does it. A batch that names one before it waits for that, up to
 * COMMITTER_HOLD_MS. What was stored goes on to the viewers.
 */
enum {
    COMMITTER_MAX_QUEUED = 4096,
    COMMITTER_MAX_TOGETHER = 512, /* batches in one transaction */
    COMMITTER_HOLD_MS = 2000,
};

enum commit_outcome {
    COMMIT_STORED,
    COMMIT_HAVE,
    COMMIT_CONFLICT,
    COMMIT_FOREIGN,
    COMMIT_CROWDED,
    COMMIT_EARLY,  /* the one before did not come in time */
    COMMIT_FAILED, /* the store cannot take it now */
};

/* A batch to be put. The owner keeps it alive until `done` was called. */
struct commit {
    struct store_incoming incoming;
    void *body; /* what incoming.body is; taken when it goes on to the viewers */
    enum commit_outcome outcome;
    void (*done)(void *context, struct commit *commit); /* from the committer's thread */
    void *context;
    /* the rest is the committer's */
    struct commit *next;
    int64_t deadline_ms;
    uint32_t round; /* in which its stream moved last when it was found early */
};

struct committer;

/* Seconds up to `bounds` of the histogram; the last one has no bound. */
enum { COMMITTER_BOUNDS = 10 };
extern const double committer_bounds[COMMITTER_BOUNDS];
struct committer_numbers {
    uint64_t transactions;
    uint64_t failed; /* of them */
    uint64_t by_latency[COMMITTER_BOUNDS + 1];
    uint64_t latency_us; /* in all */
    uint64_t queued;     /* now */
    bool healthy;        /* the last one went well */
};

ETWAS_MUST_CHECK enum etwas_status committer_open(struct store *store, struct live *live,
                                                  struct committer **committer,
                                                  struct etwas_error *error);

/* BUSY: too many wait, or it is being stopped; then `done` is not called. */
ETWAS_MUST_CHECK enum etwas_status committer_add(struct committer *committer,
                                                 struct commit *commit);

/* Puts what waits, answers everything, and takes nothing more. */
void committer_stop(struct committer *committer);
void committer_close(struct committer *committer);

void committer_numbers(struct committer *committer, struct committer_numbers *numbers);

#endif

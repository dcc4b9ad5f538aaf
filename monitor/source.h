/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_SOURCE_H
#define ETWAS_MONITOR_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "ipc/status.h"
#include "monitor/event/event.h"

/*
 * Where events come from: a controller's session, a trace file, lines of standard
 * input, the system's own counters. The pipeline waits for all of its sources at
 * once and pumps the ones that are ready; a source never blocks in pump().
 *
 * A source embeds struct source as its first member.
 */
struct source;

/*
 * Takes events in time order as they are decoded. Events are borrowed: they, and
 * what the arena holds, live until the handler returns. Anything but ETWAS_OK
 * stops the pump, which returns that status; no event is handed over twice.
 */
struct event_handler {
    enum etwas_status (*handle)(struct event_handler *handler, const struct event *events,
                                size_t count);
};

/* What became of everything a source saw, as the equation of DESIGN wants it. */
struct source_accounts {
    uint64_t produced;  /* by the system's own counters */
    uint64_t delivered; /* handed to the handler */
    uint64_t filtered;  /* not asked for, left out by a filter or as our own process */
    uint64_t lost_kernel;
    uint64_t lost_monitor; /* read from the kernel, but never seen here */
    uint64_t late;         /* delivered out of time order */
};

/*
 * Where a session stands: how far the kernel's counters of each CPU are accounted for by
 * what was delivered, left out or reported as lost so far. Kept with each batch, it lets the
 * next monitor tell to the event what this one had read and did not hand on.
 */
enum { SOURCE_MAX_LANES = 1024 };

struct source_lane {
    uint64_t read; /* of the kernel's events handed out */
    uint64_t lost; /* of those overwritten or refused */
};

struct source_position {
    uint64_t session; /* its birth, as the controller names it; 0: no position */
    uint32_t lane_count;
    struct source_lane lanes[SOURCE_MAX_LANES];
};

struct source_ops {
    /* What poll() may wait on for input, or -1: then only the time counts. */
    int (*descriptor)(const struct source *source);
    /* Milliseconds until pump() is wanted even without input; -1: never. */
    int (*timeout_ms)(const struct source *source);
    /*
     * Hands over what is ready. OK: call again when there is input or time; CLOSED:
     * the source has ended by itself and everything was handed over; else it failed
     * and `error` says how; with an empty `doing` the source has said it itself.
     */
    enum etwas_status (*pump)(struct source *source, struct event_handler *handler,
                              struct etwas_error *error);
    /*
     * Asks the source to end: it hands over what happened until this call, and what came with
     * that and would be lost otherwise, and pump() then answers CLOSED. Harmless when called twice.
     */
    void (*finish)(struct source *source);
    void (*accounts)(const struct source *source, struct source_accounts *accounts);
    /* One line for people why it ended ("stopped by uid 0"), or NULL. Lives as the source. */
    const char *(*ending)(const struct source *source);
    /* More lines for --stats, on standard error. NULL: there are none. */
    void (*stats)(const struct source *source);
    void (*close)(struct source *source); /* frees it */
    /*
     * The part of the accounts that is CPU `index`'s; false: there is no such CPU.
     * NULL for sources that know of none.
     */
    bool (*lane)(const struct source *source, uint32_t index, struct source_accounts *accounts);
    /*
     * Its position; while the handler is called, what it was called with counts as handed over.
     * Session 0: not known yet. NULL for sources that have none.
     */
    void (*position)(const struct source *source, struct source_position *position);
    /*
     * Before the first pump(): what an earlier monitor had accounted for. If the session is
     * the same, what was read or lost since counts as this source's. NULL as above.
     */
    void (*resume)(struct source *source, const struct source_position *position);
};

struct source {
    const struct source_ops *ops;
};

#endif

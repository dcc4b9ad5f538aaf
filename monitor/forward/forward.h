/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_FORWARD_FORWARD_H
#define ETWAS_MONITOR_FORWARD_FORWARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/status.h"
#include "monitor/sink/sink.h"
#include "monitor/source.h"
#include "monitor/spool/spool.h"
#include "policy/key.h"

/*
 * The sink that sends events to relays: one for all of them. Batches are filled and
 * spooled in the thread that writes, and sent by another (docs/http.md).
 */
struct forward_options {
    const char *session;      /* name of the trace session, "" for none */
    size_t sink_count;        /* 1 to SPOOL_MAX_SINKS */
    const char *const *sinks; /* URLs as address_parse() makes them, and role: */
    const char *spool;        /* folder; NULL: the user's */
    uint64_t spool_max;
    uint64_t spool_age_s;
    enum spool_drop drop;
    enum spool_sync sync;
    const char *key;           /* file; NULL: the user's */
    const char *ca;            /* file; NULL: the system's */
    const char *discovery;     /* file; NULL: the user's or the system's */
    bool (*interrupted)(void); /* somebody wants to stop, even if the spool is full */
    /* For tests; 0: as it should be. */
    uint32_t fill_ms;
    uint32_t silence_ms;
    uint32_t stall_s;
    uint32_t backoff_max_ms;
    uint32_t pending_ms;
};

/*
 * `what`, of FORWARD_WHAT_SIZE bytes, is set where it fails: the file or folder concerned, and
 * what to do about it in a second line that begins with "next: ". DENIED, NOT_FOUND, SYSTEM ...
 */
enum { FORWARD_WHAT_SIZE = 4096 + 512 };
ETWAS_MUST_CHECK enum etwas_status forward_open(const struct forward_options *options,
                                                struct sink **sink, char *what,
                                                struct etwas_error *error);

/* What is known of the stream's past, for the sources: pipeline.past. Lives as the sink. */
const struct source_position *forward_past(const struct sink *sink);

/* No event comes any more: seals what is left. As sink_ops.flush. */
ETWAS_MUST_CHECK enum etwas_status forward_finish(struct sink *sink, struct etwas_error *error);

/* Batches that wait to be sent: the most of any sink's; and of the streams that others left. */
struct forward_waiting {
    uint64_t batches;
    uint64_t events;
    uint64_t left; /* batches of left streams that could be sent now */
};
void forward_waiting(struct sink *sink, struct forward_waiting *waiting);

/* Ends sending. Then what became of all batches can be said. */
void forward_stop(struct sink *sink);
void forward_say_stats(struct sink *sink);

/* After forward_stop(): traced events that a sink will never get, of this run: dropped, parked. */
uint64_t forward_lost(struct sink *sink);

/*
 * The key of this user, made when there is none, and its line for a relay. `path`: NULL for the
 * user's. `what` as above.
 */
ETWAS_MUST_CHECK enum etwas_status forward_key(const char *path, struct key_pair *pair,
                                               char line[KEY_LINE_SIZE], char *what,
                                               struct etwas_error *error);

#endif

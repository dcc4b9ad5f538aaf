/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_SPOOL_SPOOL_H
#define ETWAS_MONITOR_SPOOL_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/batch.h"
#include "ipc/status.h"
#include "monitor/source.h"

/*
 * Batches on their way to relays, in files, so that neither a relay that is away nor
 * the death of this program loses them. One spool is one stream: it has 128 random
 * bits of its own, numbers its batches, and keeps the stream's books across restarts.
 *
 * Below a base folder each stream has a folder of its own, named by its identity and
 * locked by the program that uses it. Who comes next and wants the same sinks goes on
 * with a stream that nobody holds; others that are left over are only sent empty
 * (spool_open_left()).
 *
 * One thread appends; others may read, acknowledge and ask at the same time. Bytes are
 * in memory as well until all sinks have them or SPOOL_CACHE is full, so a sink that
 * keeps up reads no file. When files cannot be written (full disk, folder gone), batches
 * live in memory alone, up to SPOOL_CACHE, and that is said once; it is tried again each second.
 */
struct spool;

enum { SPOOL_MAX_SINKS = 16, SPOOL_CACHE = 16 * 1024 * 1024 /* bytes */ };

enum spool_drop {
    SPOOL_DROP_OLDEST, /* what is longest here makes room */
    SPOOL_DROP_NEWEST, /* what comes is not taken */
    SPOOL_BLOCK,       /* who appends waits: then the kernel drops, and counts it */
};

enum spool_sync {
    SPOOL_SYNC_BATCH,    /* on disk before spool_append() returns */
    SPOOL_SYNC_INTERVAL, /* within SPOOL_SYNC_MS, by a thread of the spool's */
    SPOOL_SYNC_NEVER,    /* when the system likes: survives our death, not the machine's */
};
enum { SPOOL_SYNC_MS = 100 };

struct spool_options {
    const char *base;         /* folder of all spools; made with mode 0700 */
    const char *session;      /* name of the trace session, "" for none: part of what must match */
    size_t sink_count;        /* 1 to SPOOL_MAX_SINKS */
    const char *const *sinks; /* URLs as typed; each has a cursor */
    uint64_t max_bytes;       /* of all segments; 0: 1 GiB; at least 2 MiB */
    uint64_t max_age_s;       /* what is older is dropped; 0: no limit */
    enum spool_drop drop;
    enum spool_sync sync;
    /* Called, from any thread and under the spool's lock, when there is more to read. */
    void (*appended)(void *context);
    void *context;
};

/*
 * What the last batch of the stream said, before this program came: where to go on.
 * All zeros for a new stream.
 */
struct spool_past {
    uint64_t sequence;        /* of the last batch; 0: there was none */
    struct batch_books books; /* as of its end; `before` includes its own events */
    struct source_position position;
};

/*
 * Opens a stream for appending: one that was left with the same session and sinks, else
 * a new one. A torn tail is cut off. Options are copied. DENIED, SYSTEM: the base folder
 * cannot be used at all; then nothing is open.
 */
ETWAS_MUST_CHECK enum etwas_status spool_open(const struct spool_options *options,
                                              struct spool **spool, struct etwas_error *error);

/*
 * Opens the next stream that was left below options->base and that nobody holds, for
 * sending what it has and saying what it has not: draft.h, spool_unaccounted(). The
 * sinks are those recorded in it (spool_sink()); of the options session and sinks do not count.
 * NOT_FOUND: there is none (any more). One with nothing to say is removed on the way.
 */
ETWAS_MUST_CHECK enum etwas_status spool_open_left(const struct spool_options *options,
                                                   struct spool **spool, struct etwas_error *error);

/* Writes what is not on disk yet, and the cursors. A left stream with nothing to send is removed.
 */
void spool_close(struct spool *spool); /* NULL is fine */

const uint8_t *spool_stream(const struct spool *spool); /* BATCH_STREAM_SIZE bytes */
const struct spool_past *spool_past(const struct spool *spool);

/*
 * What the past says was produced and became nothing that it knew. When this run is of the same
 * session (source_ops.position names the past's), the source counts it anew, so the stream's
 * `produced` goes on from before + filtered + lost_kernel + lost_monitor; if it is not, these
 * events were lost by the monitor, and `produced` goes on from the past's, or from that sum with
 * them if it is more.
 */
uint64_t spool_past_unaccounted(const struct spool_past *past);
size_t spool_sink_count(const struct spool *spool);
const char *spool_sink(const struct spool *spool, size_t sink); /* its URL */

/* A batch in memory. Counted references: free what spool_read() gave. */
struct spool_batch {
    struct batch_head head; /* `after` is 0 */
    int64_t made_ms;        /* UTC since 1970 */
    size_t size;
    const uint8_t *body; /* as it is sent */
    uint8_t digest[64];  /* SHA-512 of the body, made once for all sinks and tries */
};

/*
 * Takes a batch, copying it. The spool sets head.stream, head.sequence and head.books.before;
 * the caller the rest. `position`: what of the session is accounted for when this batch is.
 * OK: taken, or dropped by DROP_NEWEST and counted. AGAIN: SPOOL_BLOCK and no room;
 * spool_wait_room() and come again.
 */
ETWAS_MUST_CHECK enum etwas_status spool_append(struct spool *spool, const struct batch_head *head,
                                                const struct source_position *position,
                                                const void *body, size_t size);

/* What was appended since the spool was opened is the past, too. */
void spool_set_past(struct spool *spool);

/* Whether spool_append() may be called: of a left stream the last number may not be known. */
bool spool_may_grow(const struct spool *spool);

/* As spool_past_unaccounted(), by the last batch that is here. */
uint64_t spool_unaccounted(struct spool *spool);

/* Waits for room, at most so long. False: still none. */
bool spool_wait_room(struct spool *spool, int timeout_ms);

/* The first batch behind `sequence` that is still here. AGAIN: none. NO_MEMORY, SYSTEM. */
ETWAS_MUST_CHECK enum etwas_status spool_read(struct spool *spool, uint64_t sequence,
                                              struct spool_batch **batch);
void spool_batch_free(struct spool_batch *batch); /* NULL is fine */

/* Where a sink's cursor stands: all up to this sequence is done. */
uint64_t spool_cursor(struct spool *spool, size_t sink);

/* Moves it. What all sinks are past is removed. */
void spool_done(struct spool *spool, size_t sink, uint64_t sequence);

/*
 * Keeps a batch that a relay will never take, for people: STREAM/parked/SEQUENCE.SINK.batch, a
 * text of the headers, an empty line, the body. At most SPOOL_MAX_PARKED of them; false: not kept.
 */
enum { SPOOL_MAX_PARKED = 64 };
bool spool_park(struct spool *spool, size_t sink, const struct spool_batch *batch,
                const char *reason);

struct spool_sink_stats {
    uint64_t waiting_batches;
    uint64_t waiting_events;
    uint64_t waiting_bytes;
    uint64_t dropped_batches; /* before this sink had them */
    uint64_t dropped_events;  /* the traced ones: lost(spool) */
    int64_t oldest_ms;        /* made_ms of the first that waits; 0: none does */
};
void spool_sink_stats(struct spool *spool, size_t sink, struct spool_sink_stats *stats);

/* One line for people since the last call, or NULL: "cannot write ...: No space left on device". */
const char *spool_notice(struct spool *spool);

#endif

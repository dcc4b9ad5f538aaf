/* SPDX-License-Identifier: MIT */
#include "monitor/forward/batcher.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "monitor/event/encode.h"
#include "monitor/forward/recover.h"
#include "monitor/local/moment.h"
#include "monitor/spool/draft.h"

enum {
    LEVEL = 1,                           /* of zstd: higher ones cost more than they save */
    OUTPUT_MAXIMUM = 8 * BATCH_MAX_LINE, /* the encoder wants room for the worst case */
    ARENA_MAXIMUM = 8 * 1024 * 1024,
    PACKED_SIZE = BATCH_MAX_SENT + 16 * 1024, /* above ZSTD_COMPRESSBOUND(BATCH_MAX_LINE) */
    WAIT_ROOM_MS = 200,
    DRAFT_MS = 5,    /* a batch that is filled sooner is not kept in a file meanwhile */
    CALL_DECAY = 16, /* the biggest of so many calls, about, is what is expected of the next */
};

_Static_assert(PACKED_SIZE > ZSTD_COMPRESSBOUND(BATCH_MAX_LINE), "any line can be compressed");

struct batcher {
    struct batcher_options options;
    struct encoder encoder;
    struct arena *arena;
    struct output lines; /* of the batch being filled */
    ZSTD_CCtx *packer;
    uint64_t count; /* of the batch being filled */
    uint64_t own;
    int64_t sealed_ms;       /* moment_steady_ms() of the last batch */
    int64_t kept_ms;         /* when all there was was in the spool, as a batch or as a draft */
    struct batch_books kept; /* as of then */
    struct batch_books said; /* as of the last batch */
    uint64_t kept_count;
    size_t call_start;       /* bytes of lines at the last checkpoint; SIZE_MAX: sealed since */
    size_t call_bytes;       /* what comes between two checkpoints, at most, lately */
    struct batch_books past; /* before this program */
    struct source_accounts accounts; /* at the last checkpoint */
    bool begun;                      /* there was a checkpoint */
    bool settled;                    /* the past is what it will be */
    uint64_t handed;                 /* events but own ones, of this program */
    struct source_position position; /* what has been put into lines is accounted for */
    struct batcher_stats stats;
    uint8_t packed[PACKED_SIZE];
};

/* May take a while: --drop block waits for room, for what another program left, too. */
static enum etwas_status take_up_draft(struct batcher *batcher)
{
    struct spool *spool = batcher->options.spool;
    enum etwas_status status = recover_draft(spool);
    while (status == ETWAS_AGAIN) {
        if (!spool_wait_room(spool, WAIT_ROOM_MS) && batcher->options.interrupted != NULL &&
            batcher->options.interrupted()) {
            return ETWAS_BUSY;
        }
        status = recover_draft(spool);
    }
    return status == ETWAS_TOO_BIG ? ETWAS_OK : status; /* none of ours: it cannot be sent */
}

enum etwas_status batcher_open(const struct batcher_options *options, struct batcher **batcher)
{
    struct batcher *made = calloc(1, sizeof *made);
    *batcher = NULL;
    if (made == NULL) {
        return ETWAS_NO_MEMORY;
    }
    made->options = *options;
    made->arena = arena_open(ARENA_MAXIMUM);
    made->packer = ZSTD_createCCtx();
    if (made->arena == NULL || made->packer == NULL) {
        batcher_close(made);
        return ETWAS_NO_MEMORY;
    }
    encoder_init(&made->encoder);
    output_init(&made->lines, OUTPUT_MAXIMUM);
    const enum etwas_status status = take_up_draft(made);
    if (status != ETWAS_OK) {
        batcher_close(made);
        return status;
    }
    const struct spool_past *past = spool_past(options->spool);
    made->past = made->kept = made->said = past->books;
    made->position = past->position;
    made->sealed_ms = made->kept_ms = moment_steady_ms();
    *batcher = made;
    return ETWAS_OK;
}

void batcher_close(struct batcher *batcher)
{
    if (batcher != NULL) {
        arena_close(batcher->arena);
        (void)ZSTD_freeCCtx(batcher->packer);
        output_clear(&batcher->lines);
        free(batcher);
    }
}

const struct batcher_stats *batcher_stats(const struct batcher *batcher)
{
    return &batcher->stats;
}

/* The stream's books as of what has been put into lines. */
static void get_books(const struct batcher *batcher, struct batch_books *books)
{
    const struct source_accounts *accounts = &batcher->accounts;
    /* What was delivered and not handed on is above the limit of --max-events. */
    const uint64_t unwanted =
        accounts->delivered > batcher->handed ? accounts->delivered - batcher->handed : 0;
    const uint64_t filtered = accounts->filtered + unwanted;
    const uint64_t known =
        batcher->handed + filtered + accounts->lost_kernel + accounts->lost_monitor;
    /* The kernel's counters come after the events. */
    const uint64_t produced = accounts->produced > known ? accounts->produced : known;
    *books = (struct batch_books){
        .produced = batcher->past.produced + produced,
        .filtered = batcher->past.filtered + filtered,
        .lost_kernel = batcher->past.lost_kernel + accounts->lost_kernel,
        .lost_monitor = batcher->past.lost_monitor + accounts->lost_monitor,
    };
}

static enum etwas_status append(struct batcher *batcher, const struct batch_head *head, size_t size)
{
    struct spool *spool = batcher->options.spool;
    for (;;) {
        const enum etwas_status status =
            spool_append(spool, head, &batcher->position, batcher->packed, size);
        if (status != ETWAS_AGAIN) {
            return status;
        }
        if (!spool_wait_room(spool, WAIT_ROOM_MS) && batcher->options.interrupted != NULL &&
            batcher->options.interrupted()) {
            return ETWAS_BUSY;
        }
    }
}

/* Compresses the first `size` bytes of the lines; 0: to more than can be sent. */
static size_t pack(struct batcher *batcher, const char *lines, size_t size)
{
    const size_t packed = ZSTD_compressCCtx(batcher->packer, batcher->packed,
                                            sizeof batcher->packed, lines, size, LEVEL);
    return ZSTD_isError(packed) || packed > BATCH_MAX_SENT ? 0 : packed;
}

/* Makes a batch of the first `size` bytes of the lines, which are the events counted. */
static enum etwas_status seal(struct batcher *batcher, size_t size, struct etwas_error *error)
{
    struct batch_head head = {.count = batcher->count, .own = batcher->own};
    get_books(batcher, &head.books);
    const size_t packed =
        pack(batcher, batcher->lines.data == NULL ? "" : batcher->lines.data, size);
    const enum etwas_status status = packed == 0 ? ETWAS_TOO_BIG : append(batcher, &head, packed);
    if (status != ETWAS_OK) {
        *error = (struct etwas_error){.status = status,
                                      .doing = status == ETWAS_BUSY
                                                   ? "it is full, and was not waited for any more"
                                                   : "putting events into the spool"};
        return status;
    }
    batcher->stats.batches++;
    batcher->stats.events += batcher->count;
    batcher->count = 0;
    batcher->own = 0;
    batcher->sealed_ms = batcher->kept_ms = moment_steady_ms();
    batcher->kept = batcher->said = head.books;
    batcher->kept_count = 0;
    batcher->call_start = SIZE_MAX;
    batcher->lines.size -= size;
    if (batcher->lines.size != 0) {
        memmove(batcher->lines.data, batcher->lines.data + size, batcher->lines.size);
    }
    return ETWAS_OK;
}

/* Puts a line for the event behind the others, or nothing. */
static enum etwas_status put_line(struct batcher *batcher, const struct event *event)
{
    const size_t before = batcher->lines.size;
    const enum etwas_status status =
        encode_event(&batcher->encoder, event, EVENT_JSON, batcher->arena, &batcher->lines);
    arena_reset(batcher->arena);
    if (status == ETWAS_OK && batcher->lines.size - before > BATCH_MAX_LINE) {
        batcher->lines.size = before;
        return ETWAS_TOO_BIG;
    }
    return status;
}

/* The same event without what makes it big. */
static enum etwas_status put_cut(struct batcher *batcher, const struct event *event)
{
    char message[96];
    struct schema schema = *event->schema;
    struct event cut = *event;
    (void)snprintf(message, sizeof message,
                   "The fields of this event are too big to be sent (record: %zu bytes)",
                   event->payload_size);
    schema.field_count = 0;
    schema.json = NULL;
    cut.schema = &schema;
    cut.message = message;
    batcher->stats.cut++;
    return put_line(batcher, &cut);
}

/* A line of this size may be too big once it is compressed: then its event is cut. */
static bool is_sendable(struct batcher *batcher, const char *line, size_t size)
{
    return size <= BATCH_MAX_LINES || pack(batcher, line, size) != 0;
}

static enum etwas_status encode(struct batcher *batcher, const struct event *event)
{
    const size_t before = batcher->lines.size;
    enum etwas_status status = put_line(batcher, event);
    if (status == ETWAS_OK &&
        !is_sendable(batcher, batcher->lines.data + before, batcher->lines.size - before)) {
        batcher->lines.size = before;
        status = ETWAS_TOO_BIG;
    }
    return status == ETWAS_TOO_BIG ? put_cut(batcher, event) : status;
}

/* The line at the end of the lines belongs to the batch from now on. */
static void take_in(struct batcher *batcher, const struct event *event)
{
    batcher->count++;
    if (event->schema->origin == SCHEMA_OWN) {
        batcher->own++;
        return;
    }
    batcher->handed++;
    if (event->schema->origin == SCHEMA_TRACED && event->cpu < batcher->position.lane_count) {
        batcher->position.lanes[event->cpu].read++;
    }
}

static enum etwas_status add_one(struct batcher *batcher, const struct event *event,
                                 struct etwas_error *error)
{
    const size_t before = batcher->lines.size;
    enum etwas_status status = encode(batcher, event);
    if (status != ETWAS_OK) {
        *error = (struct etwas_error){.status = status, .doing = "making text of an event"};
        return status;
    }
    if (before != 0 && batcher->lines.size > BATCH_MAX_LINES) {
        status = seal(batcher, before, error);
        if (status != ETWAS_OK) {
            /* The batch may go later, and must not have a line that it does not count. */
            batcher->lines.size = before;
        }
    }
    if (status == ETWAS_OK) {
        take_in(batcher, event);
    }
    if (status == ETWAS_OK && batcher->lines.size >= BATCH_MAX_LINES) {
        status = seal(batcher, batcher->lines.size, error);
    }
    return status;
}

enum etwas_status batcher_add(struct batcher *batcher, const struct event *events, size_t count,
                              struct etwas_error *error)
{
    enum etwas_status status = ETWAS_OK;
    for (size_t i = 0; i < count && status == ETWAS_OK; i++) {
        status = add_one(batcher, &events[i], error);
    }
    return status;
}

/*
 * What the last batch of the program before had not accounted for: if the session is
 * the same, its source counts that anew, as produced and as what became of it; else it is lost.
 */
static void settle_past(struct batcher *batcher)
{
    struct batch_books *past = &batcher->past;
    const uint64_t open = spool_past_unaccounted(spool_past(batcher->options.spool));
    const struct source_position *then = &spool_past(batcher->options.spool)->position;
    batcher->settled = true;
    if (then->session != 0 && then->session == batcher->position.session) {
        past->produced -= open;
    } else {
        past->lost_monitor += open;
    }
}

static bool differ(const struct batch_books *one, const struct batch_books *other)
{
    return one->produced != other->produced || one->filtered != other->filtered ||
           one->lost_kernel != other->lost_kernel || one->lost_monitor != other->lost_monitor;
}

/* Have the books changed since the last batch? */
static bool is_unsaid(const struct batcher *batcher)
{
    struct batch_books books;
    get_books(batcher, &books);
    return differ(&books, &batcher->said);
}

/* Everything so far is kept for the next program, should this one be killed. */
static void keep(struct batcher *batcher)
{
    struct batch_head head = {.count = batcher->count, .own = batcher->own};
    get_books(batcher, &head.books);
    if (batcher->begun &&
        (batcher->count != batcher->kept_count || differ(&head.books, &batcher->kept))) {
        spool_draft(batcher->options.spool, &head, &batcher->position,
                    batcher->lines.data == NULL ? "" : batcher->lines.data, batcher->lines.size);
        batcher->kept = head.books;
        batcher->kept_count = batcher->count;
    }
    batcher->kept_ms = moment_steady_ms();
}

/* May what comes until the next checkpoint be too much for this batch? */
static bool is_nearly_full(struct batcher *batcher)
{
    const size_t size = batcher->lines.size;
    const size_t call = batcher->call_start == SIZE_MAX ? size : size - batcher->call_start;
    batcher->call_bytes -= batcher->call_bytes / CALL_DECAY;
    batcher->call_bytes = call > batcher->call_bytes ? call : batcher->call_bytes;
    /* After big calls small batches come anyway, and half empty ones need not be, too. */
    return size >= BATCH_MAX_LINES / 2 && size + batcher->call_bytes > BATCH_MAX_LINES;
}

void batcher_checkpoint(struct batcher *batcher, const struct sink_books *books)
{
    const struct source_position *then = &spool_past(batcher->options.spool)->position;
    struct etwas_error error;
    batcher->begun = true;
    books->take(books, &batcher->accounts, &batcher->position);
    if (batcher->position.session == 0 && then->session != 0 && !batcher->settled) {
        batcher->position = *then; /* where the session stands is not known yet */
    } else if (!batcher->settled) {
        settle_past(batcher);
    }
    if (is_nearly_full(batcher)) {
        /* Should this fail, the batch goes on filling, and the next call will fail and say so. */
        (void)!seal(batcher, batcher->lines.size, &error);
    }
    if (moment_steady_ms() - batcher->kept_ms >= DRAFT_MS) {
        keep(batcher);
    }
    batcher->call_start = batcher->lines.size;
}

static bool has_silent_sink(struct spool *spool)
{
    for (size_t i = 0; i < spool_sink_count(spool); i++) {
        struct spool_sink_stats stats;
        spool_sink_stats(spool, i, &stats);
        if (stats.waiting_batches == 0) {
            return true;
        }
    }
    return false;
}

enum etwas_status batcher_flush(struct batcher *batcher, bool now, struct etwas_error *error)
{
    const int64_t age_ms = moment_steady_ms() - batcher->sealed_ms;
    if (batcher->count != 0 && (now || age_ms >= (int64_t)batcher->options.fill_ms)) {
        return seal(batcher, batcher->lines.size, error);
    }
    if (now && batcher->begun && is_unsaid(batcher)) {
        return seal(batcher, 0, error); /* the next program goes on from the last batch */
    }
    keep(batcher);
    if (batcher->count != 0) {
        return ETWAS_AGAIN;
    }
    if (age_ms >= (int64_t)batcher->options.silence_ms && batcher->begun &&
        has_silent_sink(batcher->options.spool)) {
        return seal(batcher, 0, error);
    }
    return ETWAS_OK;
}

/* SPDX-License-Identifier: MIT */
#include "monitor/forward/forward.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/forward/batcher.h"
#include "monitor/forward/key_file.h"
#include "monitor/forward/places.h"
#include "monitor/forward/roles.h"
#include "monitor/forward/sender.h"

enum {
    FILL_MS = SINK_FLUSH_MS,
    SILENCE_MS = 10000, /* then a relay hears from us all the same */
    STALL_S = 15,
    TOTAL_S = 120,
    BACKOFF_MS = 250,
    BACKOFF_MAX_MS = 30000,
    PENDING_MS = 3000,
    GONE_S = 600, /* unless --spool-age says otherwise */
};

struct forward {
    struct sink sink; /* first */
    struct key_pair pair;
    char trust_line[KEY_LINE_SIZE];
    char spool_path[PLACES_PATH_SIZE];
    char discovery_path[PLACES_PATH_SIZE];
    struct spool_options spool_options;
    struct spool *spool;
    struct roles *roles;
    struct batcher *batcher;
    _Atomic(struct sender *) sender;
    bool curl;
    struct spool_sink_stats before[SPOOL_MAX_SINKS]; /* as it was at the start */
};

static struct forward *of(struct sink *sink)
{
    return (struct forward *)(void *)sink;
}

static uint32_t or_else(uint32_t given, uint32_t usual)
{
    return given != 0 ? given : usual;
}

static void wake(void *context)
{
    struct forward *forward = context;
    struct sender *sender = atomic_load(&forward->sender);
    if (sender != NULL) {
        sender_wake(sender);
    }
}

static enum etwas_status write_events(struct sink *sink, const struct event *events, size_t count,
                                      struct etwas_error *error)
{
    return batcher_add(of(sink)->batcher, events, count, error);
}

static enum etwas_status flush(struct sink *sink, struct etwas_error *error)
{
    return batcher_flush(of(sink)->batcher, false, error);
}

static void checkpoint(struct sink *sink, const struct sink_books *books)
{
    batcher_checkpoint(of(sink)->batcher, books);
}

static void close_sink(struct sink *sink)
{
    struct forward *forward = of(sink);
    sender_close(atomic_load(&forward->sender));
    atomic_store(&forward->sender, NULL);
    roles_close(forward->roles);
    batcher_close(forward->batcher);
    spool_close(forward->spool);
    if (forward->curl) {
        curl_global_cleanup();
    }
    key_wipe(&forward->pair);
    free(forward);
}

static const struct sink_ops ops = {
    .write = write_events, .flush = flush, .checkpoint = checkpoint, .close = close_sink};

ETWAS_PRINTF(2, 3)
static void say_what(char *what, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(what, FORWARD_WHAT_SIZE, format, arguments);
    va_end(arguments);
}

static enum etwas_status no_home(char *what, const char *option, struct etwas_error *error)
{
    say_what(what, "%s\nnext: set HOME, or give %s", option, option);
    *error = (struct etwas_error){.status = ETWAS_NOT_FOUND, .doing = "this user has no home"};
    return ETWAS_NOT_FOUND;
}

/* Where the key is, and what to do if it cannot be used. */
static void say_key_trouble(char *what, const char *path, const struct etwas_error *error)
{
    if (error->status == ETWAS_DENIED && error->os_code == 0) {
        say_what(what, "%s\nnext: chmod 600 %s   (if it is yours; or name another: --key FILE)",
                 path, path);
    } else if (error->status == ETWAS_MALFORMED) {
        say_what(what, "%s\nnext: move it away, and a new key is made; relays have to trust that",
                 path);
    } else {
        say_what(what, "%s\nnext: name a file that can be made: --key FILE", path);
    }
}

enum etwas_status forward_key(const char *path, struct key_pair *pair, char line[KEY_LINE_SIZE],
                              char *what, struct etwas_error *error)
{
    char usual[PLACES_PATH_SIZE];
    if (path == NULL && !places_key(usual)) {
        return no_home(what, "--key FILE", error);
    }
    path = path == NULL ? usual : path;
    say_what(what, "%s", path);
    enum etwas_status status = key_library_open();
    if (status != ETWAS_OK) {
        *error = (struct etwas_error){.status = status, .doing = "opening libsodium"};
        return status;
    }
    status = key_file_open(path, pair, error);
    if (status != ETWAS_OK) {
        say_key_trouble(what, path, error);
        return status;
    }
    struct key_trust trust = {.revoked = 0};
    memcpy(trust.public_key, pair->public_key, sizeof trust.public_key);
    places_computer(trust.computer, sizeof trust.computer);
    key_trust_format(&trust, line);
    return ETWAS_OK;
}

static enum etwas_status open_spool(struct forward *forward, const struct forward_options *options,
                                    char *what, struct etwas_error *error)
{
    if (options->spool == NULL && !places_spool(forward->spool_path)) {
        return no_home(what, "--spool DIR", error);
    }
    if (options->spool != NULL) {
        (void)snprintf(forward->spool_path, sizeof forward->spool_path, "%s", options->spool);
    }
    say_what(what, "%s\nnext: name a folder that can be made: --spool DIR", forward->spool_path);
    enum etwas_status status = places_make_folder(forward->spool_path, error);
    if (status != ETWAS_OK) {
        return status;
    }
    forward->spool_options = (struct spool_options){.base = forward->spool_path,
                                                    .session = options->session,
                                                    .sink_count = options->sink_count,
                                                    .sinks = options->sinks,
                                                    .max_bytes = options->spool_max,
                                                    .max_age_s = options->spool_age_s,
                                                    .drop = options->drop,
                                                    .sync = options->sync,
                                                    .appended = wake,
                                                    .context = forward};
    status = spool_open(&forward->spool_options, &forward->spool, error);
    for (size_t i = 0; status == ETWAS_OK && i < options->sink_count; i++) {
        spool_sink_stats(forward->spool, i, &forward->before[i]);
    }
    return status;
}

static enum etwas_status open_roles(struct forward *forward, const struct forward_options *options,
                                    struct etwas_error *error)
{
    struct roles_options wanted = {.changed = wake, .context = forward};
    if (options->discovery != NULL) {
        wanted.file = options->discovery;
    } else if (places_discovery(forward->discovery_path)) {
        wanted.file = forward->discovery_path;
    }
    const enum etwas_status status = roles_open(&wanted, &forward->roles);
    if (status != ETWAS_OK) {
        *error = (struct etwas_error){.status = status, .doing = "looking for roles"};
    }
    return status;
}

static enum etwas_status open_parts(struct forward *forward, const struct forward_options *options,
                                    struct etwas_error *error)
{
    const struct batcher_options filling = {.spool = forward->spool,
                                            .fill_ms = or_else(options->fill_ms, FILL_MS),
                                            .silence_ms = or_else(options->silence_ms, SILENCE_MS),
                                            .interrupted = options->interrupted};
    const struct sender_options sending = {
        .pair = &forward->pair,
        .trust_line = forward->trust_line,
        .ca_file = options->ca,
        .roles = forward->roles,
        .left = &forward->spool_options,
        .stall_s = or_else(options->stall_s, STALL_S),
        .total_s = TOTAL_S,
        .backoff_ms = BACKOFF_MS,
        .backoff_max_ms = or_else(options->backoff_max_ms, BACKOFF_MAX_MS),
        .pending_ms = or_else(options->pending_ms, PENDING_MS),
        .gone_s = options->spool_age_s != 0 && options->spool_age_s < UINT32_MAX
                      ? (uint32_t)options->spool_age_s
                      : GONE_S,
    };
    struct sender *sender = NULL;
    forward->curl = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    if (!forward->curl) {
        *error = (struct etwas_error){.status = ETWAS_SYSTEM, .doing = "opening libcurl"};
        return ETWAS_SYSTEM;
    }
    enum etwas_status status = sender_open(&sending, forward->spool, &sender, error);
    atomic_store(&forward->sender, sender);
    if (status != ETWAS_OK) {
        return status;
    }
    /* May want room that only the sender makes. */
    status = batcher_open(&filling, &forward->batcher);
    if (status != ETWAS_OK) {
        *error = (struct etwas_error){.status = status, .doing = "making batches"};
    }
    return status;
}

enum etwas_status forward_open(const struct forward_options *options, struct sink **sink,
                               char *what, struct etwas_error *error)
{
    *sink = NULL;
    struct forward *forward = calloc(1, sizeof *forward);
    if (forward == NULL) {
        *error = (struct etwas_error){.status = ETWAS_NO_MEMORY, .doing = "making a sink"};
        return ETWAS_NO_MEMORY;
    }
    forward->sink = (struct sink){.ops = &ops, .name = "spool"};
    enum etwas_status status =
        forward_key(options->key, &forward->pair, forward->trust_line, what, error);
    if (status == ETWAS_OK) {
        status = open_spool(forward, options, what, error);
    }
    if (status == ETWAS_OK) {
        status = open_roles(forward, options, error);
    }
    if (status == ETWAS_OK) {
        status = open_parts(forward, options, error);
    }
    if (status != ETWAS_OK) {
        close_sink(&forward->sink);
        return status;
    }
    *sink = &forward->sink;
    return ETWAS_OK;
}

const struct source_position *forward_past(const struct sink *sink)
{
    return &spool_past(((const struct forward *)(const void *)sink)->spool)->position;
}

enum etwas_status forward_finish(struct sink *sink, struct etwas_error *error)
{
    return batcher_flush(of(sink)->batcher, true, error);
}

void forward_waiting(struct sink *sink, struct forward_waiting *waiting)
{
    const struct forward *forward = of(sink);
    *waiting = (struct forward_waiting){.left = sender_left_waiting(atomic_load(&forward->sender))};
    for (size_t i = 0; i < spool_sink_count(forward->spool); i++) {
        struct spool_sink_stats stats;
        spool_sink_stats(forward->spool, i, &stats);
        if (stats.waiting_batches > waiting->batches) {
            waiting->batches = stats.waiting_batches;
            waiting->events = stats.waiting_events;
        }
    }
}

void forward_stop(struct sink *sink)
{
    sender_stop(atomic_load(&of(sink)->sender));
}

/* What became of the batches of a sink since the start. */
static void get_dropped(const struct forward *forward, size_t sink, struct spool_sink_stats *stats)
{
    spool_sink_stats(forward->spool, sink, stats);
    stats->dropped_batches -= forward->before[sink].dropped_batches;
    stats->dropped_events -= forward->before[sink].dropped_events;
}

void forward_say_stats(struct sink *sink)
{
    const struct forward *forward = of(sink);
    const struct batcher_stats *made = batcher_stats(forward->batcher);
    (void)fprintf(stderr, "  spooled: %" PRIu64 " events in %" PRIu64 " batches", made->events,
                  made->batches);
    (void)fprintf(stderr, made->cut == 0 ? "\n" : ", %" PRIu64 " too big and cut\n", made->cut);
    for (size_t i = 0; i < spool_sink_count(forward->spool); i++) {
        struct spool_sink_stats stats;
        struct sender_counts counts;
        get_dropped(forward, i, &stats);
        sender_get_counts(atomic_load(&forward->sender), i, &counts);
        (void)fprintf(stderr,
                      "  %s: sent %" PRIu64 " events in %" PRIu64 " batches, waiting %" PRIu64
                      " in %" PRIu64 ", dropped %" PRIu64 ", parked %" PRIu64 ", retries %" PRIu64
                      "\n",
                      spool_sink(forward->spool, i), counts.sent_events, counts.sent_batches,
                      stats.waiting_events, stats.waiting_batches, stats.dropped_events,
                      counts.parked_events, counts.retries);
    }
}

uint64_t forward_lost(struct sink *sink)
{
    const struct forward *forward = of(sink);
    uint64_t lost = 0;
    for (size_t i = 0; i < spool_sink_count(forward->spool); i++) {
        struct spool_sink_stats stats;
        struct sender_counts counts;
        get_dropped(forward, i, &stats);
        sender_get_counts(atomic_load(&forward->sender), i, &counts);
        lost += stats.dropped_events + counts.parked_events;
    }
    return lost;
}

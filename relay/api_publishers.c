/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "relay/api.h"
#include "relay/clock.h"

/* An answer has an end, whoever publishes; what is left out of it is counted. */
enum {
    MAX_STREAMS = 100,           /* of each publisher, the newest */
    MAX_ALL_STREAMS = 20 * 1000, /* of all */
    MAX_STRANGERS = 1000,        /* publishers whose key is in no file */
};

/* The answer as it is written: streams come key after key. */
struct list {
    struct api *api;
    struct text *text;
    size_t count; /* publishers that are shown */
    size_t strangers;
    size_t omitted;          /* publishers that are not */
    size_t all_streams;      /* that are shown */
    bool open;               /* one is begun, its streams not yet ended */
    bool hidden;             /* and left out */
    size_t streams;          /* of it that are shown */
    uint64_t former;         /* of it that were given up */
    struct store_stream sum; /* of the streams of the open one; first_seen_ms 0: none yet */
    uint8_t public_key[KEY_PUBLIC_SIZE];
    char id[KEY_ID_SIZE];
};

static void put_lost(struct text *text, const struct store_stream *stream)
{
    text_print(text,
               "\"Lost\":{\"Kernel\":%" PRIu64 ",\"Monitor\":%" PRIu64 ",\"Spool\":%" PRIu64
               "},\"Unseen\":%" PRIu64,
               stream->books.lost_kernel, stream->books.lost_monitor, stream->lost_spool,
               stream->unseen);
}

static const char *state_of(const struct list *list, enum keys_standing standing)
{
    switch (standing) {
    case KEYS_TRUSTED:
        return "trusted";
    case KEYS_REVOKED:
        return "revoked";
    case KEYS_UNKNOWN:
        break;
    }
    return ingest_trusts_local(list->api->ingest) ? "local" : "pending";
}

static void put_sums(struct list *list)
{
    const struct store_stream *sum = &list->sum;
    struct text *text = list->text;
    text_print(text, ",\"FirstSeen\":");
    text_add_time_ms(text, sum->first_seen_ms);
    text_print(text, ",\"LastSeen\":");
    text_add_time_ms(text, sum->last_seen_ms);
    text_print(
        text, ",\"Former\":%" PRIu64 ",\"Events\":%" PRIu64 ",\"Bytes\":%" PRIu64 ",\"Rate\":%.1f,",
        list->former, sum->lines, sum->bytes,
        publishers_rate(list->api->publishers, list->public_key, clock_ms()));
    put_lost(text, sum);
}

static void end_publisher(struct list *list)
{
    if (list->open && !list->hidden) {
        text_print(list->text, "]");
        put_sums(list);
        text_print(list->text, "}");
    }
    list->open = false;
    list->hidden = false;
}

static void begin_publisher(struct list *list, const uint8_t *public_key, const char *computer,
                            const char *state)
{
    end_publisher(list);
    list->sum = (struct store_stream){.first_seen_ms = 0};
    list->streams = 0;
    list->former = 0;
    list->open = true;
    memcpy(list->public_key, public_key, KEY_PUBLIC_SIZE);
    key_id(public_key, list->id);
    if (state == NULL) {
        struct key_trust trust;
        const enum keys_standing standing = keys_find(list->api->keys, list->id, &trust);
        state = state_of(list, standing);
        list->hidden = standing == KEYS_UNKNOWN && list->strangers++ >= MAX_STRANGERS;
    }
    if (list->hidden) {
        list->omitted++;
        return;
    }
    text_print(list->text,
               "%s{\"Fingerprint\":\"%s\",\"Computer\":", list->count++ == 0 ? "" : ",\n",
               list->id);
    text_add_json(list->text, computer);
    text_print(list->text, ",\"State\":\"%s\",\"Streams\":[", state);
}

static void add(struct store_stream *sum, const struct store_stream *stream)
{
    const int64_t first_ms = sum->first_seen_ms;
    if (first_ms == 0 || stream->first_seen_ms < first_ms) {
        sum->first_seen_ms = stream->first_seen_ms;
    }
    if (stream->last_seen_ms > sum->last_seen_ms) {
        sum->last_seen_ms = stream->last_seen_ms;
    }
    sum->lines += stream->lines;
    sum->bytes += stream->bytes;
    sum->lost_spool += stream->lost_spool;
    sum->unseen += stream->unseen;
    sum->books.lost_kernel += stream->books.lost_kernel;
    sum->books.lost_monitor += stream->books.lost_monitor;
}

static void show_stream(struct list *list, const struct store_stream *stream)
{
    struct text *text = list->text;
    text_print(text, "%s{\"Stream\":\"", list->streams == 0 ? "" : ",");
    for (size_t i = 0; i < BATCH_STREAM_SIZE; i++) {
        text_print(text, "%02x", stream->stream[i]);
    }
    text_print(text,
               "\",\"Sequence\":%" PRIu64 ",\"Produced\":%" PRIu64 ",\"Delivered\":%" PRIu64
               ",\"Filtered\":%" PRIu64 ",",
               stream->sequence, stream->books.produced, stream->delivered, stream->books.filtered);
    put_lost(text, stream);
    text_print(text, "}");
    list->streams++;
    list->all_streams++;
}

static bool put_stream(void *context, const struct store_stream *stream)
{
    struct list *list = context;
    if (!list->open || memcmp(list->public_key, stream->public_key, sizeof list->public_key) != 0) {
        begin_publisher(list, stream->public_key, stream->computer, NULL);
    }
    add(&list->sum, stream);
    list->former += stream->former;
    if (!list->hidden && stream->former == 0 && list->streams < MAX_STREAMS &&
        list->all_streams < MAX_ALL_STREAMS) {
        show_stream(list, stream);
    }
    return !list->text->bad;
}

static void put_pending(struct list *list)
{
    struct keys_pending pending[KEYS_MAX_PENDING];
    const size_t count = keys_pending(list->api->keys, pending);
    for (size_t i = 0; i < count; i++) {
        begin_publisher(list, pending[i].trust.public_key, pending[i].trust.computer, "pending");
        list->sum.first_seen_ms = pending[i].first_ms;
        list->sum.last_seen_ms = pending[i].last_ms;
        end_publisher(list);
    }
}

void api_publishers(struct api *api, const struct http_request *request, struct http_answer *answer)
{
    struct list list = {.api = api, .text = &answer->body};
    struct store_reader *reader = NULL;
    struct etwas_error error;
    (void)request;
    enum etwas_status status = store_reader_open(api->store, &reader, &error);
    if (status == ETWAS_OK) {
        text_print(list.text, "{\"Publishers\":[");
        status = store_streams(reader, put_stream, &list, &error);
        end_publisher(&list);
        put_pending(&list);
        text_print(list.text, "],\"Omitted\":%zu}\n", list.omitted);
    }
    store_reader_close(reader);
    if (status != ETWAS_OK) {
        http_problem(answer, PROBLEM_FAILED, "The store cannot be read");
        return;
    }
    http_answer_text(answer, "application/json");
}

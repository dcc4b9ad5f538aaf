/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "relay/api.h"
#include "relay/clock.h"

/*
 * GET /metrics in the text format of Prometheus. Labels are few: publishers beyond the first
 * METRICS_PUBLISHERS are added up.
 */
enum { METRICS_PUBLISHERS = 100 };

static void head(struct text *text, const char *name, const char *type, const char *help)
{
    text_print(text, "# HELP etwas_%s %s\n# TYPE etwas_%s %s\n", name, help, name, type);
}

static void counter(struct text *text, const char *name, const char *help, uint64_t value)
{
    head(text, name, "counter", help);
    text_print(text, "etwas_%s %" PRIu64 "\n", name, value);
}

static void gauge(struct text *text, const char *name, const char *help, uint64_t value)
{
    head(text, name, "gauge", help);
    text_print(text, "etwas_%s %" PRIu64 "\n", name, value);
}

static void put_ingest(struct text *text, struct api *api)
{
    struct ingest_numbers numbers;
    ingest_numbers(api->ingest, &numbers);
    counter(text, "ingest_batches_total", "Batches stored.", numbers.batches);
    counter(text, "ingest_heartbeats_total", "Batches without lines.", numbers.heartbeats);
    counter(text, "ingest_repeated_total", "Batches that were there already.", numbers.repeated);
    counter(text, "ingest_events_total", "Lines stored.", numbers.events);
    counter(text, "ingest_bytes_total", "Bytes of batches stored, as sent.", numbers.bytes);
    gauge(text, "ingest_memory_bytes", "Memory of batches under way.", numbers.memory);
    head(text, "ingest_refused_total", "counter", "Batches refused, by problem and status.");
    for (enum http_problem i = PROBLEM_CLOCK; i <= PROBLEM_BUSY; i++) {
        text_print(text, "etwas_ingest_refused_total{problem=\"%s\",status=\"%u\"} %" PRIu64 "\n",
                   http_problem_name(i), http_problem_status(i), numbers.refused[i]);
    }
}

static void put_store(struct text *text, struct api *api)
{
    struct store_totals totals;
    struct committer_numbers numbers;
    uint64_t below = 0;
    store_totals(api->store, &totals);
    committer_numbers(api->committer, &numbers);
    gauge(text, "store_bytes", "Bytes of the batches that are stored.", totals.bytes);
    gauge(text, "store_batches", "Batches that are stored.", totals.batches);
    gauge(text, "store_events", "Lines that are stored.", totals.events);
    gauge(text, "store_healthy", "1: the last commit went well.", numbers.healthy ? 1 : 0);
    gauge(text, "store_queue", "Batches that wait for the store.", numbers.queued);
    counter(text, "store_commits_failed_total", "Commits that failed.", numbers.failed);
    head(text, "store_commit_seconds", "histogram", "How long commits take.");
    for (size_t i = 0; i < COMMITTER_BOUNDS; i++) {
        below += numbers.by_latency[i];
        text_print(text, "etwas_store_commit_seconds_bucket{le=\"%g\"} %" PRIu64 "\n",
                   committer_bounds[i], below);
    }
    text_print(text, "etwas_store_commit_seconds_bucket{le=\"+Inf\"} %" PRIu64 "\n",
               numbers.transactions);
    text_print(text, "etwas_store_commit_seconds_sum %.6f\n", (double)numbers.latency_us / 1e6);
    text_print(text, "etwas_store_commit_seconds_count %" PRIu64 "\n", numbers.transactions);
}

static void put_viewers(struct text *text, struct api *api)
{
    struct live_numbers numbers;
    live_numbers(api->live, &numbers);
    gauge(text, "viewers", "Viewers of the live stream.", numbers.viewers);
    gauge(text, "viewer_queue", "Batches stored and not yet shown.", numbers.queued);
    gauge(text, "viewer_held_bytes", "Memory of batches that only slow viewers keep.",
          numbers.held);
    counter(text, "viewer_events_total", "Events sent to viewers.", numbers.shown);
    counter(text, "viewer_missed_total", "Events that sampled viewers were too slow for.",
            numbers.missed);
    counter(text, "viewer_store_reads_total", "Batches that viewers read from the store.",
            numbers.from_store);
}

/* Books of a publisher: the sums of its streams. */
struct books {
    uint8_t public_key[KEY_PUBLIC_SIZE];
    char computer[KEY_COMPUTER_SIZE];
    uint64_t events;
    uint64_t lost[3];
    uint64_t unseen;
    int64_t last_seen_ms;
};

struct table {
    size_t count;
    struct books rows[METRICS_PUBLISHERS + 1]; /* the last one: all others */
};

static bool add_stream(void *context, const struct store_stream *stream)
{
    struct table *table = context;
    struct books *books = table->count == 0 ? NULL : &table->rows[table->count - 1];
    if (books == NULL || memcmp(books->public_key, stream->public_key, KEY_PUBLIC_SIZE) != 0) {
        if (table->count <= METRICS_PUBLISHERS) {
            books = &table->rows[table->count++];
        }
        memcpy(books->public_key, stream->public_key, KEY_PUBLIC_SIZE);
        memset(books->computer, 0, sizeof books->computer);
        memcpy(books->computer, stream->computer, strnlen(stream->computer, KEY_COMPUTER_SIZE - 1));
    }
    books->events += stream->lines;
    books->lost[0] += stream->books.lost_kernel;
    books->lost[1] += stream->books.lost_monitor;
    books->lost[2] += stream->lost_spool;
    books->unseen += stream->unseen;
    if (stream->last_seen_ms > books->last_seen_ms) {
        books->last_seen_ms = stream->last_seen_ms;
    }
    return true;
}

/* {publisher="...",computer="..."; names have no letter that would need escaping. */
static void label(struct text *text, const struct table *table, size_t i)
{
    char id[KEY_ID_SIZE] = "others";
    if (i < METRICS_PUBLISHERS) {
        key_id(table->rows[i].public_key, id);
    }
    text_print(text, "{publisher=\"%s\",computer=\"%s\"", id,
               i < METRICS_PUBLISHERS ? table->rows[i].computer : "");
}

static void put_table(struct text *text, const struct table *table)
{
    static const char *const kinds[] = {"kernel", "monitor", "spool"};
    head(text, "publisher_events_total", "counter", "Lines stored, by publisher.");
    for (size_t i = 0; i < table->count; i++) {
        text_print(text, "etwas_publisher_events_total");
        label(text, table, i);
        text_print(text, "} %" PRIu64 "\n", table->rows[i].events);
    }
    head(text, "lost_events_total", "counter", "Events lost, by where and by publisher.");
    for (size_t i = 0; i < table->count * 3; i++) {
        text_print(text, "etwas_lost_events_total");
        label(text, table, i / 3);
        text_print(text, ",where=\"%s\"} %" PRIu64 "\n", kinds[i % 3],
                   table->rows[i / 3].lost[i % 3]);
    }
    head(text, "unseen_events_total", "counter", "Events before a stream's first batch here.");
    for (size_t i = 0; i < table->count; i++) {
        text_print(text, "etwas_unseen_events_total");
        label(text, table, i);
        text_print(text, "} %" PRIu64 "\n", table->rows[i].unseen);
    }
    head(text, "publisher_last_seen_seconds", "gauge", "When a publisher sent last, since 1970.");
    for (size_t i = 0; i < table->count; i++) {
        text_print(text, "etwas_publisher_last_seen_seconds");
        label(text, table, i);
        text_print(text, "} %.3f\n", (double)table->rows[i].last_seen_ms / 1000);
    }
}

/* False: the store cannot be read. */
static bool put_publishers(struct text *text, struct api *api)
{
    struct store_reader *reader = NULL;
    struct etwas_error error;
    struct keys_pending pending[KEYS_MAX_PENDING];
    struct table *table = calloc(1, sizeof *table);
    enum etwas_status status = ETWAS_NO_MEMORY;
    if (table != NULL) {
        status = store_reader_open(api->store, &reader, &error);
    }
    if (status == ETWAS_OK) {
        status = store_streams(reader, add_stream, table, &error);
    }
    if (status == ETWAS_OK) {
        put_table(text, table);
        gauge(text, "publishers_pending", "Keys that wait for approval.",
              keys_pending(api->keys, pending));
    }
    store_reader_close(reader);
    free(table);
    return status == ETWAS_OK;
}

static void put_answers(struct text *text, struct api *api)
{
    gauge(text, "http_connections", "Connections.", atomic_load(&api->connections));
    counter(text, "http_too_slow_total", "Connections cut because a request took too long.",
            atomic_load(&api->too_slow));
    head(text, "http_answers_total", "counter", "Answers by the first digit of their status.");
    for (size_t i = 1; i < sizeof api->answers / sizeof api->answers[0]; i++) {
        text_print(text, "etwas_http_answers_total{status=\"%zuxx\"} %llu\n", i,
                   (unsigned long long)atomic_load(&api->answers[i]));
    }
}

void api_metrics(struct api *api, const struct http_request *request, struct http_answer *answer)
{
    struct text *text = &answer->body;
    (void)request;
    head(text, "build_info", "gauge", "Which version this is.");
    text_print(text, "etwas_build_info{version=\"%s\"} 1\n", ETWAS_VERSION);
    head(text, "uptime_seconds", "gauge", "Since when this relay runs.");
    text_print(text, "etwas_uptime_seconds %.3f\n",
               (double)(clock_ms() - api->started_clock_ms) / 1000);
    put_ingest(text, api);
    put_store(text, api);
    put_viewers(text, api);
    put_answers(text, api);
    if (!put_publishers(text, api)) {
        http_problem(answer, PROBLEM_FAILED, "The store cannot be read");
        return;
    }
    http_answer_text(answer, "text/plain; version=0.0.4; charset=utf-8");
}

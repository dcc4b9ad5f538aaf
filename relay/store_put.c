/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "relay/moment.h"
#include "relay/store_host.h"
#include "relay/store_parts.h"

/* A stream as the table has it. */
struct standing {
    int64_t id; /* 0: not known yet */
    bool foreign;
    uint64_t sequence;
    uint64_t expected; /* traced events in all batches up to `sequence`, by their own books */
    uint64_t delivered;
    uint64_t lost_spool;
    uint64_t unseen;
    uint64_t lines;
    uint64_t bytes;
    int64_t last_time;
    int64_t first_seen_ms;
};

/* One call of store_put(), as far as it has come. */
struct putting {
    struct store *store;
    struct store_totals totals;
    int64_t last_row;
};

/* Binds by turns, so that the order of columns is written down once. */
struct binder {
    sqlite3_stmt *statement;
    int next;
    bool bad;
};

static struct binder bind_to(sqlite3_stmt *statement)
{
    return (struct binder){.statement = statement, .next = 1};
}

static void bind_i64(struct binder *binder, int64_t value)
{
    binder->bad |= sqlite3_bind_int64(binder->statement, binder->next++, value) != SQLITE_OK;
}

/* What is more than SQLite's numbers can hold is more than any header can say. */
static void bind_u64(struct binder *binder, uint64_t value)
{
    bind_i64(binder, value <= INT64_MAX ? (int64_t)value : INT64_MAX);
}

static void bind_text(struct binder *binder, const char *text)
{
    binder->bad |= sqlite3_bind_text(binder->statement, binder->next++, text != NULL ? text : "",
                                     -1, SQLITE_STATIC) != SQLITE_OK;
}

static void bind_blob(struct binder *binder, const void *data, size_t size)
{
    /* No pointer would be NULL, which the empty body is not. */
    binder->bad |= sqlite3_bind_blob64(binder->statement, binder->next++, size != 0 ? data : "",
                                       size, SQLITE_STATIC) != SQLITE_OK;
}

static void bind_books(struct binder *binder, const struct batch_books *books)
{
    bind_u64(binder, books->before);
    bind_u64(binder, books->produced);
    bind_u64(binder, books->filtered);
    bind_u64(binder, books->lost_kernel);
    bind_u64(binder, books->lost_monitor);
}

static bool run(struct binder *binder)
{
    const bool good = !binder->bad && store_run(binder->statement);
    /* What was bound is the caller's and may be gone at the next call. */
    (void)sqlite3_clear_bindings(binder->statement);
    return good;
}

static bool find_stream(struct store *store, const struct store_incoming *incoming,
                        struct standing *standing)
{
    sqlite3_stmt *statement = store->put[PUT_FIND_STREAM];
    *standing = (struct standing){.id = 0, .first_seen_ms = incoming->received_ms};
    struct binder binder = bind_to(statement);
    bind_blob(&binder, incoming->head.stream, BATCH_STREAM_SIZE);
    const int code = binder.bad ? SQLITE_ERROR : sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        const void *key = sqlite3_column_blob(statement, 1);
        *standing = (struct standing){
            .id = sqlite3_column_int64(statement, 0),
            .foreign = key == NULL || sqlite3_column_bytes(statement, 1) != KEY_PUBLIC_SIZE ||
                       memcmp(key, incoming->public_key, KEY_PUBLIC_SIZE) != 0,
            .sequence = store_column_u64(statement, 2),
            .expected = store_column_u64(statement, 3),
            .delivered = store_column_u64(statement, 4),
            .lost_spool = store_column_u64(statement, 5),
            .unseen = store_column_u64(statement, 6),
            .lines = store_column_u64(statement, 7),
            .bytes = store_column_u64(statement, 8),
            .last_time = sqlite3_column_int64(statement, 9),
            .first_seen_ms = sqlite3_column_int64(statement, 10),
        };
    }
    return sqlite3_reset(statement) == SQLITE_OK && (code == SQLITE_ROW || code == SQLITE_DONE);
}

static bool add_stream(struct store *store, const struct store_incoming *incoming,
                       struct standing *standing)
{
    struct binder binder = bind_to(store->put[PUT_ADD_STREAM]);
    bind_blob(&binder, incoming->head.stream, BATCH_STREAM_SIZE);
    bind_blob(&binder, incoming->public_key, KEY_PUBLIC_SIZE);
    bind_i64(&binder, standing->first_seen_ms);
    const bool good = run(&binder);
    standing->id = sqlite3_last_insert_rowid(store->writer);
    store->streams += good ? 1 : 0;
    return good;
}

static bool move_stream(struct store *store, const struct store_incoming *incoming,
                        const struct standing *standing)
{
    struct binder binder = bind_to(store->put[PUT_MOVE_STREAM]);
    bind_i64(&binder, standing->id);
    bind_text(&binder, incoming->computer);
    bind_u64(&binder, standing->sequence);
    bind_u64(&binder, standing->expected);
    bind_u64(&binder, standing->delivered);
    bind_u64(&binder, standing->lost_spool);
    bind_u64(&binder, standing->unseen);
    bind_u64(&binder, standing->lines);
    bind_u64(&binder, standing->bytes);
    bind_books(&binder, &incoming->head.books);
    bind_i64(&binder, standing->last_time);
    bind_i64(&binder, incoming->received_ms);
    return run(&binder);
}

/* A number that was passed already: a batch that is stored no longer, or was never to come. */
static bool look_back(struct store *store, int64_t stream, struct store_incoming *incoming)
{
    sqlite3_stmt *statement = store->put[PUT_FIND_BATCH];
    struct binder binder = bind_to(statement);
    bind_i64(&binder, stream);
    bind_u64(&binder, incoming->head.sequence);
    const int code = binder.bad ? SQLITE_ERROR : sqlite3_step(statement);
    incoming->outcome = STORE_HAVE;
    if (code == SQLITE_ROW) {
        const void *digest = sqlite3_column_blob(statement, 0);
        const bool same = digest != NULL &&
                          sqlite3_column_bytes(statement, 0) == (int)sizeof incoming->digest &&
                          memcmp(digest, incoming->digest, sizeof incoming->digest) == 0;
        incoming->outcome = same ? STORE_HAVE : STORE_CONFLICT;
    }
    return sqlite3_reset(statement) == SQLITE_OK && (code == SQLITE_ROW || code == SQLITE_DONE);
}

/* What the stream's own books say should have come before this batch, and did not. */
static void find_gap(const struct standing *standing, struct store_incoming *incoming)
{
    const uint64_t before = incoming->head.books.before;
    incoming->first_contact = standing->id == 0;
    incoming->missing = before > standing->expected ? before - standing->expected : 0;
    if (incoming->missing != 0) {
        incoming->missing_first = standing->last_time;
        incoming->missing_last = incoming->first;
    }
}

static void settle(struct standing *standing, const struct store_incoming *incoming)
{
    const struct batch_head *head = &incoming->head;
    const uint64_t traced = head->count > head->own ? head->count - head->own : 0;
    const uint64_t sum = head->books.before + traced;
    standing->sequence = head->sequence;
    /* Books that go back would let the same events be missed twice. */
    standing->expected = sum > standing->expected ? sum : standing->expected;
    standing->delivered += traced;
    standing->lines += head->count;
    standing->bytes += incoming->size;
    if (incoming->first_contact) {
        standing->unseen = incoming->missing;
    } else {
        standing->lost_spool += incoming->missing;
    }
    if (incoming->last != 0) {
        standing->last_time = incoming->last;
    }
}

/* A row's times are what it is found by, its gap included. */
struct span {
    int64_t first;
    int64_t last;
};

static struct span span_of(const struct store_incoming *incoming)
{
    const bool timeless = incoming->first == 0 && incoming->missing != 0;
    const int64_t received = moment_from_unix_ms(incoming->received_ms);
    return timeless ? (struct span){.first = received, .last = received}
                    : (struct span){.first = incoming->first, .last = incoming->last};
}

static bool add_batch(struct putting *putting, const struct standing *standing,
                      struct store_incoming *incoming)
{
    const struct store_signed *parts = &incoming->parts;
    const struct span span = span_of(incoming);
    struct binder binder = bind_to(putting->store->put[PUT_ADD_BATCH]);
    incoming->row = putting->last_row + 1;
    bind_i64(&binder, incoming->row);
    bind_i64(&binder, standing->id);
    bind_u64(&binder, incoming->head.sequence);
    bind_i64(&binder, incoming->received_ms);
    bind_i64(&binder, span.first);
    bind_i64(&binder, span.last);
    bind_u64(&binder, incoming->head.count);
    bind_u64(&binder, incoming->head.own);
    bind_u64(&binder, incoming->head.after);
    bind_books(&binder, &incoming->head.books);
    bind_u64(&binder, incoming->missing);
    bind_i64(&binder, incoming->first_contact ? 1 : 0);
    bind_i64(&binder, incoming->missing_first);
    bind_i64(&binder, incoming->missing_last);
    bind_u64(&binder, incoming->size);
    bind_text(&binder, incoming->computer);
    bind_blob(&binder, incoming->digest, sizeof incoming->digest);
    bind_text(&binder, parts->authority);
    bind_text(&binder, parts->path);
    bind_text(&binder, parts->content_type);
    bind_text(&binder, parts->content_encoding);
    bind_text(&binder, parts->content_digest);
    bind_text(&binder, parts->etwas_batch);
    bind_text(&binder, parts->signature_input);
    bind_text(&binder, parts->signature);
    bind_blob(&binder, incoming->body, incoming->size);
    return run(&binder);
}

static void count_batch(struct putting *putting, const struct store_incoming *incoming)
{
    struct store_totals *totals = &putting->totals;
    const struct span span = span_of(incoming);
    putting->last_row = incoming->row;
    totals->batches++;
    totals->events += incoming->head.count;
    totals->bytes += incoming->size;
    if (span.first != 0 && (totals->first == 0 || span.first < totals->first)) {
        totals->first = span.first;
    }
    if (span.last > totals->last) {
        totals->last = span.last;
    }
}

/* A heartbeat gets a row only to hang a gap on. */
static bool store_one(struct putting *putting, struct standing *standing,
                      struct store_incoming *incoming)
{
    find_gap(standing, incoming);
    if (standing->id == 0 && !add_stream(putting->store, incoming, standing)) {
        return false;
    }
    if (incoming->head.count != 0 || incoming->missing != 0) {
        if (!add_batch(putting, standing, incoming)) {
            return false;
        }
        count_batch(putting, incoming);
    }
    settle(standing, incoming);
    incoming->outcome = STORE_STORED;
    return move_stream(putting->store, incoming, standing);
}

static bool put_one(struct putting *putting, struct store_incoming *incoming)
{
    struct standing standing;
    incoming->row = 0;
    incoming->missing = 0;
    incoming->missing_first = 0;
    incoming->missing_last = 0;
    incoming->first_contact = false;
    if (!find_stream(putting->store, incoming, &standing)) {
        return false;
    }
    if (standing.foreign) {
        incoming->outcome = STORE_FOREIGN;
        return true;
    }
    if (incoming->head.sequence <= standing.sequence) {
        return look_back(putting->store, standing.id, incoming);
    }
    if (incoming->head.after > standing.sequence) {
        incoming->outcome = STORE_EARLY;
        return true;
    }
    bool admitted = true;
    if (standing.id == 0 && !store_admit(putting->store, incoming, &admitted)) {
        return false;
    }
    incoming->outcome = STORE_CROWDED;
    return !admitted || store_one(putting, &standing, incoming);
}

static bool put_totals(const struct putting *putting)
{
    struct binder binder = bind_to(putting->store->put[PUT_TOTALS]);
    bind_i64(&binder, putting->last_row);
    bind_u64(&binder, putting->totals.batches);
    bind_u64(&binder, putting->totals.events);
    bind_u64(&binder, putting->totals.bytes);
    return run(&binder);
}

static bool put_all(struct putting *putting, struct store_incoming **incoming, size_t count)
{
    const int64_t row = putting->last_row;
    bool good = store_run(putting->store->put[PUT_BEGIN]);
    for (size_t i = 0; i < count && good; i++) {
        good = put_one(putting, incoming[i]);
    }
    if (good && putting->last_row != row) {
        good = put_totals(putting);
    }
    return good && store_run(putting->store->put[PUT_COMMIT]);
}

/* Nothing of this call is stored. What it was is asked before a rollback may say something else. */
static enum etwas_status give_up(struct store *store, struct store_incoming **incoming,
                                 size_t count, struct etwas_error *error)
{
    const enum etwas_status status = store_fail(store->writer, "storing batches", error);
    if (error->os_code == store_host_disk_full()) {
        /* A log begun anew may have the room that it lacks now: the keeper is to see to it. */
        atomic_store(&store->log_pages, STORE_LOG_PAGES);
    }
    if (sqlite3_get_autocommit(store->writer) == 0) {
        (void)store_run(store->put[PUT_ROLLBACK]);
    }
    for (size_t i = 0; i < count; i++) {
        incoming[i]->outcome = STORE_FAILED;
        incoming[i]->row = 0;
        incoming[i]->missing = 0;
    }
    return status;
}

enum etwas_status store_put(struct store *store, struct store_incoming **incoming, size_t count,
                            struct etwas_error *error)
{
    enum etwas_status status = ETWAS_OK;
    struct putting putting = {.store = store};
    if (store->options.look) {
        *error = (struct etwas_error){.status = ETWAS_DENIED, .doing = "storing batches"};
        return ETWAS_DENIED;
    }
    atomic_fetch_add(&store->putting, 1);
    (void)pthread_mutex_lock(&store->write_lock);
    store_totals(store, &putting.totals);
    putting.last_row = store_last_row(store);
    const uint64_t streams = store->streams;
    if (put_all(&putting, incoming, count)) {
        store_publish(store, &putting.totals, putting.last_row);
    } else {
        status = give_up(store, incoming, count, error);
        store->streams = streams;
    }
    (void)pthread_mutex_unlock(&store->write_lock);
    atomic_fetch_sub(&store->putting, 1);
    return status;
}

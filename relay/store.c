/* SPDX-License-Identifier: MIT */
#include "relay/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "relay/store_host.h"
#include "relay/store_parts.h"

enum {
    APPLICATION_ID = 0x45747773, /* "Etws" */
    VERSION = 1,
    BUSY_MS = 10000, /* another process may recover or end the log */
};

/*
 * A row of batches has its body last, so that the columns before it are read without it. Rows are
 * found by time through batches_span alone, which is small and has them in their order; the
 * two indexes behind it say when the first and the last event was.
 * With auto_vacuum each page of a body would be entered in a table of pages, too. Pages that
 * became free are used again instead: a store at its limit stays as large as it is.
 */
static const char schema[] =
    "CREATE TABLE streams(id INTEGER PRIMARY KEY, stream BLOB NOT NULL UNIQUE, key BLOB NOT NULL,"
    " computer TEXT NOT NULL, sequence INTEGER NOT NULL, expected INTEGER NOT NULL,"
    " delivered INTEGER NOT NULL, lost_spool INTEGER NOT NULL, unseen INTEGER NOT NULL,"
    " lines INTEGER NOT NULL, bytes INTEGER NOT NULL, before INTEGER NOT NULL,"
    " produced INTEGER NOT NULL, filtered INTEGER NOT NULL, lost_kernel INTEGER NOT NULL,"
    " lost_monitor INTEGER NOT NULL, last_time INTEGER NOT NULL, first_seen_ms INTEGER NOT NULL,"
    " last_seen_ms INTEGER NOT NULL) STRICT;"
    "CREATE TABLE batches(row INTEGER PRIMARY KEY, stream INTEGER NOT NULL,"
    " sequence INTEGER NOT NULL, received_ms INTEGER NOT NULL, first INTEGER NOT NULL,"
    " last INTEGER NOT NULL, count INTEGER NOT NULL, own INTEGER NOT NULL,"
    " after INTEGER NOT NULL, before INTEGER NOT NULL, produced INTEGER NOT NULL,"
    " filtered INTEGER NOT NULL, lost_kernel INTEGER NOT NULL, lost_monitor INTEGER NOT NULL,"
    " missing INTEGER NOT NULL, first_contact INTEGER NOT NULL, missing_first INTEGER NOT NULL,"
    " missing_last INTEGER NOT NULL, size INTEGER NOT NULL, computer TEXT NOT NULL,"
    " digest BLOB NOT NULL, authority TEXT NOT NULL, path TEXT NOT NULL,"
    " content_type TEXT NOT NULL, content_encoding TEXT NOT NULL, content_digest TEXT NOT NULL,"
    " etwas_batch TEXT NOT NULL, signature_input TEXT NOT NULL, signature TEXT NOT NULL,"
    " body BLOB NOT NULL) STRICT;"
    "CREATE UNIQUE INDEX batches_number ON batches(stream, sequence);"
    "CREATE INDEX batches_span ON batches(row, first, last);"
    "CREATE INDEX batches_first ON batches(first) WHERE first > 0;"
    "CREATE INDEX batches_last ON batches(last);"
    "CREATE TABLE totals(id INTEGER PRIMARY KEY, last_row INTEGER NOT NULL,"
    " batches INTEGER NOT NULL, events INTEGER NOT NULL, bytes INTEGER NOT NULL) STRICT;"
    "INSERT INTO totals VALUES(1, 0, 0, 0, 0);";

/*
 * How many streams a key has. A row whose `stream` is the key itself, and so longer than one, is
 * none: it holds the sums of those that were given up, and in `sequence` how many they were. The
 * index is not of the first stores, which are none the worse for it.
 */
static const char streams_index[] =
    "CREATE INDEX IF NOT EXISTS streams_key ON streams(key) WHERE length(stream) = 16";

/* What a sender says must not add up to more than a number holds: nothing would be stored then. */
#define SUM(column)                                                                                \
    " " #column " = min(" #column ", 9223372036854775807 - excluded." #column                      \
    ") + excluded." #column ","

static const char *const put_texts[PUT_STATEMENTS] = {
    [PUT_BEGIN] = "BEGIN IMMEDIATE",
    [PUT_COMMIT] = "COMMIT",
    [PUT_ROLLBACK] = "ROLLBACK",
    [PUT_FIND_STREAM] = "SELECT id, key, sequence, expected, delivered, lost_spool, unseen, lines,"
                        " bytes, last_time, first_seen_ms FROM streams WHERE stream = ?1",
    [PUT_ADD_STREAM] = "INSERT INTO streams VALUES(NULL, ?1, ?2, '', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,"
                       " 0, 0, 0, ?3, 0)",
    [PUT_MOVE_STREAM] = "UPDATE streams SET computer = ?2, sequence = ?3, expected = ?4,"
                        " delivered = ?5, lost_spool = ?6, unseen = ?7, lines = ?8, bytes = ?9,"
                        " before = ?10, produced = ?11, filtered = ?12, lost_kernel = ?13,"
                        " lost_monitor = ?14, last_time = ?15, last_seen_ms = ?16 WHERE id = ?1",
    [PUT_FIND_BATCH] = "SELECT digest FROM batches WHERE stream = ?1 AND sequence = ?2",
    [PUT_ADD_BATCH] = "INSERT INTO batches VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,"
                      " ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26,"
                      " ?27, ?28, ?29, ?30)",
    [PUT_TOTALS] = "UPDATE totals SET last_row = ?1, batches = ?2, events = ?3, bytes = ?4",
    [PUT_COUNT_STREAMS] = "SELECT count(*) FROM streams WHERE key = ?1 AND length(stream) = 16",
    [PUT_FIND_SILENT] = "SELECT id FROM streams AS s WHERE key = ?1 AND length(stream) = 16"
                        " AND last_seen_ms NOT BETWEEN ?2 AND ?3"
                        " AND NOT EXISTS (SELECT 1 FROM batches WHERE stream = s.id)"
                        " ORDER BY last_seen_ms LIMIT 1",
    [PUT_ADD_UP] =
        "INSERT INTO streams SELECT NULL, key, key, computer, 1, 0, delivered,"
        " lost_spool, unseen, lines, bytes, 0, produced, filtered, lost_kernel,"
        " lost_monitor, last_time, first_seen_ms, last_seen_ms FROM streams"
        " WHERE id = ?1 ON CONFLICT(stream) DO UPDATE SET computer = excluded.computer,"
        " sequence = sequence + 1," SUM(delivered) SUM(lost_spool) SUM(unseen) SUM(lines) SUM(bytes)
            SUM(produced) SUM(filtered) SUM(lost_kernel)
                SUM(lost_monitor) " first_seen_ms = min(first_seen_ms, excluded.first_seen_ms),"
                                  " last_seen_ms = max(last_seen_ms, excluded.last_seen_ms)",
    [PUT_GIVE_UP] = "DELETE FROM streams WHERE id = ?1",
};

static const char *const keep_texts[KEEP_STATEMENTS] = {
    [KEEP_BEGIN] = "BEGIN IMMEDIATE",
    [KEEP_COMMIT] = "COMMIT",
    [KEEP_ROLLBACK] = "ROLLBACK",
    [KEEP_OLDEST] = "SELECT row, received_ms, count, size FROM batches ORDER BY row LIMIT 1",
    [KEEP_FOLLOWING] = "SELECT row, received_ms FROM batches WHERE row >= ?1 ORDER BY row LIMIT ?2",
    [KEEP_REMOVE] = "DELETE FROM batches WHERE row = ?1",
    [KEEP_USED] = "SELECT (page_count - freelist_count) * page_size"
                  " FROM pragma_page_count, pragma_freelist_count, pragma_page_size",
    [KEEP_SPAN] = "SELECT (SELECT min(first) FROM batches WHERE first > 0),"
                  " (SELECT max(last) FROM batches)",
    [KEEP_TOTALS] = "UPDATE totals SET batches = ?1, events = ?2, bytes = ?3",
};

enum etwas_status store_fail(sqlite3 *connection, const char *doing, struct etwas_error *error)
{
    const int code = sqlite3_errcode(connection) & 0xff;
    *error = (struct etwas_error){.status = ETWAS_SYSTEM, .doing = doing};
    if (code == SQLITE_FULL) {
        error->os_code = store_host_disk_full();
    } else if (code == SQLITE_IOERR || code == SQLITE_CANTOPEN) {
        error->os_code = (uint32_t)sqlite3_system_errno(connection);
    } else if (code == SQLITE_BUSY || code == SQLITE_LOCKED) {
        error->status = ETWAS_BUSY;
    } else if (code == SQLITE_NOMEM) {
        error->status = ETWAS_NO_MEMORY;
    } else if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB) {
        error->status = ETWAS_MALFORMED;
    }
    return error->status;
}

bool store_run(sqlite3_stmt *statement)
{
    int code = sqlite3_step(statement);
    while (code == SQLITE_ROW) {
        code = sqlite3_step(statement);
    }
    return sqlite3_reset(statement) == SQLITE_OK && code == SQLITE_DONE;
}

uint64_t store_column_u64(sqlite3_stmt *statement, int column)
{
    const int64_t value = sqlite3_column_int64(statement, column);
    return value > 0 ? (uint64_t)value : 0;
}

enum etwas_status store_connect(const char *path, int flags, sqlite3 **connection,
                                struct etwas_error *error)
{
    const int code = sqlite3_open_v2(path, connection, flags | SQLITE_OPEN_NOMUTEX, NULL);
    if (*connection == NULL) {
        *error = (struct etwas_error){.status = ETWAS_NO_MEMORY, .doing = "opening the store"};
        return ETWAS_NO_MEMORY;
    }
    if (code != SQLITE_OK) {
        const enum etwas_status status = store_fail(*connection, "opening the store", error);
        (void)sqlite3_close(*connection);
        *connection = NULL;
        return status;
    }
    (void)sqlite3_extended_result_codes(*connection, 1);
    (void)sqlite3_busy_timeout(*connection, BUSY_MS);
    return ETWAS_OK;
}

enum etwas_status store_prepare(sqlite3 *connection, const char *const *texts,
                                sqlite3_stmt **statements, size_t count, struct etwas_error *error)
{
    for (size_t i = 0; i < count; i++) {
        if (sqlite3_prepare_v3(connection, texts[i], -1, SQLITE_PREPARE_PERSISTENT, &statements[i],
                               NULL) != SQLITE_OK) {
            return store_fail(connection, "opening the store: it is damaged", error);
        }
    }
    return ETWAS_OK;
}

void store_finalize(sqlite3_stmt **statements, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        (void)sqlite3_finalize(statements[i]);
        statements[i] = NULL;
    }
}

static bool execute(sqlite3 *connection, const char *text)
{
    return sqlite3_exec(connection, text, NULL, NULL, NULL) == SQLITE_OK;
}

/* The first row of a query as `count` numbers; false: it failed. */
static bool query(sqlite3 *connection, const char *text, int64_t *numbers, int count)
{
    sqlite3_stmt *statement = NULL;
    bool good = sqlite3_prepare_v2(connection, text, -1, &statement, NULL) == SQLITE_OK &&
                sqlite3_step(statement) == SQLITE_ROW;
    for (int i = 0; i < count && good; i++) {
        numbers[i] = sqlite3_column_int64(statement, i);
    }
    return sqlite3_finalize(statement) == SQLITE_OK && good;
}

/*
 * How both connections work. Debian's SQLite overwrites what is deleted, which would write each
 * body a second time; the file is its owner's alone.
 */
static const char settings[] = "PRAGMA secure_delete = OFF; PRAGMA cache_size = -512;"
                               "PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 0;";

/*
 * The pragma does not fail where there is no shared memory, as on some network file systems: it
 * answers with the mode that stays, in which readers would keep the committer waiting.
 */
static bool begin_log(sqlite3 *connection, bool *begun)
{
    sqlite3_stmt *statement = NULL;
    *begun = false;
    const bool good = sqlite3_prepare_v2(connection, "PRAGMA journal_mode = WAL", -1, &statement,
                                         NULL) == SQLITE_OK &&
                      sqlite3_step(statement) == SQLITE_ROW;
    if (good) {
        const unsigned char *mode = sqlite3_column_text(statement, 0);
        *begun = mode != NULL && strcmp((const char *)mode, "wal") == 0;
    }
    return sqlite3_finalize(statement) == SQLITE_OK && good;
}

static enum etwas_status make_schema(sqlite3 *connection, struct etwas_error *error)
{
    char ids[96];
    (void)snprintf(ids, sizeof ids, "PRAGMA application_id = %d; PRAGMA user_version = %d;",
                   APPLICATION_ID, VERSION);
    if (!execute(connection, "BEGIN IMMEDIATE") || !execute(connection, schema) ||
        !execute(connection, ids) || !execute(connection, "COMMIT")) {
        return store_fail(connection, "making the store", error);
    }
    return ETWAS_OK;
}

static enum etwas_status refuse(struct etwas_error *error, const char *doing)
{
    *error = (struct etwas_error){.status = ETWAS_MALFORMED, .doing = doing};
    return ETWAS_MALFORMED;
}

/* Whose file it is, which must be looked at before anything is changed in it. */
static enum etwas_status check_schema(const struct store *store, struct etwas_error *error)
{
    int64_t is[3] = {0};
    if (!query(store->writer,
               "SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema)"
               " FROM pragma_application_id, pragma_user_version",
               is, 3)) {
        return store_fail(store->writer, "opening the store: etwas.db is no store", error);
    }
    const bool empty = is[0] == 0 && is[1] == 0 && is[2] == 0;
    if (empty && store->options.look) {
        return refuse(error, "opening the store: it was never written to");
    }
    if (!empty && is[0] != APPLICATION_ID) {
        return refuse(error, "opening the store: etwas.db is no store of etwass");
    }
    if (!empty && is[1] != VERSION) {
        return refuse(error, "opening the store: it is of a newer etwass");
    }
    if (store->options.look) {
        return ETWAS_OK;
    }
    bool begun = false;
    if (!begin_log(store->writer, &begun)) {
        return store_fail(store->writer, "opening the store", error);
    }
    if (!begun) {
        return refuse(error, "opening the store: its file system has no shared memory");
    }
    const enum etwas_status status = empty ? make_schema(store->writer, error) : ETWAS_OK;
    if (status == ETWAS_OK) {
        (void)execute(store->writer, streams_index); /* without it counting takes longer */
    }
    return status;
}

/* Whoever commits says how long the log is, and shortens it when nobody else does. */
static int after_commit(void *context, sqlite3 *connection, const char *name, int pages)
{
    struct store *store = context;
    (void)name;
    atomic_store(&store->log_pages, pages);
    if (pages >= STORE_LOG_PAGES_MAX) {
        (void)sqlite3_wal_checkpoint_v2(connection, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    }
    return SQLITE_OK;
}

static enum etwas_status connect_all(struct store *store, struct etwas_error *error)
{
    enum etwas_status status =
        store_connect(store->path, SQLITE_OPEN_READWRITE, &store->writer, error);
    if (status != ETWAS_OK) {
        return status;
    }
    status = check_schema(store, error);
    if (status != ETWAS_OK || store->options.look) {
        return status;
    }
    status = store_connect(store->path, SQLITE_OPEN_READWRITE, &store->keeper, error);
    if (status != ETWAS_OK) {
        return status;
    }
    if (!execute(store->writer, settings) || !execute(store->keeper, settings) ||
        !execute(store->writer, "PRAGMA synchronous = FULL") ||
        !execute(store->keeper, "PRAGMA synchronous = NORMAL")) {
        return store_fail(store->writer, "opening the store", error);
    }
    (void)sqlite3_wal_hook(store->writer, after_commit, store);
    (void)sqlite3_wal_hook(store->keeper, after_commit, store);
    status = store_prepare(store->writer, put_texts, store->put, PUT_STATEMENTS, error);
    if (status == ETWAS_OK) {
        status = store_prepare(store->keeper, keep_texts, store->keep, KEEP_STATEMENTS, error);
    }
    return status;
}

static enum etwas_status load_totals(struct store *store, struct etwas_error *error)
{
    int64_t is[6] = {0};
    if (!query(store->writer,
               "SELECT last_row, batches, events, bytes,"
               " (SELECT min(first) FROM batches WHERE first > 0), (SELECT max(last) FROM batches)"
               " FROM totals",
               is, 6)) {
        return store_fail(store->writer, "opening the store: it is damaged", error);
    }
    const struct store_totals totals = {.batches = (uint64_t)is[1],
                                        .events = (uint64_t)is[2],
                                        .bytes = (uint64_t)is[3],
                                        .first = is[4],
                                        .last = is[5]};
    store_publish(store, &totals, is[0]);
    return ETWAS_OK;
}

static enum etwas_status count_streams(struct store *store, struct etwas_error *error)
{
    int64_t count = 0;
    if (!query(store->writer, "SELECT count(*) FROM streams WHERE length(stream) = 16", &count,
               1)) {
        return store_fail(store->writer, "opening the store: it is damaged", error);
    }
    store->streams = (uint64_t)count;
    return ETWAS_OK;
}

static struct store *store_make(const struct store_options *options)
{
    static const char name[] = "/etwas.db";
    struct store *store = calloc(1, sizeof *store);
    const size_t size = strlen(options->folder) + sizeof name;
    if (store == NULL) {
        return NULL;
    }
    store->path = malloc(size);
    if (store->path == NULL) {
        free(store);
        return NULL;
    }
    (void)snprintf(store->path, size, "%s%s", options->folder, name);
    store->options = *options;
    store->options.folder = NULL; /* the caller's */
    store->folder = -1;
    (void)pthread_mutex_init(&store->write_lock, NULL);
    (void)pthread_mutex_init(&store->totals_lock, NULL);
    return store;
}

enum etwas_status store_open(const struct store_options *options, struct store **store,
                             struct etwas_error *error)
{
    *store = NULL;
    struct store *made = store_make(options);
    if (made == NULL) {
        *error = (struct etwas_error){.status = ETWAS_NO_MEMORY, .doing = "opening the store"};
        return ETWAS_NO_MEMORY;
    }
    enum etwas_status status =
        store_host_open(options->folder, options->look, &made->folder, error);
    if (status == ETWAS_OK) {
        status = connect_all(made, error);
    }
    if (status == ETWAS_OK) {
        status = load_totals(made, error);
    }
    if (status == ETWAS_OK) {
        status = count_streams(made, error);
    }
    if (status != ETWAS_OK) {
        store_close(made);
        return status;
    }
    *store = made;
    return ETWAS_OK;
}

void store_close(struct store *store)
{
    if (store == NULL) {
        return;
    }
    store_finalize(store->put, PUT_STATEMENTS);
    store_finalize(store->keep, KEEP_STATEMENTS);
    (void)sqlite3_close(store->keeper);
    (void)sqlite3_close(store->writer);
    /* Only now may another process serve the folder. */
    store_host_close(store->folder);
    (void)pthread_mutex_destroy(&store->write_lock);
    (void)pthread_mutex_destroy(&store->totals_lock);
    free(store->path);
    free(store);
}

void store_publish(struct store *store, const struct store_totals *totals, int64_t last_row)
{
    (void)pthread_mutex_lock(&store->totals_lock);
    store->totals = *totals;
    store->last_row = last_row;
    (void)pthread_mutex_unlock(&store->totals_lock);
}

void store_totals(struct store *store, struct store_totals *totals)
{
    (void)pthread_mutex_lock(&store->totals_lock);
    *totals = store->totals;
    (void)pthread_mutex_unlock(&store->totals_lock);
}

int64_t store_last_row(struct store *store)
{
    (void)pthread_mutex_lock(&store->totals_lock);
    const int64_t row = store->last_row;
    (void)pthread_mutex_unlock(&store->totals_lock);
    return row;
}

/* The name goes in as a value: SQL of ours only. */
static bool copy_into(sqlite3 *connection, const char *path)
{
    sqlite3_stmt *statement = NULL;
    const bool good =
        sqlite3_prepare_v2(connection, "VACUUM INTO ?1", -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_bind_text(statement, 1, path, -1, SQLITE_STATIC) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_DONE;
    return sqlite3_finalize(statement) == SQLITE_OK && good;
}

enum etwas_status store_backup(struct store *store, const char *path, struct etwas_error *error)
{
    sqlite3 *connection = NULL;
    enum etwas_status status =
        store_connect(store->path, SQLITE_OPEN_READWRITE, &connection, error);
    if (status != ETWAS_OK) {
        return status;
    }
    status = store_host_make(path, error);
    if (status == ETWAS_OK) {
        status = copy_into(connection, path) ? store_host_sync(path, error)
                                             : store_fail(connection, "copying the store", error);
        if (status != ETWAS_OK) {
            store_host_remove(path);
        }
    }
    (void)sqlite3_close(connection);
    return status;
}

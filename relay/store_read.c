/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "relay/store_parts.h"

enum read_statement { READ_UP, READ_DOWN, READ_OLDEST, READ_STREAMS, READ_STATEMENTS };

/*
 * What is found is copied at once and the statement reset: a statement that stands on a row keeps
 * the log from being begun anew, for as long as a viewer is slow.
 */
struct store_reader {
    sqlite3 *connection;
    sqlite3_stmt *statements[READ_STATEMENTS];
    char *room;
    size_t capacity;
    size_t used;
};

#define COLUMNS                                                                                    \
    "SELECT b.row, s.key, s.stream, b.computer, b.sequence, b.received_ms, b.first, b.last,"       \
    " b.count, b.own, b.after, b.before, b.produced, b.filtered, b.lost_kernel, b.lost_monitor,"   \
    " b.missing, b.first_contact, b.missing_first, b.missing_last, b.digest, b.authority, b.path," \
    " b.content_type, b.content_encoding, b.content_digest, b.etwas_batch, b.signature_input,"     \
    " b.signature, b.body FROM batches AS b LEFT JOIN streams AS s ON s.id = b.stream"             \
    " WHERE b.row = (SELECT row FROM batches INDEXED BY batches_span"

#define SPAN " AND last >= ?2 AND first < ?3 ORDER BY row"

static const char *const texts[READ_STATEMENTS] = {
    [READ_UP] = COLUMNS " WHERE row > ?1" SPAN " LIMIT 1)",
    [READ_DOWN] = COLUMNS " WHERE row < ?1" SPAN " DESC LIMIT 1)",
    [READ_OLDEST] = "SELECT row, last FROM batches INDEXED BY batches_span ORDER BY row LIMIT 1",
    [READ_STREAMS] =
        "SELECT key, stream, computer, sequence, delivered, lost_spool, unseen, lines, bytes,"
        " before, produced, filtered, lost_kernel, lost_monitor, first_seen_ms, last_seen_ms"
        " FROM streams ORDER BY key, id DESC",
};

enum etwas_status store_reader_open(struct store *store, struct store_reader **reader,
                                    struct etwas_error *error)
{
    *reader = NULL;
    struct store_reader *made = calloc(1, sizeof *made);
    if (made == NULL) {
        *error = (struct etwas_error){.status = ETWAS_NO_MEMORY, .doing = "reading the store"};
        return ETWAS_NO_MEMORY;
    }
    enum etwas_status status =
        store_connect(store->path, SQLITE_OPEN_READONLY, &made->connection, error);
    if (status == ETWAS_OK) {
        /* Bodies are read once; what is read again and again are some pages of the indexes. */
        (void)sqlite3_exec(made->connection, "PRAGMA cache_size = -256", NULL, NULL, NULL);
        status = store_prepare(made->connection, texts, made->statements, READ_STATEMENTS, error);
    }
    if (status != ETWAS_OK) {
        store_reader_close(made);
        return status;
    }
    *reader = made;
    return ETWAS_OK;
}

void store_reader_close(struct store_reader *reader)
{
    if (reader == NULL) {
        return;
    }
    store_finalize(reader->statements, READ_STATEMENTS);
    (void)sqlite3_close(reader->connection);
    free(reader->room);
    free(reader);
}

/* A copy of a column, with a zero behind; there is room for it. `least` bytes are never less. */
static const char *keep(struct store_reader *reader, sqlite3_stmt *statement, int column,
                        size_t least)
{
    char *copy = reader->room + reader->used;
    const void *data = sqlite3_column_blob(statement, column);
    const size_t size = (size_t)sqlite3_column_bytes(statement, column);
    const size_t whole = size > least ? size : least;
    memset(copy, 0, whole + 1);
    if (data != NULL) {
        memcpy(copy, data, size);
    }
    reader->used += whole + 1;
    return copy;
}

/* Columns of struct store_batch that lie in the reader's memory, with what is read of them. */
static const struct kept {
    int column;
    size_t least;
} kept_columns[] = {
    {1,  KEY_PUBLIC_SIZE  },
    {2,  BATCH_STREAM_SIZE},
    {3,  0                },
    {20, 64               },
    {21, 0                },
    {22, 0                },
    {23, 0                },
    {24, 0                },
    {25, 0                },
    {26, 0                },
    {27, 0                },
    {28, 0                },
    {29, 0                },
};

enum { KEPT_COLUMNS = sizeof kept_columns / sizeof kept_columns[0] };

static bool reserve(struct store_reader *reader, sqlite3_stmt *statement)
{
    size_t size = 0;
    for (size_t i = 0; i < KEPT_COLUMNS; i++) {
        size += (size_t)sqlite3_column_bytes(statement, kept_columns[i].column) +
                kept_columns[i].least + 1;
    }
    reader->used = 0;
    if (size <= reader->capacity) {
        return true;
    }
    free(reader->room);
    reader->room = malloc(size);
    reader->capacity = reader->room != NULL ? size : 0;
    return reader->room != NULL;
}

static void read_batch(struct store_reader *reader, sqlite3_stmt *statement,
                       struct store_batch *batch)
{
    const char *kept[KEPT_COLUMNS];
    for (size_t i = 0; i < KEPT_COLUMNS; i++) {
        kept[i] = keep(reader, statement, kept_columns[i].column, kept_columns[i].least);
    }
    *batch = (struct store_batch){
        .row = sqlite3_column_int64(statement, 0),
        .public_key = (const uint8_t *)kept[0],
        .computer = kept[2],
        .head = {.sequence = store_column_u64(statement, 4),
                 .count = store_column_u64(statement, 8),
                 .own = store_column_u64(statement, 9),
                 .after = store_column_u64(statement, 10),
                 .books = {.before = store_column_u64(statement, 11),
                           .produced = store_column_u64(statement, 12),
                           .filtered = store_column_u64(statement, 13),
                           .lost_kernel = store_column_u64(statement, 14),
                           .lost_monitor = store_column_u64(statement, 15)}},
        .digest = (const uint8_t *)kept[3],
        .parts = {.authority = kept[4],
                 .path = kept[5],
                 .content_type = kept[6],
                 .content_encoding = kept[7],
                 .content_digest = kept[8],
                 .etwas_batch = kept[9],
                 .signature_input = kept[10],
                 .signature = kept[11]             },
        .received_ms = sqlite3_column_int64(statement, 5),
        .first = sqlite3_column_int64(statement, 6),
        .last = sqlite3_column_int64(statement, 7),
        .missing = store_column_u64(statement, 16),
        .first_contact = sqlite3_column_int(statement, 17) != 0,
        .missing_first = sqlite3_column_int64(statement, 18),
        .missing_last = sqlite3_column_int64(statement, 19),
        .body = kept[12],
        .size = (size_t)sqlite3_column_bytes(statement, 29),
    };
    memcpy(batch->head.stream, kept[1], BATCH_STREAM_SIZE);
}

enum etwas_status store_next(struct store_reader *reader, const struct store_range *range,
                             struct store_batch *batch, struct etwas_error *error)
{
    sqlite3_stmt *statement = reader->statements[range->descending ? READ_DOWN : READ_UP];
    (void)sqlite3_bind_int64(statement, 1, range->row);
    (void)sqlite3_bind_int64(statement, 2, range->from);
    (void)sqlite3_bind_int64(statement, 3, range->to);
    enum etwas_status status = ETWAS_OK;
    const int code = sqlite3_step(statement);
    if (code == SQLITE_DONE) {
        *error = (struct etwas_error){.status = ETWAS_NOT_FOUND, .doing = "reading the store"};
        status = ETWAS_NOT_FOUND;
    } else if (code != SQLITE_ROW) {
        status = store_fail(reader->connection, "reading the store", error);
    } else if (reserve(reader, statement)) {
        read_batch(reader, statement, batch);
    } else {
        *error = (struct etwas_error){.status = ETWAS_NO_MEMORY, .doing = "reading the store"};
        status = ETWAS_NO_MEMORY;
    }
    (void)sqlite3_reset(statement);
    return status;
}

enum etwas_status store_oldest(struct store_reader *reader, struct store_oldest *oldest,
                               struct etwas_error *error)
{
    sqlite3_stmt *statement = reader->statements[READ_OLDEST];
    enum etwas_status status = ETWAS_OK;
    *oldest = (struct store_oldest){.row = INT64_MAX, .last = INT64_MAX};
    const int code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        oldest->row = sqlite3_column_int64(statement, 0);
        oldest->last = sqlite3_column_int64(statement, 1);
    } else if (code != SQLITE_DONE) {
        status = store_fail(reader->connection, "reading the store", error);
    }
    (void)sqlite3_reset(statement);
    return status;
}

static void copy_bytes(sqlite3_stmt *statement, int column, uint8_t *bytes, size_t size)
{
    const void *data = sqlite3_column_blob(statement, column);
    const size_t is = (size_t)sqlite3_column_bytes(statement, column);
    memset(bytes, 0, size);
    if (data != NULL) {
        memcpy(bytes, data, is < size ? is : size);
    }
}

static void read_stream(sqlite3_stmt *statement, struct store_stream *stream)
{
    const unsigned char *computer = sqlite3_column_text(statement, 2);
    *stream = (struct store_stream){
        .computer = computer != NULL ? (const char *)computer : "",
        .sequence = store_column_u64(statement, 3),
        .delivered = store_column_u64(statement, 4),
        .lost_spool = store_column_u64(statement, 5),
        .unseen = store_column_u64(statement, 6),
        .lines = store_column_u64(statement, 7),
        .bytes = store_column_u64(statement, 8),
        .books = {.before = store_column_u64(statement, 9),
                  .produced = store_column_u64(statement, 10),
                  .filtered = store_column_u64(statement, 11),
                  .lost_kernel = store_column_u64(statement, 12),
                  .lost_monitor = store_column_u64(statement, 13)},
        .first_seen_ms = sqlite3_column_int64(statement, 14),
        .last_seen_ms = sqlite3_column_int64(statement, 15),
    };
    if (sqlite3_column_bytes(statement, 1) > BATCH_STREAM_SIZE) {
        stream->former = stream->sequence;
        stream->sequence = 0;
    }
    copy_bytes(statement, 0, stream->public_key, KEY_PUBLIC_SIZE);
    copy_bytes(statement, 1, stream->stream, BATCH_STREAM_SIZE);
}

enum etwas_status store_streams(struct store_reader *reader,
                                bool (*each)(void *context, const struct store_stream *stream),
                                void *context, struct etwas_error *error)
{
    sqlite3_stmt *statement = reader->statements[READ_STREAMS];
    enum etwas_status status = ETWAS_OK;
    int code = sqlite3_step(statement);
    bool more = true;
    while (code == SQLITE_ROW && more) {
        struct store_stream stream;
        read_stream(statement, &stream);
        more = each(context, &stream);
        code = more ? sqlite3_step(statement) : code;
    }
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        status = store_fail(reader->connection, "reading the store", error);
    }
    (void)sqlite3_reset(statement);
    return status;
}

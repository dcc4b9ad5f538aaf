/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_RELAY_STORE_PARTS_H
#define ETWAS_RELAY_STORE_PARTS_H

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>

#include "relay/store.h"

/*
 * What the store's own files share.
 *
 * Two connections write, never at once: `write_lock` is held from BEGIN to COMMIT, so that who
 * waits is woken instead of polling, which is what SQLite itself would do. The writer syncs at each
 * commit. The keeper, which removes and checkpoints, does not: what it removed may come back
 * after a power failure, to be removed again.
 */
enum put_statement {
    PUT_BEGIN,
    PUT_COMMIT,
    PUT_ROLLBACK,
    PUT_FIND_STREAM,
    PUT_ADD_STREAM,
    PUT_MOVE_STREAM,
    PUT_FIND_BATCH,
    PUT_ADD_BATCH,
    PUT_TOTALS,
    PUT_COUNT_STREAMS,
    PUT_FIND_SILENT,
    PUT_ADD_UP,
    PUT_GIVE_UP,
    PUT_STATEMENTS,
};

enum keep_statement {
    KEEP_BEGIN,
    KEEP_COMMIT,
    KEEP_ROLLBACK,
    KEEP_OLDEST,
    KEEP_FOLLOWING,
    KEEP_REMOVE,
    KEEP_USED,
    KEEP_SPAN,
    KEEP_TOTALS,
    KEEP_STATEMENTS,
};

struct store {
    struct store_options options;
    char *path;
    int folder;
    sqlite3 *writer; /* of a store to look at, too, but it writes nothing */
    sqlite3 *keeper;
    sqlite3_stmt *put[PUT_STATEMENTS];
    sqlite3_stmt *keep[KEEP_STATEMENTS];
    pthread_mutex_t write_lock;
    /* With the write lock held. */
    uint64_t streams;     /* that there are */
    int64_t past_row;     /* rows from the oldest up to here came at a time that is still to come */
    int64_t past_ms;      /* when `past_row` came, which is past; 0: not found yet */
    atomic_uint putting;  /* those who put or wait for it */
    atomic_int log_pages; /* of the write-ahead log, as of the last commit */
    pthread_mutex_t totals_lock; /* of the two below */
    struct store_totals totals;
    int64_t last_row;
};

enum {
    STORE_LOG_PAGES = 2048,     /* from here on the keeper checkpoints */
    STORE_LOG_PAGES_MAX = 8192, /* from here on whoever commits does: nobody calls the keeper */
};

/* A connection to the store's file. */
ETWAS_MUST_CHECK enum etwas_status store_connect(const char *path, int flags, sqlite3 **connection,
                                                 struct etwas_error *error);
ETWAS_MUST_CHECK enum etwas_status store_prepare(sqlite3 *connection, const char *const *texts,
                                                 sqlite3_stmt **statements, size_t count,
                                                 struct etwas_error *error);
void store_finalize(sqlite3_stmt **statements, size_t count);

/* What `connection` last said, as an error. */
enum etwas_status store_fail(sqlite3 *connection, const char *doing, struct etwas_error *error);

/* Runs a statement that has no rows, or whose rows do not matter; false: it failed. */
bool store_run(sqlite3_stmt *statement);

/*
 * Within a transaction: may a stream be begun with this batch? It gives up another of its key
 * for that if need be. False: it failed.
 */
bool store_admit(struct store *store, const struct store_incoming *incoming, bool *admitted);

/* All that an application would read of the totals changes at once. */
void store_publish(struct store *store, const struct store_totals *totals, int64_t last_row);

/* A column that holds a number that is never negative. */
uint64_t store_column_u64(sqlite3_stmt *statement, int column);

#endif

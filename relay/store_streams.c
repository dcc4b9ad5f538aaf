/* SPDX-License-Identifier: MIT */
#include "relay/store_parts.h"

static bool bind_key(sqlite3_stmt *statement, const struct store_incoming *incoming)
{
    return sqlite3_bind_blob(statement, 1, incoming->public_key, KEY_PUBLIC_SIZE, SQLITE_STATIC) ==
           SQLITE_OK;
}

/* The number in the first row, 0 without one; false: it failed. */
static bool read_number(sqlite3_stmt *statement, int64_t *number)
{
    const int code = sqlite3_step(statement);
    *number = code == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    const bool good = sqlite3_reset(statement) == SQLITE_OK;
    (void)sqlite3_clear_bindings(statement);
    return good && (code == SQLITE_ROW || code == SQLITE_DONE);
}

static bool count_streams(struct store *store, const struct store_incoming *incoming,
                          int64_t *count)
{
    sqlite3_stmt *statement = store->put[PUT_COUNT_STREAMS];
    return bind_key(statement, incoming) && read_number(statement, count);
}

/*
 * The one that may go, 0: none. A time that is still to come is that of a clock that was ahead, and
 * as good as one long past.
 */
static bool find_silent(struct store *store, const struct store_incoming *incoming, int64_t *id)
{
    sqlite3_stmt *statement = store->put[PUT_FIND_SILENT];
    return bind_key(statement, incoming) &&
           sqlite3_bind_int64(statement, 2, incoming->received_ms - STORE_SILENT_MS) == SQLITE_OK &&
           sqlite3_bind_int64(statement, 3, incoming->received_ms + STORE_SILENT_MS) == SQLITE_OK &&
           read_number(statement, id);
}

static bool run_for(sqlite3_stmt *statement, int64_t id)
{
    return sqlite3_bind_int64(statement, 1, id) == SQLITE_OK && store_run(statement);
}

static bool give_up(struct store *store, int64_t id)
{
    const bool good = run_for(store->put[PUT_ADD_UP], id) && run_for(store->put[PUT_GIVE_UP], id);
    store->streams -= good && store->streams != 0 ? 1 : 0;
    return good;
}

bool store_admit(struct store *store, const struct store_incoming *incoming, bool *admitted)
{
    int64_t count = 0;
    int64_t silent = 0;
    *admitted = !incoming->stranger || store->streams < STORE_MAX_STREAMS;
    if (!*admitted) {
        return true;
    }
    if (!count_streams(store, incoming, &count)) {
        return false;
    }
    if (count < STORE_MAX_STREAMS_OF_KEY) {
        return true;
    }
    if (!find_silent(store, incoming, &silent)) {
        return false;
    }
    *admitted = silent != 0;
    return !*admitted || give_up(store, silent);
}

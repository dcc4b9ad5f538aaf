/* SPDX-License-Identifier: MIT */
#include "relay/store_host.h"
#include "relay/store_parts.h"

enum {
    STEP_US = 4000,      /* of work between BEGIN and COMMIT */
    CALL_US = 1000000,   /* of one call of store_retain() */
    REST_US = 500,       /* between looks at whether others have put */
    REST_MAX_US = 20000, /* then it is the keeper's turn: others put all the time */
    LITTLE_PAGES = 64,   /* of the log, that others may wait for */
    MAX_PASSES = 5,
    FOLLOWING_ROWS = 1000, /* looked at in a call for one whose time is past */
};

struct oldest {
    int64_t row; /* 0: nothing is stored */
    int64_t received_ms;
    uint64_t count;
    uint64_t size;
};

/* One step, as far as it has come. */
struct step {
    struct store *store;
    int64_t now_ms;
    int64_t until_us;
    struct store_totals totals;
    uint64_t removed;
    bool done; /* there is no more to remove */
};

static bool find_oldest(struct store *store, struct oldest *oldest)
{
    sqlite3_stmt *statement = store->keep[KEEP_OLDEST];
    *oldest = (struct oldest){.row = 0};
    const int code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        *oldest = (struct oldest){.row = sqlite3_column_int64(statement, 0),
                                  .received_ms = sqlite3_column_int64(statement, 1),
                                  .count = store_column_u64(statement, 2),
                                  .size = store_column_u64(statement, 3)};
    }
    return sqlite3_reset(statement) == SQLITE_OK && (code == SQLITE_ROW || code == SQLITE_DONE);
}

/* The next of those behind the oldest whose time is past, if it is among the next thousand. */
static bool find_past(struct store *store, int64_t now_ms)
{
    sqlite3_stmt *statement = store->keep[KEEP_FOLLOWING];
    int code = SQLITE_ERROR;
    if (sqlite3_bind_int64(statement, 1, store->past_row) == SQLITE_OK &&
        sqlite3_bind_int64(statement, 2, FOLLOWING_ROWS) == SQLITE_OK) {
        code = sqlite3_step(statement);
    }
    while (code == SQLITE_ROW && store->past_ms == 0) {
        const int64_t received_ms = sqlite3_column_int64(statement, 1);
        store->past_row = sqlite3_column_int64(statement, 0);
        store->past_ms = received_ms <= now_ms ? received_ms : 0;
        if (store->past_ms == 0) {
            store->past_row++;
            code = sqlite3_step(statement);
        }
    }
    return sqlite3_reset(statement) == SQLITE_OK && (code == SQLITE_ROW || code == SQLITE_DONE);
}

/*
 * While the clock here was ahead rows came at times that are still to come. They are at least as
 * old as what came behind them; else they would keep that from becoming too old, for years.
 */
static bool correct_time(struct store *store, int64_t now_ms, struct oldest *oldest)
{
    if (oldest->row == 0 || oldest->received_ms <= now_ms) {
        return true;
    }
    if (store->past_row <= oldest->row || store->past_ms > now_ms) {
        store->past_row = oldest->row;
        store->past_ms = 0;
    }
    if (store->past_ms == 0 && !find_past(store, now_ms)) {
        return false;
    }
    oldest->received_ms = store->past_ms != 0 ? store->past_ms : now_ms;
    return true;
}

/* Bytes of the file that are in use; false: it failed. */
static bool find_used(struct store *store, uint64_t *used)
{
    sqlite3_stmt *statement = store->keep[KEEP_USED];
    const bool good = sqlite3_step(statement) == SQLITE_ROW;
    *used = good ? store_column_u64(statement, 0) : 0;
    return sqlite3_reset(statement) == SQLITE_OK && good;
}

static bool is_too_old(const struct step *step, const struct oldest *oldest)
{
    const uint64_t max_age_s = step->store->options.max_age_s;
    const int64_t age_ms = step->now_ms - oldest->received_ms;
    return max_age_s != 0 && age_ms > 0 && (uint64_t)age_ms / 1000 >= max_age_s;
}

/* `*too_much`: the oldest has to go. */
static bool judge(const struct step *step, const struct oldest *oldest, bool *too_much)
{
    const uint64_t max_bytes = step->store->options.max_bytes;
    uint64_t used = 0;
    if (oldest->row == 0 || is_too_old(step, oldest) || max_bytes == 0) {
        *too_much = oldest->row != 0 && is_too_old(step, oldest);
        return true;
    }
    const bool good = find_used(step->store, &used);
    *too_much = used > max_bytes;
    return good;
}

static bool remove_one(struct step *step, const struct oldest *oldest)
{
    sqlite3_stmt *statement = step->store->keep[KEEP_REMOVE];
    if (sqlite3_bind_int64(statement, 1, oldest->row) != SQLITE_OK || !store_run(statement)) {
        return false;
    }
    struct store_totals *totals = &step->totals;
    totals->batches -= totals->batches != 0 ? 1 : 0;
    totals->events -= oldest->count < totals->events ? oldest->count : totals->events;
    totals->bytes -= oldest->size < totals->bytes ? oldest->size : totals->bytes;
    step->removed++;
    return true;
}

static bool remove_some(struct step *step)
{
    bool good = true;
    while (good && !step->done && store_host_now_us() < step->until_us) {
        struct oldest oldest;
        bool too_much = false;
        good = find_oldest(step->store, &oldest) &&
               correct_time(step->store, step->now_ms, &oldest) && judge(step, &oldest, &too_much);
        if (good && too_much) {
            good = remove_one(step, &oldest);
        }
        step->done = !too_much;
    }
    return good;
}

static bool put_totals(struct step *step)
{
    sqlite3_stmt *span = step->store->keep[KEEP_SPAN];
    sqlite3_stmt *totals = step->store->keep[KEEP_TOTALS];
    const bool found = sqlite3_step(span) == SQLITE_ROW;
    step->totals.first = sqlite3_column_int64(span, 0);
    step->totals.last = sqlite3_column_int64(span, 1);
    return sqlite3_reset(span) == SQLITE_OK && found &&
           sqlite3_bind_int64(totals, 1, (int64_t)step->totals.batches) == SQLITE_OK &&
           sqlite3_bind_int64(totals, 2, (int64_t)step->totals.events) == SQLITE_OK &&
           sqlite3_bind_int64(totals, 3, (int64_t)step->totals.bytes) == SQLITE_OK &&
           store_run(totals);
}

static enum etwas_status run_step(struct step *step, struct etwas_error *error)
{
    struct store *store = step->store;
    enum etwas_status status = ETWAS_OK;
    (void)pthread_mutex_lock(&store->write_lock);
    step->until_us = store_host_now_us() + STEP_US;
    store_totals(store, &step->totals);
    const int64_t last_row = store_last_row(store);
    const bool good = store_run(store->keep[KEEP_BEGIN]) && remove_some(step) &&
                      (step->removed == 0 || put_totals(step)) &&
                      store_run(store->keep[KEEP_COMMIT]);
    if (good && step->removed != 0) {
        store_publish(store, &step->totals, last_row);
    } else if (!good) {
        status = store_fail(store->keeper, "removing old batches", error);
        step->removed = 0;
        if (sqlite3_get_autocommit(store->keeper) == 0) {
            (void)store_run(store->keep[KEEP_ROLLBACK]);
        }
    }
    (void)pthread_mutex_unlock(&store->write_lock);
    return status;
}

/*
 * Mutexes are not fair: who unlocks and locks again at once mostly gets it. So those who wait
 * to put are let through, for a while.
 */
static void let_others(struct store *store)
{
    for (unsigned us = 0; us < REST_MAX_US && atomic_load(&store->putting) != 0; us += REST_US) {
        store_host_rest_us(REST_US);
    }
}

/* Pages of the log that were taken over. */
static int checkpoint(struct store *store)
{
    int taken = 0;
    (void)sqlite3_wal_checkpoint_v2(store->keeper, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, &taken);
    return taken;
}

/*
 * The log is only begun anew when all of it was taken over, which never happens while others
 * go on putting. So it is taken over beside them until little is left, and that while they wait.
 */
static void shorten_log(struct store *store)
{
    unsigned passes = 0;
    int taken = 0;
    do {
        taken = checkpoint(store);
        passes++;
    } while (atomic_load(&store->log_pages) - taken > LITTLE_PAGES && passes < MAX_PASSES);
    (void)pthread_mutex_lock(&store->write_lock);
    (void)checkpoint(store);
    atomic_store(&store->log_pages, 0);
    (void)pthread_mutex_unlock(&store->write_lock);
}

enum etwas_status store_retain(struct store *store, int64_t now_ms, uint64_t *removed,
                               struct etwas_error *error)
{
    const int64_t until_us = store_host_now_us() + CALL_US;
    enum etwas_status status = ETWAS_OK;
    bool done = store->options.look;
    *removed = 0;
    while (!done && status == ETWAS_OK && store_host_now_us() < until_us) {
        struct step step = {.store = store, .now_ms = now_ms};
        status = run_step(&step, error);
        if (status != ETWAS_OK && error->os_code == store_host_disk_full()) {
            /* A log begun anew needs no room, and what is removed then makes some. */
            shorten_log(store);
            status = run_step(&step, error);
        }
        *removed += step.removed;
        done = step.done;
        if (!done) {
            let_others(store);
        }
        if (atomic_load(&store->log_pages) >= STORE_LOG_PAGES) {
            shorten_log(store);
        }
    }
    return status;
}

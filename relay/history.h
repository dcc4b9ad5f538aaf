/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_RELAY_HISTORY_H
#define ETWAS_RELAY_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/status.h"
#include "relay/identity.h"
#include "relay/parameters.h"
#include "relay/store.h"

/*
 * What the store holds, event after event, with gaps as rows: what GET /v1/events answers and
 * what a viewer that resumes is sent. Memory stays that of one batch, whatever the limit. One
 * thread at a time; it has a reader of its own, so that ingest and others are not held up, and
 * holds nothing open in the store between calls.
 */
struct history;

struct history_range {
    int64_t from; /* TimeCreated, inclusive; INT64_MIN, INT64_MAX: any */
    int64_t to;   /* exclusive; with either bounded, lines without a time are left out */
    bool descending;
    uint64_t limit;         /* of lines, gaps among them */
    struct identity cursor; /* begin behind this; row 0: at the beginning (the end) */
};

/* As GET /v1/events asks. */
struct history_range history_range_of(const struct parameters *parameters);

/*
 * Ascending, it ends with what is stored now. Where retention was faster there is a row that says
 * so (gap.h), whatever times are asked for; a cursor's batch that is gone counts as such.
 */
ETWAS_MUST_CHECK enum etwas_status history_open(struct store *store,
                                                const struct history_range *range,
                                                struct history **history,
                                                struct etwas_error *error);
void history_close(struct history *history); /* NULL is fine */

/* A line as viewers get it, without an end of line; borrowed until the next call. */
struct history_line {
    struct identity identity;
    const char *text;
    size_t size;
    int64_t time; /* 0: not said */
    bool always;  /* a gap, or the monitor about itself: never left out by sampling */
};

/* NOT_FOUND: there are no more. */
ETWAS_MUST_CHECK enum etwas_status history_line(struct history *history, struct history_line *line,
                                                struct etwas_error *error);

/*
 * The same as text: fills `text` with up to `room` bytes of JSON lines; a line may be cut, the
 * next call goes on there. `*written` is 0 only with NOT_FOUND, the end.
 */
ETWAS_MUST_CHECK enum etwas_status history_next(struct history *history, char *text, size_t room,
                                                size_t *written, struct etwas_error *error);

#endif

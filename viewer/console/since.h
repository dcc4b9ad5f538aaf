/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_VIEWER_CONSOLE_SINCE_H
#define ETWAS_VIEWER_CONSOLE_SINCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where to begin: now, at a time, or behind an event. */
enum since_kind { SINCE_NOW, SINCE_TIME, SINCE_ID };

enum {
    SINCE_TEXT_SIZE = 48,
    SINCE_TIME_SIZE = 28, /* "2026-11-25T10:00:00.0000000Z", as events have it */
};

struct since {
    enum since_kind kind;
    char text[SINCE_TEXT_SIZE]; /* the time, always SINCE_TIME_SIZE long; or the Id */
};

/*
 * A time, from the day on ("2026-11-25") to 100 ns; a time before `now_s` ("10m"); or an
 * Id ("17:3"). False: it is none of these.
 */
bool since_parse(const char *text, int64_t now_s, struct since *since);

/* Is this the Id of an event: ROW:INDEX, rows from 1 on, at most 18 digits and 9? */
bool since_is_id(const char *text, size_t size);

/*
 * Where a viewer stands that has all before that event, but not the event itself: an Id that
 * need not be one of an event's. Row 0: behind nothing.
 */
void since_before(uint64_t row, uint64_t index, char id[SINCE_TEXT_SIZE]);

#endif

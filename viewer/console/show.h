/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_VIEWER_CONSOLE_SHOW_H
#define ETWAS_VIEWER_CONSOLE_SHOW_H

#include <stdbool.h>
#include <stdint.h>

#include "ipc/status.h"
#include "viewer/console/options.h"
#include "viewer/console/output.h"
#include "viewer/console/sse.h"

/* Exit statuses. */
enum live_exit { LIVE_FINE = 0, LIVE_FAILED = 2, LIVE_DENIED = 3, LIVE_NOT_FOUND = 4 };

/* Prints what a relay's live stream says, and keeps where it is in it. */
struct show {
    const struct options *options;
    const char *not_before;        /* a time: earlier events are left out; NULL: none are */
    char last_id[SINCE_TEXT_SIZE]; /* of what came last; "": nothing did */
    struct output output;
    bool at_once; /* somebody looks: nothing is held back */
    uint64_t printed;
    uint64_t missed;
    bool missed_unknown; /* and others, which the relay could not count */
    uint64_t left_out;   /* too large, or no JSON */
    uint64_t reconnects; /* the caller counts them */
    uint64_t said;       /* of printed, by the line of each second */
    int64_t say_at_ms;
    int64_t flush_at_ms;
};

/* A line to standard error. */
ETWAS_PRINTF(1, 2) void say(const char *format, ...);

void show_init(struct show *show, const struct options *options);

/* False: somebody or something wants an end. */
bool show_goes_on(const struct show *show);

/* For struct sse: `context` is the show. */
bool show_event(void *context, const struct sse_event *event);

/* Now and then: writes what was held back long enough, says how many came. As show_goes_on(). */
bool show_tick(struct show *show);

/* Writes the rest and says what there is to say; the exit status, `result` if all went well. */
int show_end(struct show *show, int result);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_SINK_SINK_H
#define ETWAS_MONITOR_SINK_SINK_H

#include <stdbool.h>
#include <stddef.h>

#include "ipc/status.h"
#include "monitor/event/encode.h"
#include "monitor/event/event.h"
#include "monitor/source.h"

/*
 * Where events go: standard output, a file, nowhere; later a relay. The pipeline
 * writes batches in time order and flushes when it has nothing to do, at least
 * every SINK_FLUSH_MS while there are events.
 *
 * A sink embeds struct sink as its first member.
 */
enum { SINK_FLUSH_MS = 200 };

struct sink;

/* What sink_ops.checkpoint may ask. Lives for that call. */
struct sink_books {
    /* The accounts of all sources together, and the position of the one that has one. */
    void (*take)(const struct sink_books *books, struct source_accounts *accounts,
                 struct source_position *position);
};

struct sink_ops {
    /*
     * Takes all events or fails. CLOSED: whoever reads has left, which is not a
     * fault, and the sink takes nothing more; else `error` says what went wrong.
     */
    enum etwas_status (*write)(struct sink *sink, const struct event *events, size_t count,
                               struct etwas_error *error);
    /*
     * Hands on what was held back; statuses as of write(), and AGAIN: keeps it for now, to be asked
     * again SINK_FLUSH_MS later. Comes at least each second, so that a sink may do what is due.
     */
    enum etwas_status (*flush)(struct sink *sink, struct etwas_error *error);
    /*
     * All that the sources count as delivered has been written to this sink, and nothing
     * else: the time to take their books. Comes after each call of a source's handler and before
     * each flush(). NULL: not wanted.
     */
    void (*checkpoint)(struct sink *sink, const struct sink_books *books);
    /* No more comes: writes what ends the format. Statuses as of write(). NULL: nothing does. */
    enum etwas_status (*finish)(struct sink *sink, struct etwas_error *error);
    void (*close)(struct sink *sink); /* frees it; flush() before */
};

struct sink {
    const struct sink_ops *ops;
    const char *name; /* for messages: "stdout", "file:PATH"; lives as the sink */
    bool counts_only; /* looks at no event: process names need not be looked up */
};

/*
 * Each makes a sink that sink_close() ends, or fails and says why in `error`;
 * `*sink` is NULL then.
 */

/* Standard output in that format; to a terminal each batch at once. */
ETWAS_MUST_CHECK enum etwas_status sink_stdout_open(enum event_format format, struct sink **sink,
                                                    struct etwas_error *error);

/*
 * A file, made anew with mode 0600 where it does not exist and emptied where it
 * does. The extension chooses the format: .jsonl and .json one JSON object a
 * line, .txt text, .xml, .csv, .etl; NOT_FOUND for any other.
 */
ETWAS_MUST_CHECK enum etwas_status sink_file_open(const char *path, struct sink **sink,
                                                  struct etwas_error *error);

/* Takes everything and looks at nothing. */
ETWAS_MUST_CHECK enum etwas_status sink_null_open(struct sink **sink, struct etwas_error *error);

void sink_close(struct sink *sink); /* NULL is fine */

#endif

/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_LOCAL_LINES_H
#define ETWAS_MONITOR_LOCAL_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "monitor/event/event.h"
#include "monitor/source.h"

/*
 * The source "stdout": each line of standard input, or of what a command prints,
 * becomes an event with the one field Line, without its end of line. The last line needs
 * none. A line over LINES_MAX_LINE bytes comes as several events, and ending()
 * says that this happened.
 */
enum { LINES_MAX_LINE = 64 * 1024 };

/*
 * Opens it. `command` is NULL for standard input, else an argument vector that
 * ends with NULL: it is looked for in PATH and run at once, with standard input
 * and error as ours. A command that ended badly shows in ending(). Closing ends
 * a command that still runs: SIGTERM, and a second later SIGKILL.
 * NOT_FOUND, DENIED, SYSTEM: the command cannot be run.
 */
ETWAS_MUST_CHECK enum etwas_status lines_open(char *const *command, struct source **source,
                                              struct etwas_error *error);

/*
 * Cutting bytes into lines, apart from where they come from: the caller reads up to
 * `room` bytes to `data` + `size` and adds to `size`; then it takes lines until
 * there is none, and calls line_buffer_compact(), which ends the life of the lines taken.
 */
enum { LINE_BUFFER_SIZE = 2 * LINES_MAX_LINE };

struct line_buffer {
    size_t taken; /* bytes of lines handed out */
    size_t size;  /* bytes in `data` */
    uint64_t split;
    bool in_split; /* what was handed out last goes on */
    char data[LINE_BUFFER_SIZE];
};

/* False: no whole line is left. With `last`, what is left is a line. */
bool line_buffer_take(struct line_buffer *buffer, bool last, const char **line, size_t *size);
void line_buffer_compact(struct line_buffer *buffer);

/* The event of one line, which it borrows. */
void line_event(struct event *event, const char *line, size_t size, int64_t time);

#endif

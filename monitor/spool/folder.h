/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_SPOOL_FOLDER_H
#define ETWAS_MONITOR_SPOOL_FOLDER_H

#include "monitor/spool/spool.h"

/*
 * A stream's folder and what is in it beside the segments: `lock`, held while a program
 * uses the stream; `sinks`, what it is for; `cursors` and `state`, small files written in
 * place (slots.h). docs/spool.md tells more. A part of the spool, used by nobody else.
 */
enum { FOLDER_NAME = 2 * BATCH_STREAM_SIZE + 1 };

struct folder {
    int base; /* -1: not open, as with all of them */
    int folder;
    int lock;
    int cursors;
    int state;
    int draft;
    uint8_t boot[16];         /* files_boot() */
    uint64_t cursors_written; /* how often */
    uint64_t state_written;
    char name[FOLDER_NAME];
};

void folder_init(struct folder *folder); /* nothing is open */

/* Makes a stream's folder, locked, for sinks as folder_sinks_text() says. An os_code. */
uint32_t folder_make(struct folder *folder, const char *base,
                     const uint8_t stream[BATCH_STREAM_SIZE], const char *sinks);

/* Opens and locks one that is there; false: held, not a stream's, or not whole. */
bool folder_claim(struct folder *folder, const char *base, const char *name);
void folder_close(struct folder *folder);

/* Removes it with all that is in it. It is closed then. */
void folder_remove(struct folder *folder);

/* What `sinks` says: "session NAME" and the URLs, each in a line. Owned by the caller, or NULL. */
char *folder_sinks_text(const struct spool_options *options);
char *folder_read_sinks(const struct folder *folder);

/* Whether a name is one of a stream, and which. */
bool folder_stream(const char *name, uint8_t stream[BATCH_STREAM_SIZE]);

struct folder_cursor {
    uint64_t sequence;        /* up to here all is done */
    uint64_t reached;         /* traced events up to there */
    uint64_t dropped_batches; /* of these */
    uint64_t dropped_events;
};
uint32_t folder_write_cursors(struct folder *folder, const struct folder_cursor *cursors,
                              size_t count);
/* False: there are none. */
bool folder_read_cursors(struct folder *folder, struct folder_cursor *cursors, size_t count);

/*
 * Where the stream stands. `whole`: all its numbers are known to be on disk, whatever
 * happens to the machine.
 */
uint32_t folder_write_state(struct folder *folder, const struct spool_past *past, bool whole);

/* False: there is none. `whole`: or the machine has not been started since. */
bool folder_read_state(struct folder *folder, struct spool_past *past, bool *whole);

#endif

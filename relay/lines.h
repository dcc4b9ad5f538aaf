/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_RELAY_LINES_H
#define ETWAS_RELAY_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/batch.h"
#include "ipc/status.h"

/*
 * The body of a batch, unpacked and checked: each line is one JSON object, in UTF-8, without
 * the members that are the relay's to say. What passes here can be shown to anybody.
 *
 * One struct lines a thread is used again and again: it keeps its memory, which is at most
 * BATCH_MAX_UNPACKED and an index of the lines while a huge batch is in it, and a megabyte
 * otherwise.
 */
enum {
    LINES_MAX_COUNT = 64 * 1024, /* lines of a batch; ours have at most some thousand */
    LINE_NO_LEVEL = 0xff,
};

struct line {
    uint32_t offset;          /* of its "{" in `text` */
    uint32_t size;            /* without the end of line */
    int64_t time;             /* TimeCreated in 100 ns since 1601, as struct event; 0: not said */
    bool own;                 /* Provider is "Etwas": the monitor about itself */
    uint8_t level;            /* LevelValue; LINE_NO_LEVEL: none */
    uint32_t provider_offset; /* the value of Provider in `text`, escaped, without quotes */
    uint32_t provider_size;
};

struct lines {
    char *text;
    size_t size;
    size_t count;
    struct line *lines;
    int64_t first; /* smallest and largest time; 0 without lines */
    int64_t last;
    uint64_t own;
    /* the rest is lines.c's */
    size_t text_capacity;
    size_t line_capacity;
    void *unpacker;
};

void lines_init(struct lines *lines); /* allocates nothing */
void lines_clear(struct lines *lines);

/*
 * Unpacks zstd (one or more frames, nothing behind) and checks. MALFORMED or TOO_BIG:
 * `error->doing` says why, `*bad_line` which line (from 1; 0: the compression). The empty body has
 * no lines.
 */
ETWAS_MUST_CHECK enum etwas_status lines_unpack(struct lines *lines, const void *body, size_t size,
                                                size_t *bad_line, struct etwas_error *error);

/* The same for text that is not compressed: `text` is copied. */
ETWAS_MUST_CHECK enum etwas_status lines_check(struct lines *lines, const char *text, size_t size,
                                               size_t *bad_line, struct etwas_error *error);

/* What the relay says of a batch. */
struct lines_origin {
    int64_t row;
    const char *computer;
};

/*
 * Writes line `index` (from 0) as viewers get it, with Id and Computer before, without an end of
 * line. The size needed, which may be more than `room`; then nothing useful is in `text`.
 */
size_t lines_show(const struct lines *lines, size_t index, struct lines_origin origin, char *text,
                  size_t room);

#endif

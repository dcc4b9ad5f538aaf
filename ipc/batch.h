/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_IPC_BATCH_H
#define ETWAS_IPC_BATCH_H

#include <stddef.h>
#include <stdint.h>

#include "ipc/status.h"

/*
 * What a monitor and a relay must agree on about a batch: its limits, and the
 * header Etwas-Batch that says which one it is and what the stream's books are
 * as of its end. docs/http.md tells the whole.
 */
enum {
    BATCH_STREAM_SIZE = 16,       /* bytes of a stream's identity */
    BATCH_MAX_LINES = 256 * 1024, /* bytes that a batch is filled up to */
    BATCH_MAX_LINE = 1024 * 1024, /* bytes of one line; a batch may be one such line */
    BATCH_MAX_SENT = 1024 * 1024, /* bytes as sent */
    BATCH_MAX_UNPACKED = 16 * 1024 * 1024,
    BATCH_HEADER_SIZE = 512, /* room for the header's value and its zero */
};

/* The largest number that a structured field can hold (RFC 8941, 3.3.1). */
#define BATCH_MAX_NUMBER UINT64_C(999999999999999)

/* The stream's books, from its beginning to the end of a batch. */
struct batch_books {
    uint64_t before; /* traced events in the batches before; those of this one are count - own */
    uint64_t produced;
    uint64_t filtered;
    uint64_t lost_kernel;
    uint64_t lost_monitor;
};

struct batch_head {
    uint8_t stream[BATCH_STREAM_SIZE];
    uint64_t sequence; /* from 1 */
    uint64_t count;    /* lines */
    uint64_t own;      /* lines among them that the monitor reports about itself; <= count */
    uint64_t after;    /* 0: not said, whatever was sent before */
    struct batch_books books;
};

/*
 * Writes the header's value. TOO_BIG: `room` bytes do not suffice, or a number
 * is above BATCH_MAX_NUMBER. What is 0 may be left out but for sequence and count.
 */
ETWAS_MUST_CHECK enum etwas_status batch_head_format(const struct batch_head *head, char *text,
                                                     size_t room);

/*
 * Reads it: any dictionary of RFC 8941; members that are not known are passed over,
 * those that are must have their type and range, and come once. MALFORMED.
 */
ETWAS_MUST_CHECK enum etwas_status batch_head_parse(const char *text, size_t size,
                                                    struct batch_head *head);

#endif

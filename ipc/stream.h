/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_IPC_STREAM_H
#define ETWAS_IPC_STREAM_H

#include "ipc/bytes.h"
#include "ipc/message.h"

/*
 * What the controller sends by itself once a session was started: raw records,
 * the kernel's counters, and the end. Frames are those of message.h.
 */
enum {
    STREAM_MAX_FRAME = 68 * 1024, /* bytes, header included */
    STREAM_MAX_CPUS = 1024,
};

enum stream_type {
    STREAM_RECORDS = 0x8001, /* struct stream_records and the records */
    STREAM_ROUND = 0x8003,   /* struct stream_round and counters, one set a CPU */
    STREAM_END = 0x8005,     /* struct stream_end: the session is over */
};

/* Sub-buffers of one CPU, each cut off after its last event and padded to 8 bytes. */
struct stream_records {
    uint64_t session;
    uint64_t sequence; /* counts the messages of this (session, CPU) from 0 */
    uint32_t cpu;
};
enum { STREAM_RECORDS_SIZE = 24 }; /* 4 bytes of zeros at its end align the records */

/* The kernel's own counters of one CPU (tracefs per_cpu/cpuN/stats), since the session began. */
struct stream_counters {
    uint64_t entries;        /* in the ring, not read */
    uint64_t overrun;        /* overwritten before they were read */
    uint64_t commit_overrun; /* lost when writers nested too deep */
    uint64_t dropped;        /* refused by a full ring */
    uint64_t read;
};
enum { STREAM_COUNTERS_SIZE = 40 };

/*
 * Every record written before `started_ns` (CLOCK_MONOTONIC) has been sent when
 * this message comes. `utc_offset_ns` is what to add to that clock for UTC since
 * 1970. The counters are those after the last sub-buffer sent.
 */
struct stream_round {
    uint64_t session;
    uint64_t started_ns;
    int64_t utc_offset_ns;
    uint32_t cpus;
};
enum { STREAM_ROUND_SIZE = 28 };

enum stream_reason {
    END_STOPPED,  /* somebody's --stop; `uid` says whose */
    END_SHUTDOWN, /* the controller ends; the session stays for its successor */
    END_TOO_SLOW, /* this client did not read for too long */
    END_FAULT,    /* the session broke: see the controller's log */
};
struct stream_end {
    uint64_t session;
    uint32_t reason;
    uint32_t uid;
};
enum { STREAM_END_SIZE = 16 };

/* Controller's half (stream_server.c): what is written has exactly the size above. */
void stream_put_records(struct bytes_writer *writer, const struct stream_records *records);
void stream_put_round(struct bytes_writer *writer, const struct stream_round *round);
void stream_put_counters(struct bytes_writer *writer, const struct stream_counters *counters);
void stream_put_end(struct bytes_writer *writer, const struct stream_end *end);

/*
 * Client's half (stream_client.c). After records and round the reader stands at
 * their payload; `cpus` of a round is within STREAM_MAX_CPUS or the reader bad.
 */
void stream_get_records(struct bytes_reader *body, struct stream_records *records);
void stream_get_round(struct bytes_reader *body, struct stream_round *round);
void stream_get_counters(struct bytes_reader *body, struct stream_counters *counters);
void stream_get_end(struct bytes_reader *body, struct stream_end *end);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_IPC_STREAM_H
#define ETWAS_IPC_STREAM_H

#include "ipc/message.h"

/*
 * What the controller sends by itself once a session was started: raw records,
 * the kernel's counters, and the end. Frames and layout are those of message.h.
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
    uint32_t zero;
};

/* The kernel's own counters of one CPU (tracefs per_cpu/cpuN/stats), since the session began. */
struct stream_counters {
    uint64_t entries;        /* in the ring, not read */
    uint64_t overrun;        /* overwritten before they were read */
    uint64_t commit_overrun; /* lost when writers nested too deep */
    uint64_t dropped;        /* refused by a full ring */
    uint64_t read;
};

/*
 * Closes a round over the CPUs, of which there are a hundred a second. Every record written before
 * `started_ns` (CLOCK_MONOTONIC) has been sent when it comes. `utc_offset_ns` is what to add to
 * that clock for UTC since 1970. The counters are those after the last sub-buffer sent.
 */
struct stream_round {
    uint64_t session;
    uint64_t started_ns;
    int64_t utc_offset_ns;
    uint32_t cpus;
    uint32_t zero;
};

enum stream_reason {
    END_STOPPED,  /* somebody's --stop, or nobody came back; `uid` says whose */
    END_SHUTDOWN, /* the controller was told to end, and its sessions with it */
};

struct stream_end {
    uint64_t session;
    uint32_t reason; /* enum stream_reason */
    uint32_t uid;
};

#endif

/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_ETL_TRACE_H
#define ETWAS_MONITOR_ETL_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/status.h"
#include "monitor/etl/record.h"

/*
 * Trace files as one run of records in time order: several files, each with buffers of many
 * CPUs and sessions, compressed or not, wrapped or not. When a file is opened, the head and the
 * first record of each buffer are looked at; within a buffer time never goes back, so the buffers
 * are merged by their records' times. Only buffers that overlap in time are in memory, at most
 * TRACE_MEMORY bytes of them; where more overlap, they are read again and again.
 *
 * A file that grows or is cut off meanwhile yields what is there.
 */
struct trace;

enum {
    TRACE_MAX_FILES = 64,
    TRACE_MAX_BUFFER = 16 * 1024 * 1024, /* bytes of one, unpacked: what ETW itself allows */
    TRACE_MAX_PICKED = 262144,           /* by trace_pick(); more are passed over */
    TRACE_MEMORY = 24 * 1024 * 1024,     /* bytes of unpacked buffers, or one that is larger */
};

struct trace_info {
    uint32_t major, minor, build; /* of the system that wrote it */
    uint32_t cpus;
    uint32_t pointer_size;
    uint32_t clock;     /* 1 QPC, 2 system time, 3 CPU cycles */
    uint64_t frequency; /* of QPC, a second */
    int64_t started;    /* UTC, 100 ns since 1601 */
    int64_t ended;
    int64_t booted;
    uint32_t events_lost;
    uint32_t buffers_lost;
    uint32_t timer_resolution;
    uint32_t cpu_mhz;
    uint64_t buffers;    /* found in the file */
    uint64_t compressed; /* of them */
    const char *session; /* UTF-8; lives as the trace */
    const char *file;    /* as its header has it */
};

/* A part of a file that could not be read. */
struct trace_damage {
    const char *path;
    uint64_t offset;
    uint64_t size; /* bytes passed over */
    const char *what;
};

/* On failure `*failed` is the index of the path that it is about. 1 to TRACE_MAX_FILES paths. */
ETWAS_MUST_CHECK enum etwas_status trace_open(const char *const *paths, size_t count,
                                              struct trace **trace, size_t *failed,
                                              struct etwas_error *error);
void trace_close(struct trace *trace); /* NULL is fine */

/*
 * The next record. It lives until the next call of trace_advance(), so that batches can be made of
 * many. Its time is not set: trace_set_time() does, for who wants it. CLOSED: there are no
 * more. AGAIN: the buffers of the records so far have to be given back first, with trace_advance().
 * NO_MEMORY.
 */
ETWAS_MUST_CHECK enum etwas_status trace_next(struct trace *trace, struct etl_record *record);
void trace_advance(struct trace *trace);
void trace_set_time(const struct trace *trace, struct etl_record *record);

/*
 * Only the records of which `wanted` says yes, in time order, without a merge of all the others:
 * these are glanced at as they lie in the file. Not while trace_next() is under way. `each` takes
 * them; a record lives for that call. NO_MEMORY.
 */
struct trace_picking {
    bool (*wanted)(const struct etl_glance *glance);
    void (*each)(void *context, const struct etl_record *record);
    void *context;
};
ETWAS_MUST_CHECK enum etwas_status trace_pick(struct trace *trace,
                                              const struct trace_picking *picking);

/* Once more from the start. */
void trace_rewind(struct trace *trace);

size_t trace_file_count(const struct trace *trace);
const struct trace_info *trace_info(const struct trace *trace, size_t file);
/* The damages found so far, each once; false: no such. */
bool trace_damage(const struct trace *trace, size_t index, struct trace_damage *damage);

#endif

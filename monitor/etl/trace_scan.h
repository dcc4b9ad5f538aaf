/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_ETL_TRACE_SCAN_H
#define ETWAS_MONITOR_ETL_TRACE_SCAN_H

#include "monitor/etl/trace_parts.h"

/* The walk over a file's buffers when it is opened; trace_index.c and trace_mend.c share it. */
enum {
    SCAN_LOOK = 1024, /* bytes of a buffer that are looked at: its head and first records, packed */
};

struct scan {
    struct trace *trace;
    struct trace_file *file;
    size_t index;
    uint64_t at;
    uint32_t usual; /* size of the plain buffers here, 0: there are none */
    uint8_t look[SCAN_LOOK];
    size_t look_size;
};

void scan_damage(struct scan *scan, uint64_t offset, uint64_t size, const char *what);

/* The head of the buffer at scan->at, its beginning into scan->look. False: none begins there. */
bool scan_head(struct scan *scan, struct buffer_head *head);

/* The stamp of the first record of the buffer at scan->at, which may be packed. */
bool scan_stamp(const struct scan *scan, const struct buffer_head *head, int64_t *stamp);

/* Can a buffer begin there? It has a head, and a record behind it if it has any. */
bool scan_is_buffer(const struct scan *scan, uint64_t at);

ETWAS_MUST_CHECK bool scan_add(struct scan *scan, const struct run *run); /* false: no memory */

/* --- where something is broken: trace_mend.c --- */

/* The size of the buffer at scan->at, as far as others can be found behind it. */
uint32_t mend_size(struct scan *scan, const struct buffer_head *head);

/*
 * A plain buffer without a record where the first should be, or one that has no head any more, of
 * `size` bytes at most: what can be found in it is added. NO_MEMORY.
 */
ETWAS_MUST_CHECK enum etwas_status mend_buffer(struct scan *scan, uint64_t at, uint32_t size);

/* No buffer begins at scan->at: on to the next one, with what can be found before it. NO_MEMORY. */
ETWAS_MUST_CHECK enum etwas_status mend_gap(struct scan *scan);

/* The file does not begin as a trace does. True: it is one, whose beginning is lost. */
bool mend_start(struct scan *scan);

#endif

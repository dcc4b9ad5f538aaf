/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_ETL_WRITER_H
#define ETWAS_MONITOR_ETL_WRITER_H

#include <stddef.h>
#include <stdint.h>

#include "ipc/status.h"
#include "monitor/etl/record.h"

/*
 * Writes event trace logs: buffers of one size, of which the first describes the trace, its clock
 * the system time. Every buffer has its place in the file from its first record on, and is written
 * there as a whole, again and again while it fills. So whatever ends the program, the file is one
 * that can be read, and lacks at most what came after the last etl_writer_flush().
 */
struct etl_writer;

enum {
    ETL_WRITER_BUFFER = 64 * 1024,
    /*
     * Buffers that fill at a time: one for each CPU, and for late records. With more CPUs than
     * there may be at most, the one used longest ago is closed for the next, and the file grows.
     */
    ETL_WRITER_OPEN = 256,
    ETL_WRITER_MOST = 2048,
};

/* Where the bytes go. Embedded in what implements it. */
struct etl_writer_output {
    enum etwas_status (*write_at)(struct etl_writer_output *output, uint64_t offset,
                                  const void *data, size_t size, struct etwas_error *error);
};

struct etl_writer_options {
    const char *session; /* names that the trace has; UTF-8, cut at 255 units of UTF-16 */
    const char *file;
    uint32_t buffer_size; /* 4 KiB to ETL_WRITER_BUFFER; 0 is that */
};

/* Writes the first buffer. */
ETWAS_MUST_CHECK enum etwas_status etl_writer_open(struct etl_writer_output *output,
                                                   const struct etl_writer_options *options,
                                                   struct etl_writer **writer,
                                                   struct etwas_error *error);

/*
 * Writes a record with an EVENT_HEADER, whatever its kind was: `time` is its time, `extended` goes
 * into it as it is. TOO_BIG: no buffer holds it, and nothing was written.
 */
ETWAS_MUST_CHECK enum etwas_status etl_writer_put(struct etl_writer *writer,
                                                  const struct etl_record *record,
                                                  struct etwas_error *error);

/* Events that should be in the trace and are not: the first buffer tells how many. */
void etl_writer_lost(struct etl_writer *writer, uint64_t count);

/* Everything so far is in the file afterwards. */
ETWAS_MUST_CHECK enum etwas_status etl_writer_flush(struct etl_writer *writer,
                                                    struct etwas_error *error);

/* Flushes, and says in the first buffer when the trace ended. */
ETWAS_MUST_CHECK enum etwas_status etl_writer_finish(struct etl_writer *writer,
                                                     struct etwas_error *error);
void etl_writer_close(struct etl_writer *writer); /* NULL is fine */

#endif

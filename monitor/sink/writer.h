/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_SINK_WRITER_H
#define ETWAS_MONITOR_SINK_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/status.h"

/* Where the bytes of a sink go: the system's part. Descriptors are the system's. */

/* A new or emptied file that only this user may read. NOT_FOUND, DENIED, SYSTEM. */
ETWAS_MUST_CHECK enum etwas_status writer_file_open(const char *path, int *file,
                                                    struct etwas_error *error);
void writer_file_close(int file);

/* Standard output, and whether somebody looks at it. */
int writer_stdout(bool *terminal);

/* How many characters a line of this terminal has; 0: it is none. */
uint32_t writer_columns(int file);

/* Writes all of it, waiting while there is no room. CLOSED: nobody reads any more. */
ETWAS_MUST_CHECK enum etwas_status writer_write(int file, const void *data, size_t size,
                                                struct etwas_error *error);

/*
 * Writes all of it at that offset of a file; the file grows as it must. SYSTEM for what has no
 * offsets: pipes, terminals.
 */
ETWAS_MUST_CHECK enum etwas_status writer_write_at(int file, uint64_t offset, const void *data,
                                                   size_t size, struct etwas_error *error);

#endif

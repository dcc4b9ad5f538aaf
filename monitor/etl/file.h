/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_ETL_FILE_H
#define ETWAS_MONITOR_ETL_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/status.h"

/* A file that is read at places of the caller's choice: the system's part. */
struct file;

/* NOT_FOUND, DENIED, SYSTEM; MALFORMED: not a regular file. */
ETWAS_MUST_CHECK enum etwas_status file_open(const char *path, struct file **file, uint64_t *size,
                                             struct etwas_error *error);
void file_close(struct file *file); /* NULL is fine */

/* How many of `size` bytes at `offset` there are; fewer at the end, or where it cannot be read. */
size_t file_read(struct file *file, uint64_t offset, void *data, size_t size);

/*
 * The files of a folder, in no order, without those in folders inside; `each` returns false to
 * stop. NOT_FOUND: there is no such folder, or it is none. The path lives for the call.
 */
ETWAS_MUST_CHECK enum etwas_status
file_list(const char *folder, bool (*each)(void *context, const char *path), void *context);

#endif

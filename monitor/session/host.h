/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_SESSION_HOST_H
#define ETWAS_MONITOR_SESSION_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/status.h"
#include "monitor/session/host_base.h"

/* The few calls of the system that the session's client needs, besides those of host_base.h. */

/* "uid 0 (root)" in `text`, which is returned; without a name where it has none. */
const char *host_user(uint32_t uid, char *text, size_t size);

/* Closes a descriptor that came over the channel; -1 is fine. */
void host_close(int handle);

/*
 * Reads a whole file of at most `limit` bytes, from its start, into memory that
 * the caller frees. A zero follows the bytes, for parsers of text.
 */
ETWAS_MUST_CHECK enum etwas_status host_read(int handle, size_t limit, char **data, size_t *size);

/* A program's file: read-only, its bytes mapped into memory. */
struct host_file {
    int handle;
    const uint8_t *data;
    size_t size;
};

/* NOT_FOUND, DENIED or SYSTEM with the system's reason in `error`; nothing is open then. */
ETWAS_MUST_CHECK enum etwas_status host_file_open(const char *path, struct host_file *file,
                                                  struct etwas_error *error);
void host_file_close(struct host_file *file);

/* The ids of this program's threads: at most `room` of them; returns how many. */
size_t host_threads(uint32_t *ids, size_t room);

#endif

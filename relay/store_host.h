/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_RELAY_STORE_HOST_H
#define ETWAS_RELAY_STORE_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "ipc/status.h"

/* What the store wants of the system and SQLite does not do. */

/*
 * Opens the folder, makes it (0700) and its file "etwas.db" (0600) where they are not and takes
 * the lock that says that this process serves it, which lasts until the handle is closed. With
 * `look` it neither makes nor locks. BUSY: another process holds the lock.
 */
ETWAS_MUST_CHECK enum etwas_status store_host_open(const char *folder, bool look, int *handle,
                                                   struct etwas_error *error);
void store_host_close(int handle); /* -1 is fine */

/* A new file of size 0, mode 0600; it must not be there. */
ETWAS_MUST_CHECK enum etwas_status store_host_make(const char *path, struct etwas_error *error);
/* All of it is on disk, its name too. */
ETWAS_MUST_CHECK enum etwas_status store_host_sync(const char *path, struct etwas_error *error);
void store_host_remove(const char *path);

/* What a full disk is called here. */
uint32_t store_host_disk_full(void);

int64_t store_host_now_us(void); /* monotonic */
void store_host_rest_us(uint32_t us);

#endif

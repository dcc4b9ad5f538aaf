/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_FORWARD_KEY_FILE_H
#define ETWAS_MONITOR_FORWARD_KEY_FILE_H

#include "ipc/status.h"
#include "policy/key.h"

/*
 * The file of the key that batches are signed with: one line, of mode 0600. It is made when it
 * is not there, and the folder above it with mode 0700; two programs that do so at once get one
 * key.
 *
 * DENIED with no os_code: others could read or change the file, or it is somebody else's; `doing`
 * says so. MALFORMED: it is no key. Else as files go. Call key_library_open() before.
 */
ETWAS_MUST_CHECK enum etwas_status key_file_open(const char *path, struct key_pair *pair,
                                                 struct etwas_error *error);

/* The same, but it makes nothing. NOT_FOUND. */
ETWAS_MUST_CHECK enum etwas_status key_file_read(const char *path, struct key_pair *pair,
                                                 struct etwas_error *error);

#endif

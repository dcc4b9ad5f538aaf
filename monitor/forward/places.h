/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_FORWARD_PLACES_H
#define ETWAS_MONITOR_FORWARD_PLACES_H

#include <stdbool.h>
#include <stddef.h>

#include "ipc/status.h"

/*
 * Where a user's files are unless told otherwise, and who this computer is.
 */
enum { PLACES_PATH_SIZE = 4096 };

/*
 * The path of the user's key ($XDG_CONFIG_HOME/etwas/key), of the folder of spools
 * ($XDG_STATE_HOME/etwas/spool), or of the discovery file that is there
 * ($XDG_CONFIG_HOME/etwas/discovery.json, else /etc/etwas/discovery.json). False: this user has no
 * home, or there is no such file.
 */
bool places_key(char path[PLACES_PATH_SIZE]);
bool places_spool(char path[PLACES_PATH_SIZE]);
bool places_discovery(char path[PLACES_PATH_SIZE]);

/* The name of this computer, of letters, digits, dots, hyphens and underscores; never empty. */
void places_computer(char *name, size_t room);

/* Makes the folder and those above it, all with mode 0700. NOT_FOUND, DENIED, SYSTEM. */
ETWAS_MUST_CHECK enum etwas_status places_make_folder(const char *path, struct etwas_error *error);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_PATHS_H
#define ETWAS_MONITOR_PATHS_H

#include <stdbool.h>
#include <stddef.h>

#include "ipc/status.h"

/* The files that a pattern of the user's names, in the order of their names: the system's part. */
struct paths {
    size_t count;
    char **names; /* owned */
};

/*
 * Adds those that match; * and ? are any text and any character, and whether a and A are one
 * letter is as the system has it. A pattern without either is added as it is, whether there is
 * such a file or not. NOT_FOUND: none matches.
 */
ETWAS_MUST_CHECK enum etwas_status paths_add(struct paths *paths, const char *pattern,
                                             struct etwas_error *error);
void paths_clear(struct paths *paths);

/* Do both name one file that is there, whatever the links in between? */
ETWAS_MUST_CHECK bool paths_are_same(const char *path, const char *other);

#endif

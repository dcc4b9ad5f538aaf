/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_RELAY_FILES_H
#define ETWAS_RELAY_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/status.h"

/*
 * Small files of the relay's. What is written is for the relay's user only (0600) and either
 * there whole or not at all.
 */
enum { FILES_PATH_SIZE = 4200 };

/* "FOLDER/NAME"; one that is too long is cut, and leads nowhere. */
void files_path(const char *folder, const char *name, char path[FILES_PATH_SIZE]);

/* The folder and those above it, 0700. DENIED: it is there, and everybody may write in it. */
ETWAS_MUST_CHECK enum etwas_status files_make_folder(const char *folder, struct etwas_error *error);

/* NOT_FOUND; TOO_BIG: more than `room` bytes; DENIED, too, if everybody may write in it. */
ETWAS_MUST_CHECK enum etwas_status files_read(const char *path, char *text, size_t room,
                                              size_t *size, struct etwas_error *error);
ETWAS_MUST_CHECK enum etwas_status files_replace(const char *path, const char *text, size_t size,
                                                 struct etwas_error *error);

/* Adds to the end of a file, which is made if need be; on disk when it returns. */
ETWAS_MUST_CHECK enum etwas_status files_append(const char *path, const char *text, size_t size,
                                                struct etwas_error *error);

/*
 * Differs from before when the file was changed, replaced, made or removed, or when it became
 * somebody else's to read.
 */
struct files_mark {
    uint64_t inode;
    int64_t size;
    int64_t seconds;
    int64_t nanoseconds;
};
struct files_mark files_mark(const char *path);
bool files_mark_same(const struct files_mark *a, const struct files_mark *b);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_SPOOL_FILES_H
#define ETWAS_MONITOR_SPOOL_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What the spool needs of a system's files. Calls that give an os_code say 0 when it
 * worked. Names are below a folder that was opened; all is made for its owner alone.
 */
enum { FILES_NAME = 64 /* bytes of a name and its zero; longer ones are not ours */ };

enum files_code { FILES_DENIED, FILES_FULL, FILES_GONE, FILES_HELD, FILES_OTHER };
enum files_code files_code(uint32_t os_code);

/* Makes what is missing of the path. */
uint32_t files_open_base(const char *path, int *folder);
uint32_t files_make_folder(int base, const char *name); /* it may not be there yet */
uint32_t files_open_folder(int base, const char *name, int *folder);
uint32_t files_remove_folder(int base, const char *name); /* an empty one */

struct files_name {
    char text[FILES_NAME];
};
/* All names but . and .., sorted; free() them. NULL with a count of 0: none, or it failed. */
struct files_name *files_names(int folder, size_t *count);

uint32_t files_open(int folder, const char *name, int *file); /* one that is there */
uint32_t files_make(int folder, const char *name, int *file); /* one that may not be there yet */
void files_close(int file);                                   /* -1 is fine */
int files_again(int file); /* a second one for the same file, or -1 */
uint32_t files_remove(int folder, const char *name);
/* Whole and on disk or not at all; what was there before is gone then. */
uint32_t files_replace(int folder, const char *name, const void *data, size_t size);

/* Holds it for this program until it is closed; HELD: another does. */
uint32_t files_lock(int file);
/* It is this user's, and nobody else may write in it. */
bool files_is_ours(int folder);
bool files_is_gone(int file); /* it has no name any more */
uint64_t files_size(int file);
uint32_t files_write(int file, uint64_t at, const void *data, size_t size); /* all of it */
size_t files_read(int file, uint64_t at, void *room, size_t size); /* as much as there is */
uint32_t files_cut(int file, uint64_t size);
uint32_t files_sync(int file);          /* the bytes are on disk */
uint32_t files_sync_folder(int folder); /* the names are */

/* What differs after each start of the machine: 16 bytes, zeros if it is not known. */
void files_boot(uint8_t boot[16]);

int64_t files_utc_ms(void); /* since 1970 */
int64_t files_now_ms(void); /* of a clock that only goes forward */

#endif

/* SPDX-License-Identifier: MIT */
#include "relay/store_host.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static enum etwas_status fail(struct etwas_error *error, const char *doing)
{
    const int code = errno;
    const enum etwas_status status = code == ENOENT                    ? ETWAS_NOT_FOUND
                                     : code == EACCES || code == EPERM ? ETWAS_DENIED
                                     : code == EWOULDBLOCK             ? ETWAS_BUSY
                                                                       : ETWAS_SYSTEM;
    *error = (struct etwas_error){.status = status, .os_code = (uint32_t)code, .doing = doing};
    return status;
}

/* The file, with a mode that lets nobody else in: SQLite gives it to the files beside it. */
static enum etwas_status make_file(int folder, struct etwas_error *error)
{
    struct stat info;
    const int file =
        openat(folder, "etwas.db", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (file < 0) {
        return fail(error, "opening the store's file");
    }
    enum etwas_status status = ETWAS_OK;
    if (fstat(file, &info) != 0) {
        status = fail(error, "looking at the store's file");
    } else if ((info.st_mode & 07777) != 0600 && fchmod(file, 0600) != 0) {
        status = fail(error, "setting the mode of the store's file");
    }
    (void)close(file);
    return status;
}

enum etwas_status store_host_open(const char *folder, bool look, int *handle,
                                  struct etwas_error *error)
{
    *handle = -1;
    if (!look && mkdir(folder, 0700) != 0 && errno != EEXIST) {
        return fail(error, "making the data folder");
    }
    const int opened = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (opened < 0) {
        return fail(error, "opening the data folder");
    }
    enum etwas_status status = ETWAS_OK;
    if (look) {
        status = faccessat(opened, "etwas.db", R_OK, 0) == 0
                     ? ETWAS_OK
                     : fail(error, "opening the store's file");
    } else if (flock(opened, LOCK_EX | LOCK_NB) != 0) {
        status = fail(error, "locking the data folder, which another etwass serves");
    } else {
        status = make_file(opened, error);
    }
    if (status != ETWAS_OK) {
        (void)close(opened);
        return status;
    }
    *handle = opened;
    return ETWAS_OK;
}

void store_host_close(int handle)
{
    if (handle >= 0) {
        (void)close(handle);
    }
}

enum etwas_status store_host_make(const char *path, struct etwas_error *error)
{
    const int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) {
        return fail(error, "making the file of the copy");
    }
    (void)close(file);
    return ETWAS_OK;
}

static enum etwas_status sync_one(const char *path, int flags, struct etwas_error *error)
{
    const int file = open(path, O_RDONLY | O_CLOEXEC | flags);
    enum etwas_status status = ETWAS_OK;
    if (file < 0 || fsync(file) != 0) {
        status = fail(error, "writing the copy to disk");
    }
    if (file >= 0) {
        (void)close(file);
    }
    return status;
}

enum etwas_status store_host_sync(const char *path, struct etwas_error *error)
{
    char *copy = strdup(path);
    if (copy == NULL) {
        errno = ENOMEM;
        return fail(error, "writing the copy to disk");
    }
    enum etwas_status status = sync_one(path, 0, error);
    if (status == ETWAS_OK) {
        status = sync_one(dirname(copy), O_DIRECTORY, error);
    }
    free(copy);
    return status;
}

void store_host_remove(const char *path)
{
    (void)unlink(path);
}

uint32_t store_host_disk_full(void)
{
    return ENOSPC;
}

int64_t store_host_now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void store_host_rest_us(uint32_t us)
{
    const struct timespec rest = {.tv_sec = us / 1000000, .tv_nsec = (long)(us % 1000000) * 1000};
    (void)nanosleep(&rest, NULL);
}

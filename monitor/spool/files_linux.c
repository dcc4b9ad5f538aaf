/* SPDX-License-Identifier: MIT */
#include "monitor/spool/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { OWNER_FOLDER = 0700, OWNER_FILE = 0600 };

static uint32_t outcome(int result)
{
    return result >= 0 ? 0 : (uint32_t)errno;
}

enum files_code files_code(uint32_t os_code)
{
    switch (os_code) {
    case EACCES:
    case EPERM:
    case EROFS:
        return FILES_DENIED;
    case ENOSPC:
    case EDQUOT:
        return FILES_FULL;
    case ENOENT:
    case ESTALE:
        return FILES_GONE;
    case EWOULDBLOCK:
        return FILES_HELD;
    default:
        return FILES_OTHER;
    }
}

uint32_t files_open_base(const char *path, int *folder)
{
    char part[4096];
    const size_t size = strlen(path);
    if (size >= sizeof part) {
        return ENAMETOOLONG;
    }
    for (size_t i = 1; i <= size; i++) {
        if (path[i] != '/' && path[i] != '\0') {
            continue;
        }
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, OWNER_FOLDER) != 0 && errno != EEXIST && errno != EISDIR &&
            errno != EROFS && errno != EACCES) {
            return (uint32_t)errno;
        }
    }
    *folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return outcome(*folder);
}

uint32_t files_make_folder(int base, const char *name)
{
    return outcome(mkdirat(base, name, OWNER_FOLDER));
}

uint32_t files_open_folder(int base, const char *name, int *folder)
{
    *folder = openat(base, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return outcome(*folder);
}

uint32_t files_remove_folder(int base, const char *name)
{
    return outcome(unlinkat(base, name, AT_REMOVEDIR));
}

static int compare_names(const void *one, const void *other)
{
    return strcmp(((const struct files_name *)one)->text, ((const struct files_name *)other)->text);
}

/* False: no memory. */
static bool add_name(struct files_name **names, size_t *count, size_t *room, const char *text)
{
    if (*count == *room) {
        const size_t more = *room * 2 + 16;
        struct files_name *grown = realloc(*names, more * sizeof *grown);
        if (grown == NULL) {
            return false;
        }
        *names = grown;
        *room = more;
    }
    (void)snprintf((*names)[(*count)++].text, FILES_NAME, "%s", text);
    return true;
}

struct files_name *files_names(int folder, size_t *count)
{
    struct files_name *names = NULL;
    size_t room = 0;
    *count = 0;
    /* Not dup(): that would share the place at which it reads. */
    const int again = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = again >= 0 ? fdopendir(again) : NULL;
    if (list == NULL) {
        files_close(again);
        return NULL;
    }
    const struct dirent *entry = readdir(list);
    for (; entry != NULL; entry = readdir(list)) {
        const bool ours = strlen(entry->d_name) < FILES_NAME && strcmp(entry->d_name, ".") != 0 &&
                          strcmp(entry->d_name, "..") != 0;
        if (ours && !add_name(&names, count, &room, entry->d_name)) {
            break;
        }
    }
    (void)closedir(list);
    if (*count != 0) {
        qsort(names, *count, sizeof *names, compare_names);
    }
    return names;
}

uint32_t files_open(int folder, const char *name, int *file)
{
    *file = openat(folder, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (*file < 0 && (errno == EROFS || errno == EACCES)) {
        *file = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    }
    return outcome(*file);
}

uint32_t files_make(int folder, const char *name, int *file)
{
    *file = openat(folder, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, OWNER_FILE);
    return outcome(*file);
}

void files_close(int file)
{
    if (file >= 0) {
        (void)close(file);
    }
}

int files_again(int file)
{
    return fcntl(file, F_DUPFD_CLOEXEC, 0);
}

uint32_t files_remove(int folder, const char *name)
{
    return outcome(unlinkat(folder, name, 0));
}

uint32_t files_replace(int folder, const char *name, const void *data, size_t size)
{
    char temporary[FILES_NAME + 8];
    int file = -1;
    (void)snprintf(temporary, sizeof temporary, "%s.new", name);
    (void)unlinkat(folder, temporary, 0); /* of one that was killed */
    uint32_t code = files_make(folder, temporary, &file);
    if (code == 0) {
        code = files_write(file, 0, data, size);
    }
    if (code == 0) {
        code = files_sync(file);
    }
    files_close(file);
    if (code == 0) {
        code = outcome(renameat(folder, temporary, folder, name));
    }
    return code == 0 ? files_sync_folder(folder) : code;
}

uint32_t files_lock(int file)
{
    return outcome(flock(file, LOCK_EX | LOCK_NB));
}

bool files_is_ours(int folder)
{
    struct stat about;
    return fstat(folder, &about) == 0 && about.st_uid == geteuid() &&
           (about.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

bool files_is_gone(int file)
{
    struct stat about;
    return fstat(file, &about) != 0 || about.st_nlink == 0;
}

uint64_t files_size(int file)
{
    struct stat about;
    return fstat(file, &about) == 0 && S_ISREG(about.st_mode) ? (uint64_t)about.st_size : 0;
}

uint32_t files_write(int file, uint64_t at, const void *data, size_t size)
{
    const uint8_t *from = data;
    while (size > 0) {
        const ssize_t written = pwrite(file, from, size, (off_t)at);
        if (written < 0 && errno != EINTR) {
            return (uint32_t)errno;
        }
        if (written == 0) {
            return ENOSPC;
        }
        if (written > 0) {
            from += written;
            at += (uint64_t)written;
            size -= (size_t)written;
        }
    }
    return 0;
}

size_t files_read(int file, uint64_t at, void *room, size_t size)
{
    uint8_t *to = room;
    size_t got = 0;
    while (got < size) {
        const ssize_t part = pread(file, to + got, size - got, (off_t)(at + got));
        if (part == 0 || (part < 0 && errno != EINTR)) {
            break;
        }
        got += part > 0 ? (size_t)part : 0;
    }
    return got;
}

uint32_t files_cut(int file, uint64_t size)
{
    return outcome(ftruncate(file, (off_t)size));
}

uint32_t files_sync(int file)
{
    return outcome(fdatasync(file));
}

uint32_t files_sync_folder(int folder)
{
    return outcome(fsync(folder));
}

static int digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void files_boot(uint8_t boot[16])
{
    char text[64] = {0};
    memset(boot, 0, 16);
    const int file = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    (void)files_read(file, 0, text, sizeof text - 1);
    files_close(file);
    size_t digits = 0;
    for (size_t i = 0; text[i] != '\0' && digits < 32; i++) {
        const int value = digit(text[i]);
        if (value >= 0) {
            boot[digits / 2] = (uint8_t)(boot[digits / 2] << 4 | value);
            digits++;
        }
    }
}

static int64_t clock_ms(clockid_t clock)
{
    struct timespec now = {0};
    (void)clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t files_utc_ms(void)
{
    return clock_ms(CLOCK_REALTIME);
}

int64_t files_now_ms(void)
{
    return clock_ms(CLOCK_MONOTONIC);
}

/* SPDX-License-Identifier: MIT */
#include "monitor/session/host.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

const char *host_user(uint32_t uid, char *text, size_t size)
{
    struct passwd entry;
    struct passwd *found = NULL;
    char room[1024];
    if (getpwuid_r(uid, &entry, room, sizeof room, &found) == 0 && found != NULL) {
        (void)snprintf(text, size, "uid %u (%s)", uid, found->pw_name);
    } else {
        (void)snprintf(text, size, "uid %u", uid);
    }
    return text;
}

void host_close(int handle)
{
    if (handle >= 0) {
        (void)close(handle);
    }
}

enum { READ_FIRST = 16 * 1024 };

/* Makes room for more than `size` bytes; files of the kernel say nothing of their size. */
static enum etwas_status grow(char **data, size_t *capacity, size_t limit)
{
    if (*capacity > limit) {
        return ETWAS_TOO_BIG;
    }
    const size_t wanted = *capacity == 0 ? READ_FIRST : *capacity * 2;
    char *grown = realloc(*data, wanted);
    if (grown == NULL) {
        return ETWAS_NO_MEMORY;
    }
    *data = grown;
    *capacity = wanted;
    return ETWAS_OK;
}

/* One read behind what is there; CLOSED at the end of the file. */
static enum etwas_status read_on(int handle, char *text, size_t capacity, size_t *used)
{
    const ssize_t got = pread(handle, text + *used, capacity - *used - 1, (off_t)*used);
    if (got > 0) {
        *used += (size_t)got;
        return ETWAS_OK;
    }
    if (got == 0) {
        return ETWAS_CLOSED;
    }
    return errno == EINTR ? ETWAS_OK : ETWAS_SYSTEM;
}

enum etwas_status host_read(int handle, size_t limit, char **data, size_t *size)
{
    char *text = NULL;
    size_t capacity = 0;
    size_t used = 0;
    enum etwas_status status = ETWAS_OK;
    while (status == ETWAS_OK) {
        if (used + 1 >= capacity) {
            status = grow(&text, &capacity, limit);
        }
        if (status == ETWAS_OK) {
            status = read_on(handle, text, capacity, &used);
        }
    }
    if (status == ETWAS_CLOSED && used > limit) {
        status = ETWAS_TOO_BIG;
    }
    if (status != ETWAS_CLOSED) {
        free(text);
        return status;
    }
    text[used] = '\0';
    *data = text;
    *size = used;
    return ETWAS_OK;
}

static enum etwas_status fail(struct etwas_error *error, const char *doing)
{
    enum etwas_status status = ETWAS_SYSTEM;
    if (errno == ENOENT || errno == ENOTDIR) {
        status = ETWAS_NOT_FOUND;
    } else if (errno == EACCES || errno == EPERM) {
        status = ETWAS_DENIED;
    }
    *error = (struct etwas_error){.status = status, .os_code = (uint32_t)errno, .doing = doing};
    return status;
}

static enum etwas_status map(struct host_file *file, struct etwas_error *error)
{
    struct stat about;
    if (fstat(file->handle, &about) != 0) {
        return fail(error, "looking at the program");
    }
    if (!S_ISREG(about.st_mode) || about.st_size <= 0) {
        errno = S_ISDIR(about.st_mode) ? EISDIR : EINVAL;
        return fail(error, "looking at the program");
    }
    void *mapped = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_PRIVATE, file->handle, 0);
    if (mapped == MAP_FAILED) {
        return fail(error, "reading the program");
    }
    file->data = mapped;
    file->size = (size_t)about.st_size;
    return ETWAS_OK;
}

enum etwas_status host_file_open(const char *path, struct host_file *file,
                                 struct etwas_error *error)
{
    /* Not blocking: the path may be a pipe that nobody writes. */
    *file = (struct host_file){.handle = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
    if (file->handle < 0) {
        return fail(error, "opening the program");
    }
    const enum etwas_status status = map(file, error);
    if (status != ETWAS_OK) {
        host_file_close(file);
    }
    return status;
}

void host_file_close(struct host_file *file)
{
    if (file->data != NULL) {
        union {
            const uint8_t *given;
            void *base;
        } bytes = {.given = file->data};
        (void)munmap(bytes.base, file->size);
    }
    host_close(file->handle);
    *file = (struct host_file){.handle = -1};
}

size_t host_threads(uint32_t *ids, size_t room)
{
    DIR *folder = opendir("/proc/self/task");
    if (folder == NULL) {
        return 0;
    }
    size_t count = 0;
    const struct dirent *entry = NULL;
    while (count < room && (entry = readdir(folder)) != NULL) {
        char *end = NULL;
        const unsigned long id = strtoul(entry->d_name, &end, 10);
        if (end != entry->d_name && *end == '\0') {
            ids[count++] = (uint32_t)id;
        }
    }
    (void)closedir(folder);
    return count;
}

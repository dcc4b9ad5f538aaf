/* SPDX-License-Identifier: MIT */
#include "relay/files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum etwas_status fail(struct etwas_error *error, const char *doing)
{
    const int code = errno;
    enum etwas_status status = ETWAS_SYSTEM;
    if (code == ENOENT) {
        status = ETWAS_NOT_FOUND;
    } else if (code == EACCES || code == EPERM) {
        status = ETWAS_DENIED;
    }
    *error = (struct etwas_error){.status = status, .os_code = (uint32_t)code, .doing = doing};
    return status;
}

static enum etwas_status too_big(struct etwas_error *error, const char *doing)
{
    *error = (struct etwas_error){.status = ETWAS_TOO_BIG, .doing = doing};
    return ETWAS_TOO_BIG;
}

void files_path(const char *folder, const char *name, char path[FILES_PATH_SIZE])
{
    (void)snprintf(path, FILES_PATH_SIZE, "%s/%s", folder, name);
}

enum etwas_status files_make_folder(const char *folder, struct etwas_error *error)
{
    char path[PATH_MAX];
    if (strlen(folder) >= sizeof path) {
        return too_big(error, "making the data folder");
    }
    (void)snprintf(path, sizeof path, "%s", folder);
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        /* What is missing shows with the last one. */
        (void)mkdir(path, 0700);
        *slash = '/';
    }
    struct stat about;
    if (mkdir(path, 0700) != 0 && errno != EEXIST) {
        return fail(error, "making the data folder");
    }
    if (stat(path, &about) != 0) {
        return fail(error, "looking at the data folder");
    }
    if (!S_ISDIR(about.st_mode)) {
        errno = ENOTDIR;
        return fail(error, "making the data folder");
    }
    if ((about.st_mode & S_IWOTH) != 0) {
        /* Whoever liked could put a token there, and keys. */
        *error =
            (struct etwas_error){.status = ETWAS_DENIED,
                                 .doing = "everybody may write in the data folder: chmod o-w it"};
        return ETWAS_DENIED;
    }
    return ETWAS_OK;
}

static ssize_t read_all(int file, char *text, size_t room)
{
    size_t size = 0;
    while (size < room) {
        const ssize_t got = read(file, text + size, room - size);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return got < 0 ? got : (ssize_t)size;
        }
        size += (size_t)got;
    }
    return (ssize_t)size;
}

/* What the relay reads says whom it trusts. */
static bool is_everybodys(int file)
{
    struct stat about;
    return fstat(file, &about) == 0 && S_ISREG(about.st_mode) && (about.st_mode & S_IWOTH) != 0;
}

static bool write_all(int file, const char *text, size_t size)
{
    while (size > 0) {
        const ssize_t written = write(file, text, size);
        if (written < 0 && errno != EINTR) {
            return false;
        }
        if (written > 0) {
            text += written;
            size -= (size_t)written;
        }
    }
    return true;
}

enum etwas_status files_read(const char *path, char *text, size_t room, size_t *size,
                             struct etwas_error *error)
{
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (file < 0) {
        return fail(error, "opening a file");
    }
    char more = 0;
    enum etwas_status status = ETWAS_OK;
    if (is_everybodys(file)) {
        (void)close(file);
        *error = (struct etwas_error){.status = ETWAS_DENIED,
                                      .doing = "everybody may write in it: chmod o-w it"};
        return ETWAS_DENIED;
    }
    const ssize_t got = read_all(file, text, room);
    if (got < 0) {
        status = fail(error, "reading a file");
    } else if ((size_t)got == room && read_all(file, &more, 1) != 0) {
        status = too_big(error, "reading a file");
    } else {
        *size = (size_t)got;
    }
    (void)close(file);
    return status;
}

static bool write_synced(int file, const char *text, size_t size)
{
    return write_all(file, text, size) && fsync(file) == 0;
}

static void folder_of(const char *path, char folder[PATH_MAX])
{
    (void)snprintf(folder, PATH_MAX, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash == NULL) {
        (void)snprintf(folder, PATH_MAX, ".");
    } else {
        slash[slash == folder ? 1 : 0] = '\0';
    }
}

/* So that what was renamed stays so when the power fails. */
static void sync_folder(const char *path)
{
    char folder[PATH_MAX];
    folder_of(path, folder);
    const int file = open(folder, O_RDONLY | O_CLOEXEC | O_DIRECTORY);
    if (file >= 0) {
        (void)fsync(file);
        (void)close(file);
    }
}

enum etwas_status files_replace(const char *path, const char *text, size_t size,
                                struct etwas_error *error)
{
    char draft[PATH_MAX];
    if ((size_t)snprintf(draft, sizeof draft, "%s.new", path) >= sizeof draft) {
        return too_big(error, "writing a file");
    }
    const int file = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0) {
        return fail(error, "making a file");
    }
    const bool good = write_synced(file, text, size) && rename(draft, path) == 0;
    const enum etwas_status status = good ? ETWAS_OK : fail(error, "writing a file");
    (void)close(file);
    if (good) {
        sync_folder(path);
    } else {
        (void)unlink(draft);
    }
    return status;
}

/* What root makes in a folder of somebody else is for him: the relay must be able to read it. */
static void give_to_owner(int file, const char *path)
{
    struct stat about;
    char folder[PATH_MAX];
    folder_of(path, folder);
    if (geteuid() == 0 && stat(folder, &about) == 0) {
        (void)!fchown(file, about.st_uid, about.st_gid);
    }
}

enum etwas_status files_append(const char *path, const char *text, size_t size,
                               struct etwas_error *error)
{
    /* In a folder of somebody else a link could lead root to a file of its own. */
    const bool fresh = access(path, F_OK) != 0;
    const int file =
        open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
    if (file < 0) {
        return fail(error, "opening a file");
    }
    if (fresh) {
        give_to_owner(file, path);
    }
    const enum etwas_status status =
        write_synced(file, text, size) ? ETWAS_OK : fail(error, "writing a file");
    (void)close(file);
    return status;
}

struct files_mark files_mark(const char *path)
{
    struct stat about;
    if (stat(path, &about) != 0) {
        return (struct files_mark){.inode = 0};
    }
    return (struct files_mark){.inode = about.st_ino,
                               .size = about.st_size,
                               .seconds = about.st_ctim.tv_sec,
                               .nanoseconds = about.st_ctim.tv_nsec};
}

bool files_mark_same(const struct files_mark *a, const struct files_mark *b)
{
    return a->inode == b->inode && a->size == b->size && a->seconds == b->seconds &&
           a->nanoseconds == b->nanoseconds;
}

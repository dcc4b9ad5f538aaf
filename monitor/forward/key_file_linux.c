/* SPDX-License-Identifier: MIT */
#include "monitor/forward/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "monitor/forward/places.h"

static enum etwas_status fail(struct etwas_error *error, const char *doing)
{
    const int code = errno;
    enum etwas_status status = code == ENOENT || code == ENOTDIR ? ETWAS_NOT_FOUND : ETWAS_SYSTEM;
    status = code == EACCES || code == EPERM || code == EROFS ? ETWAS_DENIED : status;
    *error = (struct etwas_error){status, (uint32_t)code, doing};
    return status;
}

static enum etwas_status refuse(struct etwas_error *error, enum etwas_status status,
                                const char *doing)
{
    *error = (struct etwas_error){status, 0, doing};
    return status;
}

static enum etwas_status check(int file, struct etwas_error *error)
{
    struct stat about;
    if (fstat(file, &about) != 0) {
        return fail(error, "looking at the key file");
    }
    if (!S_ISREG(about.st_mode)) {
        return refuse(error, ETWAS_DENIED, "the key file is no regular file");
    }
    if (about.st_uid != geteuid()) {
        return refuse(error, ETWAS_DENIED, "the key file is somebody else's");
    }
    if ((about.st_mode & 077) != 0) {
        return refuse(error, ETWAS_DENIED, "the key file is open to others");
    }
    return ETWAS_OK;
}

static enum etwas_status take(int file, struct key_pair *pair, struct etwas_error *error)
{
    char text[KEY_LINE_SIZE];
    const ssize_t size = read(file, text, sizeof text);
    enum etwas_status status = ETWAS_OK;
    if (size < 0) {
        status = fail(error, "reading the key file");
    } else if (key_secret_parse(text, (size_t)size, pair) != ETWAS_OK) {
        status = refuse(error, ETWAS_MALFORMED, "the key file has no key in it");
    }
    sodium_memzero(text, sizeof text);
    return status;
}

enum etwas_status key_file_read(const char *path, struct key_pair *pair, struct etwas_error *error)
{
    /* Not to hang on a pipe that somebody put there. */
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (file < 0) {
        return fail(error, "opening the key file");
    }
    enum etwas_status status = check(file, error);
    if (status == ETWAS_OK) {
        status = take(file, pair, error);
    }
    (void)close(file);
    return status;
}

static enum etwas_status write_key(int file, const struct key_pair *pair, struct etwas_error *error)
{
    char text[KEY_LINE_SIZE];
    key_secret_format(pair, text);
    const size_t size = strlen(text);
    const ssize_t written = write(file, text, size);
    sodium_memzero(text, sizeof text);
    if (written != (ssize_t)size || fsync(file) != 0) {
        return fail(error, "writing the key file");
    }
    return ETWAS_OK;
}

/* Under a name of its own first, so that nobody ever reads half a key. */
static enum etwas_status make(const char *path, struct etwas_error *error)
{
    char other[PLACES_PATH_SIZE];
    const int length = snprintf(other, sizeof other, "%s.XXXXXX", path);
    if (length < 0 || (size_t)length >= sizeof other) {
        errno = ENAMETOOLONG;
        return fail(error, "making the key file");
    }
    const int file = mkostemp(other, O_CLOEXEC);
    if (file < 0) {
        return fail(error, "making the key file");
    }
    struct key_pair pair;
    key_make(&pair);
    enum etwas_status status = write_key(file, &pair, error);
    key_wipe(&pair);
    (void)close(file);
    if (status == ETWAS_OK && link(other, path) != 0 && errno != EEXIST) {
        status = fail(error, "making the key file");
    }
    (void)unlink(other);
    return status;
}

static enum etwas_status make_folder_of(const char *path, struct etwas_error *error)
{
    char folder[PLACES_PATH_SIZE];
    const char *slash = strrchr(path, '/');
    if (slash == NULL || slash == path) {
        return ETWAS_OK;
    }
    const int length = snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
    if (length < 0 || (size_t)length >= sizeof folder) {
        errno = ENAMETOOLONG;
        return fail(error, "making the folder of the key file");
    }
    return places_make_folder(folder, error);
}

enum etwas_status key_file_open(const char *path, struct key_pair *pair, struct etwas_error *error)
{
    enum etwas_status status = key_file_read(path, pair, error);
    if (status != ETWAS_NOT_FOUND) {
        return status;
    }
    status = make_folder_of(path, error);
    if (status == ETWAS_OK) {
        status = make(path, error);
    }
    return status == ETWAS_OK ? key_file_read(path, pair, error) : status;
}

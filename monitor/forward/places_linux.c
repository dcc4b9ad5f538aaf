/* SPDX-License-Identifier: MIT */
#include "monitor/forward/places.h"

#include <errno.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the XDG says of a variable: its value counts only if it is an absolute path. */
static bool base_folder(const char *variable, const char *usual, char path[PLACES_PATH_SIZE])
{
    const char *base = getenv(variable);
    const char *home = getenv("HOME");
    int size = -1;
    if (base != NULL && base[0] == '/') {
        size = snprintf(path, PLACES_PATH_SIZE, "%s", base);
        return size > 0 && size < PLACES_PATH_SIZE;
    }
    if (home == NULL || home[0] != '/') {
        const struct passwd *user = getpwuid(geteuid());
        home = user == NULL ? NULL : user->pw_dir;
    }
    if (home != NULL && home[0] == '/') {
        size = snprintf(path, PLACES_PATH_SIZE, "%s/%s", home, usual);
    }
    return size > 0 && size < PLACES_PATH_SIZE;
}

static bool append(char path[PLACES_PATH_SIZE], const char *more)
{
    const size_t size = strlen(path);
    const size_t length = strlen(more);
    if (length >= PLACES_PATH_SIZE - size) {
        return false;
    }
    memcpy(path + size, more, length + 1);
    return true;
}

bool places_key(char path[PLACES_PATH_SIZE])
{
    return base_folder("XDG_CONFIG_HOME", ".config", path) && append(path, "/etwas/key");
}

bool places_spool(char path[PLACES_PATH_SIZE])
{
    return base_folder("XDG_STATE_HOME", ".local/state", path) && append(path, "/etwas/spool");
}

bool places_discovery(char path[PLACES_PATH_SIZE])
{
    if (base_folder("XDG_CONFIG_HOME", ".config", path) && append(path, "/etwas/discovery.json") &&
        access(path, F_OK) == 0) {
        return true;
    }
    (void)snprintf(path, PLACES_PATH_SIZE, "/etc/etwas/discovery.json");
    return access(path, F_OK) == 0;
}

void places_computer(char *name, size_t room)
{
    char host[256] = "";
    if (gethostname(host, sizeof host - 1) != 0 || host[0] == 0) {
        (void)snprintf(host, sizeof host, "computer");
    }
    size_t size = 0;
    for (; host[size] != 0 && size + 1 < room; size++) {
        const char at = host[size];
        const bool fine = (at >= 'a' && at <= 'z') || (at >= 'A' && at <= 'Z') ||
                          (at >= '0' && at <= '9') || at == '.' || at == '-' || at == '_';
        name[size] = (char)(fine ? at : '-');
    }
    name[size] = 0;
}

static enum etwas_status fail(struct etwas_error *error, const char *doing)
{
    const int code = errno;
    enum etwas_status status = code == ENOENT || code == ENOTDIR ? ETWAS_NOT_FOUND : ETWAS_SYSTEM;
    status = code == EACCES || code == EPERM || code == EROFS ? ETWAS_DENIED : status;
    *error = (struct etwas_error){status, (uint32_t)code, doing};
    return status;
}

/* A part above that we could not make may be there all the same. */
static bool make_one(const char *path)
{
    struct stat about;
    if (mkdir(path, 0700) == 0 || errno == EEXIST) {
        return true;
    }
    const int code = errno;
    const bool there = stat(path, &about) == 0;
    errno = code;
    return there;
}

enum etwas_status places_make_folder(const char *path, struct etwas_error *error)
{
    char part[PLACES_PATH_SIZE];
    const size_t size = strlen(path);
    if (size >= sizeof part) {
        errno = ENAMETOOLONG;
        return fail(error, "making the folder");
    }
    memcpy(part, path, size + 1);
    for (size_t i = 1; i <= size; i++) {
        if (path[i] != '/' && path[i] != 0) {
            continue;
        }
        part[i] = 0;
        if (!make_one(part)) {
            return fail(error, "making the folder");
        }
        part[i] = path[i];
    }
    return ETWAS_OK;
}

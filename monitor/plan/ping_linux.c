/* SPDX-License-Identifier: MIT */
#include "monitor/plan/ping.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Is there such a program in the folder that is the first `length` bytes of `folder`? */
static bool find_in(char path[PING_PATH_SIZE], const char *folder, size_t length, const char *name)
{
    if (length == 0 || length >= PING_PATH_SIZE) {
        return false;
    }
    const int made = snprintf(path, PING_PATH_SIZE, "%.*s/%s", (int)length, folder, name);
    return made > 0 && made < PING_PATH_SIZE && access(path, X_OK) == 0;
}

static bool find_in_search_path(char path[PING_PATH_SIZE])
{
    const char *at = getenv("PATH");
    while (at != NULL && *at != 0) {
        const size_t length = strcspn(at, ":");
        if (at[0] == '/' && find_in(path, at, length, "etwas-ping")) {
            return true;
        }
        at += length + (at[length] == ':' ? 1 : 0);
    }
    return false;
}

bool ping_find(char path[PING_PATH_SIZE])
{
    char own[PING_PATH_SIZE];
    const ssize_t size = readlink("/proc/self/exe", own, sizeof own - 1);
    own[size > 0 ? size : 0] = 0;
    const char *slash = strrchr(own, '/');
    const size_t folder = slash == NULL ? 0 : (size_t)(slash - own);
    return find_in(path, own, folder, "etwas-ping") ||
           find_in(path, own, folder, "../tests/ping/etwas-ping") || find_in_search_path(path);
}

/* SPDX-License-Identifier: MIT */
#include "monitor/paths.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static enum etwas_status add(struct paths *paths, const char *name, struct etwas_error *error)
{
    char **names = realloc(paths->names, (paths->count + 1) * sizeof *names);
    char *copy = strdup(name);
    if (names != NULL) {
        paths->names = names;
    }
    if (names == NULL || copy == NULL) {
        free(copy);
        *error = (struct etwas_error){ETWAS_NO_MEMORY, 0, "looking for files"};
        return ETWAS_NO_MEMORY;
    }
    paths->names[paths->count++] = copy;
    return ETWAS_OK;
}

enum etwas_status paths_add(struct paths *paths, const char *pattern, struct etwas_error *error)
{
    glob_t found;
    if (strpbrk(pattern, "*?") == NULL) {
        return add(paths, pattern, error);
    }
    enum etwas_status status = ETWAS_OK;
    const int result = glob(pattern, GLOB_NOESCAPE, NULL, &found);
    if (result != 0) {
        *error = (struct etwas_error){ETWAS_NOT_FOUND, 0, "no file matches"};
        return ETWAS_NOT_FOUND;
    }
    for (size_t i = 0; i < found.gl_pathc && status == ETWAS_OK; i++) {
        status = add(paths, found.gl_pathv[i], error);
    }
    globfree(&found);
    return status;
}

void paths_clear(struct paths *paths)
{
    for (size_t i = 0; i < paths->count; i++) {
        free(paths->names[i]);
    }
    free(paths->names);
    *paths = (struct paths){0};
}

bool paths_are_same(const char *path, const char *other)
{
    struct stat one;
    struct stat two;
    return stat(path, &one) == 0 && stat(other, &two) == 0 && one.st_dev == two.st_dev &&
           one.st_ino == two.st_ino;
}

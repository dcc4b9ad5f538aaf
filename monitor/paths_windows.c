/* SPDX-License-Identifier: MIT */
#include "monitor/paths.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

enum { PATH_UNITS = 4096 };

/* What a pattern is replaced by, one part of it at a time. */
struct search {
    struct paths *paths;
    enum etwas_status status;
};

static enum etwas_status add(struct paths *paths, const char *name)
{
    char **names = realloc(paths->names, (paths->count + 1) * sizeof *names);
    char *copy = strdup(name);
    if (names != NULL) {
        paths->names = names;
    }
    if (names == NULL || copy == NULL) {
        free(copy);
        return ETWAS_NO_MEMORY;
    }
    paths->names[paths->count++] = copy;
    return ETWAS_OK;
}

static void look(struct search *search, const char *pattern);

/* `name` in place of the part of the pattern that begins at `from` and has `size` bytes. */
static void replace(struct search *search, const char *pattern, const char *name, size_t from,
                    size_t size)
{
    const char *rest = pattern + from + size;
    const size_t name_size = strlen(name);
    char *path = malloc(from + name_size + strlen(rest) + 1);
    if (path == NULL) {
        search->status = ETWAS_NO_MEMORY;
        return;
    }
    memcpy(path, pattern, from);
    memcpy(path + from, name, name_size);
    memcpy(path + from + name_size, rest, strlen(rest) + 1);
    look(search, path);
    free(path);
}

/* Names that begin with a dot are meant only where the pattern's part does. */
static bool is_meant(const char *name, const char *part)
{
    return name[0] != '.' || (part[0] == '.' && strcmp(name, ".") != 0 && strcmp(name, "..") != 0);
}

static HANDLE find_first(const char *pattern, size_t size, WIN32_FIND_DATAW *found)
{
    WCHAR wide[PATH_UNITS];
    const int units = size < PATH_UNITS
                          ? MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, pattern, (int)size,
                                                wide, PATH_UNITS - 1)
                          : 0;
    wide[units] = 0;
    return units == 0 ? INVALID_HANDLE_VALUE : FindFirstFileW(wide, found);
}

/* Files that match the part of the pattern which is its first with a * or ?. */
static void look_into(struct search *search, const char *pattern, size_t from, size_t size)
{
    char name[3 * MAX_PATH + 1];
    WIN32_FIND_DATAW found;
    HANDLE handle = find_first(pattern, from + size, &found);
    bool more = handle != INVALID_HANDLE_VALUE;
    while (more && search->status == ETWAS_OK) {
        const bool last = pattern[from + size] == '\0';
        const bool folder = (found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
        if ((last || folder) &&
            WideCharToMultiByte(CP_UTF8, 0, found.cFileName, -1, name, sizeof name, NULL, NULL) !=
                0 &&
            is_meant(name, pattern + from)) {
            replace(search, pattern, name, from, size);
        }
        more = FindNextFileW(handle, &found) != 0;
    }
    if (handle != INVALID_HANDLE_VALUE) {
        (void)FindClose(handle);
    }
}

static bool exists(const char *path)
{
    WIN32_FIND_DATAW found;
    HANDLE handle = find_first(path, strlen(path), &found);
    if (handle == INVALID_HANDLE_VALUE) {
        return false;
    }
    (void)FindClose(handle);
    return true;
}

/* Calls itself as deep as the pattern has parts with a * or ? */
static void look(struct search *search, const char *pattern)
{
    size_t from = strcspn(pattern, "*?");
    if (pattern[from] == '\0') {
        if (exists(pattern)) {
            search->status = add(search->paths, pattern);
        }
        return;
    }
    const size_t end = from + strcspn(pattern + from, "/\\");
    while (from > 0 && strchr("/\\:", pattern[from - 1]) == NULL) {
        from--;
    }
    look_into(search, pattern, from, end - from);
}

static int by_name(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

enum etwas_status paths_add(struct paths *paths, const char *pattern, struct etwas_error *error)
{
    struct search search = {.paths = paths, .status = ETWAS_OK};
    const size_t before = paths->count;
    if (strpbrk(pattern, "*?") == NULL) {
        search.status = add(paths, pattern);
    } else {
        look(&search, pattern);
    }
    if (search.status != ETWAS_OK) {
        *error = (struct etwas_error){search.status, 0, "looking for files"};
        return search.status;
    }
    if (paths->count == before) {
        *error = (struct etwas_error){ETWAS_NOT_FOUND, 0, "no file matches"};
        return ETWAS_NOT_FOUND;
    }
    qsort(paths->names + before, paths->count - before, sizeof *paths->names, by_name);
    return ETWAS_OK;
}

void paths_clear(struct paths *paths)
{
    for (size_t i = 0; i < paths->count; i++) {
        free(paths->names[i]);
    }
    free(paths->names);
    *paths = (struct paths){0};
}

static bool identify(const char *path, BY_HANDLE_FILE_INFORMATION *information)
{
    WCHAR wide[PATH_UNITS];
    if (MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, wide, PATH_UNITS) == 0) {
        return false;
    }
    HANDLE file = CreateFileW(wide, 0, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                              OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
    const bool found =
        file != INVALID_HANDLE_VALUE && GetFileInformationByHandle(file, information) != 0;
    if (file != INVALID_HANDLE_VALUE) {
        (void)CloseHandle(file);
    }
    return found;
}

bool paths_are_same(const char *path, const char *other)
{
    BY_HANDLE_FILE_INFORMATION one;
    BY_HANDLE_FILE_INFORMATION two;
    return identify(path, &one) && identify(other, &two) &&
           one.dwVolumeSerialNumber == two.dwVolumeSerialNumber &&
           one.nFileIndexHigh == two.nFileIndexHigh && one.nFileIndexLow == two.nFileIndexLow;
}

/* SPDX-License-Identifier: MIT */
#include "monitor/etl/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <windows.h>

enum { PATH_UNITS = 32768 };

struct file {
    HANDLE handle;
};

static enum etwas_status fail(struct etwas_error *error, DWORD code)
{
    enum etwas_status status = ETWAS_SYSTEM;
    if (code == ERROR_FILE_NOT_FOUND || code == ERROR_PATH_NOT_FOUND) {
        status = ETWAS_NOT_FOUND;
    } else if (code == ERROR_ACCESS_DENIED) {
        status = ETWAS_DENIED;
    }
    *error = (struct etwas_error){status, (uint32_t)code, "opening the file"};
    return status;
}

static HANDLE open_path(const char *path)
{
    WCHAR *wide = malloc(PATH_UNITS * sizeof *wide);
    HANDLE handle = INVALID_HANDLE_VALUE;
    if (wide != NULL &&
        MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, wide, PATH_UNITS) != 0) {
        handle =
            CreateFileW(wide, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                        NULL, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL);
    }
    free(wide);
    return handle;
}

enum etwas_status file_open(const char *path, struct file **file, uint64_t *size,
                            struct etwas_error *error)
{
    LARGE_INTEGER length;
    HANDLE handle = open_path(path);
    *file = NULL;
    if (handle == INVALID_HANDLE_VALUE) {
        return fail(error, GetLastError());
    }
    if (GetFileType(handle) != FILE_TYPE_DISK || !GetFileSizeEx(handle, &length)) {
        *error = (struct etwas_error){ETWAS_MALFORMED, 0, "it is no regular file"};
    } else if ((*file = malloc(sizeof **file)) == NULL) {
        *error = (struct etwas_error){ETWAS_NO_MEMORY, 0, "opening the file"};
    } else {
        (*file)->handle = handle;
        *size = (uint64_t)length.QuadPart;
        return ETWAS_OK;
    }
    (void)CloseHandle(handle);
    return error->status;
}

void file_close(struct file *file)
{
    if (file != NULL) {
        (void)CloseHandle(file->handle);
        free(file);
    }
}

size_t file_read(struct file *file, uint64_t offset, void *data, size_t size)
{
    size_t done = 0;
    while (done < size) {
        OVERLAPPED at = {.Offset = (DWORD)(offset + done),
                         .OffsetHigh = (DWORD)((offset + done) >> 32)};
        DWORD got = 0;
        const DWORD part = size - done < MAXDWORD ? (DWORD)(size - done) : MAXDWORD;
        if (!ReadFile(file->handle, (char *)data + done, part, &got, &at) || got == 0) {
            break;
        }
        done += got;
    }
    return done;
}

enum { NAME_BYTES = 4 * MAX_PATH };

static bool tell(const char *folder, const WIN32_FIND_DATAW *found,
                 bool (*each)(void *context, const char *path), void *context)
{
    char name[NAME_BYTES];
    char path[NAME_BYTES + MAX_PATH];
    if ((found->dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0 ||
        WideCharToMultiByte(CP_UTF8, 0, found->cFileName, -1, name, sizeof name, NULL, NULL) == 0) {
        return true;
    }
    const int size = snprintf(path, sizeof path, "%s/%s", folder, name);
    return size <= 0 || (size_t)size >= sizeof path || each(context, path);
}

enum etwas_status file_list(const char *folder, bool (*each)(void *context, const char *path),
                            void *context)
{
    char pattern[NAME_BYTES];
    WCHAR wide[MAX_PATH];
    WIN32_FIND_DATAW found;
    const int size = snprintf(pattern, sizeof pattern, "%s/*", folder);
    if (size <= 0 || (size_t)size >= sizeof pattern ||
        MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, pattern, -1, wide, MAX_PATH) == 0) {
        return ETWAS_NOT_FOUND;
    }
    HANDLE search = FindFirstFileW(wide, &found);
    if (search == INVALID_HANDLE_VALUE) {
        return ETWAS_NOT_FOUND;
    }
    bool more = true;
    while (more) {
        more = tell(folder, &found, each, context) && FindNextFileW(search, &found);
    }
    (void)FindClose(search);
    return ETWAS_OK;
}

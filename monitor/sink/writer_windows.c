/* SPDX-License-Identifier: MIT */
#include "monitor/sink/writer.h"

#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <stdlib.h>
#include <windows.h>

enum {
    PATH_UNITS = 32768,
    PART = 1024 * 1024,
    USER_BYTES = sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE,
    ACL_BYTES = sizeof(ACL) + sizeof(ACCESS_ALLOWED_ACE) + SECURITY_MAX_SID_SIZE,
};

/* Who may use a file that is made: this user, and nobody whom the folder would add. */
struct rights {
    SECURITY_DESCRIPTOR descriptor;
    union {
        TOKEN_USER user;
        BYTE bytes[USER_BYTES];
    } of;
    union {
        ACL acl;
        BYTE bytes[ACL_BYTES];
    } list;
};

static enum etwas_status fail(struct etwas_error *error, DWORD code, const char *doing)
{
    enum etwas_status status = ETWAS_SYSTEM;
    if (code == ERROR_FILE_NOT_FOUND || code == ERROR_PATH_NOT_FOUND) {
        status = ETWAS_NOT_FOUND;
    } else if (code == ERROR_ACCESS_DENIED || code == ERROR_WRITE_PROTECT) {
        status = ETWAS_DENIED;
    }
    *error = (struct etwas_error){status, (uint32_t)code, doing};
    return status;
}

static HANDLE handle_of(int file)
{
    return (HANDLE)_get_osfhandle(file);
}

static bool only_this_user(struct rights *rights)
{
    HANDLE token = NULL;
    DWORD size = sizeof rights->of;
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token)) {
        return false;
    }
    const bool known = GetTokenInformation(token, TokenUser, &rights->of, size, &size) != 0;
    (void)CloseHandle(token);
    return known && InitializeAcl(&rights->list.acl, sizeof rights->list, ACL_REVISION) &&
           AddAccessAllowedAce(&rights->list.acl, ACL_REVISION, FILE_ALL_ACCESS,
                               rights->of.user.User.Sid) &&
           InitializeSecurityDescriptor(&rights->descriptor, SECURITY_DESCRIPTOR_REVISION) &&
           SetSecurityDescriptorDacl(&rights->descriptor, TRUE, &rights->list.acl, FALSE) &&
           SetSecurityDescriptorControl(&rights->descriptor, SE_DACL_PROTECTED, SE_DACL_PROTECTED);
}

static HANDLE create(const char *path)
{
    struct rights rights;
    SECURITY_ATTRIBUTES given = {.nLength = sizeof given,
                                 .lpSecurityDescriptor = &rights.descriptor};
    WCHAR *wide = malloc(PATH_UNITS * sizeof *wide);
    HANDLE handle = INVALID_HANDLE_VALUE;
    if (wide == NULL) {
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
    } else if (MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, wide, PATH_UNITS) !=
                   0 &&
               only_this_user(&rights)) {
        handle = CreateFileW(wide, GENERIC_WRITE, FILE_SHARE_READ, &given, CREATE_ALWAYS,
                             FILE_ATTRIBUTE_NORMAL, NULL);
    }
    const DWORD code = GetLastError();
    free(wide);
    SetLastError(code);
    return handle;
}

enum etwas_status writer_file_open(const char *path, int *file, struct etwas_error *error)
{
    HANDLE handle = create(path);
    *file = -1;
    if (handle == INVALID_HANDLE_VALUE) {
        return fail(error, GetLastError(), "opening the file");
    }
    *file = _open_osfhandle((intptr_t)handle, _O_WRONLY | _O_BINARY);
    if (*file < 0) {
        (void)CloseHandle(handle);
        return fail(error, ERROR_TOO_MANY_OPEN_FILES, "opening the file");
    }
    return ETWAS_OK;
}

void writer_file_close(int file)
{
    (void)_close(file);
}

int writer_stdout(bool *terminal)
{
    DWORD mode = 0;
    const int file = _fileno(stdout);
    *terminal = GetConsoleMode(handle_of(file), &mode) != 0;
    return file;
}

uint32_t writer_columns(int file)
{
    CONSOLE_SCREEN_BUFFER_INFO screen;
    if (!GetConsoleScreenBufferInfo(handle_of(file), &screen)) {
        return 0;
    }
    return (uint32_t)(screen.srWindow.Right - screen.srWindow.Left + 1);
}

/* By the system's call: nothing is added at the ends of lines, whatever the descriptor's mode. */
enum etwas_status writer_write(int file, const void *data, size_t size, struct etwas_error *error)
{
    const char *at = data;
    while (size > 0) {
        DWORD written = 0;
        if (!WriteFile(handle_of(file), at, size < PART ? (DWORD)size : PART, &written, NULL)) {
            const DWORD code = GetLastError();
            const bool gone = code == ERROR_BROKEN_PIPE || code == ERROR_NO_DATA;
            return gone ? ETWAS_CLOSED : fail(error, code, "writing events");
        }
        at += written;
        size -= written;
    }
    return ETWAS_OK;
}

enum etwas_status writer_write_at(int file, uint64_t offset, const void *data, size_t size,
                                  struct etwas_error *error)
{
    const char *at = data;
    while (size > 0) {
        OVERLAPPED where = {.Offset = (DWORD)offset, .OffsetHigh = (DWORD)(offset >> 32)};
        DWORD written = 0;
        if (!WriteFile(handle_of(file), at, (DWORD)(size < PART ? size : PART), &written, &where) ||
            written == 0) {
            return fail(error, GetLastError(), "writing events");
        }
        at += written;
        offset += written;
        size -= written;
    }
    return ETWAS_OK;
}

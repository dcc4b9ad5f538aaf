/* SPDX-License-Identifier: MIT */
#include "monitor/session/processes.h"

#include <string.h>
#include <windows.h>

enum { PATH_UNITS = 1024, PATH_BYTES = 3 * PATH_UNITS + 1 };

/* The name of the program's file, cut off where a letter ends. */
static void copy_name(const char *path, char name[PROCESSES_NAME_SIZE])
{
    const char *last = strrchr(path, '\\');
    const char *base = last != NULL ? last + 1 : path;
    size_t size = strlen(base);
    if (size >= PROCESSES_NAME_SIZE) {
        size = PROCESSES_NAME_SIZE - 1;
        while (size != 0 && ((unsigned char)base[size] & 0xc0) == 0x80) {
            size--;
        }
    }
    memset(name, 0, PROCESSES_NAME_SIZE);
    memcpy(name, base, size);
}

static void name_process(HANDLE process, char name[PROCESSES_NAME_SIZE])
{
    WCHAR wide[PATH_UNITS];
    char path[PATH_BYTES];
    DWORD units = PATH_UNITS;
    memset(name, 0, PROCESSES_NAME_SIZE);
    if (QueryFullProcessImageNameW(process, 0, wide, &units) &&
        WideCharToMultiByte(CP_UTF8, 0, wide, -1, path, sizeof path, NULL, NULL) != 0) {
        copy_name(path, name);
    }
}

bool process_of_thread(uint32_t thread, uint32_t *process, char name[PROCESSES_NAME_SIZE])
{
    HANDLE of_thread = OpenThread(THREAD_QUERY_LIMITED_INFORMATION, FALSE, thread);
    if (of_thread == NULL) {
        return false;
    }
    *process = GetProcessIdOfThread(of_thread);
    (void)CloseHandle(of_thread);
    HANDLE of_process = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, *process);
    if (*process == 0 || of_process == NULL) {
        return false;
    }
    name_process(of_process, name);
    (void)CloseHandle(of_process);
    return true;
}

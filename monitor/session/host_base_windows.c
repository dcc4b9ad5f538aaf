/* SPDX-License-Identifier: MIT */
#include "monitor/session/host_base.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <windows.h>

enum { MESSAGE_UNITS = HOST_ERROR_SIZE / 4 }; /* so that it fits as UTF-8, too */

#define SECOND_NS  INT64_C(1000000000)
#define UNIX_EPOCH INT64_C(116444736000000000) /* 1970, in 100 ns since 1601 */

int64_t host_now_ns(void)
{
    LARGE_INTEGER frequency;
    LARGE_INTEGER now;
    (void)QueryPerformanceFrequency(&frequency);
    (void)QueryPerformanceCounter(&now);
    const int64_t rest = now.QuadPart % frequency.QuadPart;
    return now.QuadPart / frequency.QuadPart * SECOND_NS + rest * SECOND_NS / frequency.QuadPart;
}

int64_t host_utc_offset_ns(void)
{
    FILETIME now;
    GetSystemTimePreciseAsFileTime(&now);
    const int64_t ticks = ((int64_t)now.dwHighDateTime << 32) | now.dwLowDateTime;
    return (ticks - UNIX_EPOCH) * 100 - host_now_ns();
}

int host_left_ms(int64_t deadline_ns)
{
    const int64_t left = deadline_ns - host_now_ns();
    if (left <= 0) {
        return 0;
    }
    const int64_t ms = (left + HOST_MS - 1) / HOST_MS;
    return ms > INT_MAX ? INT_MAX : (int)ms;
}

void host_sleep_ms(int ms)
{
    Sleep(ms > 0 ? (DWORD)ms : 0);
}

/* Sentences of the system end in ". " or a line's end; ours go on. */
const char *host_error(uint32_t code, char text[HOST_ERROR_SIZE])
{
    WCHAR wide[MESSAGE_UNITS];
    const DWORD flags =
        FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS | FORMAT_MESSAGE_MAX_WIDTH_MASK;
    if (FormatMessageW(flags, NULL, code, 0, wide, MESSAGE_UNITS, NULL) == 0 ||
        WideCharToMultiByte(CP_UTF8, 0, wide, -1, text, HOST_ERROR_SIZE, NULL, NULL) == 0) {
        (void)snprintf(text, HOST_ERROR_SIZE, "error %u of the system", (unsigned)code);
        return text;
    }
    size_t size = strlen(text);
    while (size != 0 && strchr(". \r\n", text[size - 1]) != NULL) {
        text[--size] = '\0';
    }
    return text;
}

/* SPDX-License-Identifier: MIT */
#include "monitor/pipeline_host.h"

#include <windows.h>

static volatile LONG asked;
static HANDLE wake; /* set by the handler, which runs in a thread of its own; kept to the end */

static BOOL WINAPI on_control(DWORD type)
{
    if (InterlockedExchange(&asked, 1) != 0) {
        return FALSE; /* the second time: the system ends the program */
    }
    (void)SetEvent(wake);
    if (type == CTRL_CLOSE_EVENT || type == CTRL_LOGOFF_EVENT || type == CTRL_SHUTDOWN_EVENT) {
        Sleep(INFINITE); /* it would end with our return; now it has the seconds that are given */
    }
    return TRUE;
}

enum etwas_status pipeline_signals_open(void)
{
    (void)InterlockedExchange(&asked, 0);
    if (wake == NULL) {
        wake = CreateEventW(NULL, FALSE, FALSE, NULL);
    }
    return wake != NULL && SetConsoleCtrlHandler(on_control, TRUE) ? ETWAS_OK : ETWAS_SYSTEM;
}

void pipeline_signals_close(void)
{
    (void)SetConsoleCtrlHandler(on_control, FALSE);
}

bool pipeline_stop_asked(void)
{
    return InterlockedCompareExchange(&asked, 0, 0) != 0;
}

/* No source has anything to wait on here: files are always ready, by their time. */
bool pipeline_wait(struct pipeline_input *inputs, size_t count, int timeout_ms)
{
    (void)WaitForSingleObject(wake, timeout_ms < 0 ? INFINITE : (DWORD)timeout_ms);
    for (size_t i = 0; i < count; i++) {
        inputs[i].ready = false;
    }
    return false;
}

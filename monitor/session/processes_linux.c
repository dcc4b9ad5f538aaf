/* SPDX-License-Identifier: MIT */
#include "monitor/session/processes.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* proc(5): /proc/TID/status has "Name:\tcomm" first, and "Tgid:\t123" some lines below. */
enum { STATUS_SIZE = 512 };

static void copy_name(const char *status, char name[PROCESSES_NAME_SIZE])
{
    memset(name, 0, PROCESSES_NAME_SIZE);
    if (strncmp(status, "Name:\t", 6) == 0) {
        const size_t size = strcspn(status + 6, "\n");
        memcpy(name, status + 6, size < PROCESSES_NAME_SIZE ? size : PROCESSES_NAME_SIZE - 1);
    }
}

bool process_of_thread(uint32_t thread, uint32_t *process, char name[PROCESSES_NAME_SIZE])
{
    char path[32];
    char status[STATUS_SIZE];
    (void)snprintf(path, sizeof path, "/proc/%u/status", thread);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    const ssize_t got = read(fd, status, sizeof status - 1);
    (void)close(fd);
    if (got <= 0) {
        return false;
    }
    status[got] = '\0';
    const char *group = strstr(status, "\nTgid:\t");
    if (group == NULL) {
        return false;
    }
    copy_name(status, name);
    *process = (uint32_t)strtoul(group + 7, NULL, 10);
    return true;
}

/* SPDX-License-Identifier: MIT */
#include "tests/monitor/tracefs/instance.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* trace_pipe_raw gives a sub-buffer at a time, if there is room for one. */
enum { READ_SIZE = 4096, FIRST_ROOM = 65536 };

bool instance_open(struct instance *instance, const char *name)
{
    (void)snprintf(instance->path, sizeof instance->path, "/sys/kernel/tracing/instances/%s_%d",
                   name, (int)getpid());
    return mkdir(instance->path, 0700) == 0;
}

void instance_close(struct instance *instance)
{
    (void)instance_write(instance, "tracing_on", "0");
    (void)instance_write(instance, "events/enable", "0");
    if (rmdir(instance->path) != 0) {
        perror(instance->path);
    }
}

static int open_file(const struct instance *instance, const char *file, int flags)
{
    char path[2 * INSTANCE_PATH];
    (void)snprintf(path, sizeof path, "%s/%s", instance->path, file);
    return open(path, flags | O_CLOEXEC);
}

bool instance_write(const struct instance *instance, const char *file, const char *text)
{
    const int fd = open_file(instance, file, O_WRONLY);
    const bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0) {
        (void)close(fd);
    }
    return written;
}

/* Room for one more sub-buffer; frees what there is when that cannot be had. */
static char *with_room(char *data, size_t size, size_t *room)
{
    if (data != NULL && *room - size > READ_SIZE) {
        return data;
    }
    *room = 2 * *room + FIRST_ROOM;
    char *more = realloc(data, *room);
    if (more == NULL) {
        free(data);
    }
    return more;
}

char *instance_read(const struct instance *instance, const char *file, size_t *size)
{
    const int fd = open_file(instance, file, O_RDONLY | O_NONBLOCK);
    size_t room = 0;
    char *data = fd < 0 ? NULL : with_room(NULL, 0, &room);
    *size = 0;
    while (data != NULL) {
        const ssize_t got = read(fd, data + *size, READ_SIZE);
        if (got <= 0) {
            data[*size] = 0;
            break;
        }
        *size += (size_t)got;
        data = with_room(data, *size, &room);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return data;
}

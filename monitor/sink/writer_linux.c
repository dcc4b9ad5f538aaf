/* SPDX-License-Identifier: MIT */
#include "monitor/sink/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

static enum etwas_status fail(struct etwas_error *error, enum etwas_status status,
                              const char *doing)
{
    *error = (struct etwas_error){.status = status, .os_code = (uint32_t)errno, .doing = doing};
    return status;
}

enum etwas_status writer_file_open(const char *path, int *file, struct etwas_error *error)
{
    *file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0600);
    if (*file >= 0) {
        return ETWAS_OK;
    }
    enum etwas_status status = ETWAS_SYSTEM;
    if (errno == ENOENT || errno == ENOTDIR) {
        status = ETWAS_NOT_FOUND;
    } else if (errno == EACCES || errno == EPERM || errno == EROFS) {
        status = ETWAS_DENIED;
    }
    return fail(error, status, "opening the file");
}

void writer_file_close(int file)
{
    (void)close(file);
}

int writer_stdout(bool *terminal)
{
    *terminal = isatty(STDOUT_FILENO) == 1;
    return STDOUT_FILENO;
}

uint32_t writer_columns(int file)
{
    struct winsize size = {.ws_col = 0};
    return ioctl(file, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/* The descriptor may be one that somebody made not to block. */
static void wait_for_room(int file)
{
    struct pollfd waiting = {.fd = file, .events = POLLOUT};
    (void)poll(&waiting, 1, -1);
}

enum etwas_status writer_write(int file, const void *data, size_t size, struct etwas_error *error)
{
    const char *at = data;
    while (size > 0) {
        const ssize_t written = write(file, at, size);
        if (written > 0) {
            at += written;
            size -= (size_t)written;
        } else if (written < 0 && errno == EAGAIN) {
            wait_for_room(file);
        } else if (written < 0 && errno == EPIPE) {
            return ETWAS_CLOSED;
        } else if (written == 0 || errno != EINTR) {
            return fail(error, ETWAS_SYSTEM, "writing events");
        }
    }
    return ETWAS_OK;
}

enum etwas_status writer_write_at(int file, uint64_t offset, const void *data, size_t size,
                                  struct etwas_error *error)
{
    const char *at = data;
    while (size > 0) {
        const ssize_t written = pwrite(file, at, size, (off_t)offset);
        if (written > 0) {
            at += written;
            offset += (uint64_t)written;
            size -= (size_t)written;
        } else if (written == 0 || errno != EINTR) {
            return fail(error, ETWAS_SYSTEM, "writing events");
        }
    }
    return ETWAS_OK;
}

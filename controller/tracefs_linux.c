/* SPDX-License-Identifier: MIT */
#include "controller/tracefs.h"

#include <fcntl.h>

#include "controller/controller.h"

int tracefs_open(int directory, const char *path)
{
    return openat(directory, path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
}

bool tracefs_write(int directory, const char *path, const char *text)
{
    const int fd = openat(directory, path, O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC);
    const ssize_t written = fd < 0 ? -1 : write(fd, text, strlen(text));
    const int why = errno;
    if (fd >= 0) {
        (void)close(fd);
    }
    errno = why;
    return written >= 0;
}

long tracefs_read(int directory, const char *path, char *text, size_t size)
{
    const int fd = tracefs_open(directory, path);
    size_t used = 0;
    ssize_t got = fd < 0 ? -1 : 1;
    while (got > 0 && used < size - 1) {
        got = read(fd, text + used, size - 1 - used);
        used += got > 0 ? (size_t)got : 0;
    }
    const int why = errno;
    if (fd >= 0) {
        (void)close(fd);
    }
    errno = why;
    text[used] = '\0';
    return got < 0 ? -1 : (long)used;
}

int64_t tracefs_number(int directory, const char *path)
{
    char text[64];
    const bool good =
        tracefs_read(directory, path, text, sizeof text) > 0 && text[0] >= '0' && text[0] <= '9';
    return good ? strtoll(text, NULL, 10) : -1;
}

static bool is_made_of(const char *text, size_t size, const char *characters)
{
    return strnlen(text, size) < size && text[strspn(text, characters)] == '\0';
}

#define NAME_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"

bool tracefs_name_is_plain(const char *name, size_t size)
{
    return name[0] != '\0' && is_made_of(name, size, NAME_CHARACTERS);
}

static int render(const struct message_filter *filter, char *text, size_t size)
{
    /* By enum message_operator. */
    static const char *const operators[] = {"==", "!=", "<", "<=", ">", ">=", "&", "~"};
    const uint32_t operation = filter->operation;
    if (!tracefs_name_is_plain(filter->field, sizeof filter->field) || operation > OPERATOR_GLOB ||
        !is_made_of(filter->text, sizeof filter->text,
                    NAME_CHARACTERS " !#$%&()*+,./:;<=>?@[]^`{|}~") ||
        (filter->is_text == 0) == (operation == OPERATOR_GLOB) ||
        (filter->is_text != 0 && operation > OPERATOR_NE && operation != OPERATOR_GLOB)) {
        return -1;
    }
    return filter->is_text != 0 ? snprintf(text, size, "%s %s \"%s\"", filter->field,
                                           operators[operation], filter->text)
                                : snprintf(text, size, "%s %s %" PRId64, filter->field,
                                           operators[operation], filter->number);
}

bool tracefs_filter(const struct message_enable *enable, char text[TRACEFS_FILTER_SIZE])
{
    size_t used = 0;
    memcpy(text, "0", 2);
    for (uint32_t i = 0; i < enable->filter_count; i++) {
        if (i != 0) {
            memcpy(text + used, " && ", 4);
            used += 4;
        }
        const int size = i < MESSAGE_MAX_FILTERS ? render(&enable->filters[i], text + used,
                                                          TRACEFS_FILTER_SIZE - used - 5)
                                                 : -1;
        if (size < 0 || (size_t)size >= TRACEFS_FILTER_SIZE - used - 5) {
            return false;
        }
        used += (size_t)size;
    }
    return true;
}

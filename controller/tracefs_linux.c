/* SPDX-License-Identifier: MIT */
#include "controller/tracefs.h"

#include <fcntl.h>
#include <stdarg.h>

#include "controller/controller.h"

struct tracefs_path tracefs_path(const char *format, ...)
{
    struct tracefs_path path;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(path.text, sizeof path.text, format, arguments);
    va_end(arguments);
    return path;
}

int tracefs_open(int directory, const char *path)
{
    return openat(directory, path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
}

bool tracefs_write(int directory, const char *path, const char *text)
{
    const int fd = openat(directory, path, O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC);
    const ssize_t written = fd < 0 ? -1 : write(fd, text, strlen(text));
    if (fd >= 0) {
        (void)close(fd);
    }
    return written >= 0;
}

/* The text with a zero behind it, of which `size` - 1 bytes are read at most; its length, or -1. */
static ssize_t read_text(int directory, const char *path, char *text, size_t size)
{
    const int fd = tracefs_open(directory, path);
    size_t used = 0;
    ssize_t got = fd < 0 ? -1 : 1;
    while (got > 0 && used < size - 1) {
        got = read(fd, text + used, size - 1 - used);
        used += got > 0 ? (size_t)got : 0;
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    text[used] = '\0';
    return got < 0 ? got : (ssize_t)used;
}

int64_t tracefs_number(int directory, const char *path)
{
    char text[64];
    return read_text(directory, path, text, sizeof text) > 0 ? strtoll(text, NULL, 10) : -1;
}

bool tracefs_each_line(int directory, const char *path, void (*visit)(void *context, char *line),
                       void *context)
{
    static char text[512 * 1024];
    const ssize_t size = read_text(directory, path, text, sizeof text);
    for (char *line = text; *line != '\0';) {
        char *end = strchrnul(line, '\n');
        char *next = end + (*end == '\n');
        *end = '\0';
        visit(context, line);
        line = next;
    }
    return size >= 0 && size < (ssize_t)sizeof text - 1;
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

/* What makes no sense, such as a text that is less than another, the kernel refuses itself. */
static int render(const struct message_filter *filter, char *text, size_t size)
{
    static const char quotable[] = NAME_CHARACTERS " !#$%&()*+,./:;<=>?@[]^`{|}~";
    /* By enum message_operator. */
    static const char *const operators[] = {"==", "!=", "<", "<=", ">", ">=", "&", "~"};
    if (!tracefs_name_is_plain(filter->field, sizeof filter->field) ||
        filter->operation > OPERATOR_GLOB ||
        !is_made_of(filter->text, sizeof filter->text, quotable)) {
        return -1;
    }
    const char *operation = operators[filter->operation];
    return filter->is_text != 0
               ? snprintf(text, size, "%s %s \"%s\"", filter->field, operation, filter->text)
               : snprintf(text, size, "%s %s %" PRId64, filter->field, operation, filter->number);
}

bool tracefs_filter(const struct message_enable *enable, char text[TRACEFS_FILTER_SIZE])
{
    size_t used = 0;
    memcpy(text, "0", 2);
    for (uint32_t i = 0; i < enable->filter_count; i++) {
        if (i != 0) {
            memcpy(text + used, " && ", 5);
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

/* SPDX-License-Identifier: MIT */
#include "monitor/etl/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct file {
    int descriptor;
};

static enum etwas_status fail(struct etwas_error *error, int code)
{
    enum etwas_status status = ETWAS_SYSTEM;
    if (code == ENOENT || code == ENOTDIR) {
        status = ETWAS_NOT_FOUND;
    } else if (code == EACCES || code == EPERM) {
        status = ETWAS_DENIED;
    }
    *error = (struct etwas_error){status, (uint32_t)code, "opening the file"};
    return status;
}

enum etwas_status file_open(const char *path, struct file **file, uint64_t *size,
                            struct etwas_error *error)
{
    struct stat status;
    /* Without O_NONBLOCK the open of a pipe would wait for a writer. */
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    *file = NULL;
    if (descriptor < 0) {
        return fail(error, errno);
    }
    if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
        *error = (struct etwas_error){ETWAS_MALFORMED, 0,
                                      S_ISDIR(status.st_mode) ? "it is a folder"
                                                              : "it is no regular file"};
    } else if ((*file = malloc(sizeof **file)) == NULL) {
        *error = (struct etwas_error){ETWAS_NO_MEMORY, 0, "opening the file"};
    } else {
        (*file)->descriptor = descriptor;
        *size = (uint64_t)status.st_size;
        return ETWAS_OK;
    }
    (void)close(descriptor);
    return error->status;
}

void file_close(struct file *file)
{
    if (file != NULL) {
        (void)close(file->descriptor);
        free(file);
    }
}

size_t file_read(struct file *file, uint64_t offset, void *data, size_t size)
{
    size_t done = 0;
    while (done < size && offset <= INT64_MAX - size) {
        const ssize_t got =
            pread(file->descriptor, (char *)data + done, size - done, (off_t)(offset + done));
        if (got == 0 || (got < 0 && errno != EINTR)) {
            break;
        }
        done += got > 0 ? (size_t)got : 0;
    }
    return done;
}

enum etwas_status file_list(const char *folder, bool (*each)(void *context, const char *path),
                            void *context)
{
    enum { PATH_SIZE = 4096 };
    char path[PATH_SIZE];
    DIR *directory = opendir(folder);
    if (directory == NULL) {
        return ETWAS_NOT_FOUND;
    }
    const struct dirent *entry = readdir(directory);
    for (bool more = true; more && entry != NULL; entry = readdir(directory)) {
        const int size = snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] != '.' && entry->d_type != DT_DIR && size > 0 &&
            (size_t)size < sizeof path) {
            more = each(context, path);
        }
    }
    (void)closedir(directory);
    return ETWAS_OK;
}

/* SPDX-License-Identifier: MIT */
#include "tests/monitor/etl/file_memory.h"

#include <string.h>

#include "monitor/etl/file.h"

struct file {
    const char *name;
    const uint8_t *data;
    size_t size;
};

static struct file files[FILE_MEMORY_MAX];

void file_memory_set(size_t index, const char *name, const void *data, size_t size)
{
    files[index] = (struct file){.name = name, .data = data, .size = size};
}

void file_memory_cut(size_t index, size_t size)
{
    files[index].size = size;
}

enum etwas_status file_open(const char *path, struct file **file, uint64_t *size,
                            struct etwas_error *error)
{
    for (size_t i = 0; i < FILE_MEMORY_MAX; i++) {
        if (files[i].name != NULL && strcmp(files[i].name, path) == 0) {
            *file = &files[i];
            *size = files[i].size;
            return ETWAS_OK;
        }
    }
    *file = NULL;
    *error = (struct etwas_error){ETWAS_NOT_FOUND, 0, "opening the file"};
    return ETWAS_NOT_FOUND;
}

void file_close(struct file *file)
{
    (void)file;
}

size_t file_read(struct file *file, uint64_t offset, void *data, size_t size)
{
    if (offset >= file->size) {
        return 0;
    }
    const size_t left = file->size - (size_t)offset;
    const size_t count = size < left ? size : left;
    if (count != 0) {
        memcpy(data, file->data + offset, count);
    }
    return count;
}

enum etwas_status file_list(const char *folder, bool (*each)(void *context, const char *path),
                            void *context)
{
    (void)folder;
    (void)each;
    (void)context;
    return ETWAS_NOT_FOUND;
}

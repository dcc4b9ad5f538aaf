/* SPDX-License-Identifier: MIT */
#include "tests/monitor/etl/memory_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/check.h"

static enum etwas_status write_at(struct etl_writer_output *output, uint64_t offset,
                                  const void *data, size_t size, struct etwas_error *error)
{
    struct memory_file *file = (struct memory_file *)(void *)output;
    const size_t end = (size_t)offset + size;
    if (file->writes_left == 0) {
        *error = (struct etwas_error){ETWAS_SYSTEM, 28, "writing events"};
        return ETWAS_SYSTEM;
    }
    file->writes_left--;
    if (end > file->size) {
        assert_int_equal(offset, file->size); /* never a hole */
        file->data = realloc(file->data, end);
        assert_non_null(file->data);
        file->size = end;
    }
    memcpy(file->data + offset, data, size);
    return ETWAS_OK;
}

void memory_file_open(struct memory_file *file)
{
    *file = (struct memory_file){.output = {.write_at = write_at}, .writes_left = SIZE_MAX};
}

void memory_file_close(struct memory_file *file)
{
    free(file->data);
}

void memory_file_save(const struct memory_file *file, const char *path)
{
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(file->data, 1, file->size, out), file->size);
    assert_int_equal(fclose(out), 0);
}

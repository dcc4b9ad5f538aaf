/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_TESTS_MONITOR_ETL_MEMORY_FILE_H
#define ETWAS_TESTS_MONITOR_ETL_MEMORY_FILE_H

#include "monitor/etl/writer.h"

/* A file in memory that a writer writes to; or that refuses. */
struct memory_file {
    struct etl_writer_output output; /* first */
    uint8_t *data;
    size_t size;
    size_t writes_left; /* until it is full */
};

void memory_file_open(struct memory_file *file);
void memory_file_close(struct memory_file *file);
void memory_file_save(const struct memory_file *file, const char *path);

#endif

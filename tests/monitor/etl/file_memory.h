/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_TESTS_MONITOR_ETL_FILE_MEMORY_H
#define ETWAS_TESTS_MONITOR_ETL_FILE_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/*
 * Stands in for file_linux.c: what links it reads its files from memory, under the names that
 * were given here, and finds no other. The bytes are borrowed and may change between readings.
 */
enum { FILE_MEMORY_MAX = 4 };

void file_memory_set(size_t index, const char *name, const void *data, size_t size);

/* From now on it ends there. */
void file_memory_cut(size_t index, size_t size);

#endif

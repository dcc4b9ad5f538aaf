/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_TESTS_MONITOR_TRACEFS_INSTANCE_H
#define ETWAS_TESTS_MONITOR_TRACEFS_INSTANCE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A tracefs instance of the test's own, removed at the end. Never touches
 * another one. Needs root; a test without it is skipped (exit code 77).
 */
enum { INSTANCE_SKIPPED = 77, INSTANCE_PATH = 512 };

struct instance {
    char path[INSTANCE_PATH];
};

/* False when this user may not, or there is no tracefs. */
bool instance_open(struct instance *instance, const char *name);
void instance_close(struct instance *instance);

/* Writes to a file of the instance; false when that fails. */
bool instance_write(const struct instance *instance, const char *file, const char *text);

/* The whole file; the caller frees it. NULL when it cannot be read. */
char *instance_read(const struct instance *instance, const char *file, size_t *size);

#endif

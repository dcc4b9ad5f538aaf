/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_CONTROLLER_TRACEFS_H
#define ETWAS_CONTROLLER_TRACEFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/message.h"

/*
 * Files below a tracefs directory, by descriptor. Paths are made of literals, numbers
 * and plain names; links are never followed. Where a call fails errno says why.
 */
enum { TRACEFS_FILTER_SIZE = MESSAGE_MAX_FILTERS * 160 };

/* Opens for reading, close-on-exec, non-blocking; -1 on failure. */
int tracefs_open(int directory, const char *path);

/* Writes the whole text in one call, appending where the file appends. */
bool tracefs_write(int directory, const char *path, const char *text);

/* Reads up to size - 1 bytes and ends them with a zero; the length, or -1. */
long tracefs_read(int directory, const char *path, char *text, size_t size);

/* The decimal number a file begins with; -1 when there is none. */
int64_t tracefs_number(int directory, const char *path);

/* Is this text of `size` bytes a name as the kernel makes them, [A-Za-z0-9_-]{1,size-1}? */
bool tracefs_name_is_plain(const char *name, size_t size);

/*
 * Renders the filters of a request as the kernel's `filter` file wants them, "0" (no
 * filter) for none. False: the request is malformed. Its texts need not end.
 */
bool tracefs_filter(const struct message_enable *enable, char text[TRACEFS_FILTER_SIZE]);

#endif

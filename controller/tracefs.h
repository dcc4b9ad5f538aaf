/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_CONTROLLER_TRACEFS_H
#define ETWAS_CONTROLLER_TRACEFS_H

#include <stdbool.h>

#include "ipc/message.h"

/*
 * Files below a tracefs directory, by descriptor. Paths are made of literals, numbers
 * and plain names; links are never followed. Where a call fails errno says why.
 */
enum {
    TRACEFS_EVENT_SIZE = 2 * MESSAGE_NAME_SIZE, /* "SYSTEM:EVENT" */
    TRACEFS_FILTER_SIZE = MESSAGE_MAX_FILTERS * 160,
};

/* A path, for the expression that it is made in. */
struct tracefs_path {
    char text[TRACEFS_EVENT_SIZE + 64];
};
__attribute__((format(printf, 1, 2))) struct tracefs_path tracefs_path(const char *format, ...);

/* Opens for reading, close-on-exec, non-blocking; -1 on failure. */
int tracefs_open(int directory, const char *path);

/* Writes the whole text in one call, appending where the file appends. */
bool tracefs_write(int directory, const char *path, const char *text);

/* The decimal number a file begins with; -1 when there is none. */
int64_t tracefs_number(int directory, const char *path);

/*
 * Calls `visit` for every line, which it may cut up. The file is read whole before, so
 * that a visitor may change what it tells of. False: it could not be, or what is behind
 * the first 512 KiB was left out.
 */
bool tracefs_each_line(int directory, const char *path, void (*visit)(void *context, char *line),
                       void *context);

/* Is this text of `size` bytes a name as the kernel makes them, [A-Za-z0-9_-]{1,size-1}? */
bool tracefs_name_is_plain(const char *name, size_t size);

/*
 * Renders the filters of a request as the kernel's `filter` file wants them, "0" (no
 * filter) for none. False: the request is malformed. Its texts need not end.
 */
bool tracefs_filter(const struct message_enable *enable, char text[TRACEFS_FILTER_SIZE]);

#endif

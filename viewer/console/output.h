/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_VIEWER_CONSOLE_OUTPUT_H
#define ETWAS_VIEWER_CONSOLE_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/status.h"

/*
 * What is printed, in blocks. The first write that fails is remembered and nothing is
 * written after it; ask for `status` once in a while.
 */
enum { OUTPUT_BLOCK = 64 * 1024 };

struct output {
    /* Writes all of it; CLOSED: nobody reads any more. */
    enum etwas_status (*write)(const void *data, size_t size, struct etwas_error *error);
    enum etwas_status status;
    struct etwas_error error;
    size_t used;
    char block[OUTPUT_BLOCK];
};

void output_put(struct output *output, const char *data, size_t size);
void output_flush(struct output *output);

#define OUTPUT_PUT(output, literal) output_put((output), (literal), sizeof(literal) - 1)

/*
 * A character for a terminal: what moves the cursor, turns the direction of text or cannot be
 * seen becomes \n, \t, \u001b ..., so that no event can pretend to be something else.
 */
void output_put_character(struct output *output, uint32_t code);

/* UTF-8 of somebody else, the same way; what is invalid becomes U+FFFD. */
void output_put_plain(struct output *output, const char *data, size_t size);

/* JSON as it came, but for characters of that kind, which are escaped as JSON can: the same value.
 */
void output_put_json(struct output *output, const char *data, size_t size);

#endif

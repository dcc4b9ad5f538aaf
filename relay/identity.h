/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_RELAY_IDENTITY_H
#define ETWAS_RELAY_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The Id of an event at this relay, "ROW:INDEX": the row of its batch, and its line from 1;
 * 0 is the gap that was noticed before the batch.
 */
enum { IDENTITY_SIZE = 32 /* room for one as text, and its zero */ };

struct identity {
    int64_t row;
    uint32_t index;
};

/* Its length. */
size_t identity_format(struct identity identity, char text[IDENTITY_SIZE]);

/* Exactly what identity_format() writes: digits without needless zeros, row >= 1. */
bool identity_parse(const char *text, size_t size, struct identity *identity);

#endif

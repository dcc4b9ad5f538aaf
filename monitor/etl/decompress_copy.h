/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_ETL_DECOMPRESS_COPY_H
#define ETWAS_MONITOR_ETL_DECOMPRESS_COPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* What the decompressors share. */

enum { COPY_STEP = 8 };

/*
 * Appends `length` bytes that begin `distance` before the end of `out`. They may overlap what
 * they make: then they repeat. False: they begin before the start, or do not fit; as much as fits
 * was copied.
 */
static inline bool decompress_copy(uint8_t *out, size_t room, size_t *used, size_t distance,
                                   size_t length)
{
    if (distance > *used) {
        return false;
    }
    const bool fits = length <= room - *used;
    const size_t end = fits ? *used + length : room;
    size_t at = *used;
    /* Eight at a time where they cannot overlap and there is room for a few too many. */
    while (distance >= COPY_STEP && at < end && room - at >= COPY_STEP) {
        memcpy(out + at, out + at - distance, COPY_STEP);
        at += COPY_STEP;
    }
    at = at < end ? at : end;
    for (; at < end; at++) {
        out[at] = out[at - distance];
    }
    *used = end;
    return fits;
}

/* A length in 16 bits, or in 32 behind a zero. False: the input ends. */
static inline bool decompress_long_length(const uint8_t *data, size_t size, size_t *at,
                                          size_t *length)
{
    if (size - *at < 2) {
        return false;
    }
    *length = (size_t)data[*at] | (size_t)data[*at + 1] << 8;
    *at += 2;
    if (*length != 0) {
        return true;
    }
    if (size - *at < 4) {
        return false;
    }
    for (unsigned i = 0; i < 4; i++) {
        *length |= (size_t)data[*at + i] << (8 * i);
    }
    *at += 4;
    return true;
}

#endif

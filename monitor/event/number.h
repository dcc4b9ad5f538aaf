/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_EVENT_NUMBER_H
#define ETWAS_MONITOR_EVENT_NUMBER_H

#include <float.h>
#include <stdint.h>

#include "monitor/event/sink.h"

/* Numbers, times and GUIDs as text, the same in every format. */

static inline bool sink_is_finite(double value)
{
    return value >= -DBL_MAX && value <= DBL_MAX;
}

/* Two decimal digits of each number below 100, one after the other. */
extern const char number_pairs[200];

/* The powers of ten that fit into 64 bits. */
extern const uint64_t number_powers[20];

/* Eight digits at once: the divisions do not wait for one another. */
static inline void number_put_eight(char *at, uint32_t value)
{
    const uint32_t upper = value / 10000;
    const uint32_t lower = value % 10000;
    memcpy(at, number_pairs + 2 * (size_t)(upper / 100), 2);
    memcpy(at + 2, number_pairs + 2 * (size_t)(upper % 100), 2);
    memcpy(at + 4, number_pairs + 2 * (size_t)(lower / 100), 2);
    memcpy(at + 6, number_pairs + 2 * (size_t)(lower % 100), 2);
}

enum { NUMBER_UINT_SIZE = 20 };

/* Writes at most NUMBER_UINT_SIZE characters; where they end. */
static inline char *number_put_uint(char *start, uint64_t value)
{
    /* 1233 / 4096 is log10(2), from the number of bits to that of digits. */
    const unsigned bits = 64U - (unsigned)__builtin_clzll(value | 1);
    const unsigned guess = (bits * 1233U) >> 12;
    const unsigned digits = guess + (value >= number_powers[guess] || guess == 0);
    char *at = start + digits;
    while (value >= 100000000) {
        at -= 8;
        number_put_eight(at, (uint32_t)(value % 100000000));
        value /= 100000000;
    }
    uint32_t rest = (uint32_t)value;
    while (rest >= 100) {
        at -= 2;
        memcpy(at, number_pairs + 2 * (size_t)(rest % 100), 2);
        rest /= 100;
    }
    if (rest >= 10) {
        memcpy(at - 2, number_pairs + 2 * (size_t)rest, 2);
    } else {
        at[-1] = (char)('0' + rest);
    }
    return start + digits;
}

/*
 * A literal and a number behind it. One step of the sink for both, for each step
 * waits for the one before.
 */
static inline void sink_put_keyed_uint(struct sink *sink, const char *key, size_t size,
                                       uint64_t value)
{
    if (sink_room(sink, size + NUMBER_UINT_SIZE)) {
        memcpy(sink->at, key, size);
        sink->at = number_put_uint(sink->at + size, value);
    }
}

#define SINK_PUT_UINT(sink, literal, value)                                                        \
    sink_put_keyed_uint((sink), (literal), sizeof(literal) - 1, (value))

static inline void sink_put_uint(struct sink *sink, uint64_t value)
{
    sink_put_keyed_uint(sink, "", 0, value);
}

static inline void sink_put_int(struct sink *sink, int64_t value)
{
    if (value < 0) {
        SINK_PUT(sink, "-");
        sink_put_uint(sink, 0 - (uint64_t)value);
    } else {
        sink_put_uint(sink, (uint64_t)value);
    }
}

void sink_put_hex(struct sink *sink, uint64_t value);                     /* 0x1f */
void sink_put_bytes(struct sink *sink, const uint8_t *data, size_t size); /* 0x001f */
void sink_put_guid(struct sink *sink, const uint8_t *guid);               /* no braces */
void sink_put_float(struct sink *sink, double value); /* shortest that reads back the same */
void sink_put_time(struct sink *sink, struct encoder *encoder, int64_t time); /* ISO 8601 */

#endif

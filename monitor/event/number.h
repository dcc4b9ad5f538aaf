/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_EVENT_NUMBER_H
#define ETWAS_MONITOR_EVENT_NUMBER_H

#include <float.h>
#include <stdint.h>

#include "ipc/store.h"
#include "monitor/event/sink.h"

/* Numbers, times and GUIDs as text, the same in every format. */

static inline bool sink_is_finite(double value)
{
    return value >= -DBL_MAX && value <= DBL_MAX;
}

/*
 * The three digits and a comma of each number below 1000, one after the other. Four
 * characters at a time are copied from here, which is one load and one store; what
 * comes behind a number in the text covers those too many.
 */
extern const char number_triples[4004];

enum { NUMBER_NINE = 1000000000, NUMBER_UINT_SIZE = 24 };

static inline char *number_put_three(char *at, uint32_t value)
{
    memcpy(at, number_triples + 4 * (size_t)value, 4);
    return at + 3;
}

static inline char *number_put_nine(char *at, uint32_t value)
{
    const uint32_t upper = value / 1000;
    at = number_put_three(at, upper / 1000);
    at = number_put_three(at, upper % 1000);
    return number_put_three(at, value % 1000);
}

/* Without zeros in front, of a number below 1000. */
static inline char *number_put_few(char *at, uint32_t value)
{
    const size_t zeros = (size_t)(value < 100) + (value < 10);
    memcpy(at, number_triples + 4 * (size_t)value + zeros, 4);
    return at + 3 - zeros;
}

/* The same below 10^9. */
static inline char *number_put_first(char *at, uint32_t value)
{
    const uint32_t upper = value / 1000;
    if (upper == 0) {
        return number_put_few(at, value);
    }
    if (upper < 1000) {
        at = number_put_few(at, upper);
    } else {
        at = number_put_few(at, upper / 1000);
        at = number_put_three(at, upper % 1000);
    }
    return number_put_three(at, value % 1000);
}

/* Writes to at most NUMBER_UINT_SIZE characters; where the number ends. */
static inline char *number_put_uint(char *at, uint64_t value)
{
    const uint64_t upper = value / NUMBER_NINE;
    if (upper == 0) {
        return number_put_first(at, (uint32_t)value);
    }
    if (upper < NUMBER_NINE) {
        at = number_put_first(at, (uint32_t)upper);
    } else {
        at = number_put_first(at, (uint32_t)(upper / NUMBER_NINE));
        at = number_put_nine(at, (uint32_t)(upper % NUMBER_NINE));
    }
    return number_put_nine(at, (uint32_t)(value % NUMBER_NINE));
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

/* Most characters that number_put_hex() takes, and those that it writes too many. */
enum { NUMBER_HEX_SIZE = 26 };

/*
 * Eight digits of a number, the first in the lowest byte. Each digit gets a byte of its own,
 * then all become characters at once: ten and more are letters, 39 behind where they would be.
 */
static inline uint64_t number_hex_digits(uint32_t value)
{
    uint64_t digits = __builtin_bswap32(value);
    digits = (digits | digits << 16) & UINT64_C(0x0000ffff0000ffff);
    digits = (digits | digits << 8) & UINT64_C(0x00ff00ff00ff00ff);
    digits =
        (digits >> 4 & UINT64_C(0x000f000f000f000f)) | (digits << 8 & UINT64_C(0x0f000f000f000f00));
    const uint64_t letters =
        (digits + UINT64_C(0x0606060606060606)) >> 4 & UINT64_C(0x0101010101010101);
    return digits + UINT64_C(0x3030303030303030) + letters * 39;
}

static inline void number_put_digits(char *at, uint32_t value)
{
    store_u64((uint8_t *)at, number_hex_digits(value));
}

/* 0x1f; writes to at most NUMBER_HEX_SIZE characters; where the number ends. */
static inline char *number_put_hex(char *at, uint64_t value)
{
    const unsigned digits = (67U - (unsigned)__builtin_clzll(value | 1)) / 4;
    *at++ = '0';
    *at++ = 'x';
    if (digits > 8) {
        number_put_digits(at, (uint32_t)(value >> 32) << (64 - 4 * digits));
        number_put_digits(at + digits - 8, (uint32_t)value);
    } else {
        number_put_digits(at, (uint32_t)value << (32 - 4 * digits));
    }
    return at + digits;
}

void sink_put_hex(struct sink *sink, uint64_t value);                     /* 0x1f */
void sink_put_bytes(struct sink *sink, const uint8_t *data, size_t size); /* 0x001f */
void sink_put_guid(struct sink *sink, const uint8_t *guid);               /* no braces */
void sink_put_float(struct sink *sink, double value); /* shortest that reads back the same */
void sink_put_time(struct sink *sink, struct encoder *encoder, int64_t time); /* ISO 8601 */

#endif

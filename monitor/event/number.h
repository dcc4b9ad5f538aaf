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

static inline void sink_put_uint(struct sink *sink, uint64_t value)
{
    if (!sink_room(sink, 20)) {
        return;
    }
    /* 1233 / 4096 is log10(2), from the number of bits to that of digits. */
    const unsigned bits = 64U - (unsigned)__builtin_clzll(value | 1);
    const unsigned guess = (bits * 1233U) >> 12;
    const unsigned digits = guess + (value >= number_powers[guess] || guess == 0);
    char *at = sink->at + digits;
    sink->at = at;
    while (value >= 100) {
        at -= 2;
        memcpy(at, number_pairs + 2 * (value % 100), 2);
        value /= 100;
    }
    if (value >= 10) {
        memcpy(at - 2, number_pairs + 2 * value, 2);
    } else {
        at[-1] = (char)('0' + value);
    }
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

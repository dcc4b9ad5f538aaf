/* SPDX-License-Identifier: MIT */
#include "monitor/event/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "ipc/load.h"

#define ONES(tens)                                                                                 \
    tens "0," tens "1," tens "2," tens "3," tens "4," tens "5," tens "6," tens "7," tens "8," tens \
         "9,"
#define TENS(hundreds)                                                                             \
    ONES(hundreds "0")                                                                             \
    ONES(hundreds "1")                                                                             \
    ONES(hundreds "2")                                                                             \
    ONES(hundreds "3")                                                                             \
    ONES(hundreds "4")                                                                             \
    ONES(hundreds "5")                                                                             \
    ONES(hundreds "6")                                                                             \
    ONES(hundreds "7")                                                                             \
    ONES(hundreds "8")                                                                             \
    ONES(hundreds "9")

/* clang-format off */
const char number_triples[4004] =
    TENS("0") TENS("1") TENS("2") TENS("3") TENS("4")
    TENS("5") TENS("6") TENS("7") TENS("8") TENS("9");
/* clang-format on */

static const char HEX_DIGITS[16] = {'0', '1', '2', '3', '4', '5', '6', '7',
                                    '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'};

enum {
    TICKS_PER_SECOND = 10000000,
    SECONDS_PER_DAY = 86400,
    DAYS_1601 = 584694, /* from 0000-03-01, where the calendar below begins, to 1601-01-01 */
};

/* 9999-12-31T23:59:59.9999999 */
#define LAST_TIME INT64_C(2650467743999999999)

void sink_put_hex(struct sink *sink, uint64_t value)
{
    char text[NUMBER_HEX_SIZE]; /* no more than it takes is asked of the sink, which may be full */
    sink_put(sink, text, (size_t)(number_put_hex(text, value) - text));
}

/* Four bytes as they lie. */
static uint32_t in_order(const uint8_t *data)
{
    return __builtin_bswap32(load_u32(data));
}

void sink_put_bytes(struct sink *sink, const uint8_t *data, size_t size)
{
    if (size > (SIZE_MAX - 2) / 2 || !sink_room(sink, 2 + 2 * size)) {
        (void)sink_grow(sink, SIZE_MAX);
        return;
    }
    memcpy(sink->at, "0x", 2);
    sink->at += 2;
    size_t i = 0;
    for (; size - i >= 4; i += 4) {
        number_put_digits(sink->at, in_order(data + i));
        sink->at += 8;
    }
    for (; i < size; i++) {
        *sink->at++ = HEX_DIGITS[data[i] >> 4];
        *sink->at++ = HEX_DIGITS[data[i] & 15];
    }
}

void sink_put_guid(struct sink *sink, const uint8_t *guid)
{
    enum { GUID_SIZE = 36 };
    if (!sink_room(sink, GUID_SIZE)) {
        return;
    }
    /* The first three parts of a GUID are little-endian numbers. */
    const uint64_t middle =
        number_hex_digits((uint32_t)load_u16(guid + 4) << 16 | load_u16(guid + 6));
    const uint64_t end = number_hex_digits(in_order(guid + 8));
    char *at = sink->at;
    number_put_digits(at, load_u32(guid));
    store_u64((uint8_t *)at + 9, middle);
    store_u32((uint8_t *)at + 14, (uint32_t)(middle >> 32));
    store_u32((uint8_t *)at + 19, (uint32_t)end);
    store_u32((uint8_t *)at + 24, (uint32_t)(end >> 32));
    number_put_digits(at + 28, in_order(guid + 12));
    at[8] = '-';
    at[13] = '-';
    at[18] = '-';
    at[23] = '-';
    sink->at = at + GUID_SIZE;
}

/* 15 digits are always right but for denormals, 17 always enough. */
static int render_float(double value, char *text, size_t size)
{
    int written = 0;
    for (int digits = fabs(value) < DBL_MIN ? 1 : 15; digits <= 17; digits++) {
        written = snprintf(text, size, "%.*g", digits, value);
        if (strtod(text, NULL) == value) {
            break;
        }
    }
    return written;
}

void sink_put_float(struct sink *sink, double value)
{
    char text[32] = "";
    if (value != value) { /* no macros of math.h: MinGW's warn about double */
        SINK_PUT(sink, "NaN");
    } else if (!sink_is_finite(value)) {
        sink_put(sink, value < 0 ? "-Infinity" : "Infinity", value < 0 ? 9 : 8);
    } else {
        const int size = render_float(value, text, sizeof text);
        sink_put(sink, text, size < 0 ? 0 : (size_t)size);
    }
}

static void put_pair(char *at, unsigned value)
{
    memcpy(at, number_triples + 4 * (size_t)value + 1, 2);
}

/*
 * The proleptic Gregorian calendar, counted in years that begin in March, so
 * that the leap day is the last of its year, and in eras of 400 years.
 */
static void render_second(struct encoder *encoder, int64_t time)
{
    const int64_t seconds = time / TICKS_PER_SECOND;
    const unsigned clock = (unsigned)(seconds % SECONDS_PER_DAY);
    const unsigned days = (unsigned)(seconds / SECONDS_PER_DAY) + DAYS_1601;
    const unsigned era = days / 146097;
    const unsigned day_of_era = days % 146097;
    const unsigned year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const unsigned day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const unsigned march_month = (5 * day_of_year + 2) / 153;
    const unsigned month = march_month < 10 ? march_month + 3 : march_month - 9;
    const unsigned year = era * 400 + year_of_era + (month <= 2);
    char *at = encoder->second;
    memcpy(at, "0000-00-00T00:00:00.", sizeof encoder->second);
    put_pair(at, year / 100);
    put_pair(at + 2, year % 100);
    put_pair(at + 5, month);
    put_pair(at + 8, day_of_year - (153 * march_month + 2) / 5 + 1);
    put_pair(at + 11, clock / 3600);
    put_pair(at + 14, clock / 60 % 60);
    put_pair(at + 17, clock % 60);
    encoder->second_start = seconds * TICKS_PER_SECOND;
}

void encoder_init(struct encoder *encoder)
{
    *encoder = (struct encoder){.second = "1601-01-01T00:00:00"};
    encoder->second[sizeof encoder->second - 1] = '.';
}

void sink_put_time(struct sink *sink, struct encoder *encoder, int64_t time)
{
    if (!sink_room(sink, 28)) {
        return;
    }
    time = time < 0 ? 0 : time > LAST_TIME ? LAST_TIME : time;
    if ((uint64_t)(time - encoder->second_start) >= TICKS_PER_SECOND) {
        render_second(encoder, time);
    }
    const unsigned fraction = (unsigned)(time - encoder->second_start);
    char *at = sink->at;
    memcpy(at, encoder->second, sizeof encoder->second);
    (void)number_put_three(at + 20, fraction / 10000);
    (void)number_put_three(at + 23, fraction / 10 % 1000);
    at[26] = (char)('0' + fraction % 10);
    at[27] = 'Z';
    sink->at = at + 28;
}

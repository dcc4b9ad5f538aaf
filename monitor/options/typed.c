/* SPDX-License-Identifier: MIT */
#include "monitor/options/typed.h"

#include <string.h>

bool typed_decimal(const char *text, size_t size, uint64_t maximum, uint64_t *number)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < size; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
        const uint64_t digit = (uint64_t)(text[i] - '0');
        if (digit > maximum || sum > (maximum - digit) / 10) {
            return false;
        }
        sum = sum * 10 + digit;
    }
    *number = sum;
    return size > 0;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool parse_hex(const char *text, size_t size, uint64_t *number)
{
    uint64_t sum = 0;
    if (size == 0 || size > 16) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        const int digit = hex_digit(text[i]);
        if (digit < 0) {
            return false;
        }
        sum = sum << 4 | (uint64_t)digit;
    }
    *number = sum;
    return true;
}

bool typed_number(const char *text, size_t size, int64_t *number)
{
    const bool negative = size > 0 && text[0] == '-';
    const char *digits = negative ? text + 1 : text;
    const size_t count = negative ? size - 1 : size;
    uint64_t magnitude = 0;
    if (count > 2 && digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X')) {
        if (!parse_hex(digits + 2, count - 2, &magnitude)) {
            return false;
        }
        if (negative && magnitude > (uint64_t)INT64_MAX + 1) {
            return false;
        }
    } else if (!typed_decimal(digits, count, (uint64_t)INT64_MAX + (negative ? 1U : 0U),
                              &magnitude)) {
        return false;
    }
    const uint64_t bits = negative ? 0 - magnitude : magnitude;
    memcpy(number, &bits, sizeof *number);
    return true;
}

bool typed_time_ms(const char *text, size_t size, uint32_t unit_ms, uint32_t *time_ms)
{
    static const struct {
        const char *name;
        uint32_t unit_ms;
    } units[] = {
        {"ms", 1          },
        {"s",  1000       },
        {"m",  60 * 1000  },
        {"h",  3600 * 1000}
    };
    size_t digits = 0;
    while (digits < size && text[digits] >= '0' && text[digits] <= '9') {
        digits++;
    }
    uint32_t unit = digits == size ? unit_ms : 0;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (size - digits == strlen(units[i].name) &&
            memcmp(text + digits, units[i].name, size - digits) == 0) {
            unit = units[i].unit_ms;
        }
    }
    uint64_t number = 0;
    if (unit == 0 || !typed_decimal(text, digits, UINT32_MAX / unit, &number)) {
        return false;
    }
    *time_ms = (uint32_t)number * unit;
    return true;
}

bool typed_size(const char *text, size_t size, uint64_t *bytes)
{
    static const char letters[] = "KMG";
    const uint64_t maximum = UINT64_C(1) << 50;
    size_t digits = 0;
    unsigned shift = 0;
    while (digits < size && text[digits] >= '0' && text[digits] <= '9') {
        digits++;
    }
    size_t at = digits;
    for (unsigned i = 0; letters[i] != 0 && at == digits && at < size; i++) {
        if (text[at] == letters[i] || text[at] == letters[i] - 'A' + 'a') {
            shift = 10 * (i + 1);
            at++;
        }
    }
    if (at < size && at > digits && (text[at] == 'B' || text[at] == 'b')) {
        at++;
    }
    uint64_t number = 0;
    if (at != size || !typed_decimal(text, digits, maximum >> shift, &number)) {
        return false;
    }
    *bytes = number << shift;
    return true;
}

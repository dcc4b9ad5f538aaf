/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_OPTIONS_TYPED_H
#define ETWAS_MONITOR_OPTIONS_TYPED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Numbers as people type them. Texts are given by their size and need no zero
 * at the end. What is not wholly a number is none: no blanks, no rest.
 */

/* Decimal digits only, at most `maximum`. */
bool typed_decimal(const char *text, size_t size, uint64_t maximum, uint64_t *number);

/*
 * A whole number with sign or 0x. Hex goes up to 64 bits, and those over INT64_MAX
 * come out as the negative number of the same bits.
 */
bool typed_number(const char *text, size_t size, int64_t *number);

/*
 * A time in milliseconds: a decimal number and one of ms, s, m, h; without a
 * unit it counts in units of `unit_ms`. Up to UINT32_MAX milliseconds (49 days).
 */
bool typed_time_ms(const char *text, size_t size, uint32_t unit_ms, uint32_t *time_ms);

/* Bytes: a decimal number and one of KB, MB, GB (of 1024), with or without the B; up to 2^50. */
bool typed_size(const char *text, size_t size, uint64_t *bytes);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_RELAY_TYPED_H
#define ETWAS_RELAY_TYPED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Numbers as people type them; what is not wholly one is none. */

/* Decimal digits only, at most `maximum`. */
bool typed_decimal(const char *text, size_t size, uint64_t maximum, uint64_t *number);

/* Bytes: a decimal number and K, M, G or T (of 1024; also KB, KiB), or nothing. */
bool typed_size(const char *text, size_t size, uint64_t *bytes);

/* Seconds: a decimal number and s, m, h, d, w or y, or nothing. */
bool typed_age_s(const char *text, size_t size, uint64_t *seconds);

#endif

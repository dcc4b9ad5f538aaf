/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_ETL_UTF16_H
#define ETWAS_MONITOR_ETL_UTF16_H

#include <stddef.h>
#include <stdint.h>

/* The text of Windows, UTF-16 with the low byte first, as UTF-8, which is the text of everyone
 * else. */

enum { UTF8_A_UNIT = 3 /* bytes at most that one unit becomes; pairs need 4 for two */ };

/*
 * Up to the first zero, or `size` bytes. `out` has room for UTF8_A_UNIT bytes for each unit; how
 * many it got. Halves of pairs become U+FFFD.
 */
size_t utf16_to_utf8(const uint8_t *data, size_t size, char *out);

/* Bytes up to the first zero, which is counted; `size`, if there is none. */
size_t utf16_size(const uint8_t *data, size_t size);

/* One character, which is none of a pair's halves; 1 to 4 bytes. */
size_t utf8_put(char *out, uint32_t code);

#endif

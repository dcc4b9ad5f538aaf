/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_ETL_DECOMPRESS_H
#define ETWAS_MONITOR_ETL_DECOMPRESS_H

#include <stddef.h>
#include <stdint.h>

#include "ipc/status.h"

/*
 * The compressions that a trace's buffers may have, from [MS-XCA]: each unpacks into memory of the
 * caller and never reads or writes beyond what it was given. `*written` is how much came out, also
 * when it fails: MALFORMED, or TOO_BIG when `room` does not suffice.
 */
ETWAS_MUST_CHECK enum etwas_status decompress_lz77(const uint8_t *data, size_t size, uint8_t *out,
                                                   size_t room, size_t *written);
ETWAS_MUST_CHECK enum etwas_status decompress_huffman(const uint8_t *data, size_t size,
                                                      uint8_t *out, size_t room, size_t *written);
ETWAS_MUST_CHECK enum etwas_status decompress_lznt1(const uint8_t *data, size_t size, uint8_t *out,
                                                    size_t room, size_t *written);

#endif

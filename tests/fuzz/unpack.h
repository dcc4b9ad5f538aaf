/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_TESTS_FUZZ_UNPACK_H
#define ETWAS_TESTS_FUZZ_UNPACK_H

#include "monitor/etl/decompress.h"

/*
 * The first two bytes of the input say how much room there is, the rest is unpacked into it; then
 * into less, which has to give the beginning of the same.
 */
void unpack(enum etwas_status (*decompress)(const uint8_t *data, size_t size, uint8_t *out,
                                            size_t room, size_t *written),
            const uint8_t *data, size_t size);

#endif

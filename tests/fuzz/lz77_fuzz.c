/* SPDX-License-Identifier: MIT */
/* The input is packed: unpack.h. */
#include "tests/fuzz/unpack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unpack(decompress_lz77, data, size);
    return 0;
}

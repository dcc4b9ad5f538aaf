/* SPDX-License-Identifier: MIT */
/* The input is packed: unpack.h. */
#include "tests/fuzz/unpack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unpack(decompress_huffman, data, size);
    return 0;
}

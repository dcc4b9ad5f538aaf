/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/unpack.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static void require(bool good)
{
    if (!good) {
        abort();
    }
}

void unpack(enum etwas_status (*decompress)(const uint8_t *data, size_t size, uint8_t *out,
                                            size_t room, size_t *written),
            const uint8_t *data, size_t size)
{
    if (size < 2) {
        return;
    }
    const size_t room = (size_t)data[0] | (size_t)data[1] << 8;
    const size_t packed_size = size - 2;
    uint8_t *packed = malloc(packed_size + 1);
    uint8_t *whole = malloc(room + 1);
    require(packed != NULL && whole != NULL);
    /* At the end of its block, so that the first byte too many is seen. */
    memcpy(packed + 1, data + 2, packed_size);
    size_t written = 0;
    (void)!decompress(packed + 1, packed_size, whole + 1, room, &written);
    require(written <= room);
    const size_t less = written / 2;
    uint8_t *part = malloc(less + 1);
    size_t part_written = 0;
    require(part != NULL);
    (void)!decompress(packed + 1, packed_size, part + 1, less, &part_written);
    require(part_written == less && memcmp(part + 1, whole + 1, less) == 0);
    free(part);
    free(whole);
    free(packed);
}

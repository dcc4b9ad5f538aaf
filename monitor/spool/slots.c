/* SPDX-License-Identifier: MIT */
#include "monitor/spool/slots.h"

#include "ipc/bytes.h"
#include "monitor/spool/checksum.h"

#define SLOT_MAGIC UINT64_C(0x746f6c5373777445) /* "EtwsSlot" */
enum { AT_SUM = 24 };

static uint64_t sum_of(const uint8_t *slot, size_t size)
{
    return checksum_of(slot + SLOT_HEAD, size, checksum_of(slot, AT_SUM, 0));
}

void slots_seal(uint8_t *slot, size_t size, uint64_t writing)
{
    struct bytes_writer writer = bytes_writer_of(slot, SLOT_HEAD);
    bytes_put_u64(&writer, SLOT_MAGIC);
    bytes_put_u64(&writer, size);
    bytes_put_u64(&writer, writing);
    bytes_put_u64(&writer, sum_of(slot, size));
}

static bool is_good(const uint8_t *slot, size_t room, size_t *size, uint64_t *writing)
{
    struct bytes_reader reader = bytes_reader_of(slot, room);
    const uint64_t magic = bytes_u64(&reader);
    const uint64_t held = bytes_u64(&reader);
    *writing = bytes_u64(&reader);
    const uint64_t sum = bytes_u64(&reader);
    if (reader.bad || magic != SLOT_MAGIC || held > reader.left) {
        return false;
    }
    *size = (size_t)held;
    return sum == sum_of(slot, *size);
}

const uint8_t *slots_find(const uint8_t *file, size_t file_size, size_t room, size_t *size,
                          uint64_t *writing)
{
    const uint8_t *best = NULL;
    for (size_t i = 0; i < 2 && file_size >= (i + 1) * room; i++) {
        size_t held = 0;
        uint64_t number = 0;
        if (is_good(file + i * room, room, &held, &number) && (best == NULL || number > *writing)) {
            best = file + i * room + SLOT_HEAD;
            *size = held;
            *writing = number;
        }
    }
    return best;
}

/* SPDX-License-Identifier: MIT */
#include "monitor/etl/buffer.h"

#include <string.h>

#include "ipc/load.h"
#include "monitor/etl/decompress.h"

enum etwas_status buffer_head_read(const uint8_t *data, struct buffer_head *head)
{
    *head = (struct buffer_head){.size = load_u32(data),
                                 .end = load_u32(data + BUFFER_END),
                                 .stamp = load_i64(data + 0x10),
                                 .sequence = load_i64(data + 0x18),
                                 .cpu = load_u16(data + 0x28),
                                 .session = load_u16(data + 0x2a),
                                 .state = load_u16(data + 0x2c),
                                 .flags = load_u16(data + 0x34),
                                 .type = load_u16(data + 0x36)};
    if ((head->flags & BUFFER_PROC_INDEX) == 0) {
        head->cpu &= 0xffU; /* Windows 7: the upper byte is an alignment */
    }
    if (head->end == 0) {
        head->end = load_u32(data + 0x04); /* saved offset, where nothing else is said */
    }
    const bool packed = (head->flags & BUFFER_COMPRESSED) != 0;
    if (head->size < BUFFER_HEADER || head->end < BUFFER_HEADER ||
        (!packed && head->end > head->size)) {
        return ETWAS_MALFORMED;
    }
    return ETWAS_OK;
}

enum etwas_status buffer_unpack(const struct buffer_head *head, enum buffer_packing packing,
                                struct buffer_room *room)
{
    const size_t wanted = head->end < room->room ? head->end : room->room;
    enum etwas_status status = ETWAS_MALFORMED;
    room->written = 0;
    if (room->size < BUFFER_HEADER || wanted < BUFFER_HEADER) {
        return ETWAS_MALFORMED;
    }
    const uint8_t *packed = room->data + BUFFER_HEADER;
    const size_t packed_size = room->size - BUFFER_HEADER;
    uint8_t *records = room->out + BUFFER_HEADER;
    const size_t records_room = wanted - BUFFER_HEADER;
    memcpy(room->out, room->data, BUFFER_HEADER);
    switch (packing) {
    case PACKING_LZ77:
        status = decompress_lz77(packed, packed_size, records, records_room, &room->written);
        break;
    case PACKING_HUFFMAN:
        status = decompress_huffman(packed, packed_size, records, records_room, &room->written);
        break;
    case PACKING_LZNT1:
        status = decompress_lznt1(packed, packed_size, records, records_room, &room->written);
        break;
    }
    room->written += BUFFER_HEADER;
    /* More would come out than was wanted, or than the header says: what is here is here. */
    if (room->written == wanted) {
        return ETWAS_OK;
    }
    return status == ETWAS_OK ? ETWAS_MALFORMED : status;
}

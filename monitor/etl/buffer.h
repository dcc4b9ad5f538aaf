/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_ETL_BUFFER_H
#define ETWAS_MONITOR_ETL_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/status.h"
#include "monitor/etl/record.h"

/*
 * A buffer of a trace: a header of BUFFER_HEADER bytes (WMI_BUFFER_HEADER), then records one after
 * the other. Files are nothing but buffers, of which the first begins with the record that
 * describes the trace.
 */
enum {
    BUFFER_HEADER = 72,
    BUFFER_END = 0x30,        /* where a header says where the last record ends */
    BUFFER_COMPRESSED = 0x40, /* of `flags`: what is behind the header is packed */
    BUFFER_PROC_INDEX = 0x20,
};

struct buffer_head {
    uint32_t size; /* on disk, header included */
    uint32_t end;  /* of the records, header included, unpacked */
    int64_t stamp; /* when it was begun or written; not always of the trace's clock */
    int64_t sequence;
    uint32_t cpu;
    uint16_t session;
    uint16_t state; /* of a first buffer: the kind of compression */
    uint16_t flags;
    uint16_t type;
};

/* MALFORMED: no buffer can begin like this. `data` has BUFFER_HEADER bytes. */
ETWAS_MUST_CHECK enum etwas_status buffer_head_read(const uint8_t *data, struct buffer_head *head);

enum buffer_packing { PACKING_LZ77, PACKING_HUFFMAN, PACKING_LZNT1 };

/* A buffer as it lies in the file, and where it is unpacked to. */
struct buffer_room {
    const uint8_t *data;
    size_t size;
    uint8_t *out;
    size_t room;
    size_t written; /* bytes of `out`, header included */
};

/*
 * Unpacks a compressed buffer, its header included, up to head->end bytes. With less room it
 * unpacks as much as that. MALFORMED, TOO_BIG: not all came out; what did is there.
 */
ETWAS_MUST_CHECK enum etwas_status buffer_unpack(const struct buffer_head *head,
                                                 enum buffer_packing packing,
                                                 struct buffer_room *room);

#endif

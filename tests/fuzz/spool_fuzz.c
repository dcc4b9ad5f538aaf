/* SPDX-License-Identifier: MIT */
/*
 * The input is where records are sealed, so that mutations get past the checksums, and a segment's
 * file: it is walked, and whatever comes out must hold together.
 */
#include "monitor/spool/segment.h"

#include <stdlib.h>
#include <string.h>

#include "ipc/bytes.h"
#include "monitor/spool/checksum.h"
#include "monitor/spool/slots.h"

enum { AT_LANES = 4, AT_BODY = 8, AT_BODY_SUM = 96 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct segment_walk *walk, const struct segment_record *record,
                  uint64_t sequence)
{
    if (record->head.sequence <= sequence || record->head.own > record->head.count ||
        record->offset > walk->size || record->size > walk->size - record->offset ||
        walk->end != record->offset + record->size || record->body_size > record->size) {
        abort();
    }
}

static void walk_all(const uint8_t *data, size_t size, uint64_t salt)
{
    static struct source_position position;
    struct segment_walk walk;
    struct segment_record record;
    uint64_t sequence = 0;
    volatile uint8_t seen = 0;
    segment_walk_init(&walk, data, size, salt);
    while (segment_next(&walk, &record)) {
        check(&walk, &record, sequence);
        sequence = record.head.sequence;
        segment_position(&record, &position);
        for (size_t i = 0; record.body != NULL && i < record.body_size; i++) {
            seen = (uint8_t)(seen ^ record.body[i]);
        }
    }
    if (walk.end > size || walk.sequence != sequence) {
        abort();
    }
}

static uint32_t number_at(const uint8_t *at)
{
    struct bytes_reader reader = bytes_reader_of(at, 4);
    return bytes_u32(&reader);
}

/* Makes the checksums right of what may be a record. */
static void seal(uint8_t *data, size_t size, size_t at)
{
    if (at > size || size - at < SEGMENT_RECORD) {
        return;
    }
    uint8_t *record = data + at;
    const size_t lanes = number_at(record + AT_LANES);
    const size_t body = number_at(record + AT_BODY);
    const size_t left = size - at - SEGMENT_RECORD;
    if (lanes > left / SEGMENT_LANE) {
        return;
    }
    if (body <= left - lanes * SEGMENT_LANE) {
        struct bytes_writer writer = bytes_writer_of(record + AT_BODY_SUM, 8);
        bytes_put_u64(&writer,
                      checksum_of(record + SEGMENT_RECORD + lanes * SEGMENT_LANE, body, 0));
    }
    segment_seal(record, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct segment_header header;
    size_t held = 0;
    uint64_t writing = 0;
    const size_t seals = size != 0 ? data[0] % 8U : 0;
    if (size < 1 + seals + SEGMENT_HEADER) {
        return 0;
    }
    const size_t file_size = size - 1 - seals;
    uint8_t *file = malloc(file_size + 1);
    if (file == NULL) {
        return 0;
    }
    memcpy(file, data + 1 + seals, file_size);
    (void)segment_get_header(file, file_size, &header);
    const uint8_t *slot = slots_find(file, file_size, file_size / 2, &held, &writing);
    if (slot != NULL && held > file_size / 2 - SLOT_HEAD) {
        abort();
    }
    for (size_t i = 0; i < seals; i++) {
        seal(file, file_size, (size_t)data[1 + i] * SEGMENT_ALIGN);
    }
    walk_all(file, file_size, 0);
    free(file);
    return 0;
}

/* SPDX-License-Identifier: MIT */
#include "tests/monitor/etl/maker.h"

#include <stdio.h>
#include <string.h>

#include "tests/check.h"

enum {
    HEAD = 72,
    EVENT_HEAD = 80,
    HEADER_RECORD = 32 + 280 + 12, /* a system header, TRACE_LOGFILE_HEADER, "s", "f" */
    PROC_INDEX = 0x20,
};

void maker_u16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
}

void maker_u32(uint8_t *at, uint32_t value)
{
    maker_u16(at, (uint16_t)value);
    maker_u16(at + 2, (uint16_t)(value >> 16));
}

void maker_u64(uint8_t *at, uint64_t value)
{
    maker_u32(at, (uint32_t)value);
    maker_u32(at + 4, (uint32_t)(value >> 32));
}

static void close_buffer(struct maker *maker)
{
    uint8_t *head = maker->data + maker->buffer;
    if (maker->size != 0) {
        maker_u32(head + 0x30, (uint32_t)(maker->at - maker->buffer));
    }
}

void maker_buffer(struct maker *maker, uint16_t cpu)
{
    close_buffer(maker);
    assert_true(MAKER_ROOM - maker->size >= MAKER_BUFFER);
    maker->buffer = maker->size;
    maker->size += MAKER_BUFFER;
    maker->at = maker->buffer + HEAD;
    uint8_t *head = maker->data + maker->buffer;
    memset(head, 0xff, MAKER_BUFFER);
    memset(head, 0, HEAD);
    maker_u32(head, MAKER_BUFFER);
    maker_u64(head + 0x10, 1);
    maker_u16(head + 0x28, cpu);
    maker_u16(head + 0x34, PROC_INDEX);
}

void maker_record(struct maker *maker, const void *data, size_t size)
{
    const size_t padded = (size + 7) / 8 * 8;
    assert_true(padded <= MAKER_BUFFER - (maker->at - maker->buffer));
    memcpy(maker->data + maker->at, data, size);
    maker->at += padded;
}

void maker_begin(struct maker *maker, const struct maker_clock *clock)
{
    uint8_t record[HEADER_RECORD] = {0};
    memset(maker, 0, sizeof *maker);
    maker_buffer(maker, 0);
    maker_u16(record, 2); /* version */
    record[2] = 2;        /* SYSTEM64 */
    record[3] = 0xc0;
    maker_u16(record + 4, HEADER_RECORD);
    maker_u64(record + 16, (uint64_t)clock->origin);
    uint8_t *header = record + 32;
    header[4] = 10; /* version 10.0 */
    maker_u32(header + 8, 19045);
    maker_u32(header + 12, 2);
    maker_u32(header + 44, 8);
    maker_u32(header + 48, 7);
    /* 56 bytes, two pointers, 172 of a time zone, up to a multiple of eight: 248 */
    maker_u64(header + 248 + 8, clock->frequency);
    maker_u64(header + 248 + 16, (uint64_t)clock->started);
    maker_u32(header + 248 + 24, clock->type);
    maker_u32(header + 248 + 28, 3);
    header[280] = 's';
    header[284] = 'f';
    maker_record(maker, record, sizeof record);
}

void maker_event(struct maker *maker, int64_t stamp, uint16_t id)
{
    uint8_t record[EVENT_HEAD + 4] = {0};
    maker_u16(record, sizeof record);
    record[2] = 19; /* EVENT64 */
    record[3] = 0xc0;
    maker_u32(record + 8, 11);
    maker_u32(record + 12, 22);
    maker_u64(record + 16, (uint64_t)stamp);
    memset(record + 24, 0x5a, 16);
    maker_u16(record + 40, id);
    record[44] = 4;
    maker_u32(record + EVENT_HEAD, id);
    maker_record(maker, record, sizeof record);
}

void maker_end(struct maker *maker)
{
    close_buffer(maker);
}

void maker_write(struct maker *maker, const char *path)
{
    close_buffer(maker);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(maker->data, 1, maker->size, file), maker->size);
    assert_int_equal(fclose(file), 0);
}

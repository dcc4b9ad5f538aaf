/* SPDX-License-Identifier: MIT */
#include "monitor/etl/writer_head.h"

#include <string.h>

#include "ipc/store.h"
#include "monitor/etl/buffer.h"

/* WMI_BUFFER_HEADER, the system header and TRACE_LOGFILE_HEADER; layouts as in buffer.c and
 * trace_clock.c, which read them. */
enum {
    STATE_FLUSH = 3, /* as all files of Windows have it */
    FLAG_FIRST = BUFFER_PROC_INDEX | 1,
    TYPE_FIRST = 4,
    SYSTEM_HEADER = 32,
    SYSTEM64 = 2,
    MARK_RECORD = 0xc0,
    LOGFILE_HEADER = 280,
    AT_TAIL = 248,
    CLOCK_SYSTEM_TIME = 2,
    MODE_SEQUENTIAL = 1,
    TICKS_A_SECOND = 10000000,
    TIMER_RESOLUTION = 156250,
};

/* One character of UTF-8 that may be malformed: then U+FFFD, byte by byte. */
static uint32_t take_code(const uint8_t **at)
{
    static const uint32_t smallest[4] = {0, 0x80, 0x800, 0x10000};
    const uint8_t *text = *at;
    const unsigned more = text[0] >= 0xf0 ? 3 : text[0] >= 0xe0 ? 2 : text[0] >= 0xc0 ? 1 : 0;
    uint32_t code = more == 0 ? text[0] : text[0] & (0x3fU >> more);
    for (unsigned i = 1; i <= more; i++) {
        if ((text[i] & 0xc0U) != 0x80) { /* also the zero at the end */
            *at = text + 1;
            return 0xfffd;
        }
        code = code << 6 | (text[i] & 0x3fU);
    }
    const bool bad = (more == 0 && code >= 0x80) || code < smallest[more] || code > 0x10ffff ||
                     (code >= 0xd800 && code < 0xe000);
    *at = text + 1 + (bad ? 0 : more);
    return bad ? 0xfffd : code;
}

void writer_head_name(const char *text, uint16_t units[WRITER_NAME_UNITS])
{
    const uint8_t *at = (const uint8_t *)text;
    size_t count = 0;
    while (*at != 0 && count + 2 < WRITER_NAME_UNITS) {
        const uint32_t code = take_code(&at);
        if (code > 0xffff) {
            units[count++] = (uint16_t)(0xd800U | ((code - 0x10000) >> 10));
            units[count++] = (uint16_t)(0xdc00U | (code & 0x3ffU));
        } else {
            units[count++] = (uint16_t)code;
        }
    }
    units[count] = 0;
}

void writer_head_count(struct writer_head *head, int64_t time, uint32_t cpu)
{
    if (!head->has_time || time < head->started) {
        head->started = time;
    }
    if (!head->has_time || time > head->ended) {
        head->ended = time;
    }
    head->has_time = true;
    head->cpus = cpu >= head->cpus ? cpu + 1 : head->cpus;
}

void writer_head_buffer(const struct writer_buffer *buffer, uint8_t *data)
{
    memset(data, 0, BUFFER_HEADER);
    store_u32(data, buffer->size);
    store_u64(data + 0x10, (uint64_t)buffer->stamp);
    store_u64(data + 0x18, buffer->sequence);
    store_u64(data + 0x20, CLOCK_SYSTEM_TIME);
    store_u16(data + 0x28, buffer->cpu);
    store_u16(data + 0x2a, 1);
    store_u16(data + 0x2c, STATE_FLUSH);
    store_u16(data + 0x34, BUFFER_PROC_INDEX);
    writer_head_buffer_end(data, buffer->end);
}

void writer_head_buffer_end(uint8_t *data, size_t end)
{
    store_u32(data + 0x04, (uint32_t)end);
    store_u32(data + 0x08, (uint32_t)end);
    store_u32(data + 0x30, (uint32_t)end);
}

static size_t put_name(uint8_t *at, const uint16_t *units)
{
    size_t count = 0;
    do {
        store_u16(at + 2 * count, units[count]);
    } while (units[count++] != 0);
    return 2 * count;
}

/* TRACE_LOGFILE_HEADER; what stays 0: pointers, time zone, buffers that were lost. */
static void put_logfile(const struct writer_head *head, uint8_t *at, uint32_t size)
{
    memset(at, 0, LOGFILE_HEADER);
    store_u32(at, size);
    at[4] = 10; /* the layouts are those of Windows 10 */
    at[6] = 1;
    at[7] = 5;
    store_u32(at + 12, head->cpus != 0 ? head->cpus : 1);
    store_u64(at + 16, (uint64_t)head->ended);
    store_u32(at + 24, TIMER_RESOLUTION);
    store_u32(at + 32, MODE_SEQUENTIAL);
    store_u32(at + 36, (uint32_t)head->buffers);
    store_u32(at + 40, 1);
    store_u32(at + 44, 8);
    store_u32(at + 48, head->lost);
    store_u64(at + AT_TAIL, (uint64_t)head->started);
    store_u64(at + AT_TAIL + 8, TICKS_A_SECOND);
    store_u64(at + AT_TAIL + 16, (uint64_t)head->started);
    store_u32(at + AT_TAIL + 24, CLOCK_SYSTEM_TIME);
}

void writer_head_first(const struct writer_head *head, uint8_t *data, uint32_t size)
{
    uint8_t *record = data + BUFFER_HEADER;
    uint8_t *at = record + SYSTEM_HEADER;
    memset(record, 0, SYSTEM_HEADER);
    put_logfile(head, at, size);
    at += LOGFILE_HEADER;
    at += put_name(at, head->session);
    at += put_name(at, head->file);
    const size_t taken = (size_t)(at - record);
    store_u16(record, 2); /* version */
    record[2] = SYSTEM64;
    record[3] = MARK_RECORD;
    store_u16(record + 4, (uint16_t)taken);
    store_u64(record + 16, (uint64_t)head->started);
    const size_t end = BUFFER_HEADER + (taken + 7) / 8 * 8;
    const struct writer_buffer buffer = {.size = size, .end = end, .stamp = head->started};
    memset(at, 0, end - BUFFER_HEADER - taken);
    writer_head_buffer(&buffer, data);
    store_u16(data + 0x34, FLAG_FIRST);
    store_u16(data + 0x36, TYPE_FIRST);
}

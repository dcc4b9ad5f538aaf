/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "ipc/load.h"
#include "monitor/etl/trace_scan.h"

/*
 * What can still be read where the buffers of a file are broken. A head says little of itself, so
 * here one counts only if records follow it, and another head or the end of the file them.
 */
enum {
    SEARCH = 1 << 16,                /* bytes looked through at once for a buffer */
    SEARCH_START = 32 * 1024 * 1024, /* bytes at the start of a file that may be lost */
    SURE = 3,                        /* records in a row need no head behind them */
};

/* How many records follow one another behind the head that was looked at, as far as can be seen. */
static size_t count_records(const struct scan *scan, const struct buffer_head *head)
{
    uint8_t out[SCAN_LOOK];
    const uint8_t *data = scan->look;
    size_t size = scan->look_size < head->end ? scan->look_size : head->end;
    if ((head->flags & BUFFER_COMPRESSED) != 0) {
        struct buffer_room room = {.data = scan->look, .size = size, .room = sizeof out};
        room.size = head->size < scan->look_size ? head->size : scan->look_size;
        room.out = out;
        (void)!buffer_unpack(head, scan->file->packing, &room);
        data = out;
        size = room.written;
    }
    const size_t count = size > BUFFER_HEADER ? trace_chain(data, size, BUFFER_HEADER) : 0;
    int64_t stamp = 0;
    /* One that is longer than what can be seen. */
    return count == 0 && size < head->end && scan_stamp(scan, head, &stamp) ? 1 : count;
}

/* Does a buffer begin at scan->at, for certain? */
static bool is_certain(struct scan *scan, struct buffer_head *head)
{
    const uint64_t left = scan->file->size - scan->at;
    if (!scan_head(scan, head) || head->size > left || head->end == BUFFER_HEADER ||
        head->stamp <= 0) {
        return false;
    }
    const size_t count = count_records(scan, head);
    return count >= SURE ||
           (count != 0 && (head->size == left || scan_is_buffer(scan, scan->at + head->size)));
}

/* What a search goes over. */
struct search {
    uint64_t from;
    uint64_t to;
    uint8_t *window;
    bool zeros; /* nothing else was met */
};

static bool find_in_window(struct scan *scan, struct search *search, uint64_t from)
{
    const uint8_t *window = search->window;
    const size_t got = file_read(scan->file->file, from, search->window, SEARCH + BUFFER_HEADER);
    struct buffer_head head;
    for (size_t i = 0; i < got && i < SEARCH && from + i < search->to; i++) {
        scan->at = from + i;
        if (got - i >= BUFFER_HEADER && window[i + 3] == 0 &&
            buffer_head_read(window + i, &head) == ETWAS_OK && is_certain(scan, &head)) {
            return true;
        }
        search->zeros = search->zeros && window[i] == 0;
    }
    return false;
}

/* Moves to the first buffer of a part of the file. False: there is none, and it did not move. */
static bool find_buffer(struct scan *scan, struct search *search)
{
    struct scan probe = *scan;
    bool found = false;
    search->zeros = true;
    search->window = malloc(SEARCH + BUFFER_HEADER);
    for (uint64_t from = search->from; search->window != NULL && !found && from < search->to;
         from += SEARCH) {
        found = find_in_window(&probe, search, from);
    }
    free(search->window);
    scan->at = found ? probe.at : scan->at;
    return found;
}

/*
 * Whether another buffer may lie inside the one at scan->at: nothing that is one begins where it
 * ends, or it is plain and of another size than those before. Behind the records of a plain one is
 * nothing.
 */
static bool is_doubtful(const struct scan *scan, const struct buffer_head *head)
{
    const uint64_t left = scan->file->size - scan->at;
    const bool packed = (head->flags & BUFFER_COMPRESSED) != 0;
    return (!packed && head->size != scan->usual) || head->size > left ||
           (head->size < left && !scan_is_buffer(scan, scan->at + head->size));
}

uint32_t mend_size(struct scan *scan, const struct buffer_head *head)
{
    const uint64_t start = scan->at;
    const uint64_t left = scan->file->size - start;
    const bool packed = (head->flags & BUFFER_COMPRESSED) != 0;
    struct search search = {.from = start + (packed ? BUFFER_HEADER : head->end),
                            .to = head->size < left ? start + head->size : scan->file->size};
    if (!is_doubtful(scan, head) || !find_buffer(scan, &search)) {
        return head->size;
    }
    const uint32_t size = (uint32_t)(scan->at - start);
    scan->at = start;
    scan_damage(scan, start, sizeof(uint32_t), "the size of a buffer is wrong");
    return size;
}

static bool is_filled_up(const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (data[i] != 0xff && data[i] != 0) {
            return false;
        }
    }
    return true;
}

/* The processor of a head that may be broken. */
static uint32_t cpu_of(const struct scan *scan, const uint8_t *data)
{
    const uint32_t cpu = load_u16(data + 0x28);
    return cpu < scan->file->info.cpus ? cpu : 0;
}

static enum etwas_status take_records(struct scan *scan, uint64_t at, const uint8_t *data,
                                      size_t size)
{
    const size_t found = trace_find_record(data, size, BUFFER_HEADER);
    int64_t stamp = 0;
    if (found == size || !trace_peek(data + found, size - found, &stamp)) {
        scan_damage(scan, at, size, "no record");
        return ETWAS_OK;
    }
    const size_t end = trace_end_of_records(data, size, found);
    if (!is_filled_up(data + end, size - end)) {
        scan_damage(scan, at + end, size - end, "no record");
    }
    const struct run run = {.offset = at,
                            .first = trace_key(scan->trace, scan->index, stamp),
                            .size = (uint32_t)size,
                            .end = (uint32_t)end,
                            .cpu = cpu_of(scan, data),
                            .file = (uint16_t)scan->index};
    return scan_add(scan, &run) ? ETWAS_OK : ETWAS_NO_MEMORY;
}

enum etwas_status mend_buffer(struct scan *scan, uint64_t at, uint32_t size)
{
    uint8_t *data = malloc(size);
    if (data == NULL) {
        return ETWAS_NO_MEMORY;
    }
    const size_t got = file_read(scan->file->file, at, data, size);
    const enum etwas_status status = take_records(scan, at, data, got);
    free(data);
    return status;
}

/* What is wrong with a head: its size or its end, if the other one can be right, or all of it. */
static void damage_head(struct scan *scan, uint64_t at, uint32_t size)
{
    uint8_t data[BUFFER_HEADER];
    const size_t got =
        file_read(scan->file->file, at, data, size < sizeof data ? size : sizeof data);
    const uint32_t said = got == sizeof data ? load_u32(data) : 0;
    const uint32_t end = got == sizeof data ? load_u32(data + BUFFER_END) : 0;
    if (said == scan->usual) {
        scan_damage(scan, at + BUFFER_END, sizeof end, "an end is wrong");
    } else if (end > BUFFER_HEADER && end <= scan->usual) {
        scan_damage(scan, at, sizeof said, "the size of a buffer is wrong");
    } else {
        scan_damage(scan, at, got, "no buffer");
    }
}

enum etwas_status mend_gap(struct scan *scan)
{
    struct search search = {.from = scan->at + 1, .to = scan->file->size};
    const uint64_t start = scan->at;
    uint8_t first = 0;
    const bool found = find_buffer(scan, &search);
    const bool zero = file_read(scan->file->file, start, &first, 1) == 1 && first == 0;
    const uint64_t end = found ? scan->at : scan->file->size;
    enum etwas_status status = ETWAS_OK;
    scan->at = end;
    if (!found && search.zeros && zero) {
        return ETWAS_OK; /* the file was made longer than it is */
    }
    if (scan->usual == 0) {
        scan_damage(scan, start, end - start, "no buffer");
        return ETWAS_OK;
    }
    for (uint64_t at = start; at < end && status == ETWAS_OK; at += scan->usual) {
        const uint64_t left = end - at;
        const uint32_t size = left < scan->usual ? (uint32_t)left : scan->usual;
        damage_head(scan, at, size);
        status = mend_buffer(scan, at, size);
    }
    return status;
}

bool mend_start(struct scan *scan)
{
    struct search search = {.from = 1, .to = scan->file->size};
    struct buffer_head head;
    scan->at = 0;
    search.to = search.to < SEARCH_START ? search.to : SEARCH_START;
    if (!find_buffer(scan, &search) || !scan_head(scan, &head)) {
        return false;
    }
    scan->usual = (head.flags & BUFFER_COMPRESSED) == 0 ? head.size : 0;
    scan->at = 0;
    scan->file->clock = (struct trace_clock){.kind = CLOCK_IS_TIME};
    scan->file->info = (struct trace_info){.session = "", .file = ""};
    scan_damage(scan, 0, BUFFER_HEADER, "what describes the trace is lost, times are as its clock");
    return true;
}

/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "ipc/load.h"
#include "monitor/etl/trace_scan.h"

enum {
    FIRST_RECORD = 64,     /* bytes that the stamp of any record lies in */
    HEADER_ROOM = 1 << 16, /* for the record that describes the trace */
    RUNS_STEP = 1024,
    FORMAT_LZNT1 = 2, /* COMPRESSION_FORMAT_* of ntifs.h, in the state of the first buffer */
    FORMAT_XPRESS_HUFF = 4,
};

bool scan_add(struct scan *scan, const struct run *run)
{
    struct trace *trace = scan->trace;
    if (trace->run_count == trace->run_capacity) {
        const size_t capacity = trace->run_capacity * 2 + RUNS_STEP;
        struct run *runs = realloc(trace->runs, capacity * sizeof *runs);
        if (runs == NULL) {
            return false;
        }
        trace->runs = runs;
        trace->run_capacity = capacity;
    }
    trace->runs[trace->run_count++] = *run;
    return true;
}

void scan_damage(struct scan *scan, uint64_t offset, uint64_t size, const char *what)
{
    const struct trace_damage damage = {
        .path = scan->file->path, .offset = offset, .size = size, .what = what};
    trace_note_damage(scan->trace, &damage);
}

static bool is_head(const uint8_t *look, size_t size, struct buffer_head *head)
{
    return size >= BUFFER_HEADER && buffer_head_read(look, head) == ETWAS_OK &&
           head->end <= TRACE_MAX_BUFFER && head->size <= TRACE_MAX_BUFFER;
}

static bool stamp_of(const struct trace_file *file, const uint8_t *look, size_t size,
                     const struct buffer_head *head, int64_t *stamp)
{
    uint8_t out[BUFFER_HEADER + FIRST_RECORD];
    if ((head->flags & BUFFER_COMPRESSED) != 0) {
        struct buffer_room room = {
            .data = look, .size = head->size < size ? head->size : size, .room = sizeof out};
        room.out = out;
        (void)!buffer_unpack(head, file->packing, &room);
        look = out;
        size = room.written;
    }
    size = size < head->end ? size : head->end;
    return size > BUFFER_HEADER && trace_peek(look + BUFFER_HEADER, size - BUFFER_HEADER, stamp);
}

bool scan_stamp(const struct scan *scan, const struct buffer_head *head, int64_t *stamp)
{
    return stamp_of(scan->file, scan->look, scan->look_size, head, stamp);
}

bool scan_head(struct scan *scan, struct buffer_head *head)
{
    scan->look_size = file_read(scan->file->file, scan->at, scan->look, SCAN_LOOK);
    return is_head(scan->look, scan->look_size, head);
}

bool scan_is_buffer(const struct scan *scan, uint64_t at)
{
    uint8_t look[SCAN_LOOK];
    struct buffer_head head;
    int64_t stamp = 0;
    const size_t size = file_read(scan->file->file, at, look, sizeof look);
    return is_head(look, size, &head) &&
           (head.end == BUFFER_HEADER || stamp_of(scan->file, look, size, &head, &stamp));
}

/* The same where the scan stands. */
static bool next_buffer(struct scan *scan, struct buffer_head *head)
{
    int64_t stamp = 0;
    return scan_head(scan, head) && (head->end == BUFFER_HEADER || scan_stamp(scan, head, &stamp));
}

/* The last buffer lacks its end: of a packed one nobody knows which records that are. */
static void scan_cut(struct scan *scan, struct run *run, uint64_t left)
{
    const char *const what = "the last buffer is cut off";
    if (run->packed) {
        scan_damage(scan, scan->at, left, what);
        return;
    }
    if (run->end > left) {
        scan_damage(scan, scan->file->size, run->end - left, what);
        run->end = (uint32_t)left;
    }
}

static enum etwas_status take_buffer(struct scan *scan, const struct buffer_head *head)
{
    const uint64_t left = scan->file->size - scan->at;
    const bool packed = (head->flags & BUFFER_COMPRESSED) != 0;
    struct run run = {.offset = scan->at,
                      .size = head->size < left ? head->size : (uint32_t)left,
                      .end = head->end,
                      .cpu = head->cpu,
                      .file = (uint16_t)scan->index,
                      .packed = packed};
    if (head->size > left) {
        scan_cut(scan, &run, left);
    }
    scan->file->info.buffers++;
    scan->file->info.compressed += packed ? 1 : 0;
    scan->usual = packed ? 0 : head->size;
    if (run.end == BUFFER_HEADER) {
        return ETWAS_OK;
    }
    int64_t stamp = 0;
    (void)scan_stamp(scan, head, &stamp); /* there is one: next_buffer() was asked */
    run.first = trace_key(scan->trace, scan->index, stamp);
    return scan_add(scan, &run) ? ETWAS_OK : ETWAS_NO_MEMORY;
}

/* The first buffer tells what the trace is, and how the others are packed. */
static bool describe(struct scan *scan, const struct buffer_head *head)
{
    uint8_t *room = malloc(2 * (size_t)HEADER_ROOM);
    struct etl_record record;
    size_t taken = 0;
    bool good = room != NULL;
    scan->file->packing = head->state == FORMAT_LZNT1         ? PACKING_LZNT1
                          : head->state == FORMAT_XPRESS_HUFF ? PACKING_HUFFMAN
                                                              : PACKING_LZ77;
    if (good) {
        uint8_t *data = room + HEADER_ROOM;
        size_t size = file_read(scan->file->file, scan->at, data,
                                head->size < HEADER_ROOM ? head->size : HEADER_ROOM);
        if ((head->flags & BUFFER_COMPRESSED) != 0) {
            struct buffer_room unpacked = {
                .data = data, .size = size, .out = room, .room = HEADER_ROOM};
            (void)!buffer_unpack(head, scan->file->packing, &unpacked);
            data = room;
            size = unpacked.written;
        }
        size = size < head->end ? size : head->end;
        good = size > BUFFER_HEADER &&
               etl_record_read(data + BUFFER_HEADER, size - BUFFER_HEADER, &record, &taken) ==
                   ETWAS_OK &&
               trace_describe(scan->file, &record);
    }
    free(room);
    return good;
}

enum etwas_status trace_index(struct trace *trace, size_t index, struct etwas_error *error)
{
    struct scan scan = {.trace = trace, .file = &trace->files[index], .index = index};
    struct buffer_head head;
    if ((!scan_head(&scan, &head) || !describe(&scan, &head)) && !mend_start(&scan)) {
        *error = (struct etwas_error){ETWAS_MALFORMED, 0, "reading what is no event trace log"};
        return ETWAS_MALFORMED;
    }
    enum etwas_status status = ETWAS_OK;
    while (scan.at < scan.file->size && status == ETWAS_OK) {
        if (next_buffer(&scan, &head)) {
            head.size = mend_size(&scan, &head);
            status = take_buffer(&scan, &head);
            scan.at += head.size;
        } else {
            status = mend_gap(&scan);
        }
    }
    if (status != ETWAS_OK) {
        *error = (struct etwas_error){status, 0, "indexing the buffers"};
    }
    return status;
}

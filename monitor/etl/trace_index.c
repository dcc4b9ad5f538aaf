/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "ipc/load.h"
#include "monitor/etl/trace_parts.h"

enum {
    FIRST_RECORD = 64, /* bytes that the stamp of any record lies in */
    LOOK = 1024,       /* bytes of a buffer that are looked at: its head and first record, packed */
    HEADER_ROOM = 1 << 16, /* for the record that describes the trace */
    SEARCH = 1 << 16,      /* bytes looked through at once for a buffer */
    RUNS_STEP = 1024,
    BUFFER_SAVED = 0x04, /* where in a head */
    BUFFER_END = 0x30,
    BUFFER_FLAGS = 0x34,
    FORMAT_LZNT1 = 2, /* COMPRESSION_FORMAT_* of ntifs.h, in the state of the first buffer */
    FORMAT_XPRESS_HUFF = 4,
};

struct scan {
    struct trace *trace;
    struct trace_file *file;
    size_t index;
    uint64_t at;
    uint64_t before; /* where the buffer before begins; 0: there is none, or it is the first */
    uint8_t look[LOOK];
    size_t look_size;
    uint8_t *window; /* while a buffer is searched for */
    uint32_t usual;  /* size of the buffer before, unless it was packed: most often all have it */
};

static bool add_run(struct trace *trace, const struct run *run)
{
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

static void damage(struct scan *scan, uint64_t offset, uint64_t size, const char *what)
{
    const struct trace_damage damage = {
        .path = scan->file->path, .offset = offset, .size = size, .what = what};
    trace_note_damage(scan->trace, &damage);
}

/* The stamp of the first record, which may be packed. */
static bool first_stamp(const struct scan *scan, const struct buffer_head *head, int64_t *stamp)
{
    uint8_t out[BUFFER_HEADER + FIRST_RECORD];
    const uint8_t *data = scan->look;
    size_t size = scan->look_size < head->end ? scan->look_size : head->end;
    if ((head->flags & BUFFER_COMPRESSED) != 0) {
        struct buffer_room room = {.data = scan->look,
                                   .size =
                                       head->size < scan->look_size ? head->size : scan->look_size,
                                   .room = sizeof out};
        room.out = out;
        (void)!buffer_unpack(head, scan->file->packing, &room);
        data = out;
        size = room.written;
    }
    return size > BUFFER_HEADER && trace_peek(data + BUFFER_HEADER, size - BUFFER_HEADER, stamp);
}

/* Of a packed buffer little can be known; of another, what is here is read. */
static void note_end(struct scan *scan, const struct buffer_head *head, uint64_t left)
{
    static const char what[] = "the last buffer is cut off";
    if ((head->flags & BUFFER_COMPRESSED) != 0) {
        damage(scan, scan->at, left, what);
    } else if (head->end > left) {
        damage(scan, scan->file->size, head->end - left, what);
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
        note_end(scan, head, left);
        run.end = packed || run.end < left ? run.end : (uint32_t)left;
    }
    scan->file->info.buffers++;
    scan->file->info.compressed += packed ? 1 : 0;
    if (run.end == BUFFER_HEADER) {
        return ETWAS_OK;
    }
    int64_t stamp = 0;
    if (!first_stamp(scan, head, &stamp)) {
        damage(scan, scan->at, run.size, "no record where the first of a buffer should be");
        return ETWAS_OK;
    }
    run.first = trace_key(scan->trace, scan->index, stamp);
    return add_run(scan->trace, &run) ? ETWAS_OK : ETWAS_NO_MEMORY;
}

/* What is looked at begins with a head. */
static bool is_head(const struct scan *scan, struct buffer_head *head)
{
    return scan->look_size >= BUFFER_HEADER && buffer_head_read(scan->look, head) == ETWAS_OK &&
           head->end <= TRACE_MAX_BUFFER && head->size <= TRACE_MAX_BUFFER;
}

static bool read_head(struct scan *scan, struct buffer_head *head)
{
    scan->look_size = file_read(scan->file->file, scan->at, scan->look, LOOK);
    return is_head(scan, head);
}

/* Could one begin here? Asked where something is broken, so it wants more to be right. */
static bool looks_like_buffer(struct scan *scan, const uint8_t *data)
{
    struct buffer_head head;
    int64_t stamp = 0;
    if (buffer_head_read(data, &head) != ETWAS_OK || head.end > TRACE_MAX_BUFFER ||
        head.size > TRACE_MAX_BUFFER || head.end == BUFFER_HEADER || head.stamp <= 0) {
        return false;
    }
    return read_head(scan, &head) && head.size <= scan->file->size - scan->at &&
           first_stamp(scan, &head, &stamp);
}

/* Where the next buffer is if all have the same size: most often they have. */
static bool stride(struct scan *scan, uint64_t from)
{
    struct buffer_head head;
    for (uint64_t at = from; scan->usual != 0 && at < scan->file->size; at += scan->usual) {
        scan->at = at;
        if (read_head(scan, &head) && head.size == scan->usual &&
            looks_like_buffer(scan, scan->look)) {
            return true;
        }
    }
    return false;
}

/* Looks through the bytes from `from` on. True: one begins where the scan then stands. */
static bool find_in_window(struct scan *scan, uint64_t from, uint64_t start, bool *zeros)
{
    uint8_t *window = scan->window;
    const size_t got = file_read(scan->file->file, from, window, SEARCH + BUFFER_HEADER);
    for (size_t i = 0; i < got && i < SEARCH; i++) {
        *zeros = *zeros && window[i] == 0;
        scan->at = from + i;
        if (scan->at != start && got - i >= BUFFER_HEADER && window[i + 3] == 0 &&
            looks_like_buffer(scan, window + i)) {
            return true;
        }
    }
    return false;
}

/*
 * Behind a packed buffer is none: if one begins inside of it, what it says of its size is wrong.
 * Where packed ones end, nothing else tells.
 */
static bool find_inside(struct scan *scan)
{
    const uint64_t start = scan->at;
    bool zeros = true;
    bool found = false;
    scan->window = malloc(SEARCH + BUFFER_HEADER);
    for (uint64_t from = scan->before + BUFFER_HEADER;
         scan->window != NULL && !found && from < start; from += SEARCH) {
        found = find_in_window(scan, from, start, &zeros);
    }
    free(scan->window);
    found = found && scan->at < start;
    if (found) {
        damage(scan, scan->before, sizeof(uint32_t), "the size of a buffer");
    }
    scan->at = found ? scan->at : start;
    return found;
}

/* Moves to the next place where a buffer can begin, or to the end. */
static bool find_buffer(struct scan *scan)
{
    const uint64_t start = scan->at;
    bool zeros = true;
    if (scan->usual == 0 && scan->before != 0 && find_inside(scan)) {
        return true;
    }
    bool found = scan->usual != 0 && stride(scan, start + scan->usual);
    scan->window = found ? NULL : malloc(SEARCH + BUFFER_HEADER);
    for (uint64_t from = start; scan->window != NULL && !found && from < scan->file->size;
         from += SEARCH) {
        found = find_in_window(scan, from, start, &zeros);
    }
    free(scan->window);
    scan->at = found ? scan->at : scan->file->size;
    if (found || !zeros) {
        damage(scan, start, scan->at - start, "no buffer");
    }
    return found;
}

/*
 * A buffer whose size is not the usual one, while one of that size begins where it would end: what
 * it says of its size is wrong.
 */
static void mend_size(struct scan *scan, struct buffer_head *head)
{
    const uint64_t at = scan->at;
    uint8_t kept[LOOK];
    const size_t kept_size = scan->look_size;
    if (scan->usual == 0 || head->size == scan->usual || head->end > scan->usual ||
        (head->flags & BUFFER_COMPRESSED) != 0) {
        return;
    }
    memcpy(kept, scan->look, sizeof kept);
    struct buffer_head next;
    scan->at = at + scan->usual;
    if (read_head(scan, &next) && next.size == scan->usual && looks_like_buffer(scan, scan->look)) {
        damage(scan, at, sizeof head->size, "the size of a buffer");
        head->size = scan->usual;
    }
    scan->at = at;
    scan->look_size = kept_size;
    memcpy(scan->look, kept, sizeof kept);
}

/* Do records end where a buffer says that its data do? Asked of few: the whole buffer is read. */
static bool is_end(const struct scan *scan, uint32_t size, uint32_t end)
{
    uint8_t *data = malloc(size);
    const size_t got = data != NULL ? file_read(scan->file->file, scan->at, data, size) : 0;
    size_t at = BUFFER_HEADER;
    while (at < end && at < got) {
        struct etl_record record;
        size_t taken = 0;
        if (etl_record_read(data + at, got - at, &record, &taken) != ETWAS_OK) {
            break;
        }
        at += taken;
    }
    free(data);
    return at == end;
}

/*
 * Where the data end, a head says twice: what was saved is most often the same, sometimes less,
 * never more. If it is more, one of the two is wrong.
 */
static void mend_end(struct scan *scan)
{
    uint8_t *look = scan->look;
    const uint32_t size = load_u32(look);
    const uint32_t saved = load_u32(look + BUFFER_SAVED);
    const uint32_t end = load_u32(look + BUFFER_END);
    const bool packed = (load_u16(look + BUFFER_FLAGS) & BUFFER_COMPRESSED) != 0;
    if (packed || end == 0 || (end >= saved && end <= size) || size > TRACE_MAX_BUFFER ||
        saved <= BUFFER_HEADER || saved > size || is_end(scan, size, end) ||
        !is_end(scan, size, saved)) {
        return;
    }
    memcpy(look + BUFFER_END, look + BUFFER_SAVED, sizeof end);
    damage(scan, scan->at + BUFFER_END, sizeof end, "the end of a buffer's data");
}

/* The head of the buffer at `at`; also of one that is all right but for what it says of its size.
 */
static bool next_head(struct scan *scan, struct buffer_head *head)
{
    scan->look_size = file_read(scan->file->file, scan->at, scan->look, LOOK);
    if (scan->look_size >= BUFFER_HEADER) {
        mend_end(scan);
    }
    if (is_head(scan, head)) {
        mend_size(scan, head);
        return true;
    }
    if (scan->usual == 0 || scan->look_size < BUFFER_HEADER) {
        return false;
    }
    const uint64_t at = scan->at;
    for (unsigned i = 0; i < sizeof head->size; i++) {
        scan->look[i] = (uint8_t)(scan->usual >> 8 * i);
    }
    int64_t stamp = 0;
    const bool good = buffer_head_read(scan->look, head) == ETWAS_OK &&
                      (head->flags & BUFFER_COMPRESSED) == 0 && head->stamp > 0 &&
                      head->end > BUFFER_HEADER && head->size <= scan->file->size - at &&
                      first_stamp(scan, head, &stamp);
    if (good) {
        damage(scan, at, sizeof head->size, "the size of a buffer");
    }
    return good;
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
    if (!read_head(&scan, &head) || !describe(&scan, &head)) {
        *error = (struct etwas_error){
            ETWAS_MALFORMED, 0, scan.file->size == 0 ? "it is empty" : "it is no event trace log"};
        return ETWAS_MALFORMED;
    }
    while (scan.at < scan.file->size) {
        if (!next_head(&scan, &head) && (!find_buffer(&scan) || !read_head(&scan, &head))) {
            break;
        }
        const enum etwas_status status = take_buffer(&scan, &head);
        if (status != ETWAS_OK) {
            *error = (struct etwas_error){status, 0, "indexing the buffers"};
            return status;
        }
        scan.before = scan.at;
        scan.at += head.size;
        scan.usual = (head.flags & BUFFER_COMPRESSED) == 0 ? head.size : 0;
    }
    return ETWAS_OK;
}

/* SPDX-License-Identifier: MIT */
#include "monitor/etl/trace.h"

#include <stdlib.h>
#include <string.h>

#include "ipc/load.h"
#include "monitor/etl/trace_parts.h"

enum {
    TYPE_TIMED = 12,
    TYPE_PERFINFO32 = 16,
    TYPE_PERFINFO64 = 17,
    MARK_RECORD = 0x80,
    MARK_MESSAGE = 0x90,
    SMALLEST_TIMED = 24,
    SMALLEST_PERFINFO = 16,
    MESSAGE_HEAD = 8,
};

/* WPP: what comes before the time depends on the flags. */
static bool peek_message(const uint8_t *data, size_t size, int64_t *stamp)
{
    const unsigned flags = load_u16(data + 6);
    size_t at = MESSAGE_HEAD + ((flags & 1U) != 0 ? 4U : 0U);
    at += (flags & 2U) != 0 ? 16U : (flags & 4U) != 0 ? 4U : 0U;
    if ((flags & 0x18U) == 0 || at > size || size - at < 8) {
        return false;
    }
    *stamp = load_i64(data + at);
    return true;
}

bool trace_peek(const uint8_t *data, size_t size, int64_t *stamp)
{
    if (size < SMALLEST_PERFINFO || (data[3] & MARK_RECORD) == 0 || load_u32(data) == UINT32_MAX) {
        return false;
    }
    if (data[3] == MARK_MESSAGE) {
        return peek_message(data, size, stamp);
    }
    if (data[2] == TYPE_PERFINFO32 || data[2] == TYPE_PERFINFO64 || data[2] == TYPE_TIMED) {
        *stamp = load_i64(data + 8);
        return true;
    }
    if (size < SMALLEST_TIMED) {
        return false;
    }
    *stamp = load_i64(data + 16);
    return true;
}

int64_t trace_key(const struct trace *trace, size_t file, int64_t stamp)
{
    return trace->file_count == 1 ? stamp : trace_time(&trace->files[file].clock, stamp);
}

/* --- the heap of runs under way --- */

static bool is_before(const struct way *left, const struct way *right)
{
    return left->key != right->key ? left->key < right->key : left->run < right->run;
}

static void sink_down(struct trace *trace)
{
    struct way *heap = trace->heap;
    const struct way moved = heap[0];
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child + 1 < trace->heap_size && is_before(&heap[child + 1], &heap[child])) {
            child++;
        }
        if (child >= trace->heap_size || is_before(&moved, &heap[child])) {
            break;
        }
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = moved;
}

static void push(struct trace *trace, const struct way *way)
{
    struct way *heap = trace->heap;
    size_t at = trace->heap_size++;
    while (at > 0 && is_before(way, &heap[(at - 1) / 2])) {
        heap[at] = heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    heap[at] = *way;
}

/* --- memory for buffers --- */

void trace_forget(struct trace *trace, struct slot *slot)
{
    if (slot->run != 0) {
        trace->runs[slot->run - 1].slot = 0;
        slot->run = 0;
    }
}

static bool is_pinned(const struct trace *trace, const struct slot *slot)
{
    return slot->epoch == trace->epoch;
}

/* A slot that is not pinned: one that is free, else the one that was used longest ago. */
static struct slot *oldest(struct trace *trace)
{
    struct slot *best = NULL;
    for (size_t i = 0; i < trace->slot_count; i++) {
        struct slot *slot = &trace->slots[i];
        if (is_pinned(trace, slot)) {
            continue;
        }
        if (best == NULL || (slot->run == 0 && best->run != 0) ||
            ((slot->run == 0) == (best->run == 0) && slot->used < best->used)) {
            best = slot;
        }
    }
    return best;
}

static enum etwas_status resize(struct trace *trace, struct slot *slot, size_t capacity)
{
    if (slot->capacity >= capacity) {
        return ETWAS_OK;
    }
    uint8_t *data = realloc(slot->data, capacity);
    if (data == NULL) {
        return ETWAS_NO_MEMORY;
    }
    trace->memory += capacity - slot->capacity;
    slot->data = data;
    slot->capacity = capacity;
    return ETWAS_OK;
}

/* Gives back memory of other slots, so that one may become that large. False: they are pinned. */
static bool make_room(struct trace *trace, const struct slot *slot, size_t capacity)
{
    bool pinned = false;
    for (size_t i = 0; i < trace->slot_count; i++) {
        struct slot *other = &trace->slots[i];
        if (trace->memory + capacity - slot->capacity <= TRACE_MEMORY) {
            return true;
        }
        if (other != slot && other->data != NULL && is_pinned(trace, other)) {
            pinned = true;
        } else if (other != slot) {
            trace_forget(trace, other);
            free(other->data);
            trace->memory -= other->capacity;
            other->data = NULL;
            other->capacity = 0;
        }
    }
    return !pinned;
}

/* AGAIN: all are pinned. */
static enum etwas_status take_slot(struct trace *trace, size_t capacity, struct slot **taken)
{
    struct slot *slot = oldest(trace);
    const bool room = trace->memory + capacity <= TRACE_MEMORY || trace->slot_count == 0;
    if ((slot == NULL || slot->run != 0) && room) {
        struct slot *slots = realloc(trace->slots, (trace->slot_count + 1) * sizeof *slots);
        if (slots == NULL) {
            return ETWAS_NO_MEMORY;
        }
        trace->slots = slots;
        slot = &slots[trace->slot_count++];
        *slot = (struct slot){.epoch = trace->epoch - 1};
    }
    if (slot == NULL || (slot->capacity < capacity && !make_room(trace, slot, capacity))) {
        return ETWAS_AGAIN;
    }
    trace_forget(trace, slot);
    *taken = slot;
    return resize(trace, slot, capacity);
}

static void damage_in(struct trace *trace, const struct run *run, uint64_t offset, uint64_t size,
                      const char *what)
{
    const struct trace_damage damage = {
        .path = trace->files[run->file].path, .offset = offset, .size = size, .what = what};
    trace_note_damage(trace, &damage);
}

enum { PEEK = 8 /* bytes behind the last record, to see whether it is the last */ };

/* Not what Windows fills buffers up with: if records go on there, the head's end is wrong. */
static enum etwas_status widen(struct trace *trace, struct run *run, struct slot *slot)
{
    struct file *file = trace->files[run->file].file;
    const enum etwas_status status = resize(trace, slot, run->size);
    if (status != ETWAS_OK) {
        return status;
    }
    const size_t size = file_read(file, run->offset, slot->data, run->size);
    const size_t more = trace_find_record(slot->data, size, run->end);
    const size_t end = more < size ? trace_end_of_records(slot->data, size, more) : run->end;
    if (end > run->end) {
        damage_in(trace, run, run->offset + BUFFER_END, sizeof(uint32_t), "an end is wrong");
        run->end = (uint32_t)end;
    }
    slot->size = run->end < size ? run->end : size;
    return ETWAS_OK;
}

static enum etwas_status read_plain(struct trace *trace, struct run *run, struct slot *slot)
{
    const size_t wanted = run->size - run->end >= PEEK ? run->end + PEEK : run->end;
    const size_t got = file_read(trace->files[run->file].file, run->offset, slot->data, wanted);
    slot->size = got < run->end ? got : run->end;
    if (got < run->end) {
        damage_in(trace, run, run->offset + got, run->end - got, "cannot be read any more");
    } else if (got > run->end && load_u32(slot->data + run->end) != UINT32_MAX) {
        return widen(trace, run, slot);
    }
    return ETWAS_OK;
}

static enum etwas_status read_packed(struct trace *trace, const struct run *run, struct slot *slot)
{
    struct buffer_head head;
    if (trace->scratch_size < run->size) {
        uint8_t *scratch = realloc(trace->scratch, run->size);
        if (scratch == NULL) {
            return ETWAS_NO_MEMORY;
        }
        trace->scratch = scratch;
        trace->scratch_size = run->size;
    }
    struct trace_file *file = &trace->files[run->file];
    const size_t got = file_read(file->file, run->offset, trace->scratch, run->size);
    struct buffer_room room = {
        .data = trace->scratch, .size = got, .out = slot->data, .room = run->end};
    if (got < BUFFER_HEADER || buffer_head_read(trace->scratch, &head) != ETWAS_OK ||
        head.end != run->end || buffer_unpack(&head, file->packing, &room) != ETWAS_OK) {
        damage_in(trace, run, run->offset, run->size, "cannot be unpacked as a whole");
    }
    slot->size = room.written;
    return ETWAS_OK;
}

enum etwas_status trace_load(struct trace *trace, size_t index)
{
    struct run *run = &trace->runs[index];
    struct slot *slot = NULL;
    enum etwas_status status = take_slot(trace, (size_t)run->end + PEEK, &slot);
    if (status == ETWAS_OK) {
        status = run->packed ? read_packed(trace, run, slot) : read_plain(trace, run, slot);
    }
    if (status != ETWAS_OK) {
        return status;
    }
    slot->run = index + 1;
    slot->used = ++trace->count;
    run->slot = (uint32_t)(slot - trace->slots) + 1;
    return ETWAS_OK;
}

/* --- the merge --- */

/* Moves behind a record; false: no record with a time of its own lies there. */
static bool step(const struct trace *trace, struct run *run, const struct slot *slot, size_t taken)
{
    int64_t stamp = 0;
    const size_t next = run->at + taken;
    if (!trace_peek(slot->data + next, slot->size - next, &stamp)) {
        return false;
    }
    run->before = run->at;
    run->at = (uint32_t)next;
    run->key = trace_key(trace, run->file, stamp);
    return true;
}

/* Runs whose first record comes before the top's next one, or with it, are under way from now on.
 */
static void start_runs(struct trace *trace)
{
    while (trace->next < trace->run_count &&
           (trace->heap_size == 0 || trace->runs[trace->next].first <= trace->heap[0].key)) {
        struct run *run = &trace->runs[trace->next];
        const struct way way = {.key = run->first, .run = trace->next++};
        run->key = run->first;
        run->at = BUFFER_HEADER;
        run->before = run->at;
        push(trace, &way);
    }
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/*
 * Puts the run with the smallest key at the top. Its records then follow one another without a look
 * at the others, as long as they come before all of these: that is what `limit` says. A record of
 * the same key is settled here again, where equal ones have their order.
 */
static void settle(struct trace *trace)
{
    if (trace->heap_size > 0) {
        trace->heap[0].key = trace->runs[trace->heap[0].run].key;
        sink_down(trace);
    }
    start_runs(trace);
    trace->top = trace->heap_size > 0 ? &trace->runs[trace->heap[0].run] : NULL;
    trace->limit = trace->next < trace->run_count ? trace->runs[trace->next].first : INT64_MAX;
    for (size_t i = 1; i < trace->heap_size && i <= 2; i++) {
        trace->limit = smaller(trace->limit, trace->heap[i].key);
    }
}

/* The run at the top has ended. Its memory is free once the records are done that came of it. */
static void end_run(struct trace *trace, struct slot *slot)
{
    trace_forget(trace, slot);
    trace->heap[0] = trace->heap[--trace->heap_size];
    trace->limit = INT64_MIN;
}

/* Bytes of a run's buffer that are passed over. Of a packed one the file's bytes are not known. */
static void damage_run(struct trace *trace, const struct run *run, size_t from, size_t to)
{
    damage_in(trace, run, run->packed ? run->offset : run->offset + from,
              run->packed ? run->size : to - from, "no record");
}

/*
 * No record begins where the next one of the run at the top should: on to where they go on, which
 * may be inside the last one, if its size was wrong.
 */
static void pass_over(struct trace *trace, struct run *run, struct slot *slot)
{
    int64_t stamp = 0;
    if (run->at >= slot->size) {
        end_run(trace, slot);
        return;
    }
    const size_t found = trace_find_record(slot->data, slot->size, run->before + 1);
    const bool inside = found < run->at;
    damage_run(trace, run, inside ? run->before : run->at, inside ? run->at : found);
    run->at = (uint32_t)found;
    run->before = run->at;
    if (found == slot->size) {
        end_run(trace, slot);
    } else if (trace_peek(slot->data + found, slot->size - found, &stamp)) {
        run->key = trace_key(trace, run->file, stamp);
        trace->limit = INT64_MIN; /* its place in the heap is another one now */
    }
}

/* Where the next record should begin there is none: if one begins in the last one, it ends there.
 */
static size_t shorten(struct trace *trace, const struct run *run, const struct slot *slot,
                      struct etl_record *record, size_t taken)
{
    const size_t found = trace_find_record(slot->data, slot->size, run->at + 1);
    if (found - run->at >= taken) {
        return taken;
    }
    const uint8_t *start = slot->data + found;
    if (start < record->payload + record->payload_size) {
        record->payload_size = start > record->payload ? (size_t)(start - record->payload) : 0;
    }
    damage_run(trace, run, run->at, found);
    return found - run->at;
}

/*
 * Moves the run at the top behind a record when step() did not; false: it was the last one. What
 * has no time of its own stays behind the one before it.
 */
static bool step_in_doubt(struct trace *trace, const struct slot *slot, struct etl_record *record,
                          size_t taken)
{
    struct run *run = trace->top;
    const uint8_t *next = slot->data + run->at + taken;
    const size_t left = slot->size - run->at - taken;
    struct etl_record other;
    size_t unused = 0;
    if (left >= 8 && etl_record_read(next, left, &other, &unused) != ETWAS_OK) {
        taken = shorten(trace, run, slot, record, taken);
    }
    run->before = run->at;
    run->at += (uint32_t)taken;
    return slot->size - run->at >= 8;
}

/* The record at the top of the heap. MALFORMED: there was none, and its run was moved on. */
static enum etwas_status take_top(struct trace *trace, struct etl_record *record)
{
    struct run *run = trace->top;
    struct slot *slot = &trace->slots[run->slot - 1];
    size_t taken = 0;
    if (run->at >= slot->size ||
        etl_record_read(slot->data + run->at, slot->size - run->at, record, &taken) != ETWAS_OK) {
        pass_over(trace, run, slot);
        return ETWAS_MALFORMED;
    }
    record->cpu = run->cpu;
    record->file = run->file;
    slot->epoch = trace->epoch;
    if (!step(trace, run, slot, taken) && !step_in_doubt(trace, slot, record, taken)) {
        end_run(trace, slot);
    }
    return ETWAS_OK;
}

/* Brings the run with the next record to the top, in memory. CLOSED: there is none. */
static enum etwas_status prepare(struct trace *trace)
{
    if (trace->heap_size == 0 || trace->top->key >= trace->limit) {
        settle(trace);
    }
    if (trace->heap_size == 0) {
        return ETWAS_CLOSED;
    }
    return trace->top->slot == 0 ? trace_load(trace, trace->heap[0].run) : ETWAS_OK;
}

enum etwas_status trace_next(struct trace *trace, struct etl_record *record)
{
    for (;;) {
        const enum etwas_status ready = prepare(trace);
        if (ready != ETWAS_OK) {
            return ready;
        }
        if (take_top(trace, record) == ETWAS_OK) {
            return ETWAS_OK;
        }
    }
}

void trace_advance(struct trace *trace)
{
    trace->epoch++;
}

void trace_set_time(const struct trace *trace, struct etl_record *record)
{
    record->time = trace_time(&trace->files[record->file].clock, record->stamp);
}

void trace_rewind(struct trace *trace)
{
    trace->next = 0;
    trace->heap_size = 0;
    trace->epoch++;
}

/* --- opening --- */

static int by_first(const void *a, const void *b)
{
    const struct run *left = a;
    const struct run *right = b;
    if (left->first != right->first) {
        return left->first < right->first ? -1 : 1;
    }
    if (left->file != right->file) {
        return left->file < right->file ? -1 : 1;
    }
    return left->offset < right->offset ? -1 : left->offset > right->offset;
}

static char *copy(const char *text)
{
    char *copied = malloc(strlen(text) + 1);
    if (copied != NULL) {
        memcpy(copied, text, strlen(text) + 1);
    }
    return copied;
}

static enum etwas_status add_file(struct trace *trace, size_t index, const char *path,
                                  struct etwas_error *error)
{
    struct trace_file *file = &trace->files[index];
    file->path = copy(path);
    if (file->path == NULL) {
        *error = (struct etwas_error){ETWAS_NO_MEMORY, 0, "opening the file"};
        return ETWAS_NO_MEMORY;
    }
    const enum etwas_status status = file_open(path, &file->file, &file->size, error);
    return status == ETWAS_OK ? trace_index(trace, index, error) : status;
}

enum etwas_status trace_open(const char *const *paths, size_t count, struct trace **trace,
                             size_t *failed, struct etwas_error *error)
{
    struct trace *made = calloc(1, sizeof *made);
    enum etwas_status status = ETWAS_OK;
    *trace = NULL;
    *error = (struct etwas_error){ETWAS_NO_MEMORY, 0, "opening a trace"};
    if (made != NULL && count <= TRACE_MAX_FILES) {
        made->files = calloc(count, sizeof *made->files);
    }
    if (made == NULL || made->files == NULL) {
        free(made);
        return ETWAS_NO_MEMORY;
    }
    made->file_count = count;
    made->epoch = 1;
    for (size_t i = 0; i < count && status == ETWAS_OK; i++) {
        *failed = i;
        status = add_file(made, i, paths[i], error);
    }
    made->heap = status == ETWAS_OK ? calloc(made->run_count + 1, sizeof *made->heap) : NULL;
    if (made->heap == NULL) {
        trace_close(made);
        return error->status;
    }
    if (made->run_count > 1) {
        qsort(made->runs, made->run_count, sizeof *made->runs, by_first);
    }
    *trace = made;
    return ETWAS_OK;
}

void trace_close(struct trace *trace)
{
    if (trace == NULL) {
        return;
    }
    for (size_t i = 0; i < trace->file_count; i++) {
        struct trace_file *file = &trace->files[i];
        file_close(file->file);
        free(file->session);
        free(file->name);
        free(file->path);
    }
    for (size_t i = 0; i < trace->slot_count; i++) {
        free(trace->slots[i].data);
    }
    free(trace->slots);
    free(trace->scratch);
    free(trace->heap);
    free(trace->runs);
    free(trace->files);
    free(trace);
}

size_t trace_file_count(const struct trace *trace)
{
    return trace->file_count;
}

const struct trace_info *trace_info(const struct trace *trace, size_t file)
{
    return &trace->files[file].info;
}

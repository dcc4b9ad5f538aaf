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

void trace_note_damage(struct trace *trace, const struct trace_damage *damage)
{
    for (size_t i = 0; i < trace->damage_count; i++) {
        struct trace_damage *known = &trace->damages[i];
        if (known->path == damage->path && damage->offset >= known->offset &&
            damage->offset - known->offset < known->size) {
            return; /* seen before, when it was read for the first time */
        }
        if (known->path == damage->path && damage->offset + damage->size == known->offset) {
            known->offset = damage->offset;
            known->size += damage->size;
            return;
        }
    }
    if (trace->damage_count < TRACE_MAX_DAMAGES) {
        trace->damages[trace->damage_count++] = *damage;
    } else {
        trace->damages[TRACE_MAX_DAMAGES - 1].size += damage->size;
    }
}

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
    if (slot == NULL) {
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

static void read_plain(struct trace *trace, const struct run *run, struct slot *slot)
{
    slot->size = file_read(trace->files[run->file].file, run->offset, slot->data, run->end);
    if (slot->size < run->end) {
        damage_in(trace, run, run->offset + slot->size, run->end - slot->size,
                  "cannot be read any more");
    }
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
    enum etwas_status status = take_slot(trace, run->end, &slot);
    if (status == ETWAS_OK && run->packed) {
        status = read_packed(trace, run, slot);
    } else if (status == ETWAS_OK) {
        read_plain(trace, run, slot);
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

/* Moves behind a record; false: it was the last one of its run. */
static bool step(struct trace *trace, struct run *run, const struct slot *slot, size_t taken)
{
    int64_t stamp = 0;
    run->at += (uint32_t)taken;
    const size_t left = slot->size - run->at;
    if (left < 8) {
        return false;
    }
    /* What has no time of its own stays behind the one before it. */
    if (trace_peek(slot->data + run->at, left, &stamp)) {
        run->key = trace_key(trace, run->file, stamp);
    }
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

/* What comes next of the run at the top makes no sense: it goes on behind that, or ends. */
static void give_up(struct trace *trace, struct run *run, struct slot *slot)
{
    const struct trace_bytes bytes = {.data = slot->data, .size = slot->size};
    const size_t next = run->at < slot->size ? trace_resync(trace, run, &bytes) : slot->size;
    if (run->at < next) {
        damage_in(trace, run, run->packed ? run->offset : run->offset + run->at, next - run->at,
                  "no record");
    }
    if (next == slot->size || !step(trace, run, slot, next - run->at)) {
        end_run(trace, slot);
    }
    trace->limit = INT64_MIN;
}

/* The record at the top of the heap. MALFORMED: there was none, and its run is given up. */
static enum etwas_status take_top(struct trace *trace, struct etl_record *record)
{
    struct run *run = trace->top;
    struct slot *slot = &trace->slots[run->slot - 1];
    size_t taken = 0;
    if (run->at >= slot->size ||
        etl_record_read(slot->data + run->at, slot->size - run->at, record, &taken) != ETWAS_OK) {
        give_up(trace, run, slot);
        return ETWAS_MALFORMED;
    }
    record->cpu = run->cpu;
    record->file = run->file;
    slot->epoch = trace->epoch;
    if (!step(trace, run, slot, taken)) {
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

bool trace_damage(const struct trace *trace, size_t index, struct trace_damage *damage)
{
    if (index >= trace->damage_count) {
        return false;
    }
    *damage = trace->damages[index];
    return true;
}

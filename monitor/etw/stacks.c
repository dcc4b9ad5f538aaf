/* SPDX-License-Identifier: MIT */
#include "monitor/etw/stacks.h"

#include <stdlib.h>
#include <string.h>

#include "ipc/load.h"
#include "monitor/etl/trace.h"
#include "monitor/etw/images.h"
#include "monitor/etw/stack_records.h"

enum {
    BUCKETS = 16384,        /* a power of two */
    AHEAD_RECORDS = 262144, /* how far the scout may be ahead */
    AHEAD_BYTES = 8 << 20,  /* of stacks */
    KEY_BYTES = 8 << 20,    /* of stacks that keys stand for */
    THREADS = 4096,         /* that a runtime's last event is remembered of */
    STACK_MAX_FRAMES = 1024,
};

/* A stack under way, or what a key stands for. */
struct entry {
    struct entry *after; /* in its bucket, in order of arrival */
    struct entry *next;  /* in the queue */
    uint64_t index;      /* of its record */
    struct stack_record stack;
    uint64_t frames[];
};

struct table {
    struct entry *buckets[BUCKETS];
    size_t bytes;
};

struct last_event {
    int64_t stamp;
    uint32_t thread;
    uint32_t file;
};

struct stacks {
    struct trace *scout;
    bool scout_ended;
    uint64_t scout_index; /* records it has read */
    uint64_t index;       /* records the first reader has read */
    struct entry *first;
    struct entry *last;
    struct table waiting;
    struct table keys;
    struct images *images;
    struct last_event events[THREADS];
};

static size_t bucket_of(uint64_t number, uint32_t file)
{
    const uint64_t mixed = (number ^ (uint64_t)file << 56) * UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)(mixed >> 40) & (BUCKETS - 1);
}

static size_t entry_size(const struct entry *entry)
{
    return sizeof *entry + entry->stack.count * sizeof entry->frames[0];
}

/* At the end of its bucket: parts of one stack stay in their order. NULL: no memory, or too much.
 */
static struct entry *add(struct table *table, const struct stack_record *stack, uint64_t name,
                         size_t maximum)
{
    const size_t count = stack->count < STACK_MAX_FRAMES ? stack->count : STACK_MAX_FRAMES;
    const size_t size = sizeof(struct entry) + count * sizeof(uint64_t);
    struct entry *entry = size <= maximum - table->bytes ? malloc(size) : NULL;
    if (entry == NULL) {
        return NULL;
    }
    *entry = (struct entry){.stack = *stack};
    entry->stack.count = count;
    for (size_t i = 0; i < count; i++) {
        entry->frames[i] = stack_record_frame(stack, i);
    }
    struct entry **place = &table->buckets[bucket_of(name, stack->file)];
    while (*place != NULL) {
        place = &(*place)->after;
    }
    *place = entry;
    table->bytes += size;
    return entry;
}

static void drop(struct table *table, struct entry *entry, uint64_t name)
{
    struct entry **place = &table->buckets[bucket_of(name, entry->stack.file)];
    while (*place != entry) {
        place = &(*place)->after;
    }
    *place = entry->after;
    table->bytes -= entry_size(entry);
    free(entry);
}

static void clear(struct table *table)
{
    for (size_t i = 0; i < BUCKETS; i++) {
        while (table->buckets[i] != NULL) {
            struct entry *entry = table->buckets[i];
            table->buckets[i] = entry->after;
            free(entry);
        }
    }
}

static void learn(struct stacks *stacks, const struct etl_record *record)
{
    struct stack_record stack;
    images_learn(stacks->images, record);
    if (stack_record_read(record, &stack) && stack.kind == STACK_OF_KEY) {
        (void)add(&stacks->keys, &stack, stack.key, KEY_BYTES);
    }
}

/* The whole trace once: modules and keys. */
static enum etwas_status read_all(struct stacks *stacks)
{
    struct etl_record record;
    enum etwas_status status = trace_next(stacks->scout, &record);
    while (status == ETWAS_OK || status == ETWAS_AGAIN) {
        if (status == ETWAS_OK) {
            learn(stacks, &record);
        }
        trace_advance(stacks->scout);
        status = trace_next(stacks->scout, &record);
    }
    trace_rewind(stacks->scout);
    return status == ETWAS_CLOSED ? ETWAS_OK : status;
}

enum etwas_status stacks_open(const char *const *paths, size_t count, struct stacks **stacks,
                              struct etwas_error *error)
{
    size_t failed = 0;
    struct stacks *made = calloc(1, sizeof *made);
    enum etwas_status status = ETWAS_NO_MEMORY;
    *stacks = NULL;
    *error = (struct etwas_error){ETWAS_NO_MEMORY, 0, "making room for stacks"};
    if (made != NULL) {
        made->images = images_open();
    }
    if (made != NULL && made->images != NULL) {
        status = trace_open(paths, count, &made->scout, &failed, error);
    }
    if (status == ETWAS_OK) {
        status = read_all(made);
    }
    if (status != ETWAS_OK) {
        stacks_close(made);
        return status;
    }
    *stacks = made;
    return ETWAS_OK;
}

void stacks_close(struct stacks *stacks)
{
    if (stacks != NULL) {
        clear(&stacks->waiting);
        clear(&stacks->keys);
        images_close(stacks->images);
        trace_close(stacks->scout);
        free(stacks);
    }
}

static struct last_event *last_event(struct stacks *stacks, const struct etl_record *record)
{
    return &stacks->events[bucket_of(record->thread_id, record->file) & (THREADS - 1)];
}

/* A runtime's stack belongs to the event before it. False: that one was not seen. */
static bool find_event(struct stacks *stacks, const struct etl_record *record,
                       struct stack_record *stack)
{
    const struct last_event *event = last_event(stacks, record);
    if (event->thread != record->thread_id || event->file != record->file || event->stamp == 0) {
        return false;
    }
    stack->stamp = event->stamp;
    return true;
}

static void keep(struct stacks *stacks, const struct stack_record *stack)
{
    struct entry *entry = add(&stacks->waiting, stack, (uint64_t)stack->stamp, AHEAD_BYTES);
    if (entry == NULL) {
        return;
    }
    entry->index = stacks->scout_index;
    if (stacks->last != NULL) {
        stacks->last->next = entry;
    } else {
        stacks->first = entry;
    }
    stacks->last = entry;
}

static void take(struct stacks *stacks, const struct etl_record *record)
{
    struct stack_record stack;
    if (stack_record_read(record, &stack)) {
        const bool known = stack.kind != STACK_OF_RUNTIME || find_event(stacks, record, &stack);
        if (known && stack.kind != STACK_OF_KEY) {
            keep(stacks, &stack);
        }
    } else if (stack_record_is_runtime(record)) {
        *last_event(stacks, record) = (struct last_event){
            .stamp = record->stamp, .thread = record->thread_id, .file = record->file};
    }
}

static void run_ahead(struct stacks *stacks)
{
    struct etl_record record;
    while (!stacks->scout_ended && stacks->scout_index < stacks->index + AHEAD_RECORDS &&
           stacks->waiting.bytes < AHEAD_BYTES / 2) {
        const enum etwas_status status = trace_next(stacks->scout, &record);
        if (status == ETWAS_OK) {
            stacks->scout_index++;
            take(stacks, &record);
        } else if (status != ETWAS_AGAIN) {
            stacks->scout_ended = true;
        }
        trace_advance(stacks->scout);
    }
}

/* Those whose own record the first reader has passed, and so their event. */
static void forget(struct stacks *stacks)
{
    while (stacks->first != NULL && stacks->first->index < stacks->index) {
        struct entry *entry = stacks->first;
        stacks->first = entry->next;
        if (stacks->first == NULL) {
            stacks->last = NULL;
        }
        drop(&stacks->waiting, entry, (uint64_t)entry->stack.stamp);
    }
}

/* What a key stood for at that time: keys are used again once their stack was told. */
static const struct entry *find_key(const struct stacks *stacks, const struct stack_record *stack)
{
    const struct entry *entry = stacks->keys.buckets[bucket_of(stack->key, stack->file)];
    for (; entry != NULL; entry = entry->after) {
        if (entry->stack.key == stack->key && entry->stack.file == stack->file &&
            entry->stack.stamp >= stack->stamp) {
            return entry;
        }
    }
    return NULL;
}

static size_t put(struct stacks *stacks, const struct entry *entry, struct value *items,
                  struct arena *arena)
{
    const struct entry *frames =
        entry->stack.kind == STACK_BY_KEY ? find_key(stacks, &entry->stack) : entry;
    for (size_t i = 0; frames != NULL && i < frames->stack.count && items != NULL; i++) {
        const struct image_place place = {.address = frames->frames[i],
                                          .process = entry->stack.process,
                                          .file = entry->stack.file};
        items[i] = images_name(stacks->images, &place, arena);
    }
    return frames != NULL ? frames->stack.count : 0;
}

static bool belongs(const struct entry *entry, const struct etl_record *record)
{
    const struct stack_record *stack = &entry->stack;
    if (stack->stamp != record->stamp || stack->file != record->file) {
        return false;
    }
    const uint32_t thread = stack_record_thread(record);
    if (stack->kind == STACK_OF_RUNTIME && !stack_record_is_runtime(record)) {
        return false;
    }
    return thread == STACK_ANY_THREAD || stack->thread == thread;
}

/* All parts: the kernel's frames come before those of the process. */
static size_t collect(struct stacks *stacks, const struct etl_record *record, struct value *items,
                      struct arena *arena)
{
    size_t count = 0;
    const struct entry *entry =
        stacks->waiting.buckets[bucket_of((uint64_t)record->stamp, record->file)];
    for (; entry != NULL; entry = entry->after) {
        if (belongs(entry, record)) {
            count += put(stacks, entry, items != NULL ? items + count : NULL, arena);
        }
    }
    return count;
}

static struct value array_of(const struct value *items, size_t count)
{
    return (struct value){
        .type = VALUE_ARRAY, .as.array = {.items = items, .count = count}
    };
}

void stacks_pass(struct stacks *stacks)
{
    stacks->index++;
    run_ahead(stacks);
    forget(stacks);
}

struct value stacks_find(struct stacks *stacks, const struct etl_record *record,
                         struct arena *arena)
{
    const struct value none = {.type = VALUE_ABSENT};
    struct stack_record stack;
    if (stack_record_read(record, &stack) || stack_record_is_late(record)) {
        return none;
    }
    const size_t count = collect(stacks, record, NULL, arena);
    struct value *items = count != 0 ? arena_take(arena, count * sizeof *items) : NULL;
    if (items == NULL) {
        return none;
    }
    (void)collect(stacks, record, items, arena);
    return array_of(items, count);
}

struct value stacks_own(struct stacks *stacks, const struct etl_record *record, struct arena *arena)
{
    struct stack_record stack;
    if (!stack_record_item(record, &stack)) {
        return (struct value){.type = VALUE_ABSENT};
    }
    struct value *items = arena_take(arena, (stack.count + 1) * sizeof *items);
    if (items == NULL) {
        return (struct value){.type = VALUE_ABSENT};
    }
    for (size_t i = 0; i < stack.count; i++) {
        const struct image_place place = {.address = stack_record_frame(&stack, i),
                                          .process = record->process_id,
                                          .file = record->file};
        items[i] = images_name(stacks->images, &place, arena);
    }
    return array_of(items, stack.count);
}

/* SPDX-License-Identifier: MIT */
#include "monitor/etw/stack_records.h"

#include <string.h>

#include "ipc/load.h"

enum {
    ID_SIZE = 16,
    HEAD = 16,        /* time stamp, process, thread */
    RUNTIME_HEAD = 8, /* instance, reserved, count */
    ITEM_HEAD = 8,    /* match id */
    HOOK_STACK = 0x1820,
    HOOK_KEY_DELETE = 0x1823,
    HOOK_KEY_RUNDOWN = 0x1824,
    HOOK_KEY_KERNEL = 0x1825,
    HOOK_KEY_USER = 0x1826,
    HOOK_SAMPLE = 0x0f2e,
    HOOK_SWITCH = 0x0524,
};

/* e13c0d23-ccbc-4e12-931b-d9cc2eee27e4, 763fd754-7086-4dfe-95eb-c01a46faf4ca,
 * cc2bcbba-16b6-4cf3-8990-d74c2e8af500, and which of their events are stacks. */
static const struct {
    uint8_t id[ID_SIZE];
    uint16_t stack;
} runtimes[] = {
    {{0x23, 0x0d, 0x3c, 0xe1, 0xbc, 0xcc, 0x12, 0x4e, 0x93, 0x1b, 0xd9, 0xcc, 0x2e, 0xee, 0x27,
      0xe4},
     82 },
    {{0x54, 0xd7, 0x3f, 0x76, 0x86, 0x70, 0xfe, 0x4d, 0x95, 0xeb, 0xc0, 0x1a, 0x46, 0xfa, 0xf4,
      0xca},
     151},
    {{0xba, 0xcb, 0x2b, 0xcc, 0xb6, 0x16, 0xf3, 0x4c, 0x89, 0x90, 0xd7, 0x4c, 0x2e, 0x8a, 0xf5,
      0x00},
     1  },
};

/* 0: of none. */
static uint16_t runtime_stack_id(const struct etl_record *record)
{
    if (record->kind != ETL_EVENT || record->provider_id == NULL) {
        return 0;
    }
    for (size_t i = 0; i < sizeof runtimes / sizeof runtimes[0]; i++) {
        if (memcmp(runtimes[i].id, record->provider_id, ID_SIZE) == 0) {
            return runtimes[i].stack;
        }
    }
    return 0;
}

bool stack_record_is_late(const struct etl_record *record)
{
    /* KernelTraceControl b3e675d7-2554-4f18-830b-2762732560de, MetaData
     * bbccf6c1-6cd1-48c4-80ff-839482e37671 */
    static const uint8_t late[][ID_SIZE] = {
        {0xd7, 0x75, 0xe6, 0xb3, 0x54, 0x25, 0x18, 0x4f, 0x83, 0x0b, 0x27, 0x62, 0x73, 0x25, 0x60,
         0xde},
        {0xc1, 0xf6, 0xcc, 0xbb, 0xd1, 0x6c, 0xc4, 0x48, 0x80, 0xff, 0x83, 0x94, 0x82, 0xe3, 0x76,
         0x71},
    };
    return record->kind == ETL_FULL && (memcmp(record->provider_id, late[0], ID_SIZE) == 0 ||
                                        memcmp(record->provider_id, late[1], ID_SIZE) == 0);
}

bool stack_record_is_runtime(const struct etl_record *record)
{
    return runtime_stack_id(record) != 0;
}

static uint64_t pointer_at(const uint8_t *data, uint8_t pointer_size)
{
    return pointer_size == 8 ? load_u64(data) : load_u32(data);
}

uint64_t stack_record_frame(const struct stack_record *stack, size_t index)
{
    return pointer_at(stack->data + index * stack->pointer_size, stack->pointer_size);
}

static void set_frames(struct stack_record *stack, const struct etl_record *record, size_t head)
{
    stack->data = record->payload + head;
    stack->count = (record->payload_size - head) / record->pointer_size;
}

static bool read_kernel(const struct etl_record *record, struct stack_record *stack)
{
    const bool names = record->hook == HOOK_KEY_DELETE || record->hook == HOOK_KEY_RUNDOWN;
    const size_t least = names                        ? record->pointer_size
                         : record->hook == HOOK_STACK ? (size_t)HEAD
                                                      : (size_t)HEAD + record->pointer_size;
    if (record->payload_size < least) {
        return false;
    }
    if (names) {
        stack->kind = STACK_OF_KEY;
        stack->key = pointer_at(record->payload, record->pointer_size);
        set_frames(stack, record, record->pointer_size);
        return true;
    }
    stack->stamp = load_i64(record->payload);
    stack->process = load_u32(record->payload + 8);
    stack->thread = load_u32(record->payload + 12);
    if (record->hook == HOOK_STACK) {
        set_frames(stack, record, HEAD);
    } else {
        stack->kind = STACK_BY_KEY;
        stack->key = pointer_at(record->payload + HEAD, record->pointer_size);
    }
    return true;
}

static bool read_runtime(const struct etl_record *record, struct stack_record *stack)
{
    if (record->payload_size < RUNTIME_HEAD) {
        return false;
    }
    const uint32_t count = load_u32(record->payload + 4);
    stack->kind = STACK_OF_RUNTIME;
    set_frames(stack, record, RUNTIME_HEAD);
    stack->count = count < stack->count ? count : stack->count;
    return true;
}

bool stack_record_read(const struct etl_record *record, struct stack_record *stack)
{
    *stack = (struct stack_record){.kind = STACK_OF_EVENT,
                                   .stamp = record->stamp,
                                   .process = record->process_id,
                                   .thread = record->thread_id,
                                   .file = record->file,
                                   .pointer_size = record->pointer_size};
    const bool kernel =
        record->kind == ETL_SYSTEM || record->kind == ETL_COMPACT || record->kind == ETL_PERFINFO;
    if (kernel) {
        return (record->hook == HOOK_STACK ||
                (record->hook >= HOOK_KEY_DELETE && record->hook <= HOOK_KEY_USER)) &&
               read_kernel(record, stack);
    }
    const uint16_t id = runtime_stack_id(record);
    return id != 0 && record->id == id && read_runtime(record, stack);
}

bool stack_record_item(const struct etl_record *record, struct stack_record *stack)
{
    struct etl_item item;
    const bool wide = etl_item_find(record, ETL_ITEM_STACK64, &item);
    if ((!wide && !etl_item_find(record, ETL_ITEM_STACK32, &item)) || item.size < ITEM_HEAD) {
        return false;
    }
    *stack = (struct stack_record){
        .kind = STACK_OF_EVENT, .pointer_size = wide ? 8 : 4, .data = item.data + ITEM_HEAD};
    stack->count = (item.size - (size_t)ITEM_HEAD) / stack->pointer_size;
    return true;
}

uint32_t stack_record_thread(const struct etl_record *record)
{
    if (record->kind != ETL_PERFINFO) {
        return record->has_process ? record->thread_id : STACK_ANY_THREAD;
    }
    const size_t at = record->hook == HOOK_SAMPLE ? record->pointer_size : 0;
    return (record->hook == HOOK_SAMPLE || record->hook == HOOK_SWITCH) &&
                   record->payload_size >= at + 4
               ? load_u32(record->payload + at)
               : STACK_ANY_THREAD;
}

/* SPDX-License-Identifier: MIT */
/*
 * The input is which class of kernel events or provider of .NET runtimes, an opcode or id, a
 * version, flags, and a payload that is decoded by the tables and shown. What such records say of
 * modules and stacks is taken in, too.
 */
#include <stdlib.h>

#include "monitor/etw/classic.h"
#include "monitor/etw/clr_events.h"
#include "monitor/etw/images.h"
#include "monitor/etw/stack_records.h"
#include "tests/fuzz/show.h"

enum { MEMORY = 1 << 22, IS_32_BIT = 1, RAW_VALUES = 2 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t runtimes[][SCHEMAS_ID_SIZE] = {
    {0x23, 0x0d, 0x3c, 0xe1, 0xbc, 0xcc, 0x12, 0x4e, 0x93, 0x1b, 0xd9, 0xcc, 0x2e, 0xee, 0x27,
     0xe4},
    {0x1c, 0x02, 0x69, 0xa6, 0x50, 0xc4, 0x09, 0x46, 0xa0, 0x35, 0x5a, 0xf5, 0x9a, 0xf4, 0xdf,
     0x18},
    {0x54, 0xd7, 0x3f, 0x76, 0x86, 0x70, 0xfe, 0x4d, 0x95, 0xeb, 0xc0, 0x1a, 0x46, 0xfa, 0xf4,
     0xca},
    {0xba, 0xcb, 0x2b, 0xcc, 0xb6, 0x16, 0xf3, 0x4c, 0x89, 0x90, 0xd7, 0x4c, 0x2e, 0x8a, 0xf5,
     0x00},
};

/* NULL: there are fewer. */
static const uint8_t *class_of(size_t index)
{
    const struct classic_group *const groups[] = {&classic_process, &classic_io, &classic_config};
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        if (index < groups[i]->count) {
            return groups[i]->classes[index].id;
        }
        index -= groups[i]->count;
    }
    return NULL;
}

static void decode(const struct etl_record *record, bool raw_values)
{
    const struct schemas_options options = {.raw_values = raw_values};
    struct arena *arena = arena_open(MEMORY);
    if (arena != NULL) {
        const struct etw_layout *layout = record->classic
                                              ? classic_layout(record, &options, arena)
                                              : clr_events_layout(record, false, &options, arena);
        show(layout, record);
    }
    arena_close(arena);
}

static void learn(const struct etl_record *record)
{
    struct images *images = images_open();
    struct arena *arena = arena_open(MEMORY);
    struct stack_record stack;
    if (images != NULL && arena != NULL) {
        images_learn(images, record);
        images_learn(images, record);
        struct image_place place = {.address = 0x1000};
        (void)images_name(images, &place, arena);
        if (stack_record_read(record, &stack) && stack.count != 0) {
            place.address = stack_record_frame(&stack, stack.count - 1);
            place.process = stack.process;
            (void)images_name(images, &place, arena);
        }
    }
    arena_close(arena);
    images_close(images);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pieces pieces = {data, size};
    const uint8_t which = pieces_u8(&pieces);
    const uint8_t what = pieces_u8(&pieces);
    const uint8_t version = pieces_u8(&pieces);
    const uint8_t flags = pieces_u8(&pieces);
    size_t payload_size = pieces.left;
    uint8_t *payload = pieces_take(&pieces, &payload_size);
    struct etl_record record = show_record(payload, payload_size);
    record.version = version;
    record.pointer_size = (flags & IS_32_BIT) != 0 ? 4 : 8;
    record.provider_id = class_of(which);
    record.classic = record.provider_id != NULL;
    record.kind = record.classic ? ETL_SYSTEM : ETL_EVENT;
    record.opcode = record.classic ? what : 0;
    record.id = record.classic ? 0 : what;
    if (!record.classic) {
        record.provider_id = runtimes[which % (sizeof runtimes / sizeof runtimes[0])];
    }
    decode(&record, (flags & RAW_VALUES) != 0);
    learn(&record);
    free(payload);
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* Records as they lie in a buffer: found, learnt from, decoded and shown, whatever they claim. */
#include <stdlib.h>

#include "monitor/etl/record.h"
#include "monitor/etw/decode.h"
#include "monitor/etw/extra.h"
#include "monitor/etw/images.h"
#include "monitor/etw/schemas.h"
#include "monitor/etw/stack_records.h"
#include "monitor/event/encode.h"

enum { MEMORY = 16 * 1024 * 1024 };

/* What all records share. */
struct table {
    struct schemas *schemas;
    struct images *images;
    struct arena *arena;
    struct output output;
};

static void show(struct table *table, const struct etl_record *record)
{
    struct event event;
    struct encoder encoder;
    struct stack_record stack;
    const struct etw_layout *layout = schemas_find(table->schemas, record);
    if (layout == NULL) {
        return; /* no memory for it */
    }
    encoder_init(&encoder);
    table->output.size = 0;
    etw_event(&event, record, layout);
    etw_extra(&event, record, NULL, table->arena);
    if (encode_event(&encoder, &event, EVENT_JSON, table->arena, &table->output) == ETWAS_OK &&
        etw_rest(&event, table->arena) > record->payload_size && table->output.size == 0) {
        abort();
    }
    if (stack_record_read(record, &stack) && stack.count != 0) {
        const struct image_place place = {.address = stack_record_frame(&stack, stack.count - 1),
                                          .process = stack.process};
        (void)images_name(table->images, &place, table->arena);
    }
}

static void walk(struct table *table, const uint8_t *data, size_t size)
{
    size_t at = 0;
    size_t taken = 0;
    struct etl_record record;
    while (at < size && etl_record_read(data + at, size - at, &record, &taken) == ETWAS_OK) {
        (void)schemas_learn(table->schemas, &record);
        images_learn(table->images, &record);
        show(table, &record);
        if (taken > size - at) {
            break;
        }
        at += taken;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct schemas_options options = {.manifests = NULL};
    struct etwas_error error;
    struct table table = {.images = images_open(), .arena = arena_open(MEMORY)};
    output_init(&table.output, MEMORY);
    if (schemas_open(&options, &table.schemas, &error) == ETWAS_OK && table.images != NULL &&
        table.arena != NULL) {
        schemas_learnt(table.schemas);
        walk(&table, data, size);
    }
    output_clear(&table.output);
    schemas_close(table.schemas);
    images_close(table.images);
    arena_close(table.arena);
    return 0;
}

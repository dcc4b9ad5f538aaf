/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/show.h"

#include <stdlib.h>
#include <string.h>

#include "monitor/etw/decode.h"
#include "monitor/etw/extra.h"
#include "monitor/etw/schemas.h"

enum { MEMORY = 4 * 1024 * 1024, MAXIMUM_RECORDS = 32 };

uint8_t pieces_u8(struct pieces *pieces)
{
    if (pieces->left == 0) {
        return 0;
    }
    pieces->left--;
    return *pieces->at++;
}

uint16_t pieces_u16(struct pieces *pieces)
{
    const unsigned low = pieces_u8(pieces);
    return (uint16_t)(low | (unsigned)pieces_u8(pieces) << 8);
}

uint8_t *pieces_take(struct pieces *pieces, size_t *size)
{
    *size = *size < pieces->left ? *size : pieces->left;
    uint8_t *block = malloc(*size != 0 ? *size : 1);
    if (block == NULL) {
        abort();
    }
    if (*size != 0) {
        memcpy(block, pieces->at, *size);
        pieces->at += *size;
        pieces->left -= *size;
    }
    return block;
}

struct etl_record show_record(const uint8_t *payload, size_t size)
{
    static const uint8_t id[] = {0x5a, 0x5a, 0x5a, 0x5a, 0x5a, 0x5a, 0x5a, 0x5a,
                                 0x5a, 0x5a, 0x5a, 0x5a, 0x5a, 0x5a, 0x5a, 0x5a};
    return (struct etl_record){.kind = ETL_EVENT,
                               .pointer_size = 8,
                               .has_process = true,
                               .provider_id = id,
                               .level = 4,
                               .payload = payload,
                               .payload_size = size};
}

void show(const struct etw_layout *layout, const struct etl_record *record)
{
    struct event event;
    struct encoder encoder;
    struct output output;
    struct arena *arena = arena_open(MEMORY);
    if (layout == NULL || arena == NULL) {
        arena_close(arena);
        return;
    }
    output_init(&output, MEMORY);
    encoder_init(&encoder);
    etw_event(&event, record, layout);
    etw_extra(&event, record, NULL, arena);
    for (enum event_format format = EVENT_TEXT; format <= EVENT_CSV; format++) {
        output.size = 0;
        arena_reset(arena);
        event.extra = NULL; /* it was in the arena */
        etw_extra(&event, record, NULL, arena);
        const enum etwas_status status = encode_event(&encoder, &event, format, arena, &output);
        if (status == ETWAS_OK && output.size == 0) {
            abort(); /* an event of which nothing is seen */
        }
    }
    const size_t rest = etw_rest(&event, arena);
    if (rest > record->payload_size && rest != SIZE_MAX) {
        abort(); /* more is left than there was */
    }
    output_clear(&output);
    arena_close(arena);
}

static void show_all(const struct etl_record *records, size_t count)
{
    const struct schemas_options options = {.manifests = NULL};
    struct schemas *schemas = NULL;
    struct etwas_error error;
    if (schemas_open(&options, &schemas, &error) != ETWAS_OK) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        (void)schemas_learn(schemas, &records[i]);
    }
    schemas_learnt(schemas);
    for (size_t i = 0; i < count; i++) {
        show(schemas_find(schemas, &records[i]), &records[i]);
    }
    schemas_close(schemas);
}

void show_stream(struct pieces *pieces, struct etl_record (*next)(struct pieces *pieces))
{
    union bytes {
        const uint8_t *kept;
        void *freed; /* free() wants what may be written */
    };
    struct etl_record records[MAXIMUM_RECORDS];
    size_t count = 0;
    while (pieces->left != 0 && count < MAXIMUM_RECORDS) {
        records[count++] = next(pieces);
    }
    show_all(records, count);
    for (size_t i = 0; i < count; i++) {
        free((union bytes){.kept = records[i].payload}.freed);
    }
}

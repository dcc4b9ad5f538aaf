/* SPDX-License-Identifier: MIT */
#include "tests/monitor/etw/etw_parts.h"

#include <string.h>

#include "monitor/etw/decode.h"
#include "monitor/event/encode.h"
#include "tests/check.h"

static uint8_t bytes[65536];
static struct etl_record record;

struct etl_record *test_event(uint16_t id, uint8_t version, const void *payload, size_t size)
{
    assert_true(size <= sizeof bytes);
    memset(bytes, TEST_ID, 16);
    memcpy(bytes + 16, payload, size);
    record = (struct etl_record){.kind = ETL_EVENT,
                                 .pointer_size = 8,
                                 .has_process = true,
                                 .provider_id = bytes,
                                 .id = id,
                                 .version = version,
                                 .level = 4,
                                 .payload = bytes + 16,
                                 .payload_size = size};
    return &record;
}

struct etl_record *test_tracelogging(const void *metadata, size_t metadata_size,
                                     const void *payload, size_t size)
{
    const size_t item = 16 + size;
    const size_t whole = metadata_size + 2;
    (void)test_event(0, 0, payload, size);
    uint8_t *at = bytes + item;
    memset(at, 0, 8);
    at[2] = ETL_ITEM_SCHEMA_TL;
    at[6] = (uint8_t)whole;
    at[7] = (uint8_t)(whole >> 8);
    at[8] = (uint8_t)whole;
    at[9] = (uint8_t)(whole >> 8);
    memcpy(at + 10, metadata, metadata_size);
    record.extended = at;
    record.extended_size = 8 + whole;
    return &record;
}

const char *test_data(const struct etw_layout *layout, const struct etl_record *from)
{
    static struct output output;
    struct encoder encoder;
    struct event event;
    struct arena *arena = arena_open((size_t)1 << 20);
    assert_non_null(layout);
    assert_non_null(arena);
    encoder_init(&encoder);
    output_clear(&output);
    output_init(&output, (size_t)1 << 20);
    etw_event(&event, from, layout);
    assert_int_equal(encode_event(&encoder, &event, EVENT_JSON, arena, &output), ETWAS_OK);
    arena_close(arena);
    output.data[output.size - 2] = '\0'; /* "}\n" */
    const char *data = strstr(output.data, "\"EventData\":");
    assert_non_null(data);
    return data + sizeof "\"EventData\":" - 1;
}

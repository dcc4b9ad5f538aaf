/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/etl/writer.h"
#include "monitor/etw/trace_pack.h"

/*
 * Makes tests/data/sample.etl of made-up events: a trace to try things with that is the project's
 * own. Always the same bytes.
 */
enum { FIELDS = 5, BUFFER = 4096, EVENTS = 40 };

struct file {
    struct etl_writer_output output; /* first */
    FILE *file;
};

struct kind {
    struct schema schema; /* first */
    const char *names[FIELDS];
};

static struct value values[FIELDS];

static const char *field_name(const struct schema *schema, uint16_t index)
{
    return ((const struct kind *)(const void *)schema)->names[index];
}

static struct value field(const struct event *event, uint16_t index, struct arena *arena)
{
    (void)event;
    (void)arena;
    return values[index];
}

static const struct kind order = {
    .schema = {.provider = "Etwas-Sample-Shop",
               .event_name = "Order",
               .field_count = 4,
               .field_name = field_name,
               .field = field},
    .names = {"Number",                               "Customer",            "Price", "Items"}
};

static const struct kind failure = {
    .schema = {.provider = "Etwas-Sample-Disk",
               .event_name = "WriteFailed",
               .field_count = 3,
               .field_name = field_name,
               .field = field},
    .names = {"Status",                  "Path",            "Offset"}
};

static struct value text_of(const char *text)
{
    struct value value = {.type = VALUE_TEXT};
    value.as.text.data = text;
    value.as.text.size = strlen(text);
    return value;
}

static const struct schema *make_order(uint32_t number)
{
    static const char *const customers[] = {"Ada", "Grace", "\xc3\x89mile"};
    static struct value items[2];
    items[0] = text_of("tea");
    items[1] = text_of("cake");
    values[0] = (struct value){.type = VALUE_UINT, .as.u = number};
    values[1] = text_of(customers[number % 3]);
    values[2] = (struct value){.type = VALUE_FLOAT, .as.number = 0.25 * (double)number};
    values[3] = (struct value){
        .type = VALUE_ARRAY, .as.array = {items, 1 + number % 2}
    };
    return &order.schema;
}

static const struct schema *make_failure(uint32_t number)
{
    values[0] = (struct value){.type = VALUE_UINT, .code = CODE_NTSTATUS, .as.u = 0xc000007f};
    values[1] = text_of("C:\\shop\\orders.log");
    values[2] = (struct value){.type = VALUE_HEX, .as.u = number * UINT64_C(4096)};
    return &failure.schema;
}

static enum etwas_status write_at(struct etl_writer_output *output, uint64_t offset,
                                  const void *data, size_t size, struct etwas_error *error)
{
    const struct file *file = (const struct file *)(const void *)output;
    if (fseek(file->file, (long)offset, SEEK_SET) != 0 ||
        fwrite(data, 1, size, file->file) != size) {
        *error = (struct etwas_error){ETWAS_SYSTEM, 0, "writing"};
        return ETWAS_SYSTEM;
    }
    return ETWAS_OK;
}

static enum etwas_status write_events(struct etl_writer *writer, struct etwas_error *error)
{
    static struct trace_pack pack;
    enum etwas_status status = ETWAS_OK;
    trace_pack_init(&pack);
    for (uint32_t i = 0; i < EVENTS && status == ETWAS_OK; i++) {
        const bool fails = i % 8 == 5;
        struct etl_record record;
        const struct event event = {
            .schema = fails ? make_failure(i) : make_order(i),
            .time = INT64_C(134088480000000000) + i * INT64_C(2500000), /* 2025-11-28 */
            .keywords = fails ? 2 : 1,
            .process_id = fails ? 4 : 1200,
            .thread_id = 1300 + i % 3,
            .cpu = i % 2,
            .id = fails ? 20 : 10,
            .level = fails ? 2 : 4,
            .channel = 11,
        };
        status = trace_pack(&pack, &event, NULL, &record);
        if (status == ETWAS_OK) {
            status = etl_writer_put(writer, &record, error);
        }
    }
    trace_pack_clear(&pack);
    return status == ETWAS_OK ? etl_writer_finish(writer, error) : status;
}

int main(int argc, char **argv)
{
    const struct etl_writer_options options = {
        .session = "Etwas-Sample", .file = "sample.etl", .buffer_size = BUFFER};
    struct file file = {.output = {.write_at = write_at}};
    struct etl_writer *writer = NULL;
    struct etwas_error error;
    enum etwas_status status = ETWAS_SYSTEM;
    file.file = argc == 2 ? fopen(argv[1], "wb") : NULL;
    if (file.file == NULL) {
        (void)fprintf(stderr, "usage: %s FILE\n", argv[0]);
        return 1;
    }
    status = etl_writer_open(&file.output, &options, &writer, &error);
    if (status == ETWAS_OK) {
        status = write_events(writer, &error);
    }
    etl_writer_close(writer);
    return fclose(file.file) == 0 && status == ETWAS_OK ? 0 : 1;
}

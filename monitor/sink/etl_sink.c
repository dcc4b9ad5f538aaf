/* SPDX-License-Identifier: MIT */
#include "monitor/sink/etl_sink.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/etl/writer.h"
#include "monitor/etw/layout.h"
#include "monitor/etw/trace_pack.h"
#include "monitor/sink/writer.h"

enum { ARENA_MAXIMUM = 8 * 1024 * 1024 };

/* Events as a trace that Windows' tools and this program's --file read. */
struct etl_sink {
    struct sink sink;                /* first */
    struct etl_writer_output output; /* of `writer` */
    struct etl_writer *writer;
    struct arena *arena;
    int file;
    uint64_t too_big;
    struct trace_pack pack;
    char name[]; /* of the sink */
};

static struct etl_sink *of(struct sink *sink)
{
    return (struct etl_sink *)(void *)sink;
}

static enum etwas_status write_at(struct etl_writer_output *output, uint64_t offset,
                                  const void *data, size_t size, struct etwas_error *error)
{
    const char *base = (const char *)output - offsetof(struct etl_sink, output);
    const struct etl_sink *etl = (const struct etl_sink *)(const void *)base;
    return writer_write_at(etl->file, offset, data, size, error);
}

/* A field that is a number; 0: there is none of that name. */
static uint64_t number_in(const struct event *event, const char *name, struct arena *arena)
{
    const int index = event_field_index(event->schema, name);
    const struct value value = index >= 0 ? event_field(event, (uint16_t)index, arena)
                                          : (struct value){.type = VALUE_NULL};
    return value.type == VALUE_UINT ? value.as.u : 0;
}

/*
 * How many events are missing, as an event tells: the monitor's own about losses, and the first
 * record of a trace of Windows.
 */
static uint64_t lost_of(const struct event *event, struct arena *arena)
{
    /* EventTraceGuid of evntrace.h */
    static const uint8_t trace[] = {0x00, 0xd9, 0xfd, 0x68, 0x3e, 0x4a, 0xd1, 0x11,
                                    0x84, 0xf4, 0x00, 0x00, 0xf8, 0x04, 0x64, 0xe3};
    const struct schema *schema = event->schema;
    if (schema->origin == SCHEMA_OWN) {
        return strcmp(schema->event_name, "Lost") == 0 ? number_in(event, "Count", arena) : 0;
    }
    if (schema->origin != SCHEMA_FILE || event->opcode != 0 || schema->provider_id == NULL ||
        memcmp(schema->provider_id, trace, sizeof trace) != 0) {
        return 0;
    }
    /* One that describes itself came from a trace that was written again, and counts in its head.
     */
    const struct etw_layout *layout = (const struct etw_layout *)(const void *)schema;
    return layout->source == ETW_CLASSIC ? number_in(event, "EventsLost", arena) : 0;
}

static enum etwas_status write_events(struct sink *sink, const struct event *events, size_t count,
                                      struct etwas_error *error)
{
    struct etl_sink *etl = of(sink);
    for (size_t i = 0; i < count; i++) {
        struct etl_record record;
        if (trace_pack(&etl->pack, &events[i], etl->arena, &record) != ETWAS_OK) {
            etl->too_big++; /* its head is kept, and says so */
        }
        etl_writer_lost(etl->writer, lost_of(&events[i], etl->arena));
        const enum etwas_status status = etl_writer_put(etl->writer, &record, error);
        arena_reset(etl->arena);
        if (status != ETWAS_OK) {
            return status;
        }
    }
    return ETWAS_OK;
}

static enum etwas_status flush(struct sink *sink, struct etwas_error *error)
{
    return etl_writer_flush(of(sink)->writer, error);
}

static enum etwas_status finish(struct sink *sink, struct etwas_error *error)
{
    const struct etl_sink *etl = of(sink);
    if (etl->too_big != 0) {
        (void)fprintf(stderr,
                      "etwas: %s: %" PRIu64 " events are longer than a trace allows; their data "
                      "are not in it\n",
                      etl->name, etl->too_big);
    }
    return etl_writer_finish(etl->writer, error);
}

static void close_sink(struct sink *sink)
{
    struct etl_sink *etl = of(sink);
    etl_writer_close(etl->writer);
    if (etl->file >= 0) {
        writer_file_close(etl->file);
    }
    trace_pack_clear(&etl->pack);
    arena_close(etl->arena);
    free(etl);
}

static const struct sink_ops ops = {
    .write = write_events, .flush = flush, .finish = finish, .close = close_sink};

static struct etl_sink *make(const char *path, struct etwas_error *error)
{
    const size_t name_size = strlen(path) + sizeof "file:";
    struct etl_sink *etl = calloc(1, sizeof *etl + name_size);
    if (etl != NULL) {
        etl->arena = arena_open(ARENA_MAXIMUM);
    }
    if (etl == NULL || etl->arena == NULL) {
        free(etl);
        *error = (struct etwas_error){.status = ETWAS_NO_MEMORY, .doing = "making a sink"};
        return NULL;
    }
    (void)snprintf(etl->name, name_size, "file:%s", path);
    trace_pack_init(&etl->pack);
    etl->output.write_at = write_at;
    etl->file = -1;
    etl->sink = (struct sink){.ops = &ops, .name = etl->name};
    return etl;
}

enum etwas_status etl_sink_open(const char *path, struct sink **sink, struct etwas_error *error)
{
    const struct etl_writer_options options = {.session = "Etwas", .file = path};
    struct etl_sink *etl = make(path, error);
    *sink = NULL;
    if (etl == NULL) {
        return error->status;
    }
    enum etwas_status status = writer_file_open(path, &etl->file, error);
    if (status == ETWAS_OK) {
        status = etl_writer_open(&etl->output, &options, &etl->writer, error);
    }
    if (status != ETWAS_OK) {
        close_sink(&etl->sink);
        return status;
    }
    *sink = &etl->sink;
    return ETWAS_OK;
}

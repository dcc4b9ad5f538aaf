/* SPDX-License-Identifier: MIT */
#include "monitor/etl/writer.h"

#include <stdlib.h>
#include <string.h>

#include "ipc/store.h"
#include "monitor/etl/buffer.h"
#include "monitor/etl/writer_head.h"

enum {
    EVENT_HEAD = 80,
    EVENT64 = 19,
    MARK_RECORD = 0xc0,
    HAS_EXTENDED = 1,
    GUID_SIZE = 16,
    NO_RECORD = 0xff, /* fills what is behind the last record, as Windows does */
};

/* A buffer that fills. */
struct filling {
    uint8_t *data; /* NULL: none yet */
    uint64_t offset;
    size_t end;
    int64_t last;  /* time of the last record; what is earlier has to go elsewhere */
    uint64_t used; /* when, in records: the one used longest ago makes room */
    uint32_t cpu;
    bool dirty;
};

struct etl_writer {
    struct etl_writer_output *output;
    struct writer_head head;
    uint8_t *first; /* the first buffer */
    uint32_t size;  /* of each buffer */
    uint64_t records;
    bool head_dirty;
    size_t open; /* how many there are of */
    struct filling filling[ETL_WRITER_MOST];
};

static enum etwas_status write_buffer(struct etl_writer *writer, struct filling *filling,
                                      struct etwas_error *error)
{
    if (filling->data == NULL || !filling->dirty) {
        return ETWAS_OK;
    }
    writer_head_buffer_end(filling->data, filling->end);
    filling->dirty = false;
    return writer->output->write_at(writer->output, filling->offset, filling->data, writer->size,
                                    error);
}

static enum etwas_status write_head(struct etl_writer *writer, struct etwas_error *error)
{
    if (!writer->head_dirty) {
        return ETWAS_OK;
    }
    memset(writer->first, NO_RECORD, writer->size);
    writer_head_first(&writer->head, writer->first, writer->size);
    writer->head_dirty = false;
    return writer->output->write_at(writer->output, 0, writer->first, writer->size, error);
}

enum etwas_status etl_writer_open(struct etl_writer_output *output,
                                  const struct etl_writer_options *options,
                                  struct etl_writer **writer, struct etwas_error *error)
{
    struct etl_writer *made = calloc(1, sizeof *made);
    *writer = NULL;
    if (made != NULL) {
        made->size = options->buffer_size != 0 ? options->buffer_size : (uint32_t)ETL_WRITER_BUFFER;
        made->first = malloc(made->size);
    }
    if (made == NULL || made->first == NULL) {
        etl_writer_close(made);
        *error = (struct etwas_error){ETWAS_NO_MEMORY, 0, "making a trace"};
        return ETWAS_NO_MEMORY;
    }
    made->output = output;
    made->head.buffers = 1;
    writer_head_name(options->session, made->head.session);
    writer_head_name(options->file, made->head.file);
    made->head_dirty = true;
    const enum etwas_status status = write_head(made, error);
    if (status != ETWAS_OK) {
        etl_writer_close(made);
        return status;
    }
    *writer = made;
    return ETWAS_OK;
}

void etl_writer_close(struct etl_writer *writer)
{
    if (writer != NULL) {
        for (size_t i = 0; i < writer->open; i++) {
            free(writer->filling[i].data);
        }
        free(writer->first);
        free(writer);
    }
}

/* The buffer of that CPU which `time` follows most closely, with room; NULL: there is none. */
static struct filling *find(struct etl_writer *writer, uint32_t cpu, int64_t time, size_t size)
{
    struct filling *found = NULL;
    for (size_t i = 0; i < writer->open; i++) {
        struct filling *filling = &writer->filling[i];
        if (filling->cpu == cpu && filling->last <= time && size <= writer->size - filling->end &&
            (found == NULL || filling->last > found->last)) {
            found = filling;
        }
    }
    return found;
}

/* As many as are usual, or twice as many as there are CPUs. */
static size_t most_open(const struct etl_writer *writer)
{
    const size_t most = 2 * (size_t)writer->head.cpus;
    return most < ETL_WRITER_OPEN   ? (size_t)ETL_WRITER_OPEN
           : most < ETL_WRITER_MOST ? most
                                    : (size_t)ETL_WRITER_MOST;
}

/* A free place, else the one that was used longest ago. */
static struct filling *make_room(struct etl_writer *writer)
{
    struct filling *found = &writer->filling[0];
    if (writer->open < most_open(writer)) {
        return &writer->filling[writer->open];
    }
    for (size_t i = 0; i < writer->open; i++) {
        if (writer->filling[i].used < found->used) {
            found = &writer->filling[i];
        }
    }
    return found;
}

/* Its place in the file is written to at once, so that there never is a hole before another's. */
static enum etwas_status begin(struct etl_writer *writer, uint32_t cpu, int64_t time,
                               struct filling **begun, struct etwas_error *error)
{
    struct filling *filling = make_room(writer);
    const enum etwas_status status = write_buffer(writer, filling, error);
    if (status != ETWAS_OK) {
        return status;
    }
    if (filling->data == NULL) {
        filling->data = malloc(writer->size);
        if (filling->data == NULL) {
            *error = (struct etwas_error){ETWAS_NO_MEMORY, 0, "making a buffer"};
            return ETWAS_NO_MEMORY;
        }
        writer->open++;
    }
    memset(filling->data, NO_RECORD, writer->size);
    const struct writer_buffer buffer = {.size = writer->size,
                                         .end = BUFFER_HEADER,
                                         .stamp = time,
                                         .sequence = writer->head.buffers,
                                         .cpu = (uint16_t)cpu};
    writer_head_buffer(&buffer, filling->data);
    filling->offset = writer->head.buffers * (uint64_t)writer->size;
    filling->end = BUFFER_HEADER;
    filling->last = time;
    filling->cpu = cpu;
    filling->dirty = true;
    writer->head.buffers++;
    writer->head_dirty = true;
    *begun = filling;
    return write_buffer(writer, filling, error);
}

/* EVENT_HEADER of evntcons.h as it lies in files. */
static void put_record(uint8_t *at, const struct etl_record *record, size_t size)
{
    static const uint8_t no_guid[GUID_SIZE];
    memset(at, 0, EVENT_HEAD);
    store_u16(at, (uint16_t)size);
    at[2] = EVENT64;
    at[3] = MARK_RECORD;
    store_u16(at + 4, record->extended_size != 0 ? HAS_EXTENDED : 0);
    store_u16(at + 6, record->property);
    store_u32(at + 8, record->thread_id);
    store_u32(at + 12, record->process_id);
    store_u64(at + 16, (uint64_t)record->time);
    memcpy(at + 24, record->provider_id != NULL ? record->provider_id : no_guid, GUID_SIZE);
    store_u16(at + 40, record->id);
    at[42] = record->version;
    at[43] = record->channel;
    at[44] = record->level;
    at[45] = record->opcode;
    store_u16(at + 46, record->task);
    store_u64(at + 48, record->keywords);
    store_u64(at + 56, record->processor_time);
    memcpy(at + 64, record->activity_id != NULL ? record->activity_id : no_guid, GUID_SIZE);
    if (record->extended_size != 0) {
        memcpy(at + EVENT_HEAD, record->extended, record->extended_size);
    }
    if (record->payload_size != 0) {
        memcpy(at + EVENT_HEAD + record->extended_size, record->payload, record->payload_size);
    }
}

static size_t padded(size_t size)
{
    return (size + 7) / 8 * 8;
}

enum etwas_status etl_writer_put(struct etl_writer *writer, const struct etl_record *record,
                                 struct etwas_error *error)
{
    const size_t most = writer->size - BUFFER_HEADER - EVENT_HEAD;
    if (record->extended_size > most || record->payload_size > most - record->extended_size) {
        *error = (struct etwas_error){ETWAS_TOO_BIG, 0, "writing a record"};
        return ETWAS_TOO_BIG;
    }
    const size_t size = EVENT_HEAD + record->extended_size + record->payload_size;
    struct filling *filling = find(writer, record->cpu, record->time, padded(size));
    if (filling == NULL) {
        const enum etwas_status status = begin(writer, record->cpu, record->time, &filling, error);
        if (status != ETWAS_OK) {
            return status;
        }
    }
    put_record(filling->data + filling->end, record, size);
    memset(filling->data + filling->end + size, 0, padded(size) - size);
    filling->end += padded(size);
    filling->last = record->time;
    filling->used = ++writer->records;
    filling->dirty = true;
    writer_head_count(&writer->head, record->time, record->cpu);
    return ETWAS_OK;
}

void etl_writer_lost(struct etl_writer *writer, uint64_t count)
{
    struct writer_head *head = &writer->head;
    head->lost = count < UINT32_MAX - head->lost ? head->lost + (uint32_t)count : UINT32_MAX;
    writer->head_dirty = writer->head_dirty || count != 0;
}

enum etwas_status etl_writer_flush(struct etl_writer *writer, struct etwas_error *error)
{
    enum etwas_status status = write_head(writer, error);
    for (size_t i = 0; i < writer->open && status == ETWAS_OK; i++) {
        status = write_buffer(writer, &writer->filling[i], error);
    }
    return status;
}

enum etwas_status etl_writer_finish(struct etl_writer *writer, struct etwas_error *error)
{
    writer->head_dirty = true;
    return etl_writer_flush(writer, error);
}

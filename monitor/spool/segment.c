/* SPDX-License-Identifier: MIT */
#include "monitor/spool/segment.h"

#include <string.h>

#include "ipc/bytes.h"
#include "monitor/spool/checksum.h"

#define SEGMENT_MAGIC UINT64_C(0x6c6f6f7053777445) /* "EtwSpool" */
#define RECORD_MAGIC  UINT32_C(0x52777445)         /* "EtwR" */
enum { VERSION = 1 };
enum { AT_LANES = 4, AT_LENGTH_SUM = 12, AT_SEQUENCE = 16, AT_BEFORE = 40, AT_SUM = 104 };

void segment_put_header(uint8_t room[SEGMENT_HEADER], const struct segment_header *header)
{
    struct bytes_writer writer = bytes_writer_of(room, SEGMENT_HEADER);
    bytes_put_u64(&writer, SEGMENT_MAGIC);
    bytes_put_u32(&writer, VERSION);
    bytes_put_u32(&writer, SEGMENT_HEADER);
    bytes_put(&writer, header->stream, BATCH_STREAM_SIZE);
    bytes_put_u64(&writer, header->number);
    bytes_put_u64(&writer, (uint64_t)header->made_ms);
    bytes_put_u64(&writer, header->salt);
    bytes_put_u64(&writer, checksum_of(room, SEGMENT_HEADER - 8, 0));
}

enum etwas_status segment_get_header(const uint8_t *data, size_t size,
                                     struct segment_header *header)
{
    struct bytes_reader reader = bytes_reader_of(data, size);
    const uint64_t magic = bytes_u64(&reader);
    const uint32_t version = bytes_u32(&reader);
    const uint32_t length = bytes_u32(&reader);
    const uint8_t *stream = bytes_view(&reader, BATCH_STREAM_SIZE);
    header->number = bytes_u64(&reader);
    header->made_ms = (int64_t)bytes_u64(&reader);
    header->salt = bytes_u64(&reader);
    const uint64_t sum = bytes_u64(&reader);
    if (reader.bad || magic != SEGMENT_MAGIC || version != VERSION || length != SEGMENT_HEADER ||
        sum != checksum_of(data, SEGMENT_HEADER - 8, 0)) {
        return ETWAS_MALFORMED;
    }
    memcpy(header->stream, stream, BATCH_STREAM_SIZE);
    return ETWAS_OK;
}

size_t segment_record_size(uint32_t lane_count, size_t body_size)
{
    const size_t size = SEGMENT_RECORD + (size_t)lane_count * SEGMENT_LANE + body_size;
    return (size + SEGMENT_ALIGN - 1) / SEGMENT_ALIGN * SEGMENT_ALIGN;
}

uint64_t segment_traced(const struct batch_head *head)
{
    return head->count - head->own;
}

uint8_t *segment_put_record(uint8_t *room, const struct batch_head *head,
                            const struct source_position *position, int64_t made_ms,
                            const struct segment_body *body)
{
    const size_t size = segment_record_size(position->lane_count, body->size);
    struct bytes_writer writer = bytes_writer_of(room, size);
    bytes_put_u32(&writer, RECORD_MAGIC);
    bytes_put_u32(&writer, position->lane_count);
    bytes_put_u32(&writer, (uint32_t)body->size);
    bytes_put_u32(&writer, 0);
    bytes_put_u64(&writer, head->sequence);
    bytes_put_u64(&writer, head->count);
    bytes_put_u64(&writer, head->own);
    bytes_put_u64(&writer, head->books.before);
    bytes_put_u64(&writer, head->books.produced);
    bytes_put_u64(&writer, head->books.filtered);
    bytes_put_u64(&writer, head->books.lost_kernel);
    bytes_put_u64(&writer, head->books.lost_monitor);
    bytes_put_u64(&writer, (uint64_t)made_ms);
    bytes_put_u64(&writer, position->session);
    bytes_put_u64(&writer, checksum_of(body->data, body->size, 0));
    bytes_put_u64(&writer, 0);
    for (uint32_t i = 0; i < position->lane_count; i++) {
        bytes_put_u64(&writer, position->lanes[i].read);
        bytes_put_u64(&writer, position->lanes[i].lost);
    }
    uint8_t *place = writer.at;
    bytes_put(&writer, body->data, body->size);
    memset(writer.at, 0, writer.left);
    return place;
}

static void put_u64(uint8_t *at, uint64_t value)
{
    struct bytes_writer writer = bytes_writer_of(at, 8);
    bytes_put_u64(&writer, value);
}

void segment_number(uint8_t *record, uint64_t sequence, uint64_t before)
{
    put_u64(record + AT_SEQUENCE, sequence);
    put_u64(record + AT_BEFORE, before);
}

/* Of the head: what is before the sum, and the lanes behind it. */
static uint64_t head_sum(const uint8_t *record, uint32_t lane_count, uint64_t salt)
{
    const uint64_t sum = checksum_of(record, AT_SUM, salt);
    return checksum_of(record + SEGMENT_RECORD, (size_t)lane_count * SEGMENT_LANE, sum);
}

/* Of the lengths alone: only then is it known where the record ends. */
static uint32_t length_sum(const uint8_t *record, uint64_t salt)
{
    return (uint32_t)checksum_of(record, AT_LENGTH_SUM, salt);
}

void segment_seal(uint8_t *record, uint64_t salt)
{
    struct bytes_reader reader = bytes_reader_of(record + AT_LANES, 4);
    struct bytes_writer writer = bytes_writer_of(record + AT_LENGTH_SUM, 4);
    bytes_put_u32(&writer, length_sum(record, salt));
    put_u64(record + AT_SUM, head_sum(record, bytes_u32(&reader), salt));
}

void segment_position(const struct segment_record *record, struct source_position *position)
{
    struct bytes_reader reader =
        bytes_reader_of(record->lanes, (size_t)record->lane_count * SEGMENT_LANE);
    position->session = record->session;
    position->lane_count = record->lane_count;
    for (uint32_t i = 0; i < record->lane_count; i++) {
        position->lanes[i].read = bytes_u64(&reader);
        position->lanes[i].lost = bytes_u64(&reader);
    }
}

void segment_walk_init(struct segment_walk *walk, const uint8_t *data, size_t size, uint64_t salt)
{
    *walk = (struct segment_walk){
        .data = data, .size = size, .at = SEGMENT_HEADER, .end = SEGMENT_HEADER, .salt = salt};
}

enum found {
    FOUND_RECORD,
    FOUND_TORN,    /* it begins like a record and the bytes end before it does */
    FOUND_NOTHING, /* it is no record */
};

static void read_head(struct bytes_reader *reader, struct segment_record *record)
{
    record->head.sequence = bytes_u64(reader);
    record->head.count = bytes_u64(reader);
    record->head.own = bytes_u64(reader);
    record->head.books.before = bytes_u64(reader);
    record->head.books.produced = bytes_u64(reader);
    record->head.books.filtered = bytes_u64(reader);
    record->head.books.lost_kernel = bytes_u64(reader);
    record->head.books.lost_monitor = bytes_u64(reader);
    record->made_ms = (int64_t)bytes_u64(reader);
    record->session = bytes_u64(reader);
}

/* What a head may say, and whether it can come now. */
static bool is_sound(const struct segment_walk *walk, const struct segment_record *record)
{
    const struct batch_head *head = &record->head;
    return head->sequence > walk->sequence && head->own <= head->count &&
           segment_traced(head) <= UINT32_MAX && head->books.before >= walk->before &&
           head->books.before <= UINT64_MAX - UINT32_MAX;
}

static enum found look(const struct segment_walk *walk, size_t at, struct segment_record *record)
{
    const uint8_t *start = walk->data + at;
    struct bytes_reader reader = bytes_reader_of(start, walk->size - at);
    *record = (struct segment_record){.offset = at};
    const uint32_t magic = bytes_u32(&reader);
    record->lane_count = bytes_u32(&reader);
    record->body_size = bytes_u32(&reader);
    const uint32_t lengths = bytes_u32(&reader);
    if (reader.bad) {
        return FOUND_TORN;
    }
    if (magic != RECORD_MAGIC || record->lane_count > SOURCE_MAX_LANES ||
        record->body_size > BATCH_MAX_SENT || lengths != length_sum(start, walk->salt)) {
        return FOUND_NOTHING;
    }
    read_head(&reader, record);
    const uint64_t body_sum = bytes_u64(&reader);
    const uint64_t sum = bytes_u64(&reader);
    record->lanes = bytes_view(&reader, (size_t)record->lane_count * SEGMENT_LANE);
    if (reader.bad) {
        return FOUND_TORN;
    }
    if (sum != head_sum(start, record->lane_count, walk->salt) || !is_sound(walk, record)) {
        return FOUND_NOTHING;
    }
    record->size = segment_record_size(record->lane_count, record->body_size);
    record->body = bytes_view(&reader, record->body_size);
    if (record->size > walk->size - at) {
        return FOUND_TORN;
    }
    if (checksum_of(record->body, record->body_size, 0) != body_sum) {
        record->body = NULL;
    }
    return FOUND_RECORD;
}

/* Behind damage: the next place where there is a record. */
static bool look_further(struct segment_walk *walk, struct segment_record *record)
{
    size_t at = walk->at;
    while (walk->size - at >= SEGMENT_RECORD + SEGMENT_ALIGN) {
        at += SEGMENT_ALIGN;
        if (look(walk, at, record) == FOUND_RECORD) {
            walk->damaged++;
            return true;
        }
    }
    walk->uncertain = true;
    return false;
}

bool segment_next(struct segment_walk *walk, struct segment_record *record)
{
    if (walk->at >= walk->size || walk->torn || walk->uncertain) {
        return false;
    }
    const enum found found = look(walk, walk->at, record);
    walk->torn = found == FOUND_TORN;
    if (walk->torn || (found == FOUND_NOTHING && !look_further(walk, record))) {
        return false;
    }
    walk->damaged += record->body == NULL;
    walk->at = record->offset + record->size;
    walk->end = walk->at;
    walk->sequence = record->head.sequence;
    walk->before = record->head.books.before + segment_traced(&record->head);
    return true;
}

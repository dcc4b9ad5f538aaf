/* SPDX-License-Identifier: MIT */
#include "monitor/etl/record.h"

#include "ipc/load.h"

/* The third byte of a record says which header it has (TRACE_HEADER_TYPE_*), the fourth that it is
 * one. */
enum {
    MARK_RECORD = 0x80,  /* of the fourth byte; without it there is none */
    MARK_MESSAGE = 0x90, /* WPP; the third byte is then no header type */
    SMALLEST = 8,
    ALIGNMENT = 8,
    HEADER_SYSTEM = 32,
    HEADER_COMPACT = 24,
    HEADER_PERFINFO = 16,
    HEADER_EVENT = 80,
    HEADER_FULL = 48,
    HEADER_INSTANCE = 56,
    HEADER_TIMED = 16,
    HAS_EXTENDED = 1, /* EVENT_HEADER.Flags: EVENT_HEADER_FLAG_EXTENDED_INFO */
    IS_32_BIT = 0x20, /* EVENT_HEADER_FLAG_32_BIT_HEADER */
    ITEM_HEAD = 8,
    ITEM_MORE = 1, /* of its linkage */
};

enum header_type {
    TYPE_SYSTEM32 = 1,
    TYPE_SYSTEM64 = 2,
    TYPE_COMPACT32 = 3,
    TYPE_COMPACT64 = 4,
    TYPE_FULL32 = 10,
    TYPE_INSTANCE32 = 11,
    TYPE_TIMED = 12,
    TYPE_PERFINFO32 = 16,
    TYPE_PERFINFO64 = 17,
    TYPE_EVENT32 = 18,
    TYPE_EVENT64 = 19,
    TYPE_FULL64 = 20,
    TYPE_INSTANCE64 = 21,
};

/* WPP: what lies between the head and the data, in this order (evntrace.h, TRACE_MESSAGE_*). */
enum {
    MESSAGE_SEQUENCE = 0x01,
    MESSAGE_GUID = 0x02,
    MESSAGE_COMPONENT = 0x04,
    MESSAGE_TIME = 0x08,
    MESSAGE_PERFORMANCE_TIME = 0x10,
    MESSAGE_SYSTEM = 0x20,
    MESSAGE_POINTER32 = 0x40,
    MESSAGE_POINTER64 = 0x80,
};

/*
 * Member by member, of which compilers make a few wide stores and leave out those that are written
 * again: to clear or copy the whole record takes as long as all else that is done to read it.
 */
static inline void start(struct etl_record *record, enum etl_kind kind, bool narrow)
{
    record->kind = kind;
    record->pointer_size = narrow ? 4 : 8;
    record->classic = true;
    record->has_process = false;
    record->stamp = 0;
    record->time = 0;
    record->cpu = 0;
    record->file = 0;
    record->process_id = 0;
    record->thread_id = 0;
    record->provider_id = NULL;
    record->activity_id = NULL;
    record->keywords = 0;
    record->processor_time = 0;
    record->hook = 0;
    record->id = 0;
    record->task = 0;
    record->flags = 0;
    record->property = 0;
    record->version = 0;
    record->channel = 0;
    record->level = 0;
    record->opcode = 0;
    record->message_number = 0;
    record->message_flags = 0;
    record->instance_id = 0;
    record->parent_instance_id = 0;
    record->parent_id = NULL;
    record->extended = NULL;
    record->extended_size = 0;
    record->payload = NULL;
    record->payload_size = 0;
}

/* Kernel records say their size behind the version, the others at their start. */
static bool is_kernel(uint8_t type)
{
    return (type >= TYPE_SYSTEM32 && type <= TYPE_COMPACT64) || type == TYPE_PERFINFO32 ||
           type == TYPE_PERFINFO64;
}

static enum etwas_status take_payload(struct etl_record *record, const uint8_t *data, size_t size,
                                      size_t header)
{
    if (header > size) {
        return ETWAS_MALFORMED;
    }
    record->payload = data + header;
    record->payload_size = size - header;
    return ETWAS_OK;
}

static enum etwas_status read_perfinfo(const uint8_t *data, size_t size, struct etl_record *record)
{
    const uint16_t version = load_u16(data);
    const uint16_t hook = load_u16(data + 6);
    /* A word more with the top bit, and one for each of the counters. */
    const size_t header =
        HEADER_PERFINFO + ((version & 0x8000U) != 0 ? 8U : 0U) + (version >> 8 & 7U) * 8U;
    if (header > size) {
        return ETWAS_MALFORMED;
    }
    start(record, ETL_PERFINFO, data[2] == TYPE_PERFINFO32);
    record->stamp = load_i64(data + 8);
    record->provider_id = etl_class_of_hook(hook);
    record->hook = hook;
    record->version = (uint8_t)version;
    record->opcode = (uint8_t)hook;
    return take_payload(record, data, size, header);
}

static enum etwas_status read_kernel(const uint8_t *data, size_t size, struct etl_record *record)
{
    const uint8_t type = data[2];
    const bool is_system = type == TYPE_SYSTEM32 || type == TYPE_SYSTEM64;
    const size_t header = is_system ? HEADER_SYSTEM : HEADER_COMPACT;
    const uint16_t hook = load_u16(data + 6);
    if (header > size) {
        return ETWAS_MALFORMED;
    }
    start(record, is_system ? ETL_SYSTEM : ETL_COMPACT,
          type == TYPE_SYSTEM32 || type == TYPE_COMPACT32);
    record->has_process = true;
    record->stamp = load_i64(data + 16);
    record->process_id = load_u32(data + 12);
    record->thread_id = load_u32(data + 8);
    record->provider_id = etl_class_of_hook(hook);
    record->processor_time = is_system ? load_u64(data + 24) : 0;
    record->hook = hook;
    record->version = data[0];
    record->opcode = (uint8_t)hook;
    return take_payload(record, data, size, header);
}

/* Where the payload begins; 0: the items are not whole. */
static size_t skip_items(const struct etl_record *record)
{
    struct etl_item item;
    size_t offset = 0;
    bool more = true;
    while (more) {
        const size_t before = offset;
        if (!etl_item_next(record, &offset, &item)) {
            return 0;
        }
        more = (record->extended[before + 4] & ITEM_MORE) != 0;
    }
    return offset;
}

static enum etwas_status read_event(const uint8_t *data, size_t size, struct etl_record *record)
{
    if (size < HEADER_EVENT) {
        return ETWAS_MALFORMED;
    }
    const uint16_t flags = load_u16(data + 4);
    const bool narrow = data[2] == TYPE_EVENT32 || (flags & IS_32_BIT) != 0;
    start(record, ETL_EVENT, narrow);
    record->classic = false;
    record->has_process = true;
    record->stamp = load_i64(data + 16);
    record->process_id = load_u32(data + 12);
    record->thread_id = load_u32(data + 8);
    record->provider_id = data + 24;
    record->activity_id = data + 64;
    record->keywords = load_u64(data + 48);
    record->processor_time = load_u64(data + 56);
    record->id = load_u16(data + 40);
    record->task = load_u16(data + 46);
    record->flags = flags;
    record->property = load_u16(data + 6);
    record->version = data[42];
    record->channel = data[43];
    record->level = data[44];
    record->opcode = data[45];
    size_t header = HEADER_EVENT;
    if ((record->flags & HAS_EXTENDED) != 0) {
        record->extended = data + HEADER_EVENT;
        record->extended_size = size - HEADER_EVENT;
        record->extended_size = skip_items(record);
        if (record->extended_size == 0) {
            return ETWAS_MALFORMED;
        }
        header += record->extended_size;
    }
    return take_payload(record, data, size, header);
}

static enum etwas_status read_full(const uint8_t *data, size_t size, struct etl_record *record)
{
    const uint8_t type = data[2];
    const bool is_instance = type == TYPE_INSTANCE32 || type == TYPE_INSTANCE64;
    const size_t header = is_instance ? HEADER_INSTANCE : HEADER_FULL;
    if (size < header) {
        return ETWAS_MALFORMED;
    }
    start(record, is_instance ? ETL_INSTANCE : ETL_FULL,
          type == TYPE_FULL32 || type == TYPE_INSTANCE32);
    record->has_process = true;
    record->stamp = load_i64(data + 16);
    record->process_id = load_u32(data + 12);
    record->thread_id = load_u32(data + 8);
    record->version = data[6];
    record->level = data[5];
    record->opcode = data[4];
    record->processor_time = load_u64(data + 40);
    if (is_instance) {
        /* The class is named by a handle of the running system, which says nothing later. */
        record->instance_id = load_u32(data + 32);
        record->parent_instance_id = load_u32(data + 36);
    } else {
        record->provider_id = data + 24;
    }
    return take_payload(record, data, size, header);
}

static enum etwas_status read_message(const uint8_t *data, size_t size, struct etl_record *record)
{
    size_t at = 8;
    const uint16_t flags = load_u16(data + 6);
    const size_t needed = ((flags & MESSAGE_SEQUENCE) != 0 ? 4U : 0U) +
                          ((flags & MESSAGE_GUID) != 0        ? 16U
                           : (flags & MESSAGE_COMPONENT) != 0 ? 4U
                                                              : 0U) +
                          ((flags & (MESSAGE_TIME | MESSAGE_PERFORMANCE_TIME)) != 0 ? 8U : 0U) +
                          ((flags & MESSAGE_SYSTEM) != 0 ? 8U : 0U);
    if (size < 8 || needed > size - 8) {
        return ETWAS_MALFORMED;
    }
    start(record, ETL_MESSAGE, (flags & MESSAGE_POINTER32) != 0);
    record->message_number = load_u16(data + 4);
    record->message_flags = flags;
    at += (flags & MESSAGE_SEQUENCE) != 0 ? 4U : 0U;
    if ((flags & MESSAGE_GUID) != 0) {
        record->provider_id = data + at;
        at += 16;
    } else if ((flags & MESSAGE_COMPONENT) != 0) {
        at += 4;
    }
    if ((flags & (MESSAGE_TIME | MESSAGE_PERFORMANCE_TIME)) != 0) {
        record->stamp = load_i64(data + at);
        at += 8;
    }
    if ((flags & MESSAGE_SYSTEM) != 0) {
        record->has_process = true;
        record->thread_id = load_u32(data + at);
        record->process_id = load_u32(data + at + 4);
        at += 8;
    }
    return take_payload(record, data, size, at);
}

static enum etwas_status read_timed(const uint8_t *data, size_t size, struct etl_record *record)
{
    if (size < HEADER_TIMED) {
        return ETWAS_MALFORMED;
    }
    start(record, ETL_TIMED, false);
    record->stamp = load_i64(data + 8);
    record->hook = load_u16(data + 4);
    return take_payload(record, data, size, HEADER_TIMED);
}

static enum etwas_status read_kind(const uint8_t *data, size_t size, struct etl_record *record)
{
    switch (data[2]) {
    case TYPE_EVENT32:
    case TYPE_EVENT64:
        return read_event(data, size, record);
    case TYPE_FULL32:
    case TYPE_FULL64:
    case TYPE_INSTANCE32:
    case TYPE_INSTANCE64:
        return read_full(data, size, record);
    case TYPE_SYSTEM32:
    case TYPE_SYSTEM64:
    case TYPE_COMPACT32:
    case TYPE_COMPACT64:
        return read_kernel(data, size, record);
    case TYPE_PERFINFO32:
    case TYPE_PERFINFO64:
        return read_perfinfo(data, size, record);
    case TYPE_TIMED:
        return read_timed(data, size, record);
    default:
        break;
    }
    start(record, ETL_UNKNOWN, false);
    return take_payload(record, data, size, SMALLEST);
}

/* Its own size; 0: there can be no record. */
static size_t size_at(const uint8_t *data, size_t size, size_t *taken)
{
    if (size < SMALLEST || (data[3] & MARK_RECORD) == 0 || load_u32(data) == UINT32_MAX) {
        return 0;
    }
    const bool is_message = data[3] == MARK_MESSAGE;
    const size_t own = load_u16(!is_message && is_kernel(data[2]) ? data + 4 : data);
    if (own < SMALLEST || own > size) {
        return 0;
    }
    /* The last one need not be filled up. */
    const size_t aligned = (own + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    *taken = aligned <= size ? aligned : size;
    return own;
}

enum etwas_status etl_record_glance(const uint8_t *data, size_t size, struct etl_glance *glance,
                                    size_t *taken)
{
    const size_t own = size_at(data, size, taken);
    if (own == 0) {
        return ETWAS_MALFORMED;
    }
    const bool marked = data[3] != MARK_MESSAGE;
    const bool is_event = marked && (data[2] == TYPE_EVENT32 || data[2] == TYPE_EVENT64);
    const bool is_full = marked && (data[2] == TYPE_FULL32 || data[2] == TYPE_FULL64);
    glance->kind = ETL_UNKNOWN;
    glance->provider_id = NULL;
    if (is_event && own >= HEADER_EVENT) {
        glance->kind = ETL_EVENT;
        glance->id = load_u16(data + 40);
        glance->opcode = data[45];
        glance->provider_id = data + 24;
    } else if (is_full && own >= HEADER_FULL) {
        glance->kind = ETL_FULL;
        glance->id = 0;
        glance->opcode = data[4];
        glance->provider_id = data + 24;
    }
    return ETWAS_OK;
}

enum etwas_status etl_record_read(const uint8_t *data, size_t size, struct etl_record *record,
                                  size_t *taken)
{
    const size_t own = size_at(data, size, taken);
    if (own == 0) {
        return ETWAS_MALFORMED;
    }
    return data[3] == MARK_MESSAGE ? read_message(data, own, record) : read_kind(data, own, record);
}

bool etl_item_next(const struct etl_record *record, size_t *offset, struct etl_item *item)
{
    if (*offset >= record->extended_size || record->extended_size - *offset < ITEM_HEAD) {
        return false;
    }
    const uint8_t *at = record->extended + *offset;
    const size_t left = record->extended_size - *offset - ITEM_HEAD;
    item->type = load_u16(at + 2);
    item->size = load_u16(at + 6);
    item->data = at + ITEM_HEAD;
    if (item->size > left) {
        return false;
    }
    const size_t padded = (item->size + (size_t)ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    *offset += ITEM_HEAD + (padded <= left ? padded : left);
    return true;
}

bool etl_item_find(const struct etl_record *record, uint16_t type, struct etl_item *item)
{
    size_t offset = 0;
    while (etl_item_next(record, &offset, item)) {
        if (item->type == type) {
            return true;
        }
    }
    return false;
}

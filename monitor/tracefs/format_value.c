/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "ipc/load.h"
#include "monitor/tracefs/format.h"
#include "monitor/tracefs/print_format.h"
#include "monitor/tracefs/syscalls.h"

enum { PID_OFFSET = 4, RECORD_HEADER = 8 /* the common_ fields, the same since 2.6.39 */ };

void format_event(const struct format *format, const uint8_t *record, size_t size,
                  struct event *event)
{
    event->schema = &format->schema;
    event->payload = record;
    event->payload_size = size;
    event->level = EVENT_LEVEL_NONE;
    event->id = 0;
    event->thread_id = size < RECORD_HEADER ? 0 : load_u32(record + PID_OFFSET);
}

/* Where a dynamic field says that its bytes are. */
static void follow(const struct format_field *field, uint32_t where, size_t *offset, size_t *size)
{
    *offset = where & 0xffffU;
    *size = where >> 16;
    if (field->place == FIELD_REL_LOC) {
        *offset += (size_t)field->offset + field->size;
    }
}

const uint8_t *format_field_bytes(const struct format_field *field, const uint8_t *record,
                                  size_t record_size, size_t *size)
{
    size_t offset = field->offset;
    *size = field->size;
    if (offset > record_size || *size > record_size - offset) {
        return NULL;
    }
    if (field->place == FIELD_TO_END) {
        *size = record_size - offset;
    } else if (field->place != FIELD_IN_PLACE) {
        follow(field, load_u32(record + offset), &offset, size);
        if (offset > record_size || *size > record_size - offset) {
            return NULL;
        }
    }
    return record + offset;
}

static uint64_t load_unsigned(const uint8_t *at, size_t size)
{
    return size == 8 ? load_u64(at) : size == 4 ? load_u32(at) : size == 2 ? load_u16(at) : *at;
}

static int64_t load_signed(const uint8_t *at, size_t size)
{
    return size == 8   ? (int64_t)load_u64(at)
           : size == 4 ? (int32_t)load_u32(at)
           : size == 2 ? (int16_t)load_u16(at)
                       : (int8_t)*at;
}

static bool is_number(const struct format_field *field)
{
    return field->kind <= FIELD_REGISTER && field->place == FIELD_IN_PLACE;
}

bool format_field_number(const struct format_field *field, const uint8_t *record,
                         size_t record_size, uint64_t *number)
{
    if (!is_number(field) || field->offset > record_size ||
        field->size > record_size - field->offset) {
        return false;
    }
    const uint8_t *at = record + field->offset;
    *number =
        field->is_signed ? (uint64_t)load_signed(at, field->size) : load_unsigned(at, field->size);
    return true;
}

static struct value text_value(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    return (struct value){
        .type = VALUE_TEXT, .as.text = {text, strnlen(text, size)}
    };
}

bool format_field_text(const struct format_field *field, const uint8_t *record, size_t record_size,
                       struct value *text)
{
    size_t size = 0;
    const uint8_t *data =
        field->kind == FIELD_TEXT ? format_field_bytes(field, record, record_size, &size) : NULL;
    if (data == NULL) {
        return false;
    }
    *text = text_value(data, size);
    return true;
}

/* Of 1, 2, 4 or 8 bytes each. */
static void load_items(struct value *items, size_t count, const uint8_t *at, size_t item_size,
                       bool is_signed)
{
    if (item_size == 8) { /* registers and masks, by far the most; the sign is in its place */
        for (size_t i = 0; i < count; i++) {
            items[i].as.u = load_u64(at + 8 * i);
        }
        return;
    }
    for (size_t i = 0; i < count; i++, at += item_size) {
        items[i].as.u =
            is_signed ? (uint64_t)load_signed(at, item_size) : load_unsigned(at, item_size);
    }
}

static struct value array_value(const struct format_field *field, const uint8_t *data, size_t size,
                                struct arena *arena)
{
    const bool mask = field->kind == FIELD_MASK;
    const size_t item_size = mask ? 8 : field->item_size;
    /* By a shift: a division takes as long as all the items do. */
    const size_t count = size >> __builtin_ctzll(item_size);
    if (mask && size <= 8) {
        uint64_t bits = 0;
        memcpy(&bits, data, size);
        return (struct value){.type = VALUE_HEX, .as.u = bits};
    }
    struct value *items = arena_take(arena, count * sizeof *items);
    if (items == NULL) {
        return (struct value){.type = VALUE_NULL};
    }
    for (size_t i = 0; i < count; i++) {
        items[i].type = mask ? VALUE_HEX : field->is_signed ? VALUE_INT : VALUE_UINT;
    }
    load_items(items, count, data, item_size, field->is_signed);
    return (struct value){
        .type = VALUE_ARRAY, .as.array = {items, count}
    };
}

static struct value bytes_value(const struct format_field *field, const uint8_t *record,
                                size_t record_size, struct arena *arena)
{
    size_t size = 0;
    const uint8_t *data = format_field_bytes(field, record, record_size, &size);
    if (data == NULL) {
        return (struct value){.type = VALUE_NULL};
    }
    if (field->kind == FIELD_TEXT) {
        return text_value(data, size);
    }
    if (field->kind != FIELD_BYTES) {
        return array_value(field, data, size, arena);
    }
    return (struct value){
        .type = VALUE_BYTES, .as.bytes = {data, size}
    };
}

static struct value number_value(const struct format_field *field, uint64_t number)
{
    if (field->kind == FIELD_POINTER) {
        return (struct value){.type = VALUE_HEX, .as.u = number};
    }
    if (field->kind == FIELD_BOOL) {
        return (struct value){.type = VALUE_BOOL, .as.truth = number != 0};
    }
    const char *name = field->kind == FIELD_SYSCALL ? syscall_name(number) : NULL;
    if (name != NULL) {
        return (struct value){
            .type = VALUE_TEXT, .as.text = {name, strlen(name)}
        };
    }
    /*
     * The arguments of a system call are recorded as whole registers; one
     * declared as int is its lower half, as for the system call itself.
     */
    if (field->kind == FIELD_REGISTER) {
        return (struct value){.type = VALUE_INT, .as.i = (int32_t)(uint32_t)number};
    }
    if (field->is_signed) {
        return (struct value){.type = VALUE_INT, .as.i = (int64_t)number};
    }
    return (struct value){.type = VALUE_UINT, .as.u = number};
}

struct value format_value(const struct event *event, uint16_t index, struct arena *arena)
{
    const struct format *format = (const struct format *)(const void *)event->schema;
    const struct format_field *field = &format->fields[index];
    uint64_t number = 0;
    if (!is_number(field)) {
        return bytes_value(field, event->payload, event->payload_size, arena);
    }
    if (!format_field_number(field, event->payload, event->payload_size, &number)) {
        return (struct value){.type = VALUE_NULL};
    }
    struct value names;
    if (field->names != NULL && print_names_text(field->names, event, number, arena, &names)) {
        return names;
    }
    return number_value(field, number);
}

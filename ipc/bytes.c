/* SPDX-License-Identifier: MIT */
#include "ipc/bytes.h"

#include <string.h>

struct bytes_reader bytes_reader_of(const void *data, size_t size)
{
    return (struct bytes_reader){.at = data, .left = size};
}

const uint8_t *bytes_view(struct bytes_reader *reader, size_t size)
{
    /* Compare, never add: at + size could wrap. */
    if (reader->bad || size > reader->left) {
        reader->bad = true;
        return NULL;
    }
    const uint8_t *start = reader->at;
    reader->at += size;
    reader->left -= size;
    return start;
}

static uint64_t read_number(struct bytes_reader *reader, size_t size)
{
    const uint8_t *bytes = bytes_view(reader, size);
    uint64_t value = 0;
    for (size_t i = 0; bytes != NULL && i < size; i++) {
        value |= (uint64_t)bytes[i] << (8 * i);
    }
    return value;
}

uint8_t bytes_u8(struct bytes_reader *reader)
{
    return (uint8_t)read_number(reader, 1);
}

uint16_t bytes_u16(struct bytes_reader *reader)
{
    return (uint16_t)read_number(reader, 2);
}

uint32_t bytes_u32(struct bytes_reader *reader)
{
    return (uint32_t)read_number(reader, 4);
}

uint64_t bytes_u64(struct bytes_reader *reader)
{
    return read_number(reader, 8);
}

void bytes_text(struct bytes_reader *reader, char *text, size_t size)
{
    memset(text, 0, size);
    const uint8_t *bytes = bytes_view(reader, size);
    if (bytes == NULL) {
        return;
    }
    const size_t length = strnlen((const char *)bytes, size);
    for (size_t i = length; i < size; i++) {
        reader->bad = reader->bad || bytes[i] != 0;
    }
    reader->bad = reader->bad || length == size;
    if (!reader->bad) {
        memcpy(text, bytes, length);
    }
}

enum etwas_status bytes_end(const struct bytes_reader *reader)
{
    return reader->bad || reader->left != 0 ? ETWAS_MALFORMED : ETWAS_OK;
}

struct bytes_writer bytes_writer_of(void *data, size_t size)
{
    return (struct bytes_writer){.at = data, .left = size};
}

static uint8_t *take_room(struct bytes_writer *writer, size_t size)
{
    if (writer->bad || size > writer->left) {
        writer->bad = true;
        return NULL;
    }
    uint8_t *start = writer->at;
    writer->at += size;
    writer->left -= size;
    return start;
}

static void write_number(struct bytes_writer *writer, uint64_t value, size_t size)
{
    uint8_t *bytes = take_room(writer, size);
    for (size_t i = 0; bytes != NULL && i < size; i++) {
        bytes[i] = (uint8_t)(value >> (8 * i));
    }
}

void bytes_put_u8(struct bytes_writer *writer, uint8_t value)
{
    write_number(writer, value, 1);
}

void bytes_put_u16(struct bytes_writer *writer, uint16_t value)
{
    write_number(writer, value, 2);
}

void bytes_put_u32(struct bytes_writer *writer, uint32_t value)
{
    write_number(writer, value, 4);
}

void bytes_put_u64(struct bytes_writer *writer, uint64_t value)
{
    write_number(writer, value, 8);
}

void bytes_put(struct bytes_writer *writer, const void *data, size_t size)
{
    uint8_t *bytes = take_room(writer, size);
    if (bytes != NULL) {
        memcpy(bytes, data, size);
    }
}

void bytes_put_text(struct bytes_writer *writer, const char *text, size_t size)
{
    const size_t length = strlen(text);
    if (length >= size) {
        writer->bad = true;
        return;
    }
    uint8_t *bytes = take_room(writer, size);
    if (bytes != NULL) {
        memset(bytes, 0, size);
        memcpy(bytes, text, length + 1);
    }
}

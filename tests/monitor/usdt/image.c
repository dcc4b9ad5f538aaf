/* SPDX-License-Identifier: MIT */
#include "tests/monitor/usdt/image.h"

#include <assert.h>
#include <string.h>

#include "ipc/bytes.h"

static const char names[] = "\0.stapsdt.base\0.note.stapsdt\0.shstrtab";

enum {
    BASE_NAME = 1,
    NOTE_NAME = 15,
    NAMES_NAME = 29,
};

static void put_word(struct bytes_writer *writer, uint8_t word, uint64_t value)
{
    if (word == 8) {
        bytes_put_u64(writer, value);
    } else {
        bytes_put_u32(writer, (uint32_t)value);
    }
}

static struct bytes_writer writer_at(struct image *image, size_t offset)
{
    assert(offset <= sizeof image->data);
    return bytes_writer_of(image->data + offset, sizeof image->data - offset);
}

static void put_segment(struct bytes_writer *writer, uint8_t word, uint32_t flags,
                        const uint64_t place[3])
{
    bytes_put_u32(writer, 1);
    if (word == 8) {
        bytes_put_u32(writer, flags);
    }
    put_word(writer, word, place[0]);
    put_word(writer, word, place[1]);
    put_word(writer, word, place[1]);
    put_word(writer, word, place[2]);
    put_word(writer, word, place[2]);
    if (word == 4) {
        bytes_put_u32(writer, flags);
    }
    put_word(writer, word, 1);
}

static void put_section(struct bytes_writer *writer, uint8_t word, const uint32_t kind[2],
                        const uint64_t place[3])
{
    bytes_put_u32(writer, kind[0]);
    bytes_put_u32(writer, kind[1]);
    put_word(writer, word, 0);
    put_word(writer, word, place[1]);
    put_word(writer, word, place[0]);
    put_word(writer, word, place[2]);
    bytes_put_u32(writer, 0);
    bytes_put_u32(writer, 0);
    put_word(writer, word, 1);
    put_word(writer, word, 0);
}

void image_begin(struct image *image, uint8_t word)
{
    memset(image, 0, sizeof *image);
    image->word = word;
    memset(image->data + IMAGE_CODE_OFFSET, 0x90, IMAGE_DATA_OFFSET - IMAGE_CODE_OFFSET);
    image->size = IMAGE_NOTES_OFFSET;
}

void image_add_note(struct image *image, const char *owner, uint32_t type, const void *body,
                    uint32_t body_size)
{
    uint32_t owner_size = (uint32_t)strlen(owner) + 1;
    size_t padded_owner = (owner_size + 3U) & ~3U;
    size_t padded_body = (body_size + 3U) & ~3U;
    struct bytes_writer writer = writer_at(image, image->size);
    bytes_put_u32(&writer, owner_size);
    bytes_put_u32(&writer, body_size);
    bytes_put_u32(&writer, type);
    assert(!writer.bad && padded_owner + padded_body < writer.left);
    memcpy(writer.at, owner, owner_size);
    if (body_size > 0) {
        memcpy(writer.at + padded_owner, body, body_size);
    }
    image->size += 12 + padded_owner + padded_body;
}

void image_add_probe(struct image *image, const struct image_probe *probe)
{
    uint8_t body[1024];
    struct bytes_writer writer = bytes_writer_of(body, sizeof body);
    put_word(&writer, image->word, probe->location);
    put_word(&writer, image->word, probe->base);
    put_word(&writer, image->word, probe->semaphore);
    bytes_put_text(&writer, probe->provider, strlen(probe->provider) + 1);
    bytes_put_text(&writer, probe->name, strlen(probe->name) + 1);
    bytes_put_text(&writer, probe->arguments, strlen(probe->arguments) + 1);
    assert(!writer.bad);
    image_add_note(image, "stapsdt", 3, body, (uint32_t)(sizeof body - writer.left));
}

static void put_header(struct image *image, uint64_t sections_at)
{
    const uint8_t word = image->word;
    struct bytes_writer writer = writer_at(image, 0);
    const uint8_t ident[16] = {0x7f, 'E', 'L', 'F', word == 8 ? 2 : 1, 1, 1};
    for (size_t i = 0; i < sizeof ident; i++) {
        bytes_put_u8(&writer, ident[i]);
    }
    bytes_put_u16(&writer, 2);
    bytes_put_u16(&writer, word == 8 ? 62 : 3);
    bytes_put_u32(&writer, 1);
    put_word(&writer, word, IMAGE_CODE_ADDRESS);
    put_word(&writer, word, word == 8 ? 64 : 52);
    put_word(&writer, word, sections_at);
    bytes_put_u32(&writer, 0);
    bytes_put_u16(&writer, word == 8 ? 64 : 52);
    bytes_put_u16(&writer, word == 8 ? 56 : 32);
    bytes_put_u16(&writer, 2);
    bytes_put_u16(&writer, word == 8 ? 64 : 40);
    bytes_put_u16(&writer, 4);
    bytes_put_u16(&writer, 3);
    put_segment(&writer, word, 5, (const uint64_t[]){IMAGE_CODE_OFFSET, IMAGE_CODE_ADDRESS, 0x40});
    put_segment(&writer, word, 6, (const uint64_t[]){IMAGE_DATA_OFFSET, IMAGE_DATA_ADDRESS, 0x10});
    assert(!writer.bad && writer.at <= image->data + IMAGE_CODE_OFFSET);
}

void image_end(struct image *image)
{
    const uint8_t word = image->word;
    const size_t names_at = image->size;
    const size_t sections_at = (names_at + sizeof names + 7) & ~(size_t)7;
    assert(sections_at < sizeof image->data);
    memcpy(image->data + names_at, names, sizeof names);
    put_header(image, sections_at);
    struct bytes_writer writer = writer_at(image, sections_at);
    put_section(&writer, word, (const uint32_t[]){0, 0}, (const uint64_t[]){0, 0, 0});
    put_section(&writer, word, (const uint32_t[]){BASE_NAME, 1},
                (const uint64_t[]){IMAGE_CODE_OFFSET, IMAGE_BASE, 1});
    put_section(&writer, word, (const uint32_t[]){NOTE_NAME, 7},
                (const uint64_t[]){IMAGE_NOTES_OFFSET, 0, names_at - IMAGE_NOTES_OFFSET});
    put_section(&writer, word, (const uint32_t[]){NAMES_NAME, 3},
                (const uint64_t[]){names_at, 0, sizeof names});
    assert(!writer.bad);
    image->size = sizeof image->data - writer.left;
}

void image_patch(struct image *image, size_t offset, uint64_t value, size_t size)
{
    assert(offset <= image->size && size <= image->size - offset);
    for (size_t i = 0; i < size; i++) {
        image->data[offset + i] = (uint8_t)(value >> (8 * i));
    }
}

/* SPDX-License-Identifier: MIT */
#include "monitor/usdt/elf.h"

#include <string.h>

#include "ipc/bytes.h"

enum {
    IDENT_SIZE = 16,
    IDENT_CLASS = 4,
    IDENT_ORDER = 5,
    CLASS_32 = 1,
    CLASS_64 = 2,
    LITTLE_ENDIAN_FIRST = 1,
    TYPE_PROGRAM = 2,
    TYPE_SHARED = 3, /* libraries, and programs that may lie anywhere */
    SEGMENT_LOAD = 1,
    SEGMENT_SIZE_32 = 32,
    SEGMENT_SIZE_64 = 56,
    SECTION_SIZE_32 = 40,
    SECTION_SIZE_64 = 64,
    FIRST_RESERVED_SECTION = 0xff00,
};

struct header {
    uint64_t segments_at;
    uint64_t sections_at;
    uint16_t type;
    uint16_t segment_size;
    uint16_t segment_count;
    uint16_t section_size;
    uint16_t section_count;
    uint16_t names_index;
};

struct section_header {
    uint64_t address;
    uint64_t offset;
    uint64_t size;
    uint32_t name;
    uint32_t type;
};

struct segment {
    uint64_t address;
    uint64_t offset;
    uint64_t size; /* bytes that come from the file */
    uint32_t type;
    uint32_t flags;
};

static uint64_t read_word(struct bytes_reader *reader, uint8_t word)
{
    return word == 8 ? bytes_u64(reader) : bytes_u32(reader);
}

/* `size` bytes of the file from `offset` on, or NULL where it has not so many. */
static const uint8_t *part_of(const struct elf_image *image, uint64_t offset, uint64_t size)
{
    if (offset > image->size || size > image->size - offset) {
        return NULL;
    }
    return image->data + offset;
}

static enum etwas_status read_header(struct elf_image *image, struct header *header)
{
    static const uint8_t magic[] = {0x7f, 'E', 'L', 'F'};
    struct bytes_reader reader = bytes_reader_of(image->data, image->size);
    const uint8_t *ident = bytes_view(&reader, IDENT_SIZE);
    if (ident == NULL || memcmp(ident, magic, sizeof magic) != 0 ||
        ident[IDENT_ORDER] != LITTLE_ENDIAN_FIRST ||
        (ident[IDENT_CLASS] != CLASS_32 && ident[IDENT_CLASS] != CLASS_64)) {
        return ETWAS_MALFORMED;
    }
    image->word = ident[IDENT_CLASS] == CLASS_64 ? 8 : 4;
    header->type = bytes_u16(&reader);
    image->machine = bytes_u16(&reader);
    (void)bytes_u32(&reader);              /* version */
    (void)read_word(&reader, image->word); /* entry point */
    header->segments_at = read_word(&reader, image->word);
    header->sections_at = read_word(&reader, image->word);
    (void)bytes_u32(&reader); /* flags */
    (void)bytes_u16(&reader); /* size of this header */
    header->segment_size = bytes_u16(&reader);
    header->segment_count = bytes_u16(&reader);
    header->section_size = bytes_u16(&reader);
    header->section_count = bytes_u16(&reader);
    header->names_index = bytes_u16(&reader);
    return reader.bad ? ETWAS_MALFORMED : ETWAS_OK;
}

static struct section_header section_at(const struct elf_image *image, uint16_t index)
{
    size_t size = image->word == 8 ? SECTION_SIZE_64 : SECTION_SIZE_32;
    struct bytes_reader reader = bytes_reader_of(image->sections + index * size, size);
    struct section_header section;
    section.name = bytes_u32(&reader);
    section.type = bytes_u32(&reader);
    (void)read_word(&reader, image->word); /* flags */
    section.address = read_word(&reader, image->word);
    section.offset = read_word(&reader, image->word);
    section.size = read_word(&reader, image->word);
    return section;
}

static struct segment segment_at(const struct elf_image *image, uint16_t index)
{
    size_t size = image->word == 8 ? SEGMENT_SIZE_64 : SEGMENT_SIZE_32;
    struct bytes_reader reader = bytes_reader_of(image->segments + index * size, size);
    struct segment segment = {.type = bytes_u32(&reader)};
    if (image->word == 8) { /* the flags moved to the front for alignment */
        segment.flags = bytes_u32(&reader);
    }
    segment.offset = read_word(&reader, image->word);
    segment.address = read_word(&reader, image->word);
    (void)read_word(&reader, image->word); /* physical address */
    segment.size = read_word(&reader, image->word);
    if (image->word == 4) {
        (void)bytes_u32(&reader); /* size in memory */
        segment.flags = bytes_u32(&reader);
    }
    return segment;
}

static enum etwas_status map_segments(struct elf_image *image, const struct header *header)
{
    size_t size = image->word == 8 ? SEGMENT_SIZE_64 : SEGMENT_SIZE_32;
    if (header->segment_count == 0) {
        return ETWAS_OK;
    }
    if (header->segment_count > ELF_MAX_SEGMENTS) {
        return ETWAS_TOO_BIG;
    }
    image->segments = part_of(image, header->segments_at, size * header->segment_count);
    if (header->segment_size != size || image->segments == NULL) {
        return ETWAS_MALFORMED;
    }
    image->segment_count = header->segment_count;
    return ETWAS_OK;
}

static enum etwas_status map_sections(struct elf_image *image, const struct header *header)
{
    size_t size = image->word == 8 ? SECTION_SIZE_64 : SECTION_SIZE_32;
    if (header->sections_at == 0) { /* stripped of them: allowed, and nothing to find */
        return ETWAS_OK;
    }
    if (header->section_count == 0 || header->names_index >= FIRST_RESERVED_SECTION) {
        return ETWAS_TOO_BIG;
    }
    image->sections = part_of(image, header->sections_at, size * header->section_count);
    if (header->section_size != size || image->sections == NULL ||
        header->names_index >= header->section_count) {
        return ETWAS_MALFORMED;
    }
    struct section_header names = section_at(image, header->names_index);
    image->names = part_of(image, names.offset, names.size);
    if (image->names == NULL) {
        return ETWAS_MALFORMED;
    }
    image->names_size = (size_t)names.size;
    image->section_count = header->section_count;
    return ETWAS_OK;
}

enum etwas_status elf_init(struct elf_image *image, const uint8_t *data, size_t size)
{
    struct header header;
    *image = (struct elf_image){.data = data, .size = size};
    enum etwas_status status = read_header(image, &header);
    if (status != ETWAS_OK) {
        return status;
    }
    if (header.type != TYPE_PROGRAM && header.type != TYPE_SHARED) {
        return ETWAS_MALFORMED;
    }
    status = map_segments(image, &header);
    return status == ETWAS_OK ? map_sections(image, &header) : status;
}

static bool is_called(const struct elf_image *image, uint32_t at, const char *name)
{
    size_t size = strlen(name) + 1;
    return at <= image->names_size && size <= image->names_size - at &&
           memcmp(image->names + at, name, size) == 0;
}

enum etwas_status elf_section_find(const struct elf_image *image, const char *name, uint32_t type,
                                   struct elf_section *section)
{
    for (uint16_t index = 0; index < image->section_count; index++) {
        struct section_header header = section_at(image, index);
        if (header.type != type || !is_called(image, header.name, name)) {
            continue;
        }
        section->data = part_of(image, header.offset, header.size);
        section->size = (size_t)header.size;
        section->address = header.address;
        return section->data != NULL ? ETWAS_OK : ETWAS_MALFORMED;
    }
    return ETWAS_NOT_FOUND;
}

bool elf_file_offset(const struct elf_image *image, uint64_t address, size_t size, uint32_t flags,
                     uint64_t *offset)
{
    for (uint16_t index = 0; index < image->segment_count; index++) {
        struct segment segment = segment_at(image, index);
        if (segment.type != SEGMENT_LOAD || (segment.flags & flags) != flags ||
            address < segment.address || address - segment.address > segment.size ||
            size > segment.size - (address - segment.address) ||
            part_of(image, segment.offset, segment.size) == NULL) {
            continue;
        }
        *offset = segment.offset + (address - segment.address);
        return true;
    }
    return false;
}

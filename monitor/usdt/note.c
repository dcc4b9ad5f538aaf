/* SPDX-License-Identifier: MIT */
#include "monitor/usdt/note.h"

#include <string.h>

#include "ipc/bytes.h"
#include "monitor/usdt/argument.h"

enum {
    PROBE_NOTE_TYPE = 3,
    SEMAPHORE_SIZE = 2,
};

static const char note_owner[] = "stapsdt";

struct note {
    const uint8_t *owner;
    const uint8_t *body;
    uint32_t owner_size;
    uint32_t body_size;
    uint32_t type;
};

struct text {
    const char *at;
    size_t size; /* without the zero */
};

enum etwas_status note_reader_init(struct note_reader *reader, const uint8_t *data, size_t size)
{
    struct elf_section section;
    *reader = (struct note_reader){.left = 0};
    enum etwas_status status = elf_init(&reader->image, data, size);
    if (status != ETWAS_OK) {
        return status;
    }
    status = elf_section_find(&reader->image, ".stapsdt.base", ELF_SECTION_PROGRAM, &section);
    if (status == ETWAS_OK) {
        reader->base = section.address;
        reader->has_base = true;
    } else if (status != ETWAS_NOT_FOUND) {
        return status;
    }
    status = elf_section_find(&reader->image, ".note.stapsdt", ELF_SECTION_NOTE, &section);
    if (status == ETWAS_OK) {
        reader->at = section.data;
        reader->left = section.size;
    }
    return status == ETWAS_NOT_FOUND ? ETWAS_OK : status;
}

/* `size` bytes and the padding to a multiple of four; the last may lack it. */
static const uint8_t *take_padded(struct bytes_reader *bytes, uint32_t size)
{
    const uint8_t *part = bytes_view(bytes, size);
    size_t padding = (4 - size % 4) % 4;
    (void)bytes_view(bytes, padding < bytes->left ? padding : bytes->left);
    return part;
}

static enum etwas_status take_note(struct note_reader *reader, struct note *note)
{
    struct bytes_reader bytes = bytes_reader_of(reader->at, reader->left);
    note->owner_size = bytes_u32(&bytes);
    note->body_size = bytes_u32(&bytes);
    note->type = bytes_u32(&bytes);
    note->owner = take_padded(&bytes, note->owner_size);
    note->body = take_padded(&bytes, note->body_size);
    if (bytes.bad) {
        return ETWAS_MALFORMED;
    }
    reader->at = bytes.at;
    reader->left = bytes.left;
    return ETWAS_OK;
}

static bool is_probe(const struct note *note)
{
    return note->type == PROBE_NOTE_TYPE && note->owner_size == sizeof note_owner &&
           memcmp(note->owner, note_owner, sizeof note_owner) == 0;
}

static struct text take_text(struct bytes_reader *bytes)
{
    const uint8_t *end = bytes->bad ? NULL : memchr(bytes->at, 0, bytes->left);
    if (end == NULL) {
        bytes->bad = true;
        return (struct text){"", 0};
    }
    size_t size = (size_t)(end - bytes->at);
    const uint8_t *at = bytes_view(bytes, size + 1);
    return (struct text){(const char *)at, size};
}

static bool is_name_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

static bool copy_name(char name[NOTE_NAME_SIZE], struct text text)
{
    if (text.size == 0 || text.size >= NOTE_NAME_SIZE) {
        return false;
    }
    for (size_t i = 0; i < text.size; i++) {
        if (!is_name_character(text.at[i])) {
            return false;
        }
    }
    memcpy(name, text.at, text.size);
    return true;
}

/* Prelink moves code and data by the same distance and leaves notes alone. */
static uint64_t moved(const struct note_reader *reader, uint64_t address, uint64_t linked_base)
{
    uint64_t now = reader->has_base ? address + (reader->base - linked_base) : address;
    return reader->image.word == 8 ? now : (uint32_t)now;
}

static bool locate(const struct note_reader *reader, const uint64_t address[3],
                   struct usdt_probe *probe)
{
    uint64_t location = moved(reader, address[0], address[1]);
    uint64_t semaphore = moved(reader, address[2], address[1]);
    if (!elf_file_offset(&reader->image, location, 1, ELF_EXECUTABLE, &probe->offset)) {
        return false;
    }
    return address[2] == 0 || elf_file_offset(&reader->image, semaphore, SEMAPHORE_SIZE,
                                              ELF_WRITABLE, &probe->semaphore);
}

/* ETWAS_NOT_FOUND: well-formed, but nothing that could be probed. */
static enum etwas_status read_probe(const struct note_reader *reader, const struct note *note,
                                    struct usdt_probe *probe)
{
    const struct elf_image *image = &reader->image;
    struct bytes_reader bytes = bytes_reader_of(note->body, note->body_size);
    uint64_t address[3];
    for (size_t i = 0; i < 3; i++) {
        address[i] = image->word == 8 ? bytes_u64(&bytes) : bytes_u32(&bytes);
    }
    struct text provider = take_text(&bytes);
    struct text name = take_text(&bytes);
    struct text arguments = take_text(&bytes);
    if (bytes.bad) {
        return ETWAS_MALFORMED;
    }
    struct argument_dialect dialect = {
        .word = image->word,
        .x86 = image->machine == ELF_MACHINE_X86_64 || image->machine == ELF_MACHINE_X86,
    };
    memset(probe, 0, sizeof *probe);
    bool usable = copy_name(probe->provider, provider) && copy_name(probe->name, name) &&
                  locate(reader, address, probe) &&
                  argument_parse(arguments.at, arguments.size, dialect, probe->arguments,
                                 &probe->argument_count) == ETWAS_OK;
    return usable ? ETWAS_OK : ETWAS_NOT_FOUND;
}

enum etwas_status note_next(struct note_reader *reader, struct usdt_probe *probe)
{
    while (reader->left > 0) {
        struct note_reader before = *reader;
        struct note note;
        enum etwas_status status = take_note(reader, &note);
        if (status != ETWAS_OK) {
            return status;
        }
        if (!is_probe(&note)) {
            continue;
        }
        status =
            reader->count == NOTE_MAX_PROBES ? ETWAS_TOO_BIG : read_probe(reader, &note, probe);
        if (status == ETWAS_MALFORMED || status == ETWAS_TOO_BIG) {
            *reader = before; /* so that asking again gives the same answer */
            return status;
        }
        reader->count++;
        if (status == ETWAS_OK) {
            return ETWAS_OK;
        }
        reader->skipped++;
    }
    return ETWAS_CLOSED;
}

/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_USDT_ELF_H
#define ETWAS_MONITOR_USDT_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/status.h"

/*
 * The little of an ELF program or library that probes need: sections by name,
 * and where an address lies in the file. Little-endian, 32 or 64 bits; the
 * layout is that of the System V ABI, chapters 4 and 5 (elf(5)).
 *
 * An image borrows the file's bytes, and what it hands out points into them.
 * The file is untrusted: nothing is read that was not compared with its size.
 */
enum {
    ELF_MAX_SEGMENTS = 128, /* what linkers make is about a dozen */
    ELF_MACHINE_X86 = 3,
    ELF_MACHINE_X86_64 = 62,
    ELF_SECTION_PROGRAM = 1, /* SHT_PROGBITS */
    ELF_SECTION_NOTE = 7,    /* SHT_NOTE */
    ELF_EXECUTABLE = 1,      /* PF_X */
    ELF_WRITABLE = 2,        /* PF_W */
};

struct elf_image {
    const uint8_t *data;
    size_t size;
    const uint8_t *segments; /* program headers */
    const uint8_t *sections; /* section headers */
    const uint8_t *names;    /* the section names' string table */
    size_t names_size;
    uint16_t segment_count;
    uint16_t section_count;
    uint16_t machine;
    uint8_t word; /* bytes of an address: 4 or 8 */
};

struct elf_section {
    const uint8_t *data;
    size_t size;
    uint64_t address;
};

/*
 * ETWAS_MALFORMED: not an ELF program or library of a kind we read, or one that
 * claims more than it has. ETWAS_TOO_BIG: more than ELF_MAX_SEGMENTS segments,
 * or so many sections (65,280) that their number is stored elsewhere.
 */
ETWAS_MUST_CHECK enum etwas_status elf_init(struct elf_image *image, const uint8_t *data,
                                            size_t size);

/*
 * The first section of that name and type. ETWAS_NOT_FOUND: there is none;
 * ETWAS_MALFORMED: it lies outside the file.
 */
ETWAS_MUST_CHECK enum etwas_status elf_section_find(const struct elf_image *image, const char *name,
                                                    uint32_t type, struct elf_section *section);

/*
 * Where in the file `size` bytes at `address` come from, if one loaded segment
 * with all of `flags` (ELF_EXECUTABLE, ELF_WRITABLE) holds them.
 */
bool elf_file_offset(const struct elf_image *image, uint64_t address, size_t size, uint32_t flags,
                     uint64_t *offset);

#endif

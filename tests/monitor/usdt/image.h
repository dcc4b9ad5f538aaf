/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_TESTS_MONITOR_USDT_IMAGE_H
#define ETWAS_TESTS_MONITOR_USDT_IMAGE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Small ELF programs made by hand: one segment of code, one of data, notes, and
 * the section headers at the very end, so that every truncation shows.
 */
enum {
    IMAGE_CODE_OFFSET = 0x100,
    IMAGE_CODE_ADDRESS = 0x400100,
    IMAGE_DATA_OFFSET = 0x140,
    IMAGE_DATA_ADDRESS = 0x601140,
    IMAGE_BASE = 0x400130, /* address of .stapsdt.base */
    IMAGE_NOTES_OFFSET = 0x150,
    IMAGE_CAPACITY = 1 << 19,
};

struct image {
    uint8_t word; /* 4 or 8 */
    size_t size;
    uint8_t data[IMAGE_CAPACITY];
};

struct image_probe {
    uint64_t location;
    uint64_t base;
    uint64_t semaphore;
    const char *provider;
    const char *name;
    const char *arguments;
};

/* Notes follow one another from IMAGE_NOTES_OFFSET on. */
void image_begin(struct image *image, uint8_t word);
void image_add_probe(struct image *image, const struct image_probe *probe);
void image_add_note(struct image *image, const char *owner, uint32_t type, const void *body,
                    uint32_t body_size);
void image_end(struct image *image);

/* Overwrites `size` bytes at `offset` with `value`, little-endian. */
void image_patch(struct image *image, size_t offset, uint64_t value, size_t size);

#endif

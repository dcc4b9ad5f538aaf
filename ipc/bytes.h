/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_IPC_BYTES_H
#define ETWAS_IPC_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/status.h"

/*
 * Reads and writes little-endian fields of bytes that cross a process boundary.
 *
 * A reader borrows the buffer; it must outlive the reader and everything
 * bytes_view() handed out. The first read past the end marks the reader bad;
 * from then on reads give zeros and the position stays. So a decoder reads all
 * its fields in a row and asks once, with bytes_end().
 *
 * A writer is the same the other way round: it borrows room, the first write
 * that does not fit marks it bad and writes nothing, and bytes_written() is
 * asked once.
 */
struct bytes_reader {
    const uint8_t *at;
    size_t left; /* bytes */
    bool bad;
};

struct bytes_reader bytes_reader_of(const void *data, size_t size);

uint8_t bytes_u8(struct bytes_reader *reader);
uint16_t bytes_u16(struct bytes_reader *reader);
uint32_t bytes_u32(struct bytes_reader *reader);
uint64_t bytes_u64(struct bytes_reader *reader);

/* The next `size` bytes, borrowed, or NULL once the reader is bad. */
const uint8_t *bytes_view(struct bytes_reader *reader, size_t size);

/*
 * Copies a text field of exactly `size` bytes on the wire, filled up with
 * zeros, to `text` (of `size` bytes). Text without a zero at its end, or with
 * anything but zeros after the first, marks the reader bad.
 */
void bytes_text(struct bytes_reader *reader, char *text, size_t size);

/* ETWAS_OK when every byte was read and none too many; else ETWAS_MALFORMED. */
ETWAS_MUST_CHECK enum etwas_status bytes_end(const struct bytes_reader *reader);

struct bytes_writer {
    uint8_t *at;
    size_t left; /* bytes */
    bool bad;
};

struct bytes_writer bytes_writer_of(void *data, size_t size);

void bytes_put_u8(struct bytes_writer *writer, uint8_t value);
void bytes_put_u16(struct bytes_writer *writer, uint16_t value);
void bytes_put_u32(struct bytes_writer *writer, uint32_t value);
void bytes_put_u64(struct bytes_writer *writer, uint64_t value);

/* Writes `size` bytes as they are. */
void bytes_put(struct bytes_writer *writer, const void *data, size_t size);

/* Writes `text` and zeros up to `size`. Text of `size` bytes or more is bad. */
void bytes_put_text(struct bytes_writer *writer, const char *text, size_t size);

#endif

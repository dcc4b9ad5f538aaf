/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_TESTS_MONITOR_ETL_MAKER_H
#define ETWAS_TESTS_MONITOR_ETL_MAKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Makes trace files, record by record, as Windows lays them out. Buffers are of one size; the
 * first holds the record that describes the trace.
 */
enum { MAKER_BUFFER = 4096, MAKER_ROOM = 64 * MAKER_BUFFER };

struct maker {
    uint8_t data[MAKER_ROOM];
    size_t size;   /* of the file so far */
    size_t buffer; /* where the buffer under way begins */
    size_t at;     /* where its next record goes */
};

/* What makes the clock: type 1 (QPC) at `frequency`, or 2 (system time). */
struct maker_clock {
    uint32_t type;
    uint64_t frequency;
    int64_t started; /* UTC, 100 ns since 1601 */
    int64_t origin;  /* the stamp that belongs to it */
};

void maker_begin(struct maker *maker, const struct maker_clock *clock);

/* Begins a buffer of a CPU; the one before is closed. */
void maker_buffer(struct maker *maker, uint16_t cpu);

/* An EVENT_HEADER record with four bytes of payload, the id. */
void maker_event(struct maker *maker, int64_t stamp, uint16_t id);

/* Any record, its head included; filled up to a multiple of eight. */
void maker_record(struct maker *maker, const void *data, size_t size);

/* Closes the last buffer: the bytes are those of a file. */
void maker_end(struct maker *maker);

/* The same, and writes the file. */
void maker_write(struct maker *maker, const char *path);

void maker_u16(uint8_t *at, uint16_t value);
void maker_u32(uint8_t *at, uint32_t value);
void maker_u64(uint8_t *at, uint64_t value);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_TESTS_FUZZ_SHOW_H
#define ETWAS_TESTS_FUZZ_SHOW_H

#include "monitor/etl/record.h"
#include "monitor/etw/layout.h"
#include "monitor/event/encode.h"

/*
 * What targets of ETW parsers share: pieces of their input, each in a block of just its size, so
 * that each byte read too many is seen; records made of them; events shown in every format.
 */
struct pieces {
    const uint8_t *at;
    size_t left;
};

uint8_t pieces_u8(struct pieces *pieces);   /* 0 when there is nothing left */
uint16_t pieces_u16(struct pieces *pieces); /* little endian */

/* The next `size` bytes, or what is left of them, and how many: a block to be freed. */
uint8_t *pieces_take(struct pieces *pieces, size_t *size);

/* A record of provider 5a5a5a5a-..., with that payload. */
struct etl_record show_record(const uint8_t *payload, size_t size);

/* Every field in every format; NULL: nothing to be shown. */
void show(const struct etw_layout *layout, const struct etl_record *record);

/*
 * The whole input as records, each made by `next` with a payload from pieces_take(): all are learnt
 * from, then all are shown.
 */
void show_stream(struct pieces *pieces, struct etl_record (*next)(struct pieces *pieces));

#endif

/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_SPOOL_SLOTS_H
#define ETWAS_MONITOR_SPOOL_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A small file that is rewritten in place and never half: two slots of the same size,
 * written in turn, each with the number of its writing and a checksum. It keeps its size, so
 * that it can be written when the disk is full. This knows bytes only, no files.
 */
enum { SLOT_HEAD = 32 /* bytes before what it holds */ };

/* Fills in the head of a slot whose `size` bytes from SLOT_HEAD on are there. */
void slots_seal(uint8_t *slot, size_t size, uint64_t writing);

/*
 * The younger good one of two slots of `room` bytes each: what it holds, its size and the number
 * of its writing. NULL: none is good.
 */
const uint8_t *slots_find(const uint8_t *file, size_t file_size, size_t room, size_t *size,
                          uint64_t *writing);

#endif

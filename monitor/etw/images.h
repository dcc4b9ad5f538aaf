/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_ETW_IMAGES_H
#define ETWAS_MONITOR_ETW_IMAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "monitor/etl/record.h"
#include "monitor/event/arena.h"
#include "monitor/event/value.h"

/*
 * Which module an address belongs to, by the image records of a trace: what was loaded, unloaded
 * or there at its start or end. Of one process; those of the kernel belong to all.
 */
struct images;

struct images *images_open(void); /* NULL: no memory */
void images_close(struct images *images);

/* Takes in a record if it is about an image. Beyond IMAGES_MAXIMUM, and without memory: nothing. */
enum { IMAGES_MAXIMUM = 65536 };
void images_learn(struct images *images, const struct etl_record *record);

/* Where an address was met. */
struct image_place {
    uint64_t address;
    uint32_t process;
    uint32_t file;
};

/* "ntdll.dll+0x1a2b", or the address in hex when no module is known. */
struct value images_name(struct images *images, const struct image_place *place,
                         struct arena *arena);

#endif

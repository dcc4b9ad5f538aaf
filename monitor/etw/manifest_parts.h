/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_ETW_MANIFEST_PARTS_H
#define ETWAS_MONITOR_ETW_MANIFEST_PARTS_H

#include "monitor/etw/manifest.h"
#include "monitor/etw/xml.h"
#include "monitor/event/arena.h"

/* What the files manifest*.c share; for nobody else. */

enum manifest_kind {
    MANIFEST_EVENT,
    MANIFEST_TEMPLATE,
    MANIFEST_MAP,
    MANIFEST_TASK,
    MANIFEST_OPCODE,
};

/* A tag that was noted, and where what is in it begins. */
struct manifest_item {
    enum manifest_kind kind;
    uint16_t provider;
    uint16_t id;     /* of events */
    uint8_t version; /* of events */
    struct xml_tag tag;
    const char *inside;
    struct xml_piece name; /* by which others refer to it */
};

struct manifest_text {
    struct xml_piece id;
    struct xml_piece value;
};

struct manifest_who {
    uint8_t id[MANIFEST_ID_SIZE];
    char *name; /* owned */
};

struct manifest {
    char *text;
    size_t size;
    struct manifest_item *items;
    size_t item_count;
    size_t item_capacity;
    struct manifest_text *texts; /* of the first culture */
    size_t text_count;
    size_t text_capacity;
    struct manifest_who *providers;
    size_t provider_count;
    size_t faults;
    size_t fault_line;
};

/* The item that something of `provider` refers to by name; NULL: there is none. */
const struct manifest_item *manifest_find(const struct manifest *manifest, enum manifest_kind kind,
                                          size_t provider, const struct xml_piece *name);

/* Decimal, or hex behind 0x. False: it is no number. */
bool manifest_number(const struct xml_piece *piece, uint64_t *number);

/* What "$(string.ID)" stands for, or the piece itself, as text; NULL: no memory. */
const char *manifest_message(const struct manifest *manifest, const struct xml_piece *piece,
                             struct arena *arena);

/* A piece as text with a zero; NULL: no memory. */
const char *manifest_text(const struct xml_piece *piece, struct arena *arena);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_ETW_MANIFEST_H
#define ETWAS_MONITOR_ETW_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "monitor/etw/layout.h"

/*
 * Instrumentation manifests (EventManifest schema of the Windows SDK), those of EventSources
 * included. Opening one notes where things are; an event is understood when a record needs it.
 *
 * Manifests that are not well-formed are read as far as they make sense: manifest_faults().
 */
struct manifest;

enum {
    MANIFEST_MAX_SIZE = 64 * 1024 * 1024, /* bytes of text */
    MANIFEST_ID_SIZE = 16,
};

/*
 * UTF-8, or UTF-16 with a byte order mark; the text is copied. NULL: no memory, or too big. A text
 * without any provider gives a manifest without any.
 */
struct manifest *manifest_open(const void *text, size_t size);
void manifest_close(struct manifest *manifest); /* NULL is fine; layouts made of it live on */

/* Places that made no sense, and the line of the first. */
size_t manifest_faults(const struct manifest *manifest, size_t *line);

/* The providers; false: there is none of that index. The name lives as the manifest. */
bool manifest_provider(const struct manifest *manifest, size_t index, uint8_t id[MANIFEST_ID_SIZE],
                       const char **name);

struct manifest_wanted {
    uint16_t id;
    uint8_t version;
    uint8_t pointer_size;
    bool raw_values;
    bool keep_values;
    enum etw_source source;
};

/*
 * The layout of an event of provider `index`; of another version when that one is not there:
 * the newest that is older, else the oldest. NULL: there is no such event, or no memory. It
 * lives in the arena with all it points to.
 */
const struct etw_layout *manifest_layout(const struct manifest *manifest, size_t index,
                                         const struct manifest_wanted *wanted, struct arena *arena);

/* "{a0c1853b-5c40-4b15-8766-3cf1c58f985a}", with or without braces, to bytes. */
bool manifest_parse_id(const char *text, size_t size, uint8_t id[MANIFEST_ID_SIZE]);

#endif

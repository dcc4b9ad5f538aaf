/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_PLAN_CATALOG_H
#define ETWAS_MONITOR_PLAN_CATALOG_H

#include <stdbool.h>
#include <stddef.h>

#include "ipc/status.h"

/*
 * The events of a kernel, sorted by system and name, from the text of tracefs'
 * available_events: lines of SYSTEM:EVENT. Lines that are none are passed over;
 * so are names that the controller would not take.
 */
struct catalog_event {
    const char *system;
    const char *event;
};

struct catalog {
    size_t count;
    struct catalog_event *events;
    char *text; /* what the names point into */
};

enum { CATALOG_MAX_TEXT = 4 * 1024 * 1024 /* bytes; a kernel with everything has 200 KiB */ };

/*
 * Takes `text`, `size` bytes from malloc that a zero follows; it is freed with
 * the catalog, or when this fails for lack of memory.
 */
ETWAS_MUST_CHECK enum etwas_status catalog_init(struct catalog *catalog, char *text, size_t size);
void catalog_clear(struct catalog *catalog);

/* The events of a system lie side by side: the first, and how many; 0 when there is none. */
size_t catalog_system(const struct catalog *catalog, const char *system,
                      const struct catalog_event **first);

bool catalog_has(const struct catalog *catalog, const char *system, const char *event);

/*
 * Names close to one that does not exist, as "a or b" in `text`, for
 * people; "" when nothing is close. `system` NULL: systems; else events of it.
 */
void catalog_suggest(const struct catalog *catalog, const char *system, const char *name,
                     char *text, size_t size);

#endif

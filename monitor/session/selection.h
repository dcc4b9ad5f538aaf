/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_SESSION_SELECTION_H
#define ETWAS_MONITOR_SESSION_SELECTION_H

#include "monitor/session/filter.h"

/*
 * What this monitor asked for: by the id that is in every record, the schema
 * that the event gets and the filters it has to pass. Records of a session that
 * are of another id were asked for by another monitor.
 */
enum { SELECTION_IDS = 65536, SELECTION_NAME_SIZE = 64 };

struct selection {
    const struct schema *schema; /* what events point to */
    struct filter_set *filters;  /* one of these must pass; NULL: all pass */
    uint16_t event_id;           /* what events say; 0 for the kernel's */
};

/* How the events of a user's program are called, in place of the kernel's names for them. */
struct selection_names {
    char provider[SELECTION_NAME_SIZE];
    char event[SELECTION_NAME_SIZE];
    uint16_t event_id;
    uint16_t field_count; /* names given; further fields keep theirs */
    char fields[USDT_MAX_ARGUMENTS][SELECTION_NAME_SIZE];
};

struct selections; /* owns all it hands out */

struct selections *selections_open(void);             /* NULL when there is no memory */
void selections_close(struct selections *selections); /* NULL is fine */

/*
 * Adds an event by the text of its `format` file. `enable` brings the filters;
 * `names` may be NULL. An event added twice passes when either would.
 */
ETWAS_MUST_CHECK enum etwas_status selections_add(struct selections *selections,
                                                  const struct message_enable *enable,
                                                  const struct selection_names *names,
                                                  const char *format, size_t format_size);

/* SELECTION_IDS entries; NULL where an id was not asked for. */
struct selection *const *selections_table(const struct selections *selections);

#endif

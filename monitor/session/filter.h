/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_SESSION_FILTER_H
#define ETWAS_MONITOR_SESSION_FILTER_H

#include "ipc/message.h"
#include "monitor/tracefs/format.h"

/*
 * The structured filters of one event, evaluated on its records. The kernel has
 * the same filters; but where monitors share a session it passes what any of
 * them asked for.
 *
 * A filter that cannot be told here (an unknown field, text against a number)
 * passes: then the kernel's word counts.
 */
struct filter_rule {
    const struct format_field *field; /* NULL: not known here */
    struct message_filter filter;
};

struct filter_set {
    struct filter_set *next; /* another way to pass; the owner's */
    uint32_t count;
    struct filter_rule rules[MESSAGE_MAX_FILTERS];
};

/* Binds the filters of `enable` to a format, which must outlive the set. */
void filter_bind(struct filter_set *set, const struct format *format,
                 const struct message_enable *enable);

/* All rules of the set hold for the record. */
bool filter_passes(const struct filter_set *set, const uint8_t *record, size_t size);

/* `*` stands for any text, `?` for any one character; case matters. */
bool filter_glob(const char *pattern, const char *text, size_t size);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_OPTIONS_SOURCE_FILTER_H
#define ETWAS_MONITOR_OPTIONS_SOURCE_FILTER_H

#include <stddef.h>

#include "ipc/message.h"
#include "ipc/status.h"

/*
 * A filter as typed: `FIELD OPERATOR VALUE` without blanks around the operator.
 * Operators: = == != < <= > >=, ~ (text with * and ?), =& (any of these bits).
 * A value that is no number is text; "quoted" it is text in any case and may
 * hold an ampersand.
 */

/* The bytes at the start of `text` that belong to one option, up to an & or the end. */
size_t source_filter_extent(const char *text);

/*
 * Takes `size` bytes apart. MALFORMED: `*position` is where, `*problem` (a literal)
 * what.
 */
ETWAS_MUST_CHECK enum etwas_status source_filter_parse(const char *text, size_t size,
                                                       struct message_filter *filter,
                                                       size_t *position, const char **problem);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_VIEWER_CONSOLE_EVENT_TEXT_H
#define ETWAS_VIEWER_CONSOLE_EVENT_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "viewer/console/output.h"

/*
 * A relay's line, one JSON object, in the layout of `etwas --format text`: one line a
 * field, an empty line behind. False: it is no JSON object, and nothing was printed.
 */
bool event_text_put(struct output *output, const char *line, size_t size);

/* Is its TimeCreated before `time`, which is written the same way? False when it says none. */
bool event_text_is_before(const char *line, size_t size, const char *time);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_EVENT_TEXT_H
#define ETWAS_MONITOR_EVENT_TEXT_H

#include "monitor/event/sink.h"

/*
 * Text from events, which may hold anything. Invalid UTF-8 becomes U+FFFD, one
 * for each byte that starts no valid sequence.
 */

/* As the inside of a JSON string, without its quotes. */
void sink_put_json_text(struct sink *sink, const char *data, size_t size);

/* For a terminal: control characters, the C1 ones too, become \n, \t, \u001b ... */
void sink_put_plain_text(struct sink *sink, const char *data, size_t size);

#endif

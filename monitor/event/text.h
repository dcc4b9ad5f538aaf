/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_EVENT_TEXT_H
#define ETWAS_MONITOR_EVENT_TEXT_H

#include <stdint.h>

#include "monitor/event/sink.h"

/*
 * Text from events, which may hold anything. Invalid UTF-8 becomes U+FFFD, one
 * for each byte that starts no valid sequence.
 */

/* As the inside of a JSON string, without its quotes. */
void sink_put_json_text(struct sink *sink, const char *data, size_t size);

/* For a terminal: control characters, the C1 ones too, become \n, \t, \u001b ... */
void sink_put_plain_text(struct sink *sink, const char *data, size_t size);

/*
 * For files that others read: control characters but tab and line ends, and U+FFFE and U+FFFF,
 * which are none, become U+FFFD. In XML & < > " and line ends that a reader would change are
 * escaped, too.
 */
void sink_put_clean_text(struct sink *sink, const char *data, size_t size);
void sink_put_xml_text(struct sink *sink, const char *data, size_t size);

struct character {
    uint32_t code; /* U+FFFD for what is invalid */
    uint32_t size; /* bytes it took, 1 to 4 */
};

/* The first character of a text that is not empty. */
struct character text_character(const char *text, size_t size);

#endif

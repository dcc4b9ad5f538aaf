/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_EVENT_ENCODE_FORMAT_H
#define ETWAS_MONITOR_EVENT_ENCODE_FORMAT_H

#include "monitor/event/sink.h"

/* One function a format; encode_event() chooses. Layouts: encode.h. */

void encode_json(struct sink *sink, struct encoder *encoder, const struct event *event,
                 struct arena *arena);
void encode_text(struct sink *sink, struct encoder *encoder, const struct event *event,
                 struct arena *arena);

#endif

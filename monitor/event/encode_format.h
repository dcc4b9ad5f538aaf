/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_EVENT_ENCODE_FORMAT_H
#define ETWAS_MONITOR_EVENT_ENCODE_FORMAT_H

#include "monitor/event/sink.h"

/* One function a format; encode_event() chooses. Layouts: encode.h. */

void encode_json(struct sink *sink, struct encoder *encoder, const struct event *event,
                 struct arena *arena);
void encode_text(struct sink *sink, struct encoder *encoder, const struct event *event,
                 struct arena *arena);

void encode_xml(struct sink *sink, struct encoder *encoder, const struct event *event,
                struct arena *arena);
void encode_table(struct sink *sink, struct encoder *encoder, const struct event *event,
                  struct arena *arena);
void encode_csv(struct sink *sink, struct encoder *encoder, const struct event *event,
                struct arena *arena);
void encode_table_names(struct sink *sink, const struct encoder *encoder);
void encode_csv_names(struct sink *sink);

/* Parts of one that another has, too. */
/* {...}; the values, if the event's message may ask for them, or NULL. */
const struct value *encode_json_data(struct sink *sink, struct encoder *encoder,
                                     const struct event *event, struct arena *arena);
void encode_json_value(struct sink *sink, struct encoder *encoder, const struct value *value);
void encode_text_value(struct sink *sink, struct encoder *encoder, const struct value *value);

#endif

/* SPDX-License-Identifier: MIT */
#include "monitor/event/encode.h"

#include "monitor/event/encode_format.h"

enum etwas_status encode_event(struct encoder *encoder, const struct event *event,
                               enum event_format format, struct arena *arena, struct output *output)
{
    struct sink sink;
    sink_start(&sink, output);
    switch (format) {
    case EVENT_TEXT:
        encode_text(&sink, encoder, event, arena);
        break;
    case EVENT_JSON:
        encode_json(&sink, encoder, event, arena);
        break;
    }
    return sink_finish(&sink);
}

/* SPDX-License-Identifier: MIT */
#include "monitor/event/encode.h"

#include "monitor/event/encode_format.h"

bool event_format_named(const char *name, enum event_format *format)
{
    static const char *const NAMES[] = {[EVENT_TEXT] = "text",
                                        [EVENT_JSON] = "json",
                                        [EVENT_XML] = "xml",
                                        [EVENT_TABLE] = "table",
                                        [EVENT_CSV] = "csv"};
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        if (strcmp(name, NAMES[i]) == 0) {
            *format = (enum event_format)i;
            return true;
        }
    }
    return false;
}

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
    case EVENT_XML:
        encode_xml(&sink, encoder, event, arena);
        break;
    case EVENT_TABLE:
        encode_table(&sink, encoder, event, arena);
        break;
    case EVENT_CSV:
        encode_csv(&sink, encoder, event, arena);
        break;
    }
    return sink_finish(&sink);
}

enum etwas_status encode_start(const struct encoder *encoder, enum event_format format,
                               struct output *output)
{
    struct sink sink;
    sink_start(&sink, output);
    if (format == EVENT_XML) {
        SINK_PUT(&sink, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Events>\n");
    } else if (format == EVENT_TABLE) {
        encode_table_names(&sink, encoder);
    } else if (format == EVENT_CSV) {
        encode_csv_names(&sink);
    }
    return sink_finish(&sink);
}

enum etwas_status encode_end(enum event_format format, struct output *output)
{
    struct sink sink;
    sink_start(&sink, output);
    if (format == EVENT_XML) {
        SINK_PUT(&sink, "</Events>\n");
    }
    return sink_finish(&sink);
}

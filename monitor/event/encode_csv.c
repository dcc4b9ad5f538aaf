/* SPDX-License-Identifier: MIT */
#include "monitor/event/encode_format.h"
#include "monitor/event/number.h"
#include "monitor/event/text.h"

/*
 * RFC 4180: lines end in CR LF; a cell with a comma, a quote or a line end stands between quotes,
 * and its quotes are doubled. EventData is one cell of JSON, as events of all kinds share the
 * columns, and so are the columns that few events have, Extra.
 */

void encode_csv_names(struct sink *sink)
{
    SINK_PUT(sink, "TimeCreated,Provider,ProviderId,EventId,EventName,Version,Level,LevelValue,"
                   "Opcode,OpcodeValue,Task,TaskValue,Keywords,Channel,ProcessId,ThreadId,"
                   "ProcessName,Cpu,ActivityId,RelatedActivityId,Extra,EventData,Message\r\n");
}

static size_t position(const struct sink *sink)
{
    return sink->output->data == NULL ? 0 : (size_t)(sink->at - sink->output->data);
}

/* Puts what was written since `start` between quotes, if it needs them. */
static void quote_from(struct sink *sink, size_t start)
{
    const size_t end = position(sink);
    size_t quotes = 0;
    bool needed = false;
    for (size_t i = start; i < end; i++) {
        const char c = sink->output->data[i];
        quotes += c == '"' ? 1 : 0;
        needed = needed || c == '"' || c == ',' || c == '\r' || c == '\n';
    }
    if (!needed || !sink_room(sink, quotes + 2)) {
        return;
    }
    char *const data = sink->output->data;
    char *to = data + end + quotes + 2;
    sink->at = to;
    *--to = '"';
    for (size_t i = end; i > start; i--) {
        *--to = data[i - 1];
        if (data[i - 1] == '"') {
            *--to = '"';
        }
    }
    *--to = '"';
}

/* Spreadsheets take a text that begins like this for a formula (OWASP, "CSV Injection"). */
static bool is_formula(char first)
{
    return first == '=' || first == '+' || first == '-' || first == '@' || first == '\t' ||
           first == '\r' || first == '\n';
}

/* A comma and the text; NULL is an empty cell. */
static void put_text(struct sink *sink, const char *text)
{
    SINK_PUT(sink, ",");
    if (text == NULL) {
        return;
    }
    const size_t start = position(sink);
    if (is_formula(text[0])) {
        SINK_PUT(sink, "'");
    }
    sink_put_clean_text(sink, text, strlen(text));
    quote_from(sink, start);
}

static void put_guid(struct sink *sink, const uint8_t *guid)
{
    SINK_PUT(sink, ",");
    if (guid != NULL) {
        sink_put_guid(sink, guid);
    }
}

/* Version to Channel; without levels they are empty. */
static void put_levels(struct sink *sink, const struct event *event)
{
    if (event->level == EVENT_LEVEL_NONE) {
        SINK_PUT(sink, ",,,,,,,,,");
        return;
    }
    SINK_PUT_UINT(sink, ",", event->version);
    put_text(sink, event_level_name(event));
    SINK_PUT_UINT(sink, ",", event->level);
    put_text(sink, event_opcode_name(event));
    SINK_PUT_UINT(sink, ",", event->opcode);
    put_text(sink, event->schema->task_name);
    SINK_PUT_UINT(sink, ",", event->task);
    SINK_PUT(sink, ",");
    sink_put_hex(sink, event->keywords);
    SINK_PUT_UINT(sink, ",", event->channel);
}

static void put_extra(struct sink *sink, struct encoder *encoder, const struct value *extra)
{
    SINK_PUT(sink, ",");
    if (extra != NULL) {
        const size_t start = position(sink);
        encode_json_value(sink, encoder, extra);
        quote_from(sink, start);
    }
}

void encode_csv(struct sink *sink, struct encoder *encoder, const struct event *event,
                struct arena *arena)
{
    sink_put_time(sink, encoder, event->time);
    put_text(sink, event->schema->provider);
    put_guid(sink, event->schema->provider_id);
    SINK_PUT_UINT(sink, ",", event->id);
    put_text(sink, event->schema->event_name);
    put_levels(sink, event);
    SINK_PUT_UINT(sink, ",", event->process_id);
    SINK_PUT_UINT(sink, ",", event->thread_id);
    put_text(sink, event->process_name);
    SINK_PUT_UINT(sink, ",", event->cpu);
    put_guid(sink, event->activity_id);
    put_guid(sink, event->related_activity_id);
    put_extra(sink, encoder, event->extra);
    SINK_PUT(sink, ",");
    const size_t start = position(sink);
    const struct value *values = encode_json_data(sink, encoder, event, arena);
    quote_from(sink, start);
    put_text(sink, event_message(event, values, arena));
    SINK_PUT(sink, "\r\n");
}

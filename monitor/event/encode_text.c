/* SPDX-License-Identifier: MIT */
#include "monitor/event/code.h"
#include "monitor/event/encode_format.h"
#include "monitor/event/number.h"
#include "monitor/event/text.h"

enum { MAXIMUM_DEPTH = 8 };

static void put_string(struct sink *sink, const char *text)
{
    sink_put_plain_text(sink, text, strlen(text));
}

/* `key` ends in ": ". */
static void put_named(struct sink *sink, const char *key, const char *text)
{
    if (text != NULL) {
        put_string(sink, key);
        put_string(sink, text);
        SINK_PUT(sink, "\n");
    }
}

static void put_guid(struct sink *sink, const char *key, const uint8_t *guid)
{
    if (guid != NULL) {
        put_string(sink, key);
        sink_put_guid(sink, guid);
        SINK_PUT(sink, "\n");
    }
}

static void put_value(struct sink *sink, struct encoder *encoder, const struct value *value,
                      unsigned depth);

static void put_array(struct sink *sink, struct encoder *encoder, const struct value *value,
                      unsigned depth)
{
    SINK_PUT(sink, "[");
    for (size_t i = 0; i < value->as.array.count && depth < MAXIMUM_DEPTH; i++) {
        put_string(sink, i == 0 ? "" : ", ");
        put_value(sink, encoder, &value->as.array.items[i], depth + 1);
    }
    SINK_PUT(sink, "]");
}

static void put_object(struct sink *sink, struct encoder *encoder, const struct value *value,
                       unsigned depth)
{
    SINK_PUT(sink, "{");
    for (size_t i = 0; i < value->as.object.count && depth < MAXIMUM_DEPTH; i++) {
        const struct member *member = &value->as.object.members[i];
        put_string(sink, i == 0 ? "" : ", ");
        put_string(sink, member->name);
        SINK_PUT(sink, " = ");
        put_value(sink, encoder, &member->value, depth + 1);
    }
    SINK_PUT(sink, "}");
}

/* With the name of what it is the code of. */
static void put_number(struct sink *sink, const struct value *value)
{
    if (value->type == VALUE_INT) {
        sink_put_int(sink, value->as.i);
    } else if (value->type == VALUE_UINT) {
        sink_put_uint(sink, value->as.u);
    } else {
        sink_put_hex(sink, value->as.u);
    }
    const char *name = code_name(value->code, (uint32_t)value->as.u);
    if (name != NULL) {
        SINK_PUT(sink, " (");
        put_string(sink, name);
        SINK_PUT(sink, ")");
    }
}

static void put_value(struct sink *sink, struct encoder *encoder, const struct value *value,
                      unsigned depth)
{
    switch (value->type) {
    case VALUE_NULL:
    case VALUE_ABSENT:
        SINK_PUT(sink, "null");
        return;
    case VALUE_BOOL:
        put_string(sink, value->as.truth ? "true" : "false");
        return;
    case VALUE_INT:
    case VALUE_UINT:
    case VALUE_HEX:
        put_number(sink, value);
        return;
    case VALUE_FLOAT:
        sink_put_float(sink, value->as.number);
        return;
    case VALUE_TEXT:
        sink_put_plain_text(sink, value->as.text.data, value->as.text.size);
        return;
    case VALUE_TIME:
        sink_put_time(sink, encoder, value->as.i);
        return;
    case VALUE_GUID:
        sink_put_guid(sink, value->as.bytes.data);
        return;
    case VALUE_BYTES:
        sink_put_bytes(sink, value->as.bytes.data, value->as.bytes.size);
        return;
    case VALUE_ARRAY:
        put_array(sink, encoder, value, depth);
        return;
    case VALUE_OBJECT:
        put_object(sink, encoder, value, depth);
        return;
    }
}

static void put_extra(struct sink *sink, struct encoder *encoder, const struct value *extra)
{
    for (size_t i = 0; extra != NULL && i < extra->as.object.count; i++) {
        put_string(sink, extra->as.object.members[i].name);
        SINK_PUT(sink, ": ");
        put_value(sink, encoder, &extra->as.object.members[i].value, 0);
        SINK_PUT(sink, "\n");
    }
}

static void put_header(struct sink *sink, struct encoder *encoder, const struct event *event)
{
    const struct schema *schema = event->schema;
    SINK_PUT(sink, "Event: ");
    sink_put_uint(sink, event->id);
    SINK_PUT(sink, " (");
    put_string(sink, schema->event_name[0] != 0 ? schema->event_name : schema->provider);
    SINK_PUT(sink, ")\nTimestamp: ");
    sink_put_time(sink, encoder, event->time);
    SINK_PUT(sink, "\n");
    put_named(sink, "Provider: ", schema->provider);
    SINK_PUT(sink, "Process: ");
    sink_put_uint(sink, event->process_id);
    if (event->process_name != NULL) {
        SINK_PUT(sink, " (");
        put_string(sink, event->process_name);
        SINK_PUT(sink, ")");
    }
    SINK_PUT(sink, "\nThread: ");
    sink_put_uint(sink, event->thread_id);
    SINK_PUT(sink, "\nCpu: ");
    sink_put_uint(sink, event->cpu);
    SINK_PUT(sink, "\n");
}

void encode_text(struct sink *sink, struct encoder *encoder, const struct event *event,
                 struct arena *arena)
{
    const struct schema *schema = event->schema;
    put_header(sink, encoder, event);
    put_named(sink, "Task: ", schema->task_name);
    put_guid(sink, "ActivityId: ", event->activity_id);
    put_guid(sink, "RelatedActivityId: ", event->related_activity_id);
    put_extra(sink, encoder, event->extra);
    put_named(sink, "Message: ", event_message(event, NULL, arena));
    for (uint16_t i = 0; i < schema->field_count; i++) {
        const struct value value = event_field(event, i, arena);
        if (value.type == VALUE_ABSENT) {
            continue;
        }
        put_string(sink, schema->field_name(schema, i));
        SINK_PUT(sink, " = ");
        put_value(sink, encoder, &value, 0);
        SINK_PUT(sink, "\n");
    }
    SINK_PUT(sink, "\n");
}

void encode_text_value(struct sink *sink, struct encoder *encoder, const struct value *value)
{
    put_value(sink, encoder, value, 0);
}

/* SPDX-License-Identifier: MIT */
#include "monitor/event/encode_format.h"
#include "monitor/event/number.h"
#include "monitor/event/text.h"

/*
 * The Event schema of Windows (learn.microsoft.com, "Event Schema"): System with its parts in their
 * order, EventData, and RenderingInfo for the names and the message. What came with an event and
 * has no place there stands in ExtendedTracingInfo, the element in which tracerpt has such things.
 */
enum { MAXIMUM_DEPTH = 8 };

static void put_text(struct sink *sink, const char *text)
{
    sink_put_xml_text(sink, text, strlen(text));
}

static void put_element(struct sink *sink, const char *name, const char *text)
{
    if (text != NULL) {
        SINK_PUT(sink, "<");
        put_text(sink, name);
        SINK_PUT(sink, ">");
        put_text(sink, text);
        SINK_PUT(sink, "</");
        put_text(sink, name);
        SINK_PUT(sink, ">");
    }
}

static void put_guid(struct sink *sink, const char *name, const uint8_t *guid)
{
    if (guid != NULL) {
        SINK_PUT(sink, " ");
        put_text(sink, name);
        SINK_PUT(sink, "=\"{");
        sink_put_guid(sink, guid);
        SINK_PUT(sink, "}\"");
    }
}

/* What is no array and no object. */
static void put_simple(struct sink *sink, struct encoder *encoder, const struct value *value)
{
    switch (value->type) {
    case VALUE_BOOL:
        put_text(sink, value->as.truth ? "true" : "false");
        return;
    case VALUE_INT:
        sink_put_int(sink, value->as.i);
        return;
    case VALUE_UINT:
        sink_put_uint(sink, value->as.u);
        return;
    case VALUE_HEX:
        sink_put_hex(sink, value->as.u);
        return;
    case VALUE_FLOAT:
        sink_put_float(sink, value->as.number);
        return;
    case VALUE_TEXT:
        sink_put_xml_text(sink, value->as.text.data, value->as.text.size);
        return;
    case VALUE_TIME:
        sink_put_time(sink, encoder, value->as.i);
        return;
    case VALUE_GUID:
        SINK_PUT(sink, "{");
        sink_put_guid(sink, value->as.bytes.data);
        SINK_PUT(sink, "}");
        return;
    case VALUE_BYTES:
        sink_put_bytes(sink, value->as.bytes.data, value->as.bytes.size);
        return;
    case VALUE_NULL:
    case VALUE_ABSENT:
    case VALUE_ARRAY:
    case VALUE_OBJECT:
        return;
    }
}

static void put_data(struct sink *sink, struct encoder *encoder, const struct member *member,
                     unsigned depth);

static void put_start(struct sink *sink, const char *element, const char *name)
{
    SINK_PUT(sink, "<");
    put_text(sink, element);
    SINK_PUT(sink, " Name=\"");
    put_text(sink, name);
    SINK_PUT(sink, "\"");
}

static void put_complex(struct sink *sink, struct encoder *encoder, const struct member *member,
                        unsigned depth)
{
    put_start(sink, "ComplexData", member->name);
    SINK_PUT(sink, ">");
    for (size_t i = 0; i < member->value.as.object.count; i++) {
        put_data(sink, encoder, &member->value.as.object.members[i], depth + 1);
    }
    SINK_PUT(sink, "</ComplexData>");
}

static void put_data(struct sink *sink, struct encoder *encoder, const struct member *member,
                     unsigned depth)
{
    const struct value *value = &member->value;
    if (value->type == VALUE_ARRAY && depth < MAXIMUM_DEPTH) {
        for (size_t i = 0; i < value->as.array.count; i++) {
            const struct member item = {.name = member->name, .value = value->as.array.items[i]};
            put_data(sink, encoder, &item, depth + 1);
        }
    } else if (value->type == VALUE_OBJECT && depth < MAXIMUM_DEPTH) {
        put_complex(sink, encoder, member, depth);
    } else if (value->type == VALUE_NULL || value->type == VALUE_ARRAY ||
               value->type == VALUE_OBJECT) {
        put_start(sink, "Data", member->name);
        SINK_PUT(sink, "/>");
    } else {
        put_start(sink, "Data", member->name);
        SINK_PUT(sink, ">");
        put_simple(sink, encoder, value);
        SINK_PUT(sink, "</Data>");
    }
}

static void put_provider(struct sink *sink, const struct event *event)
{
    SINK_PUT(sink, "<Provider");
    SINK_PUT(sink, " Name=\"");
    put_text(sink, event->schema->provider);
    SINK_PUT(sink, "\"");
    put_guid(sink, "Guid", event->schema->provider_id);
    SINK_PUT_UINT(sink, "/><EventID>", event->id);
    SINK_PUT(sink, "</EventID>");
    if (event->level != EVENT_LEVEL_NONE) {
        SINK_PUT_UINT(sink, "<Version>", event->version);
        SINK_PUT_UINT(sink, "</Version><Level>", event->level);
        SINK_PUT_UINT(sink, "</Level><Task>", event->task);
        SINK_PUT_UINT(sink, "</Task><Opcode>", event->opcode);
        SINK_PUT(sink, "</Opcode><Keywords>");
        sink_put_hex(sink, event->keywords);
        SINK_PUT(sink, "</Keywords>");
    }
}

static bool is_named(const struct member *member, const char *name, enum value_type type)
{
    return strcmp(member->name, name) == 0 && member->value.type == type;
}

/* A column that only few events have; NULL: this one does not. */
static const struct value *find_extra(const struct event *event, const char *name,
                                      enum value_type type)
{
    const struct value *extra = event->extra;
    for (size_t i = 0; extra != NULL && i < extra->as.object.count; i++) {
        if (is_named(&extra->as.object.members[i], name, type)) {
            return &extra->as.object.members[i].value;
        }
    }
    return NULL;
}

/* Those that System has no place for. */
static void put_extra(struct sink *sink, struct encoder *encoder, const struct value *extra)
{
    bool any = false;
    for (size_t i = 0; extra != NULL && i < extra->as.object.count; i++) {
        const struct member *member = &extra->as.object.members[i];
        if (is_named(member, "UserId", VALUE_TEXT) || is_named(member, "SessionId", VALUE_UINT)) {
            continue;
        }
        if (!any) {
            SINK_PUT(sink, "<ExtendedTracingInfo xmlns=\"http://schemas.microsoft.com/win/2004/08/"
                           "events/trace\">");
        }
        any = true;
        put_data(sink, encoder, member, 0);
    }
    if (any) {
        SINK_PUT(sink, "</ExtendedTracingInfo>");
    }
}

static void put_execution(struct sink *sink, const struct event *event)
{
    const struct value *session = find_extra(event, "SessionId", VALUE_UINT);
    SINK_PUT_UINT(sink, "<Execution ProcessID=\"", event->process_id);
    SINK_PUT_UINT(sink, "\" ThreadID=\"", event->thread_id);
    SINK_PUT_UINT(sink, "\" ProcessorID=\"", event->cpu);
    if (session != NULL) {
        SINK_PUT(sink, "\" SessionID=\"");
        sink_put_uint(sink, session->as.u);
    }
    SINK_PUT(sink, "\"/>");
}

static void put_system(struct sink *sink, struct encoder *encoder, const struct event *event)
{
    SINK_PUT(sink, "<System>");
    put_provider(sink, event);
    SINK_PUT(sink, "<TimeCreated SystemTime=\"");
    sink_put_time(sink, encoder, event->time);
    SINK_PUT(sink, "\"/>");
    if (event->activity_id != NULL || event->related_activity_id != NULL) {
        SINK_PUT(sink, "<Correlation");
        put_guid(sink, "ActivityID", event->activity_id);
        put_guid(sink, "RelatedActivityID", event->related_activity_id);
        SINK_PUT(sink, "/>");
    }
    put_execution(sink, event);
    if (event->channel != 0) {
        SINK_PUT_UINT(sink, "<Channel>", event->channel);
        SINK_PUT(sink, "</Channel>");
    }
    /* The schema wants it; which one it was, no trace says. */
    SINK_PUT(sink, "<Computer/>");
    const struct value *user = find_extra(event, "UserId", VALUE_TEXT);
    if (user != NULL) {
        SINK_PUT(sink, "<Security UserID=\"");
        sink_put_xml_text(sink, user->as.text.data, user->as.text.size);
        SINK_PUT(sink, "\"/>");
    }
    SINK_PUT(sink, "</System>");
}

static void put_rendering(struct sink *sink, const struct event *event, struct arena *arena)
{
    SINK_PUT(sink, "<RenderingInfo Culture=\"en-US\">");
    put_element(sink, "Message", event_message(event, NULL, arena));
    put_element(sink, "Level", event_level_name(event));
    put_element(sink, "Task", event->schema->task_name);
    put_element(sink, "Opcode", event_opcode_name(event));
    put_element(sink, "EventName",
                event->schema->event_name[0] != 0 ? event->schema->event_name : NULL);
    SINK_PUT(sink, "</RenderingInfo>");
}

void encode_xml(struct sink *sink, struct encoder *encoder, const struct event *event,
                struct arena *arena)
{
    const struct schema *schema = event->schema;
    SINK_PUT(sink, "<Event xmlns=\"http://schemas.microsoft.com/win/2004/08/events/event\">");
    put_system(sink, encoder, event);
    SINK_PUT(sink, "<EventData>");
    for (uint16_t i = 0; i < schema->field_count; i++) {
        const struct member member = {.name = schema->field_name(schema, i),
                                      .value = event_field(event, i, arena)};
        if (member.value.type != VALUE_ABSENT) {
            put_data(sink, encoder, &member, 0);
        }
    }
    SINK_PUT(sink, "</EventData>");
    put_rendering(sink, event, arena);
    put_extra(sink, encoder, event->extra);
    SINK_PUT(sink, "</Event>\n");
}

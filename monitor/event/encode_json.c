/* SPDX-License-Identifier: MIT */
#include "monitor/event/encode_format.h"
#include "monitor/event/number.h"
#include "monitor/event/text.h"

/*
 * The fast path is the whole path: every column is a copied key and a rendered
 * value. What is the same in all events of a schema (provider, event name, the
 * keys of the fields) is escaped once by schema_json_make() and copied after.
 */

enum { MAXIMUM_DEPTH = 8, MAXIMUM_NAMES = 1024 * 1024 };

struct piece {
    const char *data;
    size_t size;
};

struct schema_json {
    struct piece head;     /* ,"Provider":"p","ProviderId":"...","EventId": */
    struct piece name;     /* ,"EventName":"n" */
    struct piece opcode;   /* ,"Opcode":"o" , or empty where the number says its name */
    struct piece task;     /* ,"Task":"t" , or empty */
    struct piece fields[]; /* "name": , with a comma before all but the first */
};

static void put_string(struct sink *sink, const char *data, size_t size)
{
    SINK_PUT(sink, "\"");
    sink_put_json_text(sink, data, size);
    SINK_PUT(sink, "\"");
}

static void put_guid(struct sink *sink, const uint8_t *guid)
{
    SINK_PUT(sink, "\"");
    sink_put_guid(sink, guid);
    SINK_PUT(sink, "\"");
}

static void put_head(struct sink *sink, const struct schema *schema)
{
    SINK_PUT(sink, ",\"Provider\":");
    put_string(sink, schema->provider, strlen(schema->provider));
    if (schema->provider_id != NULL) {
        SINK_PUT(sink, ",\"ProviderId\":");
        put_guid(sink, schema->provider_id);
    }
    SINK_PUT(sink, ",\"EventId\":");
}

static void put_name(struct sink *sink, const struct schema *schema)
{
    SINK_PUT(sink, ",\"EventName\":");
    put_string(sink, schema->event_name, strlen(schema->event_name));
}

/* `key` ends in the colon. Nothing when there is no text. */
static void put_named(struct sink *sink, const char *key, size_t size, const char *text)
{
    if (text != NULL) {
        sink_put(sink, key, size);
        put_string(sink, text, strlen(text));
    }
}

#define PUT_NAMED(sink, literal, text) put_named((sink), (literal), sizeof(literal) - 1, (text))

static void put_key(struct sink *sink, const struct schema *schema, uint16_t index)
{
    if (index != 0) {
        SINK_PUT(sink, ",");
    }
    const char *name = schema->field_name(schema, index);
    put_string(sink, name, strlen(name));
    SINK_PUT(sink, ":");
}

static void put_piece(struct sink *sink, const struct piece *piece)
{
    sink_put(sink, piece->data, piece->size);
}

/* What was rendered since the piece before it. Pieces get their places at the end. */
static void end_piece(const struct sink *sink, struct piece *piece, size_t *start)
{
    const size_t end = (size_t)(sink->at - sink->output->data);
    piece->size = end - *start;
    *start = end;
}

/* Renders all names one after the other. */
static bool render_names(struct sink *sink, const struct schema *schema, struct schema_json *json)
{
    size_t start = 0;
    put_head(sink, schema);
    end_piece(sink, &json->head, &start);
    put_name(sink, schema);
    end_piece(sink, &json->name, &start);
    PUT_NAMED(sink, ",\"Opcode\":", schema->opcode_name);
    end_piece(sink, &json->opcode, &start);
    PUT_NAMED(sink, ",\"Task\":", schema->task_name);
    end_piece(sink, &json->task, &start);
    for (uint16_t i = 0; i < schema->field_count; i++) {
        put_key(sink, schema, i);
        end_piece(sink, &json->fields[i], &start);
    }
    return sink_finish(sink) == ETWAS_OK;
}

static void place(struct piece *piece, const char **at)
{
    piece->data = *at;
    *at += piece->size;
}

/* The names were rendered into memory that will be freed: copies them to the arena. */
static bool keep_names(const struct output *output, const struct schema *schema,
                       struct schema_json *json, struct arena *arena)
{
    char *text = arena_take(arena, output->size);
    if (text == NULL) {
        return false;
    }
    memcpy(text, output->data, output->size);
    const char *at = text;
    place(&json->head, &at);
    place(&json->name, &at);
    place(&json->opcode, &at);
    place(&json->task, &at);
    for (uint16_t i = 0; i < schema->field_count; i++) {
        place(&json->fields[i], &at);
    }
    return true;
}

const struct schema_json *schema_json_make(const struct schema *schema, struct arena *arena)
{
    struct schema_json *json =
        arena_take(arena, sizeof *json + schema->field_count * sizeof json->fields[0]);
    if (json == NULL) {
        return NULL;
    }
    struct output output;
    output_init(&output, MAXIMUM_NAMES);
    struct sink sink;
    sink_start(&sink, &output);
    const bool made = render_names(&sink, schema, json) && keep_names(&output, schema, json, arena);
    output_clear(&output);
    return made ? json : NULL;
}

static void put_value(struct sink *sink, struct encoder *encoder, const struct value *value,
                      unsigned depth);

/*
 * The numbers that an array begins with, most often all of it; how many they are. They
 * go into room asked for several at once, for which the sink moves one step.
 */
static size_t put_uints(struct sink *sink, const struct value *items, size_t count)
{
    enum { AT_ONCE = 8 };
    size_t done = 0;
    while (done < count && items[done].type == VALUE_UINT &&
           sink_room(sink, (size_t)AT_ONCE * (1 + NUMBER_UINT_SIZE))) {
        const size_t end = count - done < AT_ONCE ? count : done + AT_ONCE;
        char *at = sink->at;
        for (; done < end && items[done].type == VALUE_UINT; done++) {
            *at = ',';
            at = number_put_uint(at + (done != 0), items[done].as.u);
        }
        sink->at = at;
    }
    return done;
}

/* The same of those in hex: addresses. */
static size_t put_hexes(struct sink *sink, const struct value *items, size_t count)
{
    enum { AT_ONCE = 8, PUNCTUATION = 3 };
    size_t done = 0;
    while (done < count && items[done].type == VALUE_HEX &&
           sink_room(sink, (size_t)AT_ONCE * (PUNCTUATION + NUMBER_HEX_SIZE))) {
        const size_t end = count - done < AT_ONCE ? count : done + AT_ONCE;
        char *at = sink->at;
        for (; done < end && items[done].type == VALUE_HEX; done++) {
            *at = ',';
            at += done != 0;
            *at = '"';
            at = number_put_hex(at + 1, items[done].as.u);
            *at++ = '"';
        }
        sink->at = at;
    }
    return done;
}

static void put_array(struct sink *sink, struct encoder *encoder, const struct value *value,
                      unsigned depth)
{
    const struct value *items = value->as.array.items;
    const size_t count = value->as.array.count;
    if (depth == MAXIMUM_DEPTH) {
        SINK_PUT(sink, "null");
        return;
    }
    SINK_PUT(sink, "[");
    size_t i = put_uints(sink, items, count);
    i = i == 0 ? put_hexes(sink, items, count) : i;
    for (; i < count; i++) {
        sink_put(sink, ",", i != 0);
        put_value(sink, encoder, &items[i], depth + 1);
    }
    SINK_PUT(sink, "]");
}

static void put_object(struct sink *sink, struct encoder *encoder, const struct value *value,
                       unsigned depth)
{
    if (depth == MAXIMUM_DEPTH) {
        SINK_PUT(sink, "null");
        return;
    }
    SINK_PUT(sink, "{");
    for (size_t i = 0; i < value->as.object.count; i++) {
        const struct member *member = &value->as.object.members[i];
        sink_put(sink, ",", i != 0);
        put_string(sink, member->name, strlen(member->name));
        SINK_PUT(sink, ":");
        put_value(sink, encoder, &member->value, depth + 1);
    }
    SINK_PUT(sink, "}");
}

static void put_float(struct sink *sink, double number)
{
    if (sink_is_finite(number)) {
        sink_put_float(sink, number);
        return;
    }
    SINK_PUT(sink, "\"");
    sink_put_float(sink, number);
    SINK_PUT(sink, "\"");
}

static void put_hex(struct sink *sink, uint64_t number)
{
    if (sink_room(sink, NUMBER_HEX_SIZE + 2)) {
        *sink->at = '"';
        char *end = number_put_hex(sink->at + 1, number);
        *end = '"';
        sink->at = end + 1;
    }
}

/* Other values that are written between quotes. */
static void put_quoted(struct sink *sink, struct encoder *encoder, const struct value *value)
{
    SINK_PUT(sink, "\"");
    if (value->type == VALUE_TIME) {
        sink_put_time(sink, encoder, value->as.i);
    } else if (value->type == VALUE_GUID) {
        sink_put_guid(sink, value->as.bytes.data);
    } else {
        sink_put_bytes(sink, value->as.bytes.data, value->as.bytes.size);
    }
    SINK_PUT(sink, "\"");
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
        sink_put(sink, value->as.truth ? "true" : "false", value->as.truth ? 4 : 5);
        return;
    case VALUE_INT:
        sink_put_int(sink, value->as.i);
        return;
    case VALUE_UINT:
        sink_put_uint(sink, value->as.u);
        return;
    case VALUE_FLOAT:
        put_float(sink, value->as.number);
        return;
    case VALUE_TEXT:
        put_string(sink, value->as.text.data, value->as.text.size);
        return;
    case VALUE_HEX:
        put_hex(sink, value->as.u);
        return;
    case VALUE_TIME:
    case VALUE_GUID:
    case VALUE_BYTES:
        put_quoted(sink, encoder, value);
        return;
    case VALUE_ARRAY:
        put_array(sink, encoder, value, depth);
        return;
    case VALUE_OBJECT:
        put_object(sink, encoder, value, depth);
        return;
    }
}

void encode_json_value(struct sink *sink, struct encoder *encoder, const struct value *value)
{
    put_value(sink, encoder, value, 0);
}

const struct value *encode_json_data(struct sink *sink, struct encoder *encoder,
                                     const struct event *event, struct arena *arena)
{
    const struct schema *schema = event->schema;
    const struct value *values = event_values(event, arena);
    struct value one;
    SINK_PUT(sink, "{");
    for (uint16_t i = 0; i < schema->field_count; i++) {
        const struct value *value = &one;
        if (values != NULL) {
            value = &values[i];
        } else {
            one = event_field(event, i, arena);
        }
        if (value->type == VALUE_ABSENT) { /* only ever the last: the commas stay right */
            continue;
        }
        if (schema->json != NULL) {
            put_piece(sink, &schema->json->fields[i]);
        } else {
            put_key(sink, schema, i);
        }
        put_value(sink, encoder, value, 0);
    }
    SINK_PUT(sink, "}");
    return values;
}

static void put_activity(struct sink *sink, const char *key, const uint8_t *guid)
{
    if (guid != NULL) {
        sink_put(sink, key, strlen(key));
        put_guid(sink, guid);
    }
}

/* UserId, Stack and others. */
static void put_extra(struct sink *sink, struct encoder *encoder, const struct value *extra)
{
    for (size_t i = 0; extra != NULL && i < extra->as.object.count; i++) {
        const struct member *member = &extra->as.object.members[i];
        SINK_PUT(sink, ",");
        put_string(sink, member->name, strlen(member->name));
        SINK_PUT(sink, ":");
        put_value(sink, encoder, &member->value, 0);
    }
}

/* Version to Channel, of systems that have levels. */
static void put_levels(struct sink *sink, const struct event *event)
{
    const struct schema_json *json = event->schema->json;
    SINK_PUT_UINT(sink, ",\"Version\":", event->version);
    PUT_NAMED(sink, ",\"Level\":", event_level_name(event));
    SINK_PUT_UINT(sink, ",\"LevelValue\":", event->level);
    if (json != NULL && json->opcode.size != 0) {
        put_piece(sink, &json->opcode);
    } else {
        PUT_NAMED(sink, ",\"Opcode\":", event_opcode_name(event));
    }
    SINK_PUT_UINT(sink, ",\"OpcodeValue\":", event->opcode);
    if (json != NULL) {
        put_piece(sink, &json->task);
    } else {
        PUT_NAMED(sink, ",\"Task\":", event->schema->task_name);
    }
    SINK_PUT_UINT(sink, ",\"TaskValue\":", event->task);
    SINK_PUT(sink, ",\"Keywords\":");
    put_hex(sink, event->keywords);
    SINK_PUT_UINT(sink, ",\"Channel\":", event->channel);
}

void encode_json(struct sink *sink, struct encoder *encoder, const struct event *event,
                 struct arena *arena)
{
    const struct schema_json *json = event->schema->json;
    SINK_PUT(sink, "{\"TimeCreated\":\"");
    sink_put_time(sink, encoder, event->time);
    SINK_PUT(sink, "\"");
    if (json != NULL) {
        sink_put_keyed_uint(sink, json->head.data, json->head.size, event->id);
        put_piece(sink, &json->name);
    } else {
        put_head(sink, event->schema);
        sink_put_uint(sink, event->id);
        put_name(sink, event->schema);
    }
    if (event->level != EVENT_LEVEL_NONE) {
        put_levels(sink, event);
    }
    SINK_PUT_UINT(sink, ",\"ProcessId\":", event->process_id);
    SINK_PUT_UINT(sink, ",\"ThreadId\":", event->thread_id);
    PUT_NAMED(sink, ",\"ProcessName\":", event->process_name);
    SINK_PUT_UINT(sink, ",\"Cpu\":", event->cpu);
    put_activity(sink, ",\"ActivityId\":", event->activity_id);
    put_activity(sink, ",\"RelatedActivityId\":", event->related_activity_id);
    put_extra(sink, encoder, event->extra);
    SINK_PUT(sink, ",\"EventData\":");
    const struct value *values = encode_json_data(sink, encoder, event, arena);
    PUT_NAMED(sink, ",\"Message\":", event_message(event, values, arena));
    SINK_PUT(sink, "}\n");
}

/* SPDX-License-Identifier: MIT */
#include "monitor/etw/classic.h"

#include <stdlib.h>
#include <string.h>

#include "monitor/etw/decode.h"
#include "monitor/etw/schemas_parts.h"

enum { MAXIMUM_FIELDS = 64 };

struct type {
    const char *text;
    uint16_t in_type;
    uint16_t out_type;
};

static const struct type types[] = {
    {"i1",   ETW_IN_INT8,       ETW_OUT_NULL },
    {"i2",   ETW_IN_INT16,      ETW_OUT_NULL },
    {"i4",   ETW_IN_INT32,      ETW_OUT_NULL },
    {"i8",   ETW_IN_INT64,      ETW_OUT_NULL },
    {"u1",   ETW_IN_UINT8,      ETW_OUT_NULL },
    {"u2",   ETW_IN_UINT16,     ETW_OUT_NULL },
    {"u4",   ETW_IN_UINT32,     ETW_OUT_NULL },
    {"u8",   ETW_IN_UINT64,     ETW_OUT_NULL },
    {"x1",   ETW_IN_UINT8,      ETW_OUT_HEX8 },
    {"x2",   ETW_IN_UINT16,     ETW_OUT_HEX16},
    {"x4",   ETW_IN_UINT32,     ETW_OUT_HEX32},
    {"x8",   ETW_IN_UINT64,     ETW_OUT_HEX64},
    {"p",    ETW_IN_POINTER,    ETW_OUT_NULL },
    {"z",    ETW_IN_SIZE,       ETW_OUT_NULL },
    {"f4",   ETW_IN_FLOAT,      ETW_OUT_NULL },
    {"f8",   ETW_IN_DOUBLE,     ETW_OUT_NULL },
    {"w",    ETW_IN_UTF16,      ETW_OUT_NULL },
    {"a",    ETW_IN_ANSI,       ETW_OUT_NULL },
    {"t",    ETW_IN_FILETIME,   ETW_OUT_NULL },
    {"st",   ETW_IN_SYSTEMTIME, ETW_OUT_NULL },
    {"g",    ETW_IN_GUID,       ETW_OUT_NULL },
    {"s",    ETW_IN_WBEM_SID,   ETW_OUT_NULL },
    {"ip4",  ETW_IN_UINT32,     ETW_OUT_IPV4 },
    {"ip6",  ETW_IN_BINARY,     ETW_OUT_IPV6 },
    {"port", ETW_IN_UINT16,     ETW_OUT_PORT },
};

/* The tables are ours, so what cannot be read in them is our mistake: the event is then shown raw.
 */
struct parse {
    const char *at;
    struct arena *arena;
    uint16_t count;
    struct etw_field fields[MAXIMUM_FIELDS];
};

static const char *take_word(struct parse *parse, const char *stops)
{
    const size_t size = strcspn(parse->at, stops);
    char *word = arena_take(parse->arena, size + 1);
    if (word != NULL) {
        memcpy(word, parse->at, size);
        word[size] = '\0';
    }
    parse->at += size;
    return word;
}

static bool set_type(struct etw_field *field, const char *text)
{
    if (text[0] == 'b' && text[1] >= '0' && text[1] <= '9') {
        field->in_type = ETW_IN_BINARY;
        field->length_from = ETW_EXTENT_FIXED;
        field->length = (uint16_t)strtoul(text + 1, NULL, 10);
        field->is_hidden = true;
        return true;
    }
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(types[i].text, text) == 0) {
            field->in_type = types[i].in_type;
            field->out_type = types[i].out_type;
            return true;
        }
    }
    return false;
}

/* What follows the "*" of a type. */
static bool set_count(const struct parse *parse, struct etw_field *field, const char *text)
{
    if (text[0] >= '0' && text[0] <= '9') {
        field->count_from = ETW_EXTENT_FIXED;
        field->count = (uint16_t)strtoul(text, NULL, 10);
        return true;
    }
    if (text[0] == '\0') {
        field->count_from = ETW_EXTENT_FIXED;
        field->count = UINT16_MAX; /* to the end: decode.c stops there */
        field->to_end = true;
        return true;
    }
    for (uint16_t i = 0; i < parse->count; i++) {
        if (strcmp(parse->fields[i].name, text) == 0) {
            field->count_from = ETW_EXTENT_FIELD;
            field->count = i;
            return true;
        }
    }
    return false;
}

static bool take_field(struct parse *parse)
{
    struct etw_field *field = &parse->fields[parse->count];
    *field = (struct etw_field){.name = NULL};
    const char *type = take_word(parse, "* ,");
    if (type == NULL || !set_type(field, type)) {
        return false;
    }
    if (*parse->at == '*') {
        parse->at++;
        const char *count = take_word(parse, " ,");
        if (count == NULL || !set_count(parse, field, count)) {
            return false;
        }
    }
    parse->at += strspn(parse->at, " ");
    field->name = take_word(parse, ",");
    parse->at += strspn(parse->at, ", ");
    parse->count++;
    return field->name != NULL;
}

static bool lists(const char *opcodes, uint8_t opcode)
{
    const char *at = opcodes;
    while (*at != '\0') {
        char *end = NULL;
        const unsigned long first = strtoul(at, &end, 10);
        const unsigned long last = *end == '-' ? strtoul(end + 1, &end, 10) : first;
        if (opcode >= first && opcode <= last) {
            return true;
        }
        at = end + strspn(end, " ");
    }
    return false;
}

/* The name at the opcode's place in the list; the last one for those beyond. */
static const char *name_of(const struct classic_event *event, uint8_t opcode, struct arena *arena)
{
    size_t place = 0;
    for (unsigned other = 0; other < opcode; other++) {
        place += lists(event->opcodes, (uint8_t)other) ? 1 : 0;
    }
    const char *at = event->name;
    const char *bar = strchr(at, '|');
    for (; place > 0 && bar != NULL; place--) {
        at = bar + 1;
        bar = strchr(at, '|');
    }
    const size_t size = bar != NULL ? (size_t)(bar - at) : strlen(at);
    char *name = arena_take(arena, size + 1);
    if (name != NULL) {
        memcpy(name, at, size);
        name[size] = '\0';
    }
    return name;
}

static const struct classic_event *find_event(const struct classic_class *class,
                                              const struct etl_record *record)
{
    for (size_t i = 0; i < class->count; i++) {
        const struct classic_event *event = &class->events[i];
        if (record->version >= event->first_version && record->version <= event->last_version &&
            lists(event->opcodes, record->opcode)) {
            return event;
        }
    }
    return NULL;
}

static const struct classic_class *find_class(const uint8_t *id)
{
    for (size_t i = 0; id != NULL && i < classic_class_count; i++) {
        if (memcmp(classic_classes[i].id, id, SCHEMAS_ID_SIZE) == 0) {
            return &classic_classes[i];
        }
    }
    return NULL;
}

const struct etw_layout *classic_layout(const struct etl_record *record,
                                        const struct schemas_options *options, struct arena *arena)
{
    const struct classic_class *class = find_class(record->provider_id);
    const struct classic_event *event = class != NULL ? find_event(class, record) : NULL;
    struct etw_layout *layout = arena_take(arena, sizeof *layout);
    struct parse *parse = arena_take(arena, sizeof *parse);
    if (event == NULL || layout == NULL || parse == NULL) {
        return NULL;
    }
    parse->at = event->fields;
    parse->arena = arena;
    parse->count = 0;
    while (*parse->at != '\0') {
        if (parse->count == MAXIMUM_FIELDS || !take_field(parse)) {
            return NULL;
        }
    }
    const char *name = name_of(event, record->opcode, arena);
    if (name == NULL) {
        return NULL;
    }
    *layout = (struct etw_layout){
        .schema = {.provider = class->name, .event_name = name, .provider_id = class->id},
        .source = ETW_CLASSIC,
        .fields = schemas_copy(arena, parse->fields, (parse->count + 1U) * sizeof parse->fields[0]),
        .top_count = parse->count,
        .field_total = parse->count,
        .pointer_size = record->pointer_size,
        .raw_values = options->raw_values
    };
    return layout->fields != NULL && etw_layout_finish(layout, arena) ? layout : NULL;
}

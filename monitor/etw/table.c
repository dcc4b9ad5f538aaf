/* SPDX-License-Identifier: MIT */
#include "monitor/etw/table.h"

#include <stdlib.h>
#include <string.h>

#include "monitor/etw/decode.h"

enum { MAXIMUM_FIELDS = 64, POINTER_64 = 8, ALIGNING = 4 };

struct type {
    const char *text;
    uint16_t in_type;
    uint16_t out_type;
};

static const struct type types[] = {
    {"i1",   ETW_IN_INT8,       ETW_OUT_NULL   },
    {"i2",   ETW_IN_INT16,      ETW_OUT_NULL   },
    {"i4",   ETW_IN_INT32,      ETW_OUT_NULL   },
    {"i8",   ETW_IN_INT64,      ETW_OUT_NULL   },
    {"u1",   ETW_IN_UINT8,      ETW_OUT_NULL   },
    {"u2",   ETW_IN_UINT16,     ETW_OUT_NULL   },
    {"u4",   ETW_IN_UINT32,     ETW_OUT_NULL   },
    {"u8",   ETW_IN_UINT64,     ETW_OUT_NULL   },
    {"x1",   ETW_IN_UINT8,      ETW_OUT_HEX8   },
    {"x2",   ETW_IN_UINT16,     ETW_OUT_HEX16  },
    {"x4",   ETW_IN_UINT32,     ETW_OUT_HEX32  },
    {"x8",   ETW_IN_UINT64,     ETW_OUT_HEX64  },
    {"o1",   ETW_IN_UINT8,      ETW_OUT_BOOLEAN},
    {"o4",   ETW_IN_BOOLEAN,    ETW_OUT_BOOLEAN},
    {"p",    ETW_IN_POINTER,    ETW_OUT_NULL   },
    {"z",    ETW_IN_SIZE,       ETW_OUT_NULL   },
    {"f4",   ETW_IN_FLOAT,      ETW_OUT_NULL   },
    {"f8",   ETW_IN_DOUBLE,     ETW_OUT_NULL   },
    {"w",    ETW_IN_UTF16,      ETW_OUT_NULL   },
    {"a",    ETW_IN_ANSI,       ETW_OUT_NULL   },
    {"t",    ETW_IN_FILETIME,   ETW_OUT_NULL   },
    {"st",   ETW_IN_SYSTEMTIME, ETW_OUT_NULL   },
    {"g",    ETW_IN_GUID,       ETW_OUT_NULL   },
    {"s",    ETW_IN_WBEM_SID,   ETW_OUT_NULL   },
    {"d",    ETW_IN_BINARY,     ETW_OUT_NULL   },
    {"ip4",  ETW_IN_UINT32,     ETW_OUT_IPV4   },
    {"ip6",  ETW_IN_BINARY,     ETW_OUT_IPV6   },
    {"port", ETW_IN_UINT16,     ETW_OUT_PORT   },
};

struct list {
    uint16_t count;
    struct etw_field fields[MAXIMUM_FIELDS];
};

/* The tables are ours: what cannot be read in them is our mistake, and shows as raw events. */
struct parse {
    const char *at;
    struct arena *arena;
    uint8_t pointer_size;
    struct list top;
    struct list members; /* of all structures */
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

/* "b172", "w16", "a8", "q4": a letter and how many. */
static bool set_sized(const struct parse *parse, struct etw_field *field, const char *text)
{
    static const char letters[] = "bqwa";
    if (text[0] == '\0' || strchr(letters, text[0]) == NULL || text[1] < '0' || text[1] > '9') {
        return false;
    }
    char *end = NULL;
    field->length_from = ETW_EXTENT_FIXED;
    field->length = (uint16_t)strtoul(text + 1, &end, 10);
    field->in_type = text[0] == 'w' ? ETW_IN_UTF16 : text[0] == 'a' ? ETW_IN_ANSI : ETW_IN_BINARY;
    field->is_hidden = text[0] == 'b' || text[0] == 'q';
    if (text[0] == 'q' && parse->pointer_size != POINTER_64) {
        field->length = (uint16_t)(field->length - ALIGNING);
    }
    return *end == '\0';
}

static bool set_type(const struct parse *parse, struct etw_field *field, const char *text)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(types[i].text, text) == 0) {
            field->in_type = types[i].in_type;
            field->out_type = types[i].out_type;
            return true;
        }
    }
    return set_sized(parse, field, text);
}

/* What follows the "*" of a type. */
static bool set_count(const struct list *list, struct etw_field *field, const char *text)
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
    for (uint16_t i = 0; i < list->count; i++) {
        if (strcmp(list->fields[i].name, text) == 0) {
            field->count_from = ETW_EXTENT_FIELD;
            field->count = i;
            return true;
        }
    }
    return false;
}

/* The count and the name, and what parts it from the next field. */
static bool take_rest(struct parse *parse, struct list *list, struct etw_field *field)
{
    if (*parse->at == '*') {
        parse->at++;
        const char *count = take_word(parse, " ,}");
        if (count == NULL || !set_count(list, field, count)) {
            return false;
        }
    }
    parse->at += strspn(parse->at, " ");
    field->name = take_word(parse, ",}");
    parse->at += strspn(parse->at, ", ");
    list->count++;
    return field->name != NULL && field->name[0] != '\0';
}

static bool take_field(struct parse *parse, struct list *list)
{
    if (list->count == MAXIMUM_FIELDS) {
        return false;
    }
    struct etw_field *field = &list->fields[list->count];
    *field = (struct etw_field){.name = NULL};
    const char *type = take_word(parse, "* ,}");
    return type != NULL && set_type(parse, field, type) && take_rest(parse, list, field);
}

static bool take_struct(struct parse *parse)
{
    if (parse->top.count == MAXIMUM_FIELDS) {
        return false;
    }
    struct etw_field *field = &parse->top.fields[parse->top.count];
    *field = (struct etw_field){.is_struct = true, .first = parse->members.count};
    parse->at++;
    while (*parse->at != '}') {
        if (*parse->at == '\0' || !take_field(parse, &parse->members)) {
            return false;
        }
    }
    parse->at++;
    field->members = (uint16_t)(parse->members.count - field->first);
    return take_rest(parse, &parse->top, field);
}

/* Members come behind all fields of the top. */
static bool join(struct etw_layout *layout, struct parse *parse)
{
    const size_t total = (size_t)parse->top.count + parse->members.count;
    struct etw_field *fields = arena_take(parse->arena, (total + 1) * sizeof *fields);
    if (fields == NULL) {
        return false;
    }
    for (uint16_t i = 0; i < parse->top.count; i++) {
        fields[i] = parse->top.fields[i];
        if (fields[i].is_struct) {
            fields[i].first = (uint16_t)(fields[i].first + parse->top.count);
        }
    }
    memcpy(fields + parse->top.count, parse->members.fields, parse->members.count * sizeof *fields);
    layout->fields = fields;
    layout->top_count = parse->top.count;
    layout->field_total = (uint16_t)total;
    return etw_layout_finish(layout, parse->arena);
}

bool table_layout(struct etw_layout *layout, const char *fields, struct arena *arena)
{
    struct parse *parse = malloc(sizeof *parse);
    if (parse == NULL) {
        return false;
    }
    parse->at = fields;
    parse->arena = arena;
    parse->pointer_size = layout->pointer_size;
    parse->top.count = 0;
    parse->members.count = 0;
    bool good = true;
    while (good && *parse->at != '\0') {
        good = *parse->at == '{' ? take_struct(parse) : take_field(parse, &parse->top);
    }
    good = good && join(layout, parse);
    free(parse);
    return good;
}

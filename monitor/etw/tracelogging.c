/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "ipc/load.h"
#include "monitor/etw/decode.h"
#include "monitor/etw/schemas_parts.h"
#include "monitor/event/arena.h"

/*
 * TraceLogging: an event brings its own schema in an extended data item, as the SDK's
 * TraceLoggingProvider.h writes it:
 *
 *     u16 size, tags, name, fields; a field: name, u8 in, [u8 out, [tags]], [u16 count]
 *
 * Names are UTF-8 and end with a zero; tags are bytes, of which all but the last have the top bit.
 * A struct's members follow it; how many says its out byte.
 */
enum {
    CHAIN = 0x80, /* one more byte follows */
    TYPE = 0x1f,
    COUNT_KIND = 0x60,
    COUNT_FIXED = 0x20,
    COUNT_VARIABLE = 0x40,
    COUNT_CUSTOM = 0x60, /* bytes of a type of somebody's own; a u16 size follows */
    IN_STRUCT = 24,
    MAXIMUM_FIELDS = 512,
    TOP = UINT16_MAX, /* the parent of fields that have none */
};

/* TlgOut* to TDH_OUTTYPE_*; those from 35 on are the same. */
static const uint16_t out_types[] = {
    [0] = ETW_OUT_NULL,      [1] = ETW_OUT_NULL, /* not to be printed */
    [2] = ETW_OUT_STRING,    [3] = ETW_OUT_BOOLEAN,  [4] = ETW_OUT_HEX64,
    [5] = ETW_OUT_PID,       [6] = ETW_OUT_TID,      [7] = ETW_OUT_PORT,
    [8] = ETW_OUT_IPV4,      [9] = ETW_OUT_IPV6,     [10] = ETW_OUT_SOCKET_ADDRESS,
    [11] = ETW_OUT_XML,      [12] = ETW_OUT_JSON,    [13] = ETW_OUT_WIN32_ERROR,
    [14] = ETW_OUT_NTSTATUS, [15] = ETW_OUT_HRESULT, [16] = ETW_OUT_DATETIME,
};

struct parse {
    const uint8_t *at;
    size_t left;
    bool bad;
    size_t count;
    struct etw_field fields[MAXIMUM_FIELDS]; /* in the order of the metadata */
    uint16_t parents[MAXIMUM_FIELDS];
};

static uint8_t take_byte(struct parse *parse)
{
    if (parse->left == 0) {
        parse->bad = true;
        return 0;
    }
    parse->left--;
    return *parse->at++;
}

static uint16_t take_u16(struct parse *parse)
{
    const uint16_t low = take_byte(parse);
    return (uint16_t)(low | take_byte(parse) << 8);
}

static void skip_tags(struct parse *parse)
{
    while (!parse->bad && (take_byte(parse) & CHAIN) != 0) {
    }
}

/* The name, borrowed from the metadata. */
static const char *take_name(struct parse *parse)
{
    const uint8_t *zero = parse->left != 0 ? memchr(parse->at, 0, parse->left) : NULL;
    const char *name = (const char *)parse->at;
    if (zero == NULL) {
        parse->bad = true;
        return "";
    }
    parse->left -= (size_t)(zero - parse->at) + 1;
    parse->at = zero + 1;
    return name;
}

static void set_types(struct etw_field *field, uint8_t in, uint8_t out)
{
    field->in_type = in;
    field->out_type = out < sizeof out_types / sizeof out_types[0] ? out_types[out]
                      : out >= 35                                  ? out
                                                                   : 0;
    if (in == ETW_IN_BINARY) {
        field->in_type = ETW_IN_MANIFEST_COUNTED_BINARY;
    }
}

/* How many members follow it; 0 unless it is a struct. */
static uint16_t take_field(struct parse *parse, struct etw_field *field)
{
    *field = (struct etw_field){.name = take_name(parse)};
    const uint8_t in = take_byte(parse);
    uint8_t out = 0;
    if ((in & CHAIN) != 0) {
        out = take_byte(parse);
        if ((out & CHAIN) != 0) {
            skip_tags(parse);
        }
        out &= (uint8_t)~CHAIN;
    }
    set_types(field, in & TYPE, out);
    if ((in & COUNT_KIND) == COUNT_FIXED) {
        field->count_from = ETW_EXTENT_FIXED;
        field->count = take_u16(parse);
    } else if ((in & COUNT_KIND) == COUNT_VARIABLE) {
        field->count_from = ETW_EXTENT_U16;
    } else if ((in & COUNT_KIND) == COUNT_CUSTOM) {
        const uint16_t size = take_u16(parse);
        parse->bad = parse->bad || size > parse->left;
        parse->at += parse->bad ? 0 : size;
        parse->left -= parse->bad ? 0 : size;
        field->in_type = ETW_IN_MANIFEST_COUNTED_BINARY;
    }
    field->is_struct = (in & TYPE) == IN_STRUCT;
    return field->is_struct ? out : 0;
}

/* All fields, each with its parent. Structs that wait for members are chained by their parents. */
static void take_fields(struct parse *parse)
{
    uint16_t missing[MAXIMUM_FIELDS];
    uint16_t parent = TOP;
    while (parse->left != 0 && !parse->bad) {
        if (parse->count == MAXIMUM_FIELDS) {
            parse->bad = true;
            return;
        }
        const uint16_t index = (uint16_t)parse->count++;
        parse->parents[index] = parent;
        missing[index] = take_field(parse, &parse->fields[index]);
        if (parent != TOP) {
            parse->fields[parent].members++;
            missing[parent]--;
        }
        parent = missing[index] != 0 ? index : parent;
        while (parent != TOP && missing[parent] == 0) {
            parent = parse->parents[parent];
        }
    }
    parse->bad = parse->bad || parent != TOP;
}

struct placing {
    uint16_t used;
    uint16_t from[MAXIMUM_FIELDS]; /* where in `parse` each field that was placed came from */
};

/* The fields that have this parent, in a row. */
static void place(const struct parse *parse, uint16_t parent, struct etw_field *fields,
                  struct placing *placing)
{
    for (uint16_t i = 0; i < parse->count; i++) {
        if (parse->parents[i] == parent) {
            placing->from[placing->used] = i;
            fields[placing->used++] = parse->fields[i];
        }
    }
}

/* Level by level, so that the members of each struct lie in a row behind all that is above. */
static void order(const struct parse *parse, struct etw_field *fields, struct etw_layout *layout)
{
    struct placing placing = {.used = 0};
    place(parse, TOP, fields, &placing);
    layout->top_count = placing.used;
    for (uint16_t i = 0; i < placing.used; i++) {
        if (fields[i].is_struct) {
            fields[i].first = placing.used;
            place(parse, placing.from[i], fields, &placing);
        }
    }
    layout->field_total = placing.used;
}

/* From the metadata, which the layout's names stay in. */
static const struct etw_layout *make_layout(const struct etl_record *record, struct parse *parse,
                                            const struct schemas_options *options,
                                            struct arena *arena)
{
    struct etw_layout *layout = arena_take(arena, sizeof *layout);
    skip_tags(parse);
    const char *name = take_name(parse);
    take_fields(parse);
    struct etw_field *fields = arena_take(arena, (parse->count + 1) * sizeof *fields);
    if (parse->bad || layout == NULL || fields == NULL) {
        return NULL;
    }
    *layout = (struct etw_layout){.source = ETW_TRACELOGGING,
                                  .fields = fields,
                                  .pointer_size = record->pointer_size,
                                  .raw_values = options->raw_values,
                                  .keep_values = options->keep_values};
    order(parse, fields, layout);
    layout->schema.event_name = name;
    layout->schema.provider_id = schemas_copy(arena, record->provider_id, SCHEMAS_ID_SIZE);
    layout->schema.provider = schemas_traits_name(record, arena);
    if (layout->schema.provider == NULL) {
        layout->schema.provider = schemas_id_text(layout->schema.provider_id, arena);
    }
    return layout->schema.provider != NULL && etw_layout_finish(layout, arena) ? layout : NULL;
}

const struct etw_layout *tracelogging_layout(const struct etl_record *record,
                                             const struct schemas_options *options,
                                             struct arena *arena)
{
    struct etl_item item;
    if (!etl_item_find(record, ETL_ITEM_SCHEMA_TL, &item) || item.size < 2 ||
        load_u16(item.data) > item.size || load_u16(item.data) < 2) {
        return NULL;
    }
    const size_t size = load_u16(item.data);
    /* Names stay in the copy, so the layout outlives the record. */
    const uint8_t *data = schemas_copy(arena, item.data, size);
    /* Room for the most fields there can be: the arena, which keeps all, is no place for it. */
    struct parse *parse = data != NULL ? malloc(sizeof *parse) : NULL;
    if (parse == NULL) {
        return NULL;
    }
    parse->at = data + 2;
    parse->left = size - 2;
    parse->bad = false;
    parse->count = 0;
    const struct etw_layout *layout = make_layout(record, parse, options, arena);
    free(parse);
    return layout;
}

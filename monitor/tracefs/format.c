/* SPDX-License-Identifier: MIT */
#include "monitor/tracefs/format.h"

#include "monitor/event/encode.h"
#include "monitor/tracefs/print_format.h"
#include "monitor/tracefs/scan.h"

/* What is known while a format is parsed. */
struct parse {
    struct arena *arena;
    const char *system;
    struct format *format;
    struct format_field *fields; /* FORMAT_FIELDS of them, on the stack until they are counted */
    size_t count;
    bool has_id;
    struct scan print;
};

static bool decimal(struct scan text, uint32_t maximum, uint32_t *number)
{
    uint64_t value = 0;
    for (size_t i = 0; i < text.left; i++) {
        if (text.at[i] < '0' || text.at[i] > '9' || value > maximum) {
            return false;
        }
        value = value * 10 + (uint64_t)(text.at[i] - '0');
    }
    *number = (uint32_t)value;
    return text.left != 0 && value <= maximum;
}

/* "\toffset:8;" and its like: the number after `key`, up to the semicolon. */
static bool attribute(struct scan *line, const char *key, uint32_t *number)
{
    struct scan part = scan_until(line, ';');
    scan_spaces(&part);
    if (!scan_starts(part, key)) {
        return false;
    }
    scan_skip(&part, strlen(key));
    return decimal(part, FORMAT_RECORD_SIZE, number);
}

/* The size and meaning of the types that are known as items of arrays. */
struct item {
    const char *type;
    uint8_t size;
    enum field_kind array; /* what an array of them is */
};

static const struct item *item_of(struct scan type)
{
    static const struct item ITEMS[] = {
        {"char",               1, FIELD_TEXT    },
        {"u8",                 1, FIELD_BYTES   },
        {"__u8",               1, FIELD_BYTES   },
        {"uint8_t",            1, FIELD_BYTES   },
        {"unsigned char",      1, FIELD_BYTES   },
        {"s8",                 1, FIELD_INTEGERS},
        {"__s8",               1, FIELD_INTEGERS},
        {"int8_t",             1, FIELD_INTEGERS},
        {"bool",               1, FIELD_INTEGERS},
        {"u16",                2, FIELD_INTEGERS},
        {"__u16",              2, FIELD_INTEGERS},
        {"s16",                2, FIELD_INTEGERS},
        {"__be16",             2, FIELD_INTEGERS},
        {"__le16",             2, FIELD_INTEGERS},
        {"short",              2, FIELD_INTEGERS},
        {"unsigned short",     2, FIELD_INTEGERS},
        {"uint16_t",           2, FIELD_INTEGERS},
        {"int16_t",            2, FIELD_INTEGERS},
        {"u32",                4, FIELD_INTEGERS},
        {"__u32",              4, FIELD_INTEGERS},
        {"s32",                4, FIELD_INTEGERS},
        {"__be32",             4, FIELD_INTEGERS},
        {"__le32",             4, FIELD_INTEGERS},
        {"int",                4, FIELD_INTEGERS},
        {"unsigned int",       4, FIELD_INTEGERS},
        {"unsigned",           4, FIELD_INTEGERS},
        {"uint32_t",           4, FIELD_INTEGERS},
        {"int32_t",            4, FIELD_INTEGERS},
        {"u64",                8, FIELD_INTEGERS},
        {"__u64",              8, FIELD_INTEGERS},
        {"s64",                8, FIELD_INTEGERS},
        {"long",               8, FIELD_INTEGERS},
        {"unsigned long",      8, FIELD_INTEGERS},
        {"long long",          8, FIELD_INTEGERS},
        {"unsigned long long", 8, FIELD_INTEGERS},
        {"uint64_t",           8, FIELD_INTEGERS},
        {"int64_t",            8, FIELD_INTEGERS},
        {"size_t",             8, FIELD_INTEGERS},
    };
    if (scan_starts(type, "const ")) {
        scan_skip(&type, strlen("const "));
    }
    for (size_t i = 0; i < sizeof ITEMS / sizeof ITEMS[0]; i++) {
        if (scan_is(type, ITEMS[i].type)) {
            return &ITEMS[i];
        }
    }
    return NULL;
}

static bool is_integer_size(uint32_t size)
{
    return size == 1 || size == 2 || size == 4 || size == 8;
}

/* `count`: what stands between the brackets, empty for a dynamic array. */
static void classify_array(struct format_field *field, struct scan type, struct scan count)
{
    const struct item *item = item_of(type);
    uint32_t items = 0;
    if (item != NULL) {
        field->kind = item->array;
        field->item_size = item->size;
        return;
    }
    field->kind = FIELD_BYTES;
    if (scan_starts(type, "struct ") || scan_starts(type, "union ")) {
        return;
    }
    /* A type name of the kernel's: its size follows from that of the array. */
    if (decimal(count, FORMAT_RECORD_SIZE, &items) && items != 0 && field->size % items == 0 &&
        is_integer_size(field->size / items)) {
        field->kind = FIELD_INTEGERS;
        field->item_size = (uint8_t)(field->size / items);
    }
}

static bool ends_in(struct scan text, char end)
{
    return text.left != 0 && text.at[text.left - 1] == end;
}

static void classify_scalar(struct format_field *field, struct scan type, const char *system)
{
    if (strchr(field->type, '*') != NULL && field->size == 8) {
        field->kind = FIELD_POINTER;
    } else if (!is_integer_size(field->size) || scan_starts(type, "struct ") ||
               scan_starts(type, "union ")) {
        field->kind = scan_is(type, "cpumask_t") ? FIELD_MASK : FIELD_BYTES;
    } else if (scan_is(type, "bool")) {
        field->kind = FIELD_BOOL;
    } else if ((strcmp(system, "raw_syscalls") == 0 && strcmp(field->name, "id") == 0) ||
               (strcmp(system, "syscalls") == 0 && strcmp(field->name, "__syscall_nr") == 0)) {
        field->kind = FIELD_SYSCALL;
    } else if (field->size == 8 && scan_is(type, "int")) {
        field->kind = FIELD_REGISTER;
    } else {
        field->kind = FIELD_INTEGER;
    }
}

/* `__data_loc TYPE[]` and `__rel_loc TYPE[]`, without the first word. */
static void classify_dynamic(struct format_field *field, struct scan type)
{
    if (scan_is(type, "cpumask_t")) {
        field->kind = FIELD_MASK;
    } else if (ends_in(type, ']')) {
        const struct scan item = scan_until(&type, '[');
        classify_array(field, item, (struct scan){0});
    } else {
        field->kind = FIELD_BYTES;
    }
}

static struct scan trimmed(struct scan text)
{
    scan_spaces(&text);
    while (ends_in(text, ' ') || ends_in(text, '\t')) {
        text.left--;
    }
    return text;
}

/* "TYPE NAME" or "TYPE NAME[COUNT]", taken apart. */
struct declaration {
    struct scan type;
    struct scan name;
    struct scan count;
    bool bracket;
};

static struct declaration declaration_of(struct scan text)
{
    struct declaration result = {0};
    text = trimmed(text);
    result.bracket = ends_in(text, ']') && memchr(text.at, '[', text.left) != NULL;
    if (result.bracket) {
        struct scan rest = text;
        text = scan_until(&rest, '[');
        result.count = scan_until(&rest, ']');
    }
    result.name = text;
    while (text.left != 0 && scan_is_name(text.at[text.left - 1])) {
        text.left--;
    }
    scan_skip(&result.name, text.left);
    result.type = trimmed(text);
    return result;
}

/* Says what the field is, from its declaration and size. */
static enum etwas_status classify(struct format_field *field, const struct declaration *declared,
                                  const char *system)
{
    struct scan type = declared->type;
    if (scan_starts(type, "__data_loc ") || scan_starts(type, "__rel_loc ")) {
        field->place = scan_starts(type, "__data_loc ") ? FIELD_DATA_LOC : FIELD_REL_LOC;
        (void)scan_until(&type, ' ');
        classify_dynamic(field, type);
        return field->size == 4 ? ETWAS_OK : ETWAS_MALFORMED;
    }
    field->place = declared->bracket && field->size == 0 ? FIELD_TO_END : FIELD_IN_PLACE;
    if (declared->bracket) {
        classify_array(field, type, declared->count);
    } else {
        classify_scalar(field, type, system);
    }
    return ETWAS_OK;
}

static enum etwas_status declare(struct parse *parse, struct scan text, struct format_field *field)
{
    const struct declaration declared = declaration_of(text);
    if (declared.name.left == 0 || declared.type.left == 0) {
        return ETWAS_MALFORMED;
    }
    field->name = scan_copy(declared.name, parse->arena);
    field->type = scan_copy(declared.type, parse->arena);
    if (field->name == NULL || field->type == NULL) {
        return ETWAS_NO_MEMORY;
    }
    return classify(field, &declared, parse->system);
}

static enum etwas_status field_line(struct parse *parse, struct scan line)
{
    if (parse->count == FORMAT_FIELDS) {
        return ETWAS_TOO_BIG;
    }
    struct format_field *field = &parse->fields[parse->count];
    *field = (struct format_field){0};
    const struct scan text = scan_until(&line, ';');
    uint32_t is_signed = 0;
    if (!attribute(&line, "offset:", &field->offset) || !attribute(&line, "size:", &field->size) ||
        !attribute(&line, "signed:", &is_signed)) {
        return ETWAS_MALFORMED;
    }
    field->is_signed = is_signed != 0;
    const enum etwas_status status = declare(parse, text, field);
    if (status == ETWAS_OK) {
        parse->count++;
    }
    return status;
}

static enum etwas_status one_line(struct parse *parse, struct scan line)
{
    struct format *format = parse->format;
    struct scan value = line;
    scan_spaces(&line);
    if (scan_starts(line, "name:")) {
        (void)scan_until(&value, ':');
        format->schema.event_name = scan_copy(trimmed(value), parse->arena);
        return format->schema.event_name != NULL ? ETWAS_OK : ETWAS_NO_MEMORY;
    }
    if (scan_starts(line, "ID:")) {
        uint32_t id = 0;
        (void)scan_until(&value, ':');
        parse->has_id = decimal(trimmed(value), FORMAT_IDS - 1, &id);
        format->id = (uint16_t)id;
        return parse->has_id ? ETWAS_OK : ETWAS_MALFORMED;
    }
    if (scan_starts(line, "field:")) {
        scan_skip(&line, strlen("field:"));
        return field_line(parse, line);
    }
    return ETWAS_OK; /* "format:", empty lines, and what later kernels may add */
}

static enum etwas_status all_lines(struct parse *parse, struct scan text)
{
    enum etwas_status status = ETWAS_OK;
    while (text.left != 0 && status == ETWAS_OK) {
        if (scan_starts(text, "print fmt:")) {
            scan_skip(&text, strlen("print fmt:"));
            parse->print = text;
            break;
        }
        status = one_line(parse, scan_until(&text, '\n'));
    }
    return status;
}

/* The common_ fields come first in every format; EventData starts after them. */
static enum etwas_status split_fields(struct parse *parse)
{
    struct format *format = parse->format;
    size_t common = 0;
    while (common < parse->count &&
           strncmp(parse->fields[common].name, "common_", strlen("common_")) == 0) {
        common++;
    }
    struct format_field *kept = arena_take(parse->arena, (parse->count + 1) * sizeof *kept);
    if (kept == NULL) {
        return ETWAS_NO_MEMORY;
    }
    memcpy(kept, parse->fields, parse->count * sizeof *kept);
    parse->fields = kept;
    format->common = kept;
    format->common_count = (uint16_t)common;
    format->fields = kept + common;
    format->field_count = (uint16_t)(parse->count - common);
    format->schema.field_count = format->field_count;
    return ETWAS_OK;
}

static const char *name_of_field(const struct schema *schema, uint16_t index)
{
    return ((const struct format *)(const void *)schema)->fields[index].name;
}

static enum etwas_status finish(struct parse *parse)
{
    struct format *format = parse->format;
    if (!parse->has_id || format->schema.event_name == NULL) {
        return ETWAS_MALFORMED;
    }
    const enum etwas_status status = split_fields(parse);
    if (status != ETWAS_OK) {
        return status;
    }
    format->schema.field_name = name_of_field;
    format->schema.field = format_value;
    format->print = print_format_parse(format, parse->print.at, parse->print.left, parse->arena);
    for (size_t i = format->common_count; format->print != NULL && i < parse->count; i++) {
        parse->fields[i].names = print_names_find(format->print, &parse->fields[i], parse->arena);
    }
    format->schema.json = schema_json_make(&format->schema, parse->arena);
    return ETWAS_OK;
}

enum etwas_status format_parse(const char *system, const char *text, size_t size,
                               struct arena *arena, const struct format **format)
{
    *format = NULL;
    if (size > FORMAT_TEXT_SIZE) {
        return ETWAS_TOO_BIG;
    }
    struct format_field fields[FORMAT_FIELDS];
    struct parse parse = {.arena = arena, .system = system, .fields = fields};
    parse.format = arena_take(arena, sizeof *parse.format);
    const char *provider = scan_copy((struct scan){.at = system, .left = strlen(system)}, arena);
    if (parse.format == NULL || provider == NULL) {
        return ETWAS_NO_MEMORY;
    }
    *parse.format = (struct format){.schema.provider = provider};
    enum etwas_status status = all_lines(&parse, (struct scan){.at = text, .left = size});
    if (status == ETWAS_OK) {
        status = finish(&parse);
    }
    if (status == ETWAS_OK) {
        *format = parse.format;
    }
    return status;
}

const struct format_field *format_field_find(const struct format *format, const char *name,
                                             size_t name_size)
{
    const size_t count = (size_t)format->common_count + format->field_count;
    for (size_t i = 0; i < count; i++) {
        const struct format_field *field = &format->common[i];
        if (strlen(field->name) == name_size && memcmp(field->name, name, name_size) == 0) {
            return field;
        }
    }
    return NULL;
}

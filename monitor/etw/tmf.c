/* SPDX-License-Identifier: MIT */
#include "monitor/etw/tmf.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/etl/file.h"
#include "monitor/etw/decode.h"
#include "monitor/etw/tmf_items.h"

enum {
    MAXIMUM_SIZE = 16 * 1024 * 1024, /* of a file */
    MAXIMUM_FIELDS = 64,
    FIRST_ARGUMENT = 10,
    PATH_SIZE = 1024,
    NUMBER_ROOM = 12,
};

/* A piece of the text. */
struct span {
    const char *at;
    size_t size;
};

static struct span line_of(const char **text)
{
    struct span line = {.at = *text, .size = strcspn(*text, "\n")};
    *text += line.size + ((*text)[line.size] == '\n' ? 1 : 0);
    while (line.size > 0 && isspace((unsigned char)line.at[line.size - 1])) {
        line.size--;
    }
    while (line.size > 0 && isspace((unsigned char)*line.at)) {
        line.at++;
        line.size--;
    }
    return line;
}

static struct span word_of(struct span *line)
{
    struct span word = {.at = line->at, .size = 0};
    while (word.size < line->size && !isspace((unsigned char)word.at[word.size])) {
        word.size++;
    }
    line->at += word.size;
    line->size -= word.size;
    while (line->size > 0 && isspace((unsigned char)*line->at)) {
        line->at++;
        line->size--;
    }
    return word;
}

static bool begins(const struct span *span, const char *text)
{
    const size_t size = strlen(text);
    return span->size >= size && memcmp(span->at, text, size) == 0;
}

static char *copy(const struct span *span, struct arena *arena)
{
    char *text = arena_take(arena, span->size + 1);
    if (text != NULL) {
        memcpy(text, span->at, span->size);
        text[span->size] = '\0';
    }
    return text;
}

/* "%0" is the prefix of all messages, and %1 to %9 are in it: columns of the event say them. */
static size_t put_insertion(const struct span *format, size_t at, char *text, size_t *size)
{
    size_t end = at + 1;
    unsigned number = 0;
    while (end < format->size && isdigit((unsigned char)format->at[end]) && number < 1000) {
        number = number * 10 + (unsigned)(format->at[end] - '0');
        end++;
    }
    if (end == at + 1) { /* "%%" and other letters are what they are */
        text[(*size)++] = '%';
        return end;
    }
    if (number >= FIRST_ARGUMENT) {
        *size += (size_t)snprintf(text + *size, NUMBER_ROOM, "%%%u", number - (FIRST_ARGUMENT - 1));
        return end;
    }
    if (end < format->size && format->at[end] == '!') {
        const char *close = memchr(format->at + end + 1, '!', format->size - end - 1);
        end = close != NULL ? (size_t)(close - format->at) + 1 : end;
    }
    return end;
}

/* A character, or two that the compiler of the format takes for one. */
static size_t put_character(const struct span *format, size_t at, char *text, size_t *size)
{
    if (format->at[at] != '\\' || format->size - at < 2) {
        text[(*size)++] = format->at[at];
        return at + 1;
    }
    const char next = format->at[at + 1];
    text[(*size)++] = (char)(next == 'n' ? '\n' : next == 't' ? '\t' : next);
    return at + 2;
}

static const char *message_of(const struct span *format, struct arena *arena)
{
    size_t size = 0;
    size_t at = 0;
    char *text = arena_take(arena, format->size + NUMBER_ROOM);
    while (text != NULL && at < format->size) {
        at = format->at[at] == '%' ? put_insertion(format, at, text, &size)
                                   : put_character(format, at, text, &size);
    }
    if (text != NULL) {
        text[size] = '\0';
    }
    return text;
}

/* What is between the quotes; a quote inside has a backslash before it. */
static bool format_of(const struct span *line, struct span *format)
{
    const char *start = memchr(line->at, '"', line->size);
    if (start == NULL) {
        return false;
    }
    format->at = start + 1;
    format->size = 0;
    const size_t left = line->size - (size_t)(format->at - line->at);
    while (format->size < left && format->at[format->size] != '"') {
        format->size += format->at[format->size] == '\\' && left - format->size > 1 ? 2 : 1;
    }
    return format->size < left;
}

static bool is_known(const struct etw_field *fields, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(fields[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* "expression, ItemLong -- 10": the expression may have commas of its own. */
static bool field_of(const struct span *line, struct etw_field *fields, size_t count,
                     struct arena *arena)
{
    static const char mark[] = ", Item";
    struct span name = {.at = line->at, .size = SIZE_MAX};
    for (size_t i = 0; i + sizeof mark - 1 <= line->size; i++) {
        if (memcmp(line->at + i, mark, sizeof mark - 1) == 0) {
            name.size = i;
        }
    }
    if (name.size == SIZE_MAX) {
        return false;
    }
    const struct span item = {.at = line->at + name.size + 2, .size = line->size - name.size - 2};
    struct etw_field *field = &fields[count];
    *field = (struct etw_field){.name = copy(&name, arena)};
    if (field->name == NULL || !tmf_item_set(field, item.at, item.size, arena)) {
        return false;
    }
    if (field->name[0] == '\0' || is_known(fields, count, field->name)) {
        char *other = arena_take(arena, NUMBER_ROOM);
        if (other == NULL) {
            return false;
        }
        (void)snprintf(other, NUMBER_ROOM, "Arg%u", (unsigned)count + 1);
        field->name = other;
    }
    return true;
}

/* Up to the first that is not known: what it and those behind it take is Raw. */
static bool take_fields(struct etw_layout *layout, const char *text, struct arena *arena)
{
    struct etw_field *fields = arena_take(arena, MAXIMUM_FIELDS * sizeof *fields);
    size_t count = 0;
    struct span line = line_of(&text);
    if (fields == NULL) {
        return false;
    }
    if (begins(&line, "{")) {
        line = line_of(&text);
        while (*text != '\0' && !begins(&line, "}") && count < MAXIMUM_FIELDS &&
               field_of(&line, fields, count, arena)) {
            count++;
            line = line_of(&text);
        }
    }
    layout->fields = fields;
    layout->top_count = (uint16_t)count;
    layout->field_total = (uint16_t)count;
    return true;
}

/* True: it is the line of that message; `line` is then behind its number. */
static bool is_message(struct span *line, uint32_t number, struct span *name)
{
    if (!begins(line, "#type")) { /* and #typev */
        return false;
    }
    (void)word_of(line);
    *name = word_of(line);
    const struct span digits = word_of(line);
    return digits.size != 0 && isdigit((unsigned char)digits.at[0]) &&
           strtoul(digits.at, NULL, 10) == number;
}

/* Of a message whose line was found: its name, its format, and the text behind the line. */
struct found {
    struct span provider;
    struct span name;
    struct span format;
    const char *rest;
};

static const struct etw_layout *make(const struct found *found, const struct etl_record *record,
                                     const struct schemas_options *options, struct arena *arena)
{
    struct etw_layout *layout = arena_take(arena, sizeof *layout);
    if (layout == NULL) {
        return NULL;
    }
    *layout = (struct etw_layout){.source = ETW_WPP,
                                  .pointer_size = record->pointer_size,
                                  .raw_values = options->raw_values,
                                  .keep_values = options->keep_values};
    layout->schema.provider = found->provider.size != 0
                                  ? copy(&found->provider, arena)
                                  : schemas_id_text(record->provider_id, arena);
    layout->schema.provider_id = schemas_copy(arena, record->provider_id, SCHEMAS_ID_SIZE);
    layout->schema.event_name = copy(&found->name, arena);
    layout->message = message_of(&found->format, arena);
    return layout->schema.event_name != NULL && layout->message != NULL &&
                   layout->schema.provider != NULL && layout->schema.provider_id != NULL &&
                   take_fields(layout, found->rest, arena) && etw_layout_finish(layout, arena)
               ? layout
               : NULL;
}

const struct etw_layout *tmf_text_layout(const char *text, const struct etl_record *record,
                                         const struct schemas_options *options, struct arena *arena)
{
    struct found found = {
        .provider = {.at = "", .size = 0},
          .rest = text
    };
    while (*found.rest != '\0') {
        struct span line = line_of(&found.rest);
        if (found.provider.size == 0 && line.size != 0 && isxdigit((unsigned char)*line.at)) {
            (void)word_of(&line);
            found.provider = word_of(&line);
        } else if (is_message(&line, record->message_number, &found.name) &&
                   format_of(&line, &found.format)) {
            return make(&found, record, options, arena);
        }
    }
    return NULL;
}

static char *read_text(const char *path)
{
    struct file *file = NULL;
    struct etwas_error error;
    uint64_t length = 0;
    if (file_open(path, &file, &length, &error) != ETWAS_OK) {
        return NULL;
    }
    char *text = length <= MAXIMUM_SIZE ? malloc((size_t)length + 1) : NULL;
    if (text != NULL) {
        text[file_read(file, 0, text, (size_t)length)] = '\0';
    }
    file_close(file);
    return text;
}

const struct etw_layout *tmf_layout(const struct etl_record *record,
                                    const struct schemas_options *options, struct arena *arena)
{
    char path[PATH_SIZE];
    const char *id = options->tmf != NULL && record->kind == ETL_MESSAGE
                         ? schemas_id_text(record->provider_id, arena)
                         : NULL;
    if (id == NULL) {
        return NULL;
    }
    /* Without its braces. */
    const int size = snprintf(path, sizeof path, "%s/%.36s.tmf", options->tmf, id + 1);
    char *text = size > 0 && (size_t)size < sizeof path ? read_text(path) : NULL;
    const struct etw_layout *layout =
        text != NULL ? tmf_text_layout(text, record, options, arena) : NULL;
    free(text);
    return layout;
}

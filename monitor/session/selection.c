/* SPDX-License-Identifier: MIT */
#include "monitor/session/selection.h"

#include <stdlib.h>
#include <string.h>

#include "monitor/event/encode.h"

/* All formats of a kernel are 2 MB of text. */
enum { ARENA_MAXIMUM = 64 * 1024 * 1024 };

struct selections {
    struct arena *arena; /* formats, sets and names live here */
    struct selection *by_id[SELECTION_IDS];
};

/* A format under other names, without the fields that are the kernel's own business. */
struct alias {
    struct schema schema;
    const struct format *format;
    struct selection_names names;
    uint16_t fields[FORMAT_FIELDS]; /* index of the alias to index of the format */
};

struct selections *selections_open(void)
{
    struct selections *selections = calloc(1, sizeof *selections);
    if (selections != NULL) {
        selections->arena = arena_open(ARENA_MAXIMUM);
    }
    if (selections != NULL && selections->arena == NULL) {
        free(selections);
        return NULL;
    }
    return selections;
}

void selections_close(struct selections *selections)
{
    if (selections != NULL) {
        arena_close(selections->arena);
        free(selections);
    }
}

/* The schema is the first member of the alias. */
static const struct alias *alias_of(const struct schema *schema)
{
    return (const struct alias *)(const void *)schema;
}

static const char *alias_field_name(const struct schema *schema, uint16_t index)
{
    const struct alias *alias = alias_of(schema);
    return index < alias->names.field_count ? alias->names.fields[index]
                                            : alias->format->fields[alias->fields[index]].name;
}

static struct value alias_field(const struct event *event, uint16_t index, struct arena *arena)
{
    const struct alias *alias = alias_of(event->schema);
    struct event inner = *event;
    inner.schema = &alias->format->schema;
    return format_value(&inner, alias->fields[index], arena);
}

static const struct schema *alias_make(struct arena *arena, const struct format *format,
                                       const struct selection_names *names)
{
    struct alias *alias = arena_take(arena, sizeof *alias);
    if (alias == NULL) {
        return NULL;
    }
    alias->format = format;
    alias->names = *names;
    uint16_t count = 0;
    for (uint16_t i = 0; i < format->field_count; i++) {
        /* __probe_ip: where the kernel put its breakpoint. */
        if (strncmp(format->fields[i].name, "__probe_", 8) != 0) {
            alias->fields[count++] = i;
        }
    }
    alias->schema = (struct schema){.provider = alias->names.provider,
                                    .event_name = alias->names.event,
                                    .field_count = count,
                                    .field_name = alias_field_name,
                                    .field = alias_field};
    alias->schema.json = schema_json_make(&alias->schema, arena);
    return &alias->schema;
}

static enum etwas_status add_new(struct selections *selections, const struct format *format,
                                 const struct selection_names *names)
{
    struct selection *made = arena_take(selections->arena, sizeof *made);
    if (made == NULL) {
        return ETWAS_NO_MEMORY;
    }
    *made = (struct selection){.schema = &format->schema};
    if (names != NULL) {
        made->schema = alias_make(selections->arena, format, names);
        made->event_id = names->event_id;
    }
    if (made->schema == NULL) {
        return ETWAS_NO_MEMORY;
    }
    selections->by_id[format->id] = made;
    return ETWAS_OK;
}

enum etwas_status selections_add(struct selections *selections, const struct message_enable *enable,
                                 const struct selection_names *names, const char *format,
                                 size_t format_size)
{
    const struct format *parsed = NULL;
    enum etwas_status status =
        format_parse(enable->system, format, format_size, selections->arena, &parsed);
    if (status != ETWAS_OK) {
        return status;
    }
    const bool known = selections->by_id[parsed->id] != NULL;
    struct filter_set *set = arena_take(selections->arena, sizeof *set);
    if (set == NULL) {
        return ETWAS_NO_MEMORY;
    }
    if (!known) {
        status = add_new(selections, parsed, names);
        if (status != ETWAS_OK) {
            return status;
        }
    }
    struct selection *selection = selections->by_id[parsed->id];
    filter_bind(set, parsed, enable);
    set->next = NULL;
    if (set->count == 0) {
        selection->filters = NULL;
    } else if (!known || selection->filters != NULL) {
        set->next = selection->filters;
        selection->filters = set;
    }
    return ETWAS_OK;
}

struct selection *const *selections_table(const struct selections *selections)
{
    return selections->by_id;
}

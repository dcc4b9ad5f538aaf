/* SPDX-License-Identifier: MIT */
#include "monitor/etw/classic.h"

#include <stdlib.h>
#include <string.h>

#include "monitor/etw/table.h"

static const struct classic_group *const groups[] = {&classic_process, &classic_io,
                                                     &classic_config};

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

static const struct classic_class *find_in(const struct classic_group *group, const uint8_t *id)
{
    for (size_t i = 0; i < group->count; i++) {
        if (memcmp(group->classes[i].id, id, SCHEMAS_ID_SIZE) == 0) {
            return &group->classes[i];
        }
    }
    return NULL;
}

static const struct classic_class *find_class(const uint8_t *id)
{
    const struct classic_class *class = NULL;
    for (size_t i = 0; id != NULL && class == NULL && i < sizeof groups / sizeof groups[0]; i++) {
        class = find_in(groups[i], id);
    }
    return class;
}

/* Task, opcode, and both: "Process", "Start", "Process/Start". */
static bool set_names(struct schema *schema, const struct classic_class *class, const char *name,
                      struct arena *arena)
{
    const char *slash = strchr(name, '/');
    const size_t task_size = slash != NULL ? (size_t)(slash - name) : strlen(class->task);
    const char *opcode = slash != NULL ? slash + 1 : name;
    const size_t opcode_size = strlen(opcode);
    char *whole = arena_take(arena, task_size + opcode_size + 2);
    char *task = arena_take(arena, task_size + 1);
    if (whole == NULL || task == NULL) {
        return false;
    }
    memcpy(task, slash != NULL ? name : class->task, task_size);
    task[task_size] = '\0';
    memcpy(whole, task, task_size);
    whole[task_size] = '/';
    memcpy(whole + task_size + 1, opcode, opcode_size + 1);
    schema->task_name = task;
    schema->opcode_name = opcode;
    schema->event_name = whole;
    return true;
}

const struct etw_layout *classic_layout(const struct etl_record *record,
                                        const struct schemas_options *options, struct arena *arena)
{
    const struct classic_class *class = find_class(record->provider_id);
    const struct classic_event *event = class != NULL ? find_event(class, record) : NULL;
    const char *name = event != NULL ? name_of(event, record->opcode, arena) : NULL;
    struct etw_layout *layout = name != NULL ? arena_take(arena, sizeof *layout) : NULL;
    if (layout == NULL) {
        return NULL;
    }
    *layout = (struct etw_layout){
        .schema = {.provider = class->name, .provider_id = class->id},
        .source = ETW_CLASSIC,
        .pointer_size = record->pointer_size,
        .raw_values = options->raw_values,
        .keep_values = options->keep_values
    };
    return set_names(&layout->schema, class, name, arena) &&
                   table_layout(layout, event->fields, arena)
               ? layout
               : NULL;
}

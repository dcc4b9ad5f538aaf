/* SPDX-License-Identifier: MIT */
#include "monitor/event/event.h"

#include <string.h>

const struct value *event_values(const struct event *event, struct arena *arena)
{
    const struct schema *schema = event->schema;
    struct value *values =
        schema->values != NULL ? arena_take(arena, schema->field_count * sizeof *values) : NULL;
    if (values != NULL) {
        schema->values(event, values, arena);
    }
    return values;
}

int event_field_index(const struct schema *schema, const char *name)
{
    for (uint16_t i = 0; i < schema->field_count; i++) {
        if (strcmp(schema->field_name(schema, i), name) == 0) {
            return i;
        }
    }
    return -1;
}

const char *event_level_name(const struct event *event)
{
    static const char *const NAMES[] = {"LogAlways", "Critical",    "Error",
                                        "Warning",   "Information", "Verbose"};
    return event->level < sizeof NAMES / sizeof NAMES[0] ? NAMES[event->level] : NULL;
}

const char *event_opcode_name(const struct event *event)
{
    static const char *const NAMES[] = {"Info",      "Start", "Stop",   "DCStart", "DCStop",
                                        "Extension", "Reply", "Resume", "Suspend", "Send"};
    if (event->schema->opcode_name != NULL) {
        return event->schema->opcode_name;
    }
    if (event->level == EVENT_LEVEL_NONE) {
        return NULL;
    }
    return event->opcode < sizeof NAMES / sizeof NAMES[0] ? NAMES[event->opcode]
           : event->opcode == 240                         ? "Receive"
                                                          : NULL;
}

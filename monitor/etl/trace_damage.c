/* SPDX-License-Identifier: MIT */
#include "monitor/etl/trace_parts.h"

/* Makes one of two that touch or overlap; false: they do not. */
static bool unite(struct trace_damage *known, const struct trace_damage *damage)
{
    const uint64_t known_end = known->offset + known->size;
    const uint64_t end = damage->offset + damage->size;
    if (known->path != damage->path || damage->offset > known_end || known->offset > end) {
        return false;
    }
    known->offset = damage->offset < known->offset ? damage->offset : known->offset;
    known->size = (end > known_end ? end : known_end) - known->offset;
    return true;
}

void trace_note_damage(struct trace *trace, const struct trace_damage *damage)
{
    for (size_t i = 0; i < trace->damage_count; i++) {
        if (unite(&trace->damages[i], damage)) {
            return;
        }
    }
    if (trace->damage_count < TRACE_MAX_DAMAGES) {
        trace->damages[trace->damage_count++] = *damage;
    } else {
        trace->damages[TRACE_MAX_DAMAGES - 1].size += damage->size;
    }
}

bool trace_damage(const struct trace *trace, size_t index, struct trace_damage *damage)
{
    if (index >= trace->damage_count) {
        return false;
    }
    *damage = trace->damages[index];
    return true;
}

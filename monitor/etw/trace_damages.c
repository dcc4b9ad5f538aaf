/* SPDX-License-Identifier: MIT */
#include "monitor/etw/trace_damages.h"

#include <inttypes.h>
#include <stdio.h>

size_t trace_damages_say(const struct trace *trace)
{
    struct trace_damage damage;
    size_t count = 0;
    while (trace_damage(trace, count, &damage)) {
        (void)fprintf(stderr, "etwas: %s: %" PRIu64 " bytes at offset %" PRIu64 " skipped: %s\n",
                      damage.path, damage.size, damage.offset, damage.what);
        count++;
    }
    return count;
}

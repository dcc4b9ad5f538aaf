/* SPDX-License-Identifier: MIT */
#include "monitor/etw/trace_lacking.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool same(const struct schema *a, const struct schema *b)
{
    return memcmp(a->provider_id, b->provider_id, 16) == 0;
}

void trace_lacking_add(struct trace_lacking *lacking, const struct schema *schema)
{
    size_t at = lacking->last;
    if (at >= lacking->count || !same(lacking->providers[at].schema, schema)) {
        at = 0;
        while (at < lacking->count && !same(lacking->providers[at].schema, schema)) {
            at++;
        }
    }
    if (at == TRACE_LACKING_PROVIDERS) {
        lacking->more++;
        return;
    }
    if (at == lacking->count) {
        lacking->providers[lacking->count++].schema = schema;
    }
    lacking->providers[at].events++;
    lacking->last = at;
}

static size_t most(const struct trace_lacking *lacking, const bool *said)
{
    size_t found = lacking->count;
    for (size_t i = 0; i < lacking->count; i++) {
        if (!said[i] && (found == lacking->count ||
                         lacking->providers[i].events > lacking->providers[found].events)) {
            found = i;
        }
    }
    return found;
}

void trace_lacking_say(const struct trace_lacking *lacking)
{
    bool said[TRACE_LACKING_PROVIDERS] = {false};
    for (size_t i = 0; i < lacking->count; i++) {
        const size_t at = most(lacking, said);
        const uint64_t events = lacking->providers[at].events;
        said[at] = true;
        (void)fprintf(stderr, "    no schema: %s: %" PRIu64 " event%s\n",
                      lacking->providers[at].schema->provider, events, events == 1 ? "" : "s");
    }
    if (lacking->more != 0) {
        (void)fprintf(stderr, "    no schema: other providers: %" PRIu64 " events\n",
                      lacking->more);
    }
}

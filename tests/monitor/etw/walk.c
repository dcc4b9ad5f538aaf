/* SPDX-License-Identifier: MIT */
#include "tests/monitor/etw/walk.h"

#include <stdlib.h>

#include "monitor/etw/decode.h"
#include "monitor/etw/extra.h"
#include "monitor/etw/stacks.h"

enum {
    BATCH = 32, /* records that are kept until the next advance */
    MEMORY = 16 * 1024 * 1024,
};

struct walker {
    const struct walk_options *options;
    struct walk *walk;
    struct trace *trace;
    struct schemas *schemas;
    struct stacks *stacks;
    struct arena *arena;
    struct output output;
    struct encoder encoder;
};

static void learn(struct walker *walker)
{
    struct etl_record record;
    enum etwas_status status = trace_next(walker->trace, &record);
    if (walker->options->learn != NULL) {
        walker->options->learn(walker->schemas);
    }
    while (status == ETWAS_OK || status == ETWAS_AGAIN) {
        if (status == ETWAS_OK) {
            (void)schemas_learn(walker->schemas, &record);
        }
        trace_advance(walker->trace);
        status = trace_next(walker->trace, &record);
    }
    schemas_learnt(walker->schemas);
    trace_rewind(walker->trace);
}

/* False: it cannot be shown for want of memory. */
static bool show(struct walker *walker, struct etl_record *record)
{
    struct event event;
    const struct etw_layout *layout = schemas_find(walker->schemas, record);
    if (walker->stacks != NULL) {
        stacks_pass(walker->stacks);
    }
    if (layout == NULL) {
        return false;
    }
    trace_set_time(walker->trace, record);
    arena_reset(walker->arena);
    etw_event(&event, record, layout);
    etw_extra(&event, record, walker->stacks, walker->arena);
    walker->output.size = 0;
    const enum etwas_status status = encode_event(&walker->encoder, &event, walker->options->format,
                                                  walker->arena, &walker->output);
    const size_t rest = etw_rest(&event, walker->arena);
    if (rest > record->payload_size && rest != SIZE_MAX) {
        abort(); /* more is left than there was */
    }
    walker->walk->events++;
    walker->walk->text += status == ETWAS_OK ? walker->output.size : 0;
    if (walker->options->each != NULL) {
        walker->options->each(record);
    }
    return status != ETWAS_NO_MEMORY;
}

static enum etwas_status show_all(struct walker *walker)
{
    struct etl_record record;
    size_t kept = 0;
    enum etwas_status status = trace_next(walker->trace, &record);
    while (status == ETWAS_OK || status == ETWAS_AGAIN) {
        if (status == ETWAS_OK && !show(walker, &record)) {
            return ETWAS_NO_MEMORY;
        }
        if (status == ETWAS_AGAIN || ++kept == BATCH) {
            trace_advance(walker->trace);
            kept = 0;
        }
        status = trace_next(walker->trace, &record);
    }
    return status;
}

static enum etwas_status open_all(struct walker *walker)
{
    const struct walk_options *options = walker->options;
    const struct schemas_options schemas = {.raw_values = options->raw_values};
    struct etwas_error error;
    size_t failed = 0;
    walker->arena = arena_open(MEMORY);
    if (walker->arena == NULL) {
        return ETWAS_NO_MEMORY;
    }
    enum etwas_status status =
        trace_open(options->paths, options->count, &walker->trace, &failed, &error);
    if (status == ETWAS_OK) {
        status = schemas_open(&schemas, &walker->schemas, &error);
    }
    if (status == ETWAS_OK && options->stacks) {
        status = stacks_open(options->paths, options->count, &walker->stacks, &error);
    }
    return status;
}

enum etwas_status walk(const struct walk_options *options, struct walk *walk)
{
    struct walker walker = {.options = options, .walk = walk};
    struct trace_damage damage;
    *walk = (struct walk){.events = 0};
    output_init(&walker.output, MEMORY);
    encoder_init(&walker.encoder);
    enum etwas_status status = open_all(&walker);
    if (status == ETWAS_OK) {
        learn(&walker);
        status = show_all(&walker);
        while (trace_damage(walker.trace, walk->damages, &damage)) {
            walk->damages++;
        }
    }
    trace_close(walker.trace);
    schemas_close(walker.schemas);
    stacks_close(walker.stacks);
    arena_close(walker.arena);
    output_clear(&walker.output);
    return status;
}

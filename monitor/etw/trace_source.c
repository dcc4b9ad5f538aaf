/* SPDX-License-Identifier: MIT */
#include "monitor/etw/trace_source.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/etw/decode.h"
#include "monitor/etw/extra.h"
#include "monitor/etw/trace_damages.h"
#include "monitor/etw/trace_lacking.h"

enum {
    BATCH = 128,       /* events a call of the handler; they fit into the cache */
    LOOK = 2048,       /* records looked at for a batch: what few of them are of stays in there */
    PUMP_BATCHES = 64, /* a call of pump(), so that other sources get their turn */
    ENDING_SIZE = 160,
    EXTRA_MEMORY = 16 * 1024 * 1024, /* extra columns of a batch */
};

struct trace_source {
    struct source source; /* first */
    struct trace *trace;
    struct schemas *schemas;
    struct stacks *stacks; /* NULL: not asked for */
    struct arena *extra;   /* columns of the batch */
    char **paths;          /* owned */
    size_t path_count;
    struct trace_rule *rules; /* owned */
    size_t rule_count;
    struct trace_lacking lacking;
    bool headers_only;
    uint64_t produced;
    uint64_t delivered;
    uint64_t filtered;
    bool finishing;
    char ending[ENDING_SIZE];
    struct event batch[BATCH];
};

static struct trace_source *of(struct source *source)
{
    return (struct trace_source *)(void *)source;
}

static const struct trace_source *of_const(const struct source *source)
{
    return (const struct trace_source *)(const void *)source;
}

static void take_in(void *schemas, const struct etl_record *record)
{
    (void)schemas_learn(schemas, record);
}

/*
 * Everything that describes events, wherever it lies: by a reader of its own. What it cannot read
 * is told where the events themselves are read.
 */
static void learn(struct trace_source *source)
{
    struct trace *trace = NULL;
    struct etwas_error error;
    size_t failed = 0;
    const struct trace_picking picking = {
        .wanted = schemas_teaches, .each = take_in, .context = source->schemas};
    if (trace_open((const char *const *)source->paths, source->path_count, &trace, &failed,
                   &error) == ETWAS_OK) {
        (void)!trace_pick(trace, &picking);
    }
    trace_close(trace);
    schemas_learnt(source->schemas);
}

static const struct etw_layout *find_layout(struct trace_source *source,
                                            const struct etl_record *record)
{
    const struct etw_layout *layout = schemas_find(source->schemas, record);
    if (layout == NULL && !schemas_is_learnt(source->schemas)) {
        learn(source);
        layout = schemas_find(source->schemas, record);
    }
    const char *notice = schemas_notice(source->schemas);
    if (notice != NULL) {
        (void)fprintf(stderr, "etwas: %s\n", notice);
    }
    return layout;
}

/* False: no memory. */
static bool describe(struct trace_source *source, const struct etl_record *record,
                     struct event *event)
{
    const struct etw_layout *layout = find_layout(source, record);
    if (layout == NULL) {
        return false;
    }
    if (layout->source == ETW_RAW) {
        trace_lacking_add(&source->lacking, &layout->schema);
    }
    etw_event(event, record, layout);
    etw_extra(event, record, source->stacks, source->extra);
    return true;
}

/* One record into the batch, unless nobody wants it. False: no memory. */
static bool take(struct trace_source *source, struct etl_record *record, size_t *count)
{
    source->produced++;
    if (source->stacks != NULL) {
        stacks_pass(source->stacks);
    }
    if (source->rule_count != 0 &&
        !trace_filter_passes(source->rules, source->rule_count, record)) {
        source->filtered++;
        return true;
    }
    struct event *event = &source->batch[(*count)++];
    trace_set_time(source->trace, record);
    if (source->headers_only) {
        etw_event_header(event, record);
        return true;
    }
    return describe(source, record, event);
}

/*
 * Fills the batch. CLOSED: there are no more records; what is in the batch still counts. Memory of
 * records is given back as soon as none of them is wanted, so that the next are read into what the
 * cache still has.
 */
static enum etwas_status fill(struct trace_source *source, size_t *count)
{
    struct etl_record record;
    *count = 0;
    arena_reset(source->extra);
    for (size_t looked = 0; *count < BATCH && looked < LOOK; looked++) {
        const enum etwas_status status = trace_next(source->trace, &record);
        if (status == ETWAS_AGAIN) {
            return ETWAS_OK;
        }
        if (status != ETWAS_OK) {
            return status;
        }
        if (!take(source, &record, count)) {
            return ETWAS_NO_MEMORY;
        }
        if (*count == 0) {
            trace_advance(source->trace);
        }
    }
    return ETWAS_OK;
}

static enum etwas_status wind_up(const struct trace_source *source, struct etwas_error *error)
{
    if (trace_damages_say(source->trace) == 0) {
        return ETWAS_CLOSED;
    }
    *error = (struct etwas_error){ETWAS_MALFORMED, 0, ""}; /* it is said */
    return ETWAS_MALFORMED;
}

static enum etwas_status deliver(struct trace_source *source, struct event_handler *handler,
                                 size_t count)
{
    enum etwas_status status = ETWAS_OK;
    if (count != 0) {
        source->delivered += count;
        status = handler->handle(handler, source->batch, count);
    }
    trace_advance(source->trace);
    return status;
}

static enum etwas_status pump(struct source *base, struct event_handler *handler,
                              struct etwas_error *error)
{
    struct trace_source *source = of(base);
    for (size_t i = 0; i < PUMP_BATCHES && !source->finishing; i++) {
        size_t count = 0;
        const enum etwas_status status = fill(source, &count);
        const enum etwas_status handled = deliver(source, handler, count);
        if (handled != ETWAS_OK) {
            return handled;
        }
        if (status == ETWAS_CLOSED) {
            return wind_up(source, error);
        }
        if (status != ETWAS_OK) {
            *error = (struct etwas_error){status, 0, "reading records"};
            return status;
        }
    }
    return source->finishing ? ETWAS_CLOSED : ETWAS_OK;
}

static int descriptor(const struct source *source)
{
    (void)source;
    return -1;
}

static int timeout_ms(const struct source *source)
{
    (void)source;
    return 0;
}

static void finish(struct source *source)
{
    of(source)->finishing = true;
}

static void accounts(const struct source *base, struct source_accounts *accounts)
{
    const struct trace_source *source = of_const(base);
    *accounts = (struct source_accounts){
        .produced = source->produced, .delivered = source->delivered, .filtered = source->filtered};
}

static const char *ending(const struct source *source)
{
    const char *text = of_const(source)->ending;
    return text[0] != '\0' ? text : NULL;
}

static void close_source(struct source *base)
{
    struct trace_source *source = of(base);
    schemas_close(source->schemas);
    stacks_close(source->stacks);
    arena_close(source->extra);
    trace_close(source->trace);
    for (size_t i = 0; i < source->path_count; i++) {
        free(source->paths[i]);
    }
    free(source->paths);
    free(source->rules);
    free(source);
}

static void stats(const struct source *base)
{
    trace_lacking_say(&of_const(base)->lacking);
}

static const struct source_ops ops = {.descriptor = descriptor,
                                      .timeout_ms = timeout_ms,
                                      .pump = pump,
                                      .finish = finish,
                                      .accounts = accounts,
                                      .ending = ending,
                                      .stats = stats,
                                      .close = close_source};

static bool copy_paths(struct trace_source *source, const struct trace_source_options *options)
{
    source->paths = calloc(options->path_count, sizeof *source->paths);
    for (size_t i = 0; source->paths != NULL && i < options->path_count; i++) {
        const size_t size = strlen(options->paths[i]) + 1;
        source->paths[i] = malloc(size);
        if (source->paths[i] == NULL) {
            return false;
        }
        memcpy(source->paths[i], options->paths[i], size);
        source->path_count++;
    }
    return source->paths != NULL;
}

static bool copy_rules(struct trace_source *source, const struct trace_source_options *options)
{
    if (options->rule_count != 0) {
        source->rules = malloc(options->rule_count * sizeof *source->rules);
        if (source->rules == NULL) {
            return false;
        }
        memcpy(source->rules, options->rules, options->rule_count * sizeof *source->rules);
        source->rule_count = options->rule_count;
    }
    return true;
}

enum etwas_status trace_source_open(const struct trace_source_options *options,
                                    struct source **source, size_t *failed,
                                    struct etwas_error *error)
{
    struct trace_source *made = calloc(1, sizeof *made);
    *source = NULL;
    if (made == NULL) {
        *error = (struct etwas_error){ETWAS_NO_MEMORY, 0, "opening a trace"};
        return ETWAS_NO_MEMORY;
    }
    made->source.ops = &ops;
    made->headers_only = options->headers_only && !options->stacks;
    *error = (struct etwas_error){ETWAS_NO_MEMORY, 0, "opening a trace"};
    enum etwas_status status = ETWAS_NO_MEMORY;
    made->extra = arena_open(EXTRA_MEMORY);
    if (made->extra != NULL && copy_paths(made, options) && copy_rules(made, options)) {
        status = trace_open(options->paths, options->path_count, &made->trace, failed, error);
    }
    if (status == ETWAS_OK) {
        status = schemas_open(&options->schemas, &made->schemas, error);
    }
    if (status == ETWAS_OK && options->stacks) {
        status = stacks_open(options->paths, options->path_count, &made->stacks, error);
    }
    if (status != ETWAS_OK) {
        close_source(&made->source);
        return status;
    }
    *source = &made->source;
    return ETWAS_OK;
}

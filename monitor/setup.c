/* SPDX-License-Identifier: MIT */
#include "monitor/setup.h"

#include <stdio.h>
#include <string.h>

#include "monitor/session/host_base.h"

enum { EXIT_FAILED = 2, EXIT_DENIED = 3, EXIT_NOT_FOUND = 4 };

int setup_explain(const char *name, const struct etwas_error *error)
{
    char text[HOST_ERROR_SIZE] = "";
    (void)fprintf(stderr, "etwas: %s: %s%s%s\n", name, error->doing,
                  error->os_code == 0 ? "" : ": ",
                  error->os_code == 0 ? "" : host_error(error->os_code, text));
    if (error->status == ETWAS_NOT_FOUND) {
        return EXIT_NOT_FOUND;
    }
    return error->status == ETWAS_DENIED ? EXIT_DENIED : EXIT_FAILED;
}

bool setup_needs_session(const struct source_spec *spec)
{
    return spec->kind == SOURCE_TRACEPOINT || spec->kind == SOURCE_USDT ||
           spec->kind == SOURCE_PING;
}

static void add_source(struct setup *setup, struct source *source, const char *name)
{
    struct pipeline *pipeline = &setup->pipeline;
    pipeline->sources[pipeline->source_count] = source;
    pipeline->names[pipeline->source_count] = name;
    pipeline->source_count++;
}

static int open_locals(struct setup *setup, const struct options *options)
{
    for (size_t i = 0; i < options->source_count; i++) {
        struct source *source = NULL;
        struct etwas_error error;
        if (setup_needs_session(options->sources[i]) || options->sources[i]->kind == SOURCE_ETW) {
            continue;
        }
        if (setup_local(options, options->sources[i], &source, &error) != ETWAS_OK) {
            const bool command =
                options->sources[i]->kind == SOURCE_LINES && options->command != NULL;
            return setup_explain(command ? options->command[0] : options->source_texts[i], &error);
        }
        add_source(setup, source, options->source_texts[i]);
    }
    return 0;
}

static int open_session(struct setup *setup, const struct options *options)
{
    size_t used = 0;
    for (size_t i = 0; i < options->source_count; i++) {
        if (setup_needs_session(options->sources[i]) && used < sizeof setup->session_name) {
            used += (size_t)snprintf(setup->session_name + used, sizeof setup->session_name - used,
                                     "%s%s", used == 0 ? "" : ", ", options->source_texts[i]);
        }
    }
    if (used == 0) {
        return 0;
    }
    struct source *source = NULL;
    const int result = setup_session(options, &source);
    if (result == 0) {
        add_source(setup, source, setup->session_name);
    }
    return result;
}

static enum etwas_status open_sink(const struct options *options, const struct sink_choice *choice,
                                   struct sink **sink, struct etwas_error *error)
{
    switch (choice->kind) {
    case SINK_KIND_NULL:
        return sink_null_open(sink, error);
    case SINK_KIND_FILE:
        return sink_file_open(choice->path, sink, error);
    case SINK_KIND_STDOUT:
    case SINK_KIND_RELAY:
        break;
    }
    return sink_stdout_open(options->format, sink, error);
}

static int open_sinks(struct setup *setup, const struct options *options)
{
    struct pipeline *pipeline = &setup->pipeline;
    for (size_t i = 0; i < options->sink_count; i++) {
        struct etwas_error error;
        const struct sink_choice *choice = &options->sinks[i];
        if (choice->kind == SINK_KIND_RELAY) {
            continue;
        }
        if (open_sink(options, choice, &pipeline->sinks[pipeline->sink_count], &error) !=
            ETWAS_OK) {
            return setup_explain(choice->kind == SINK_KIND_FILE ? choice->path : "--sink", &error);
        }
        pipeline->sink_count++;
    }
    return setup_forward(setup, options);
}

int setup_open(struct setup *setup, const struct options *options)
{
    memset(setup, 0, sizeof *setup);
    setup->pipeline.options = (struct pipeline_options){
        .duration_ms = options->duration_ms,
        .max_events = options->max_events,
        .quiet = options->quiet,
        .stats = options->stats,
        .fail_on_loss = options->fail_on_loss,
    };
    int result = 0;
    if (options->trace.file_count != 0) {
        /* Before the sinks are opened, which empties their files. */
        struct source *source = NULL;
        result = setup_trace(options, &source);
        if (result == 0) {
            add_source(setup, source, "--file");
        }
    }
    if (result == 0) {
        result = open_sinks(setup, options);
    }
    if (result == 0) {
        /* Before the command is run: it may be what is to be traced. */
        result = open_session(setup, options);
    }
    return result == 0 ? open_locals(setup, options) : result;
}

void setup_close(struct setup *setup)
{
    struct pipeline *pipeline = &setup->pipeline;
    for (size_t i = 0; i < pipeline->source_count; i++) {
        pipeline->sources[i]->ops->close(pipeline->sources[i]);
    }
    for (size_t i = 0; i < pipeline->sink_count; i++) {
        sink_close(pipeline->sinks[i]);
    }
}

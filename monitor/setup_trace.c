/* SPDX-License-Identifier: MIT */
#include "monitor/setup.h"

#include <stdio.h>

#include "monitor/etw/trace_source.h"
#include "monitor/paths.h"

enum { EXIT_NOT_FOUND = 4 };

static int open_traces(const struct paths *paths, const struct options *options,
                       struct source **source)
{
    const struct trace_choice *choice = &options->trace;
    const struct trace_source_options wanted = {
        .paths = (const char *const *)paths->names,
        .path_count = paths->count,
        .schemas = {.manifests = choice->manifests,
                    .manifest_count = choice->manifest_count,
                    .raw_values = choice->raw_values}
    };
    struct etwas_error error;
    size_t failed = 0;
    if (trace_source_open(&wanted, source, &failed, &error) != ETWAS_OK) {
        return setup_explain(paths->names[failed], &error);
    }
    return 0;
}

int setup_trace(const struct options *options, struct source **source)
{
    struct paths paths = {0};
    int result = 0;
    *source = NULL;
    for (size_t i = 0; i < options->trace.file_count && result == 0; i++) {
        struct etwas_error error;
        if (paths_add(&paths, options->trace.files[i], &error) != ETWAS_OK) {
            result = setup_explain(options->trace.files[i], &error);
        }
    }
    if (result == 0 && paths.count > TRACE_MAX_FILES) {
        (void)fprintf(stderr, "etwas: %zu files; at most %d can be read together\n", paths.count,
                      TRACE_MAX_FILES);
        result = EXIT_NOT_FOUND;
    }
    if (result == 0) {
        result = open_traces(&paths, options, source);
    }
    paths_clear(&paths);
    return result;
}

/* SPDX-License-Identifier: MIT */
#include "monitor/setup.h"

#include <stdio.h>

#include "monitor/choose_trace.h"
#include "monitor/etw/trace_damages.h"
#include "monitor/report/trace.h"

enum { EXIT_FAILED = 2 };

/* Who counts only needs no schemas, unless the providers without one are to be told. */
static bool are_looked_at(const struct options *options)
{
    bool looked_at = options->stats;
    for (size_t i = 0; i < options->sink_count; i++) {
        looked_at = looked_at || options->sinks[i].kind != SINK_KIND_NULL;
    }
    return looked_at;
}

static bool is_read(const struct paths *paths, const char *path)
{
    bool found = false;
    for (size_t i = 0; i < paths->count; i++) {
        found = found || paths_are_same(path, paths->names[i]);
    }
    return found;
}

/* A sink empties its file when it is opened: that must be none that is read. */
static int refuse_to_overwrite(const struct options *options, const struct paths *paths)
{
    for (size_t i = 0; i < options->sink_count; i++) {
        const struct sink_choice *sink = &options->sinks[i];
        if (sink->kind == SINK_KIND_FILE && is_read(paths, sink->path)) {
            (void)fprintf(stderr,
                          "etwas: --sink file:%s is what --file reads, and would be emptied\n"
                          "next: write to another file\n",
                          sink->path);
            return EXIT_FAILED;
        }
    }
    return 0;
}

int setup_trace(const struct options *options, struct source **source)
{
    struct trace_choices choices;
    *source = NULL;
    int result = choose_trace(options, &choices);
    if (result == 0) {
        result = refuse_to_overwrite(options, &choices.paths);
    }
    if (result == 0) {
        struct etwas_error error;
        size_t failed = 0;
        choices.wanted.headers_only = !are_looked_at(options);
        if (trace_source_open(&choices.wanted, source, &failed, &error) != ETWAS_OK) {
            result = choose_trace_explain(&choices, failed, &error);
        }
    }
    choose_trace_clear(&choices);
    return result;
}

static int report(const struct options *options, const struct trace_choices *choices,
                  size_t *failed, struct etwas_error *error)
{
    struct trace_census census;
    const bool json = options->format == EVENT_JSON;
    if (options->action == ACTION_INFO) {
        return report_trace_info(&choices->wanted, json, failed, error);
    }
    if (trace_census_take(&choices->wanted, &census, failed, error) != ETWAS_OK) {
        return TRACE_REPORT_FAILED;
    }
    int result = 0;
    if (options->action == ACTION_LIST_PROVIDERS) {
        report_trace_providers(&census, json);
    } else if (!report_trace_events(&census, options->list_system, json)) {
        result = choose_trace_unknown(&census, options->list_system);
    }
    if (trace_damages_say(census.trace) != 0 && result == 0) {
        result = EXIT_FAILED;
    }
    trace_census_clear(&census);
    return result;
}

int setup_report_trace(const struct options *options)
{
    struct trace_choices choices;
    int result = choose_trace(options, &choices);
    if (result == 0) {
        struct etwas_error error = {.status = ETWAS_OK};
        size_t failed = 0;
        result = report(options, &choices, &failed, &error);
        if (result == TRACE_REPORT_FAILED) {
            result = choose_trace_explain(&choices, failed, &error);
        }
    }
    choose_trace_clear(&choices);
    return result;
}

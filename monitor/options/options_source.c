/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "monitor/options/options_parts.h"

/* What is asked for, once it is known whether it is asked of this system or of recorded traces. */

static enum etwas_status parse_source(struct parse *parse, size_t index)
{
    struct options *options = parse->options;
    const char *text = options->source_texts[index];
    struct source_error error;
    options->sources[index] = malloc(sizeof *options->sources[index]);
    if (options->sources[index] == NULL) {
        return options_fail(parse, "out of memory");
    }
    const enum etwas_status status =
        options->trace.file_count != 0
            ? source_spec_parse_recorded(text, options->sources[index], &error)
            : source_spec_parse(text, options->sources[index], &error);
    if (status == ETWAS_OK) {
        return ETWAS_OK;
    }
    return options_fail(parse, "--source %.100s: %s (at character %zu)%s%s", text, error.text,
                        error.position + 1, error.hint == NULL ? "" : "\n  ",
                        error.hint == NULL ? "" : error.hint);
}

/* Do the sources before `index` get along with it? */
static enum etwas_status check_conflicts(struct parse *parse, size_t index)
{
    const struct options *options = parse->options;
    for (size_t i = 0; i < index; i++) {
        if (source_spec_conflicts(options->sources[i], options->sources[index])) {
            return options_fail(
                parse,
                "--source %.100s and --source %.100s filter the same events differently: "
                "give each to an etwas of its own",
                options->source_texts[i], options->source_texts[index]);
        }
    }
    return ETWAS_OK;
}

/* Is there something to run, and does it fit together? */
static enum etwas_status check_run(struct parse *parse)
{
    struct options *options = parse->options;
    if (options->source_count == 0 && options->trace.file_count == 0) {
        return options_fail(parse, "no --source is given");
    }
    bool lines = false;
    enum etwas_status status = ETWAS_OK;
    for (size_t i = 0; i < options->source_count && status == ETWAS_OK; i++) {
        lines = lines || options->sources[i]->kind == SOURCE_LINES;
        status = check_conflicts(parse, i);
    }
    if (status == ETWAS_OK && options->command != NULL && !lines) {
        return options_fail(parse, "a command after -- goes with --source stdout");
    }
    return status;
}

static enum etwas_status check_trace(struct parse *parse)
{
    const struct options *options = parse->options;
    if (options->trace.file_count != 0) {
        return ETWAS_OK;
    }
    if (options->action == ACTION_LIST_EVENTS && options->list_system == NULL) {
        return options_fail(parse, "--list events wants the name of a system, such as sched");
    }
    if (options->action == ACTION_INFO) {
        return options_fail(parse, "--info is about recorded traces: give --file PATH, too");
    }
    return ETWAS_OK;
}

enum etwas_status options_check_sources(struct parse *parse)
{
    enum etwas_status status = check_trace(parse);
    for (size_t i = 0; i < parse->options->source_count && status == ETWAS_OK; i++) {
        status = parse_source(parse, i);
    }
    return status == ETWAS_OK && parse->options->action == ACTION_RUN ? check_run(parse) : status;
}

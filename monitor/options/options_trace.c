/* SPDX-License-Identifier: MIT */
#include "monitor/options/options_parts.h"

static enum etwas_status add(struct parse *parse, const char **texts, size_t *count)
{
    if (*count == OPTIONS_MAX_FILES) {
        return options_fail(parse, "at most %d %s can be given", OPTIONS_MAX_FILES, parse->name);
    }
    texts[(*count)++] = parse->value;
    return ETWAS_OK;
}

enum etwas_status options_on_file(struct parse *parse)
{
    struct trace_choice *trace = &parse->options->trace;
    return add(parse, trace->files, &trace->file_count);
}

enum etwas_status options_on_manifest(struct parse *parse)
{
    struct trace_choice *trace = &parse->options->trace;
    return add(parse, trace->manifests, &trace->manifest_count);
}

enum etwas_status options_on_raw_values(struct parse *parse)
{
    parse->options->trace.raw_values = true;
    return ETWAS_OK;
}

enum etwas_status options_on_keep_values(struct parse *parse)
{
    parse->options->trace.keep_values = true;
    return ETWAS_OK;
}

enum etwas_status options_on_stacks(struct parse *parse)
{
    parse->options->trace.stacks = true;
    return ETWAS_OK;
}

enum etwas_status options_on_tmf(struct parse *parse)
{
    parse->options->trace.tmf = parse->value;
    return ETWAS_OK;
}

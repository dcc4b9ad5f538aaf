/* SPDX-License-Identifier: MIT */
#include "monitor/choose_trace.h"

#include <stdio.h>
#include <string.h>

#include "monitor/etl/file.h"
#include "monitor/plan/suggest.h"
#include "monitor/setup.h"

enum { EXIT_NOT_FOUND = 4 };

static int find_files(const struct options *options, struct paths *paths)
{
    for (size_t i = 0; i < options->trace.file_count; i++) {
        struct etwas_error error;
        if (paths_add(paths, options->trace.files[i], &error) != ETWAS_OK) {
            return setup_explain(options->trace.files[i], &error);
        }
    }
    if (paths->count > TRACE_MAX_FILES) {
        (void)fprintf(stderr, "etwas: %zu files; at most %d can be read together\n", paths->count,
                      TRACE_MAX_FILES);
        return EXIT_NOT_FOUND;
    }
    return 0;
}

static bool any_file(void *context, const char *path)
{
    (void)path;
    *(bool *)context = true;
    return false;
}

static int check_tmf(const char *folder)
{
    bool any = false;
    if (folder != NULL && file_list(folder, any_file, &any) != ETWAS_OK) {
        (void)fprintf(stderr, "etwas: --tmf %s: there is no such folder\n", folder);
        return EXIT_NOT_FOUND;
    }
    return 0;
}

int choose_trace_explain(const struct trace_choices *choices, size_t failed,
                         const struct etwas_error *error)
{
    const char *manifest = choices->failed_manifest;
    const char *name = manifest != NULL ? manifest : choices->paths.names[failed];
    const int result = setup_explain(name, error);
    if (error->status == ETWAS_MALFORMED || error->status == ETWAS_NOT_FOUND) {
        (void)fputs(manifest != NULL
                        ? "next: --manifest with an instrumentation manifest (.man, .xml) or a "
                          "folder of them\n"
                        : "next: --file with an event trace log of Windows; all of a folder are "
                          "--file 'FOLDER/*.etl'\n",
                    stderr);
    }
    return result;
}

static void take_rule(const struct source_etw *etw, struct trace_rule *rule)
{
    *rule = (struct trace_rule){.level = etw->level,
                                .by_process = etw->by_process,
                                .process_id = etw->process_id,
                                .any = etw->any,
                                .all = etw->all,
                                .ids = etw->ids,
                                .id_count = etw->id_count,
                                .not_ids = etw->not_ids,
                                .not_id_count = etw->not_id_count};
}

/* What begins or ends alike, or has the word inside: "HttpService". */
static void offer(struct suggest *suggest, const char *name)
{
    const char *last = strrchr(name, '-');
    if (strstr(name, suggest->wanted) != NULL && suggest->count < SUGGEST_COUNT) {
        suggest->names[suggest->count] = name;
        suggest->distances[suggest->count++] = 0;
        return;
    }
    suggest_offer(suggest, name);
    if (last != NULL && suggest_distance(suggest->wanted, last + 1) <= 1 &&
        suggest->count < SUGGEST_COUNT) {
        suggest->names[suggest->count] = name;
        suggest->distances[suggest->count++] = 1;
    }
}

int choose_trace_unknown(const struct trace_census *census, const char *name)
{
    struct suggest suggest;
    const char *before = "";
    suggest_init(&suggest, name);
    for (size_t i = 0; i < census->count; i++) {
        const char *provider = census->events[i].provider;
        if (strcmp(provider, before) != 0) {
            offer(&suggest, provider);
        }
        before = provider;
    }
    (void)fprintf(stderr, "etwas: the trace has no provider %s", name);
    for (size_t i = 0; i < suggest.count; i++) {
        (void)fprintf(stderr, "%s%s", i == 0 ? "; did you mean " : " or ", suggest.names[i]);
    }
    (void)fprintf(stderr, "%s\nnext: the same --file with --list providers\n",
                  suggest.count != 0 ? "?" : "");
    return EXIT_NOT_FOUND;
}

/* Asks the trace itself for those that are not `known` by others. */
static int ask_trace(const struct options *options, struct trace_choices *choices,
                     const bool *known)
{
    struct trace_census census;
    struct etwas_error error;
    size_t failed = 0;
    int result = 0;
    if (trace_census_take(&choices->wanted, &census, &failed, &error) != ETWAS_OK) {
        return choose_trace_explain(choices, failed, &error);
    }
    for (size_t i = 0; i < options->source_count && result == 0; i++) {
        const char *name = options->sources[i]->etw.name;
        if (!known[i] && !trace_census_id(&census, name, choices->rules[i].provider)) {
            result = choose_trace_unknown(&census, name);
        }
    }
    trace_census_clear(&census);
    return result;
}

static int make_rules(const struct options *options, struct trace_choices *choices)
{
    bool known[OPTIONS_MAX_SOURCES] = {false};
    bool all = true;
    struct schemas *schemas = NULL;
    struct etwas_error error;
    if (options->source_count == 0) {
        return 0;
    }
    if (schemas_open(&choices->wanted.schemas, &schemas, &error) != ETWAS_OK) {
        return choose_trace_explain(choices, 0, &error);
    }
    for (size_t i = 0; i < options->source_count; i++) {
        const struct source_etw *etw = &options->sources[i]->etw;
        take_rule(etw, &choices->rules[i]);
        known[i] = schemas_provider_id(schemas, etw->name, choices->rules[i].provider);
        all = all && known[i];
    }
    schemas_close(schemas);
    const int result = all ? 0 : ask_trace(options, choices, known);
    choices->wanted.rules = choices->rules;
    choices->wanted.rule_count = options->source_count;
    return result;
}

int choose_trace(const struct options *options, struct trace_choices *choices)
{
    const struct trace_choice *choice = &options->trace;
    *choices = (struct trace_choices){
        .wanted = {.schemas = {.manifests = choice->manifests,
                               .manifest_count = choice->manifest_count,
                               .failed = &choices->failed_manifest,
                               .tmf = choice->tmf,
                               .raw_values = choice->raw_values,
                               .keep_values = choice->keep_values},
                   .stacks = choice->stacks}
    };
    int result = find_files(options, &choices->paths);
    if (result == 0) {
        result = check_tmf(choice->tmf);
    }
    choices->wanted.paths = (const char *const *)choices->paths.names;
    choices->wanted.path_count = choices->paths.count;
    return result == 0 ? make_rules(options, choices) : result;
}

void choose_trace_clear(struct trace_choices *choices)
{
    paths_clear(&choices->paths);
}

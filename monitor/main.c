/* SPDX-License-Identifier: MIT */
#include "monitor/main.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "monitor/options/options.h"
#include "monitor/report/report.h"
#include "monitor/setup.h"

enum { EXIT_BAD_ARGUMENTS = 1 };

_Static_assert((int)PIPELINE_MAX_SOURCES >= (int)OPTIONS_MAX_SOURCES &&
                   (int)PIPELINE_MAX_SINKS >= (int)OPTIONS_MAX_SINKS,
               "what can be typed can be run");

static int print(const char *text)
{
    (void)fputs(text, stdout);
    return 0;
}

static int run(const struct options *options)
{
    static struct setup setup;
    int result = setup_open(&setup, options);
    if (result == 0) {
        result = setup_drain(&setup, options, pipeline_run(&setup.pipeline));
    }
    setup_close(&setup);
    return result;
}

static bool is_about_traces(const struct options *options)
{
    return options->trace.file_count != 0 &&
           (options->action == ACTION_LIST_PROVIDERS || options->action == ACTION_LIST_EVENTS);
}

static int act(const struct options *options)
{
    if (is_about_traces(options)) {
        return setup_report_trace(options);
    }
    switch (options->action) {
    case ACTION_HELP:
        (void)print(options_help);
        return print(options_help_traces);
    case ACTION_VERSION:
        return print("etwas " ETWAS_VERSION "\n");
    case ACTION_STOP:
        return report_stop(options);
    case ACTION_STATUS:
    case ACTION_LIST_SESSIONS:
        return report_sessions(options);
    case ACTION_LIST_PROVIDERS:
        return report_providers(options);
    case ACTION_LIST_EVENTS:
        return report_events(options);
    case ACTION_INFO:
        return setup_report_trace(options);
    case ACTION_DOCTOR:
        return report_doctor(options);
    case ACTION_USDT_RULE:
        return report_usdt_rule(options);
    case ACTION_KEY_SHOW:
        return report_key(options);
    case ACTION_RUN:
        break;
    }
    return run(options);
}

/* What was printed must have arrived; a reader who left early is no failure. */
static int flush(int result)
{
    if (fflush(stdout) == 0 || errno == EPIPE) {
        return result;
    }
    (void)fprintf(stderr, "etwas: writing to standard output: %s\n", strerror(errno));
    return result == 0 ? PIPELINE_FAILED : result;
}

int etwas_main(int argc, char **argv)
{
    static struct options options;
    static char problem[OPTIONS_PROBLEM_SIZE];
    int result = EXIT_BAD_ARGUMENTS;
    if (options_parse(&options, argc, argv, problem) != ETWAS_OK) {
        (void)fprintf(stderr, "etwas: %s\n%s", problem, options_usage);
    } else {
        result = flush(act(&options));
    }
    options_clear(&options);
    return result;
}

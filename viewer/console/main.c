/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <time.h>

#include "viewer/console/live.h"
#include "viewer/console/options.h"

enum { EXIT_BAD_ARGUMENTS = 1 };

int main(int argc, char **argv)
{
    struct options options;
    char problem[OPTIONS_PROBLEM_SIZE];
    if (options_parse(&options, argc, argv, (int64_t)time(NULL), problem) != ETWAS_OK) {
        (void)fprintf(stderr, "etwasc: %s\n%s", problem, options_usage);
        return EXIT_BAD_ARGUMENTS;
    }
    switch (options.action) {
    case ACTION_HELP:
        (void)fputs(options_help, stdout);
        return 0;
    case ACTION_VERSION:
        (void)puts("etwasc " ETWAS_VERSION);
        return 0;
    case ACTION_RUN:
        break;
    }
    return live_run(&options);
}

/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "monitor/setup.h"

enum { EXIT_FAILED = 2 };

int setup_forward(struct setup *setup, const struct options *options)
{
    (void)setup;
    for (size_t i = 0; i < options->sink_count; i++) {
        if (options->sinks[i].kind == SINK_KIND_RELAY) {
            (void)fprintf(stderr,
                          "etwas: %s: this version of etwas for Windows cannot send to relays\n"
                          "next: write to a file: --sink file:PATH.jsonl\n",
                          options->sinks[i].path);
            return EXIT_FAILED;
        }
    }
    return 0;
}

int setup_drain(struct setup *setup, const struct options *options, int result)
{
    (void)setup;
    (void)options;
    return result;
}

/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "monitor/setup.h"

enum { EXIT_FAILED = 2 };

int setup_session(const struct options *options, struct source **source)
{
    (void)options;
    *source = NULL;
    (void)fprintf(stderr, "etwas: there is no controller for Windows yet\n"
                          "next: read a recorded trace: --file PATH.etl\n");
    return EXIT_FAILED;
}

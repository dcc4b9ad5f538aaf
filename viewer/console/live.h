/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_VIEWER_CONSOLE_LIVE_H
#define ETWAS_VIEWER_CONSOLE_LIVE_H

#include "viewer/console/options.h"

/*
 * Prints a relay's events until the user, the reader of the output or a limit ends it.
 * When the connection ends, it makes another and goes on behind the last event printed.
 * The program's exit status; everything was said.
 */
int live_run(const struct options *options);

#endif

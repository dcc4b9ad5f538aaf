/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_SETUP_H
#define ETWAS_MONITOR_SETUP_H

#include "monitor/options/options.h"
#include "monitor/pipeline.h"

/*
 * From the command line to a pipeline that can run: opens what --source and
 * --sink name. All sources that need the controller share one session.
 *
 * What cannot be opened is said on standard error, together with what to do
 * about it; the result is then the exit status of the program, else 0. Either way
 * setup_close() closes what was opened.
 */
enum { SETUP_NAME_SIZE = 256 };

struct setup {
    struct pipeline pipeline;
    char session_name[SETUP_NAME_SIZE]; /* of the source that is the session */
};

int setup_open(struct setup *setup, const struct options *options);
void setup_close(struct setup *setup);

/*
 * The part of it in setup_session.c: the session with everything that `options` asks of
 * it, as one more source. Returns an exit status.
 */
int setup_session(const struct options *options, struct source **source);

/* Does this source come from the controller? */
bool setup_needs_session(const struct source_spec *spec);

#endif

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
    struct sink *forward;               /* the one for all relays, among the sinks; or NULL */
};

int setup_open(struct setup *setup, const struct options *options);
void setup_close(struct setup *setup);

/*
 * The parts of it in files of their own. setup_session, setup_local and setup_forward have a
 * second file, *_none.c, for builds that lack what the first one needs: it says so.
 */

/*
 * The session with everything that `options` asks of it, as one more source. Returns an exit
 * status.
 */
int setup_session(const struct options *options, struct source **source);

/* A source of the monitor's own, which needs no session. */
ETWAS_MUST_CHECK enum etwas_status setup_local(const struct options *options,
                                               const struct source_spec *spec,
                                               struct source **source, struct etwas_error *error);

/* The recorded traces of --file, as one source. Exit status. */
int setup_trace(const struct options *options, struct source **source);

/* --info and --list about the traces of --file. Prints; the exit status of the program. */
int setup_report_trace(const struct options *options);

/*
 * The sink for all relays of `options`, if there are any, as one more sink. Returns an exit
 * status.
 */
int setup_forward(struct setup *setup, const struct options *options);

/*
 * After the run, which ended with `result`: waits for the relays to take what they are sent,
 * for --drain, and says what became of it. Returns the exit status of the program.
 */
int setup_drain(struct setup *setup, const struct options *options, int result);

/* Says what could not be opened and why; the exit status for it. */
int setup_explain(const char *name, const struct etwas_error *error);

/* Does this source come from the controller? */
bool setup_needs_session(const struct source_spec *spec);

#endif

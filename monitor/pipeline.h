/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_PIPELINE_H
#define ETWAS_MONITOR_PIPELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "monitor/sink/sink.h"
#include "monitor/source.h"

/*
 * Runs sources into sinks until the sources have ended, a limit is reached, or
 * somebody asks to stop, and says on standard error how it went.
 *
 * The pipeline borrows the sources and sinks: the caller opens them before and
 * closes them afterwards.
 */
enum { PIPELINE_MAX_SOURCES = 32, PIPELINE_MAX_SINKS = 16 };

struct pipeline_options {
    uint64_t duration_ms; /* sources are asked to finish then; 0: no limit */
    uint64_t max_events;  /* no event more reaches a sink; 0: no limit */
    bool quiet;           /* no "N msg/s" each second */
    bool stats;           /* the accounts at the end */
    bool fail_on_loss;    /* PIPELINE_LOSS when events were lost */
};

/* What sources delivered beyond max_events, so that no sink got it: it counts as filtered. */
struct pipeline_cut {
    uint64_t sources[PIPELINE_MAX_SOURCES];
    uint64_t lanes[SOURCE_MAX_LANES]; /* of the source that has lanes */
};

struct pipeline {
    struct pipeline_options options;
    size_t source_count;
    size_t sink_count;
    struct source *sources[PIPELINE_MAX_SOURCES];
    const char *names[PIPELINE_MAX_SOURCES]; /* of the sources, as the user wrote them */
    struct sink *sinks[PIPELINE_MAX_SINKS];
    const struct source_position *past; /* for sources to go on from; NULL: none */
    struct pipeline_cut cut;            /* zeros; kept by pipeline_run() */
};

/* Exit statuses of the program. */
enum {
    PIPELINE_FINE = 0,
    PIPELINE_FAILED = 2, /* said on standard error */
    PIPELINE_LOSS = 6,
};

/*
 * Blocks until done. The first SIGINT, SIGTERM or SIGHUP (Ctrl+C) asks the sources to finish
 * and drains them, the second ends at once. One pipeline at a time in a program.
 */
int pipeline_run(struct pipeline *pipeline);

#endif

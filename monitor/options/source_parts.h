/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_OPTIONS_SOURCE_PARTS_H
#define ETWAS_MONITOR_OPTIONS_SOURCE_PARTS_H

#include "monitor/options/source_spec.h"

/* What source_spec.c and source_etw.c share; for nobody else. */

/* A source being read. */
struct source_parse {
    const char *text; /* all of it */
    struct source_spec *spec;
    struct source_error *error;
};

/* A piece of the text; it has no zero at its end. */
struct source_piece {
    const char *at;
    size_t size;
};

/* Says what is wrong at `at`; the status it was given. */
ETWAS_PRINTF(5, 6)
enum etwas_status source_fail(struct source_parse *parse, enum etwas_status status, const char *at,
                              const char *hint, const char *format, ...);

bool source_piece_is(struct source_piece piece, const char *word);

/* What lies before `mark`, which is passed over; without one, all of it. */
struct source_piece source_piece_until(struct source_piece *rest, char mark);

/* source_etw.c: NAME[:level[:ids[:any[:all]]]], with or without "etw:", and one option. */
enum etwas_status source_etw_target(struct source_parse *parse, struct source_piece target);
enum etwas_status source_etw_option(struct source_parse *parse, struct source_piece option);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_OPTIONS_OPTIONS_PARTS_H
#define ETWAS_MONITOR_OPTIONS_OPTIONS_PARTS_H

#include "monitor/options/options.h"

/* What options.c and the files beside it that take single options share. */

/* The command line being read. */
struct parse {
    struct options *options;
    char *problem;
    const char *name;  /* of the option, as typed */
    const char *value; /* NULL when it takes none */
    uint32_t buffers;
    bool action_given;
};

/* Says what is wrong; always MALFORMED. */
ETWAS_PRINTF(2, 3)
enum etwas_status options_fail(struct parse *parse, const char *format, ...);

/* options_source.c: when all was read, makes the sources of their texts. */
enum etwas_status options_check_sources(struct parse *parse);

/* options_relay.c: where events go, and what is said about sending. */
enum etwas_status options_on_sink(struct parse *parse);
enum etwas_status options_on_spool(struct parse *parse);
enum etwas_status options_on_spool_max(struct parse *parse);
enum etwas_status options_on_spool_age(struct parse *parse);
enum etwas_status options_on_drop(struct parse *parse);
enum etwas_status options_on_fsync(struct parse *parse);
enum etwas_status options_on_drain(struct parse *parse);
enum etwas_status options_on_key(struct parse *parse);
enum etwas_status options_on_ca(struct parse *parse);
enum etwas_status options_on_discovery(struct parse *parse);

/* options_trace.c: recorded traces. */
enum etwas_status options_on_file(struct parse *parse);
enum etwas_status options_on_manifest(struct parse *parse);
enum etwas_status options_on_raw_values(struct parse *parse);
enum etwas_status options_on_keep_values(struct parse *parse);
enum etwas_status options_on_stacks(struct parse *parse);
enum etwas_status options_on_tmf(struct parse *parse);

#endif

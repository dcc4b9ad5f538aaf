/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_OPTIONS_OPTIONS_H
#define ETWAS_MONITOR_OPTIONS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/message.h"
#include "ipc/status.h"
#include "monitor/event/encode.h"
#include "monitor/forward/address.h"
#include "monitor/options/source_spec.h"
#include "monitor/spool/spool.h"

/*
 * The command line of etwas as data. Options are written `--name value` or
 * `--name=value`; what follows `--` is the command whose lines the source stdout
 * takes. Texts borrow from argv; sources and places are the options' own, which must stay where
 * they are.
 */
enum {
    OPTIONS_MAX_SOURCES = 32,
    OPTIONS_MAX_SINKS = 16,
    OPTIONS_MAX_FILES = 32,
    OPTIONS_PROBLEM_SIZE = 512,
};

enum options_action {
    ACTION_RUN, /* sources into sinks */
    ACTION_HELP,
    ACTION_VERSION,
    ACTION_STOP,
    ACTION_STATUS,
    ACTION_LIST_PROVIDERS,
    ACTION_LIST_EVENTS, /* of `list_system`; with --file NULL is all of them */
    ACTION_LIST_SESSIONS,
    ACTION_INFO, /* about the traces of --file */
    ACTION_DOCTOR,
    ACTION_USDT_RULE, /* for `usdt_rule` */
    ACTION_KEY_SHOW,
};

enum options_sink { SINK_KIND_STDOUT, SINK_KIND_NULL, SINK_KIND_FILE, SINK_KIND_RELAY };

struct sink_choice {
    enum options_sink kind;
    const char *path; /* of a file; or a relay as address_parse() writes it, or a role; or NULL */
};

/* How events are sent to relays. Paths: NULL when not given. */
struct relay_choice {
    const char *spool;
    const char *key;
    const char *ca;
    const char *discovery;
    uint64_t spool_max;   /* 0: not said */
    uint64_t spool_age_s; /* 0: no limit */
    enum spool_drop drop;
    enum spool_sync sync;
    uint32_t drain_ms;
};

/* Recorded traces instead of what happens now. */
struct trace_choice {
    size_t file_count;
    const char *files[OPTIONS_MAX_FILES]; /* paths and patterns as typed */
    size_t manifest_count;
    const char *manifests[OPTIONS_MAX_FILES]; /* files and folders */
    bool raw_values;
    bool keep_values;
    bool stacks;
    const char *tmf; /* folder of trace message formats, or NULL */
};

struct options {
    enum options_action action;
    size_t source_count;
    struct source_spec *sources[OPTIONS_MAX_SOURCES]; /* owned; SOURCE_ETW with --file, only then */
    const char *source_texts[OPTIONS_MAX_SOURCES];    /* as typed */
    size_t sink_count;                                /* at least 1 with ACTION_RUN */
    struct sink_choice sinks[OPTIONS_MAX_SINKS];
    char places[OPTIONS_MAX_SINKS][ADDRESS_URL_SIZE]; /* of relays */
    struct relay_choice relay;
    struct trace_choice trace;
    enum event_format format; /* of standard output */
    bool stats;
    bool fail_on_loss;
    bool include_self;
    bool quiet;
    uint64_t duration_ms; /* 0: no end */
    uint64_t max_events;  /* 0: no end */
    bool session_named;
    uint32_t session_uid; /* MESSAGE_UID_SELF unless UID/NAME was given */
    char session[MESSAGE_SESSION_SIZE];
    uint32_t subbuffer_kib; /* 0: not said */
    uint32_t ring_kib;      /* a CPU; 0: not said */
    uint32_t linger_s;      /* UINT32_MAX: not said */
    const char *controller; /* path of the socket; NULL: the system's */
    const char *list_system;
    const char *usdt_rule; /* FILE[?text=N] */
    const char *who;       /* of the printed rule */
    char *const *command;  /* ends with NULL; NULL: no command */
};

#define OPTIONS_SESSION "Etwas-Trace-Session"

/*
 * Fills in `options`, also where it fails. MALFORMED: `problem`, of
 * OPTIONS_PROBLEM_SIZE bytes, says what is wrong and what to write. Without any
 * argument the action is ACTION_HELP.
 */
ETWAS_MUST_CHECK enum etwas_status options_parse(struct options *options, int argc,
                                                 char *const *argv, char *problem);
void options_clear(struct options *options);

extern const char options_usage[]; /* a few lines, for bad arguments */
extern const char options_help[];  /* everything, together with: */
extern const char options_help_traces[];

#endif

/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_OPTIONS_SOURCE_SPEC_H
#define ETWAS_MONITOR_OPTIONS_SOURCE_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/message.h"
#include "ipc/status.h"
#include "monitor/etw/trace_filter.h"

/*
 * One --source, taken apart:
 *
 *   source = word | target [ "?" option { "&" option } ]
 *   word   = "Ping" | "stdout" | "cpu" | "process-cpu"
 *   target = ["tp:"] SYSTEM[:EVENT{,EVENT}] | "usdt:"PATH[:PROVIDER[:PROBE]]
 *   option = NAME "=" VALUE | FIELD OPERATOR VALUE
 *
 * With recorded traces, in the order that golang-etw has made known:
 *
 *   source = "clr" | ["etw:"] NAME | {GUID} | *NAME [:level[:ids[:any[:all]]]]  [ "?" ... ]
 *
 * A spec owns its texts. Whether what it names exists is for others to find out.
 */
enum {
    SOURCE_MAX_EVENTS = 64, /* named in one --source */
    SOURCE_PATH_SIZE = 4096,
    SOURCE_ERROR_SIZE = 192,
    SOURCE_ETW_NAME_SIZE = 256,
    SOURCE_ANY_LEVEL = 255,
};

enum source_kind {
    SOURCE_TRACEPOINT,
    SOURCE_USDT,
    SOURCE_PING,
    SOURCE_LINES, /* "stdout" */
    SOURCE_CPU,
    SOURCE_PROCESS_CPU,
    SOURCE_ETW, /* of recorded traces */
};

/* What of a provider's events is wanted. */
struct source_etw {
    char name[SOURCE_ETW_NAME_SIZE]; /* "Name", "*Name" or "{GUID}" */
    uint8_t level;                   /* the most verbose; SOURCE_ANY_LEVEL: all */
    bool by_process;
    uint32_t process_id;
    uint64_t any; /* keywords; 0: all */
    uint64_t all;
    uint32_t id_count; /* 0: all */
    uint32_t not_id_count;
    struct trace_ids ids[SOURCE_MAX_EVENTS];
    struct trace_ids not_ids[SOURCE_MAX_EVENTS];
};

struct source_spec {
    enum source_kind kind;
    char system[MESSAGE_NAME_SIZE];
    uint32_t event_count;                              /* 0: the whole system */
    char events[SOURCE_MAX_EVENTS][MESSAGE_NAME_SIZE]; /* may have * in them */
    char path[SOURCE_PATH_SIZE];                       /* USDT */
    char provider[MESSAGE_NAME_SIZE];                  /* USDT; "": all */
    char probe[MESSAGE_NAME_SIZE];                     /* USDT; "": all */
    uint32_t text_mask;    /* USDT: bit i: argument i + 1 points to text */
    uint32_t filter_count; /* tracepoints: all must hold */
    struct message_filter filters[MESSAGE_MAX_FILTERS];
    uint32_t interval_ms;         /* cpu, process-cpu; 0: not said */
    uint32_t process_id;          /* process-cpu; 0: any */
    char name[MESSAGE_NAME_SIZE]; /* process-cpu: a pattern with * and ?; "": any */
    struct source_etw etw;
};

struct source_error {
    size_t position; /* in the text, in bytes: where it went wrong */
    char text[SOURCE_ERROR_SIZE];
    const char *hint; /* what to write instead; a literal, or NULL */
};

/*
 * MALFORMED: it cannot be read; NOT_FOUND: it is a source that this version or
 * this system does not have. Either way `error` says why, and the spec is undefined.
 */
ETWAS_MUST_CHECK enum etwas_status source_spec_parse(const char *text, struct source_spec *spec,
                                                     struct source_error *error);

/* The same of what selects from recorded traces, where every source is an ETW provider. */
ETWAS_MUST_CHECK enum etwas_status
source_spec_parse_recorded(const char *text, struct source_spec *spec, struct source_error *error);

/*
 * May both ask for one event with filters that differ? The kernel has one filter
 * for each event. A source without filters conflicts with none: it takes all.
 */
bool source_spec_conflicts(const struct source_spec *a, const struct source_spec *b);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_RELAY_PARAMETERS_H
#define ETWAS_RELAY_PARAMETERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/status.h"
#include "relay/identity.h"

/* What may follow the "?" of /v1/events and /v1/live (docs/http.md), read and checked. */
enum {
    PARAMETERS_LIMIT = 1000, /* events, unless said */
    PARAMETERS_MAX_LIMIT = 1000000,
    PARAMETERS_MAX_SAMPLE = 2000, /* events a second */
    PARAMETERS_MAX_VALUE = 64,    /* bytes of a value but `query`, decoded */
};

enum parameters_of { PARAMETERS_EVENTS, PARAMETERS_LIVE };

struct parameters {
    enum parameters_of of;
    unsigned given;  /* bits of the parameters that came; parameters.c's */
    int64_t from;    /* 100 ns since 1601, inclusive; INT64_MIN: any */
    int64_t to;      /* exclusive; INT64_MAX: any */
    bool descending; /* order=desc, which is what is meant unless said otherwise */
    uint32_t limit;
    uint32_t sample;        /* 0: all events */
    struct identity cursor; /* row 0: none */
    struct identity after;  /* row 0: none */
};

/* Why not, for people: printable ASCII that names the parameter. */
struct parameters_fault {
    char text[192];
};

void parameters_init(struct parameters *parameters, enum parameters_of of);

/*
 * One parameter, decoded already; `value` may hold anything. MALFORMED: not known, given twice,
 * out of range, or not to be had yet (query).
 */
ETWAS_MUST_CHECK enum etwas_status parameters_set(struct parameters *parameters, const char *name,
                                                  const char *value,
                                                  struct parameters_fault *fault);

/* parameters_init() and all of "a=1&b=2", percent-encoded, without its "?". */
ETWAS_MUST_CHECK enum etwas_status parameters_parse(struct parameters *parameters,
                                                    enum parameters_of of, const char *text,
                                                    size_t size, struct parameters_fault *fault);

#endif

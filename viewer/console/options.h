/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_VIEWER_CONSOLE_OPTIONS_H
#define ETWAS_VIEWER_CONSOLE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "ipc/status.h"
#include "viewer/console/since.h"

/* The command line of etwasc; the manual page says what the options mean. */
enum options_action { ACTION_RUN, ACTION_HELP, ACTION_VERSION };

enum { OPTIONS_PROBLEM_SIZE = 256 };

struct options {
    enum options_action action;
    const char *server; /* begins with http:// or https://; borrowed as the other texts */
    const char *token;  /* a file, NULL: the user's own, on this machine */
    const char *ca;     /* a file, NULL: the system's certificates */
    struct since since;
    uint64_t max_events; /* UINT64_MAX: no limit */
    bool json;
    bool no_reconnect;
    bool stats;
    bool quiet;
};

/* `now_s`: seconds since 1970, for --since 10m. MALFORMED: `problem` says what is wrong. */
ETWAS_MUST_CHECK enum etwas_status options_parse(struct options *options, int argc,
                                                 char *const *argv, int64_t now_s,
                                                 char problem[OPTIONS_PROBLEM_SIZE]);

/* Does the URL name this machine, and no other by any reading? */
bool options_is_loopback(const char *server);

extern const char options_usage[];
extern const char options_help[];

#endif

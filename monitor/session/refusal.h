/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_SESSION_REFUSAL_H
#define ETWAS_MONITOR_SESSION_REFUSAL_H

#include <stdbool.h>

#include "ipc/message.h"
#include "ipc/status.h"

/*
 * Why the controller did not do what was asked: which request about what, and
 * the words of its answer. By value; owns nothing.
 */
enum { REFUSAL_WHAT_SIZE = 160, REFUSAL_TEXT_SIZE = 640 };

struct refusal {
    enum etwas_status status; /* ETWAS_OK: nothing was refused */
    uint16_t request;         /* enum message_type; 0: connecting to the controller */
    bool local;               /* it failed on this side, before or after the request: see `error` */
    uint32_t detail;          /* as in struct message_answer */
    uint64_t left;            /* LIMIT_RING: KiB a CPU that are left */
    struct etwas_error error;
    char what[REFUSAL_WHAT_SIZE]; /* "sched:sched_switch", a session, a path; "" when none */
};

/*
 * Says for people, in `text` of REFUSAL_TEXT_SIZE bytes, what failed and why, and
 * in a second line what to do next. No newline at the end.
 */
void refusal_text(const struct refusal *refusal, char *text);

/* The exit status that goes with it: 2 failure, 3 denied, 4 not found, 5 a limit. */
int refusal_exit(const struct refusal *refusal);

#endif

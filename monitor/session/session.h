/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_SESSION_SESSION_H
#define ETWAS_MONITOR_SESSION_SESSION_H

#include "monitor/session/request.h"
#include "monitor/session/selection.h"
#include "monitor/source.h"

/*
 * A session of the controller's: made or joined, told what to trace, then
 * started, from when on it is a source of events.
 *
 *     session_open, session_enable..., session_enable_usdt..., session_start
 *
 * Each call that fails fills in `refusal` (refusal.h). A refused event leaves the
 * session as it was.
 */
#define SESSION_DEFAULT_NAME "Etwas-Trace-Session"

struct session;

struct session_options {
    const char *controller; /* path of its channel; NULL: the system's */
    const char *name;       /* NULL: SESSION_DEFAULT_NAME */
    uint32_t subbuffer_kib; /* 0: 64 */
    uint32_t ring_kib;      /* a CPU; 0: 16 MiB, or what the policy leaves of that */
    uint32_t linger_s;      /* UINT32_MAX: as the policy says */
    bool include_self;      /* trace this program, too */
};

ETWAS_MUST_CHECK enum etwas_status session_open(const struct session_options *options,
                                                struct session **session, struct refusal *refusal);
void session_close(struct session *session); /* NULL is fine; the session stays in the kernel */

/* What became of a pattern of events or probes. */
struct session_outcome {
    uint32_t enabled;
    uint32_t refused; /* by the policy; `refusal` holds the last of them */
};

/*
 * Traces one event, or all events of the system whose names match when `event`
 * is "" or has a * or ? in it. OK when any was enabled.
 */
ETWAS_MUST_CHECK enum etwas_status session_enable(struct session *session,
                                                  const struct message_enable *enable,
                                                  struct session_outcome *outcome,
                                                  struct refusal *refusal);

/* The probes of a program whose provider and name match, as with events. */
struct session_probe {
    const char *path;                    /* of the program or library */
    const char *provider;                /* "" or NULL: any */
    const char *name;                    /* "" or NULL: any */
    uint32_t text_mask;                  /* bit i: argument i points to text */
    const struct selection_names *names; /* NULL: provider and name as the program has them */
};

ETWAS_MUST_CHECK enum etwas_status session_enable_usdt(struct session *session,
                                                       const struct session_probe *wanted,
                                                       struct session_outcome *outcome,
                                                       struct refusal *refusal);

/*
 * Starts the session. It is gone after this, whether that worked or not; what it
 * held is the source's.
 */
ETWAS_MUST_CHECK enum etwas_status session_start(struct session *session, struct source **source,
                                                 struct refusal *refusal);

#endif

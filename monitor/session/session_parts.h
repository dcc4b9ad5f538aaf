/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_SESSION_SESSION_PARTS_H
#define ETWAS_MONITOR_SESSION_SESSION_PARTS_H

#include "monitor/session/session.h"

/* What session.c and probe.c share; nobody else's. */
struct session {
    struct connection connection;
    struct selections *selections;
    uint64_t id;
    uint64_t ring_size; /* bytes a CPU */
    bool joined;
    bool include_self;
    char *events; /* available_events, once it was needed; owned */
};

/* It failed on this side: fills in `refusal` and gives back `status`. */
enum etwas_status session_fail(struct refusal *refusal, const struct request *request,
                               enum etwas_status status, const char *doing);

/*
 * Sends MESSAGE_ENABLE or MESSAGE_USDT and adds the event by the format that
 * comes with the answer.
 */
enum etwas_status session_add(struct session *session, const struct request *request,
                              const struct message_enable *enable,
                              const struct selection_names *names, struct refusal *refusal);

/* Counts what became of one; false: no use to try others. */
bool session_count(struct session_outcome *outcome, enum etwas_status status);

/* `pattern` "" or NULL is any. */
bool session_matches(const char *pattern, const char *name, size_t size);

#endif

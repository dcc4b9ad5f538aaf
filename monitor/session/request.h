/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_SESSION_REQUEST_H
#define ETWAS_MONITOR_SESSION_REQUEST_H

#include "ipc/channel.h"
#include "ipc/codec.h"
#include "monitor/session/refusal.h"

/*
 * One connection to the controller, and requests over it: each is sent and its
 * answer awaited. Before the session of the connection is started nothing but
 * answers comes; session.h takes over from there.
 *
 * Calls wait up to REQUEST_TIMEOUT_MS for the answer. Where the controller says
 * that this user asks too often (LIMIT_RATE), they wait and ask again.
 *
 * Every call returns the status and, unless it is ETWAS_OK, fills in `refusal`.
 * The answer's own status counts: ETWAS_OK means the controller did it.
 */
enum { REQUEST_TIMEOUT_MS = 30000 };

struct connection {
    struct channel *channel; /* owned */
    uint32_t cpus;           /* as the controller counts them */
};

/*
 * Connects and says hello. `path` NULL is the system's controller; a path that
 * the user named may also be served by himself. On failure nothing is open.
 */
ETWAS_MUST_CHECK enum etwas_status request_connect(const char *path, struct connection *connection,
                                                   struct refusal *refusal);
void request_disconnect(struct connection *connection); /* closed already is fine */

/* One request; `what` is for the refusal and may be NULL. */
struct request {
    uint16_t type; /* enum message_type */
    int handle;    /* lent to the controller; -1 for none */
    size_t size;   /* of the body */
    const void *body;
    const char *what;
};

struct reply {
    struct message_answer answer;
    int handle; /* the caller's to close; -1 when none came */
};

/* Any request with a struct message_answer, before the session is started. */
ETWAS_MUST_CHECK enum etwas_status request_call(struct connection *connection,
                                                const struct request *request, struct reply *reply,
                                                struct refusal *refusal);

/* Only sends: the answer comes with the stream, or there is none. */
ETWAS_MUST_CHECK enum etwas_status request_send(struct connection *connection,
                                                const struct request *request);

/* A read-only descriptor of a document; the caller closes it. */
ETWAS_MUST_CHECK enum etwas_status request_document(struct connection *connection,
                                                    const struct message_metadata *metadata,
                                                    int *handle, struct refusal *refusal);

/*
 * The session at `index`, counting from 0. The status is the answer's:
 * NOT_FOUND ends the list, BUSY is a gap in it; neither is a refusal.
 */
ETWAS_MUST_CHECK enum etwas_status request_session(struct connection *connection, uint32_t index,
                                                   struct message_session *session,
                                                   struct refusal *refusal);

/* Stops sessions; value[0] of the answer says how many now end. */
ETWAS_MUST_CHECK enum etwas_status request_stop(struct connection *connection,
                                                const struct message_stop *stop,
                                                struct reply *reply, struct refusal *refusal);

#endif

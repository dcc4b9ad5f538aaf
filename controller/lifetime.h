/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_CONTROLLER_LIFETIME_H
#define ETWAS_CONTROLLER_LIFETIME_H

#include "controller/controller.h"

/*
 * The life of sessions: from the request or the predecessor that begins one, over
 * the clients that come and go, to the stop, the silence or the shutdown that ends
 * it. Called by the thread that answers requests.
 */

/*
 * The session of this owner and name, made if there is none; NULL when that failed,
 * `answer` then says why, else the session's origin.
 */
struct session *lifetime_open(struct controller *controller, uint32_t uid,
                              const struct message_open *open, struct message_answer *answer);

/* The client leaves its session, if it has one; the last one to go leaves it lingering. */
void lifetime_leave(struct controller *controller, struct client *client);

/* Lets the session end; its clients get what is buffered and the reason. */
void lifetime_end(struct controller *controller, struct session *session, uint32_t by,
                  enum stream_reason reason);

/*
 * Removes sessions that have ended and ends those that nobody came back to. False
 * while any session is on its way out: call again soon.
 */
bool lifetime_tick(struct controller *controller);

/* At start: the instance etwas_UID_NAME of a predecessor. Adopts or removes it. */
void lifetime_adopt(struct controller *controller, const char *name,
                    const struct access_subject *owner);

#endif

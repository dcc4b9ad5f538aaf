/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_RELAY_RELAY_H
#define ETWAS_RELAY_RELAY_H

#include "ipc/status.h"
#include "relay/listen.h"
#include "relay/options.h"

/* A relay in one process: its parts in the order in which they need each other. */
struct relay;

/* `error->doing` says what could not be done; the listeners stay the caller's. */
ETWAS_MUST_CHECK enum etwas_status relay_open(const struct options *options,
                                              struct listeners *listeners, struct relay **relay,
                                              struct etwas_error *error);

/* Serves until listen_end() was called. */
void relay_run(struct relay *relay);

/*
 * Takes nothing new, stores and answers what was taken, ends all streams, and closes. NULL is
 * fine.
 */
void relay_close(struct relay *relay);

#endif

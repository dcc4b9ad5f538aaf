/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_RELAY_HOST_H
#define ETWAS_RELAY_HOST_H

#include <stdbool.h>
#include <stddef.h>

#include "ipc/status.h"
#include "relay/listen.h"
#include "relay/options.h"

/* What the program asks of its process and its system. */

/* "etwass: WHAT: DOING: why" on standard error. */
void host_say(const char *what, const struct etwas_error *error);

unsigned host_processors(void);

/* Standard output goes where others can read it later (systemd's journal). */
bool host_output_is_kept(void);

/* Somebody looks at standard error. */
bool host_is_watched(void);

/* What of the environment counts. */
struct options_environment host_environment(void);

/* Memory that is free but still held goes back to the system. */
void host_give_back(void);

/* As many sockets as the system lets us have; SIGINT and SIGTERM end the listeners' wait. */
void host_prepare(struct listeners *listeners);

/* The address that a browser on this machine opens. */
void host_url(const struct listeners *listeners, bool tls, char *text, size_t room);

#endif

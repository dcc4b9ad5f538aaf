/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_RELAY_SERVER_H
#define ETWAS_RELAY_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/status.h"
#include "relay/api.h"

struct sockaddr;

/*
 * HTTP, by libmicrohttpd, which only server.c knows: a few threads with epoll read requests
 * from the connections that server_add() hands over, and ask the api. Connections that take
 * too long for a request are closed here, for the library only looks at those that are silent.
 */
enum {
    SERVER_MAX_CONNECTIONS = 4096,
    SERVER_MAX_PER_ADDRESS = 1024,
    SERVER_HEADERS_MS = 10 * 1000,
    SERVER_BODY_MS = 30 * 1000,
    SERVER_IDLE_MS = 65 * 1000, /* monitors say something each 10 s */
    SERVER_SILENT_S = 75,       /* nothing can be sent or received; above LIVE_KEEP_ALIVE_MS */
};

struct server;

struct server_options {
    struct api *api;
    unsigned threads;
    char *certificate; /* PEM, kept while the server lives; NULL: no TLS */
    char *key;
};

ETWAS_MUST_CHECK enum etwas_status server_open(const struct server_options *options,
                                               struct server **server, struct etwas_error *error);

/* A connection that was accepted; the socket is the server's from now on. */
void server_add(struct server *server, int socket, const struct sockaddr *address, size_t size);

/* Closes what takes too long: a few times a second. */
void server_tick(struct server *server);

/* No request waits any more for anything but its answer to be sent: up to `time_ms` for that. */
void server_close(struct server *server, int time_ms);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_RELAY_LISTEN_H
#define ETWAS_RELAY_LISTEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/status.h"

/* Sockets: those that are listened on, and what there is to know of a connection. */
enum { LISTEN_MAX = 16, LISTEN_NAME_SIZE = 64 };

struct sockaddr;

struct listeners {
    size_t count;
    int sockets[LISTEN_MAX];
    uint16_t port; /* all have the same */
    bool loopback_only;
    const char *failed; /* the address that listen_open() could not use */
    int wake[2];        /* whose reading end becomes readable when the wait shall end */
};

/*
 * Listens on the addresses (numbers or names), on 127.0.0.1 and ::1 if there are none; of
 * these two one suffices. Port 0 takes a free one. NOT_FOUND: no such address here; BUSY: the
 * port is taken; DENIED.
 */
ETWAS_MUST_CHECK enum etwas_status listen_open(struct listeners *listeners,
                                               const char *const *addresses, size_t count,
                                               uint16_t port, struct etwas_error *error);
void listen_close(struct listeners *listeners);

/* "http://127.0.0.1:8080" of listener `index`. */
void listen_url(const struct listeners *listeners, size_t index, bool tls, char *text, size_t room);

/*
 * Waits up to `time_ms` for connections and hands each over to `take`, which owns its socket.
 * False: listen_end() was called.
 */
bool listen_wait(struct listeners *listeners, int time_ms,
                 void (*take)(void *context, int socket, const struct sockaddr *address,
                              size_t size),
                 void *context);
void listen_end(struct listeners *listeners); /* from a signal handler, too */

bool listen_is_loopback(const struct sockaddr *address);
/* The address that a connection came to, as Host would have it; "" when it cannot be told. */
void listen_local_name(int socket, char *text, size_t room);
/* Ends a connection that somebody else will close. */
void listen_cut(int socket);
void listen_sleep_ms(int time_ms);

#endif

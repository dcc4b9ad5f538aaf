/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_RELAY_HOSTS_H
#define ETWAS_RELAY_HOSTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "relay/http.h"

/*
 * The names this relay goes by. Without that question a page of somebody else, whose name
 * suddenly leads to 127.0.0.1, could ask the relay with the reader's cookie.
 */
enum { HOSTS_MAX = 32, HOSTS_NAME_SIZE = 256 };

struct host {
    char name[HOSTS_NAME_SIZE]; /* lower case; an address of IPv6 in brackets */
    uint16_t port;              /* 0: the relay's own, or that of http or https */
};

struct hosts {
    uint16_t port; /* the relay's own */
    bool tls;
    size_t count;
    struct host hosts[HOSTS_MAX]; /* besides loopback and the address it was reached by */
};

/* "NAME" or "NAME:PORT". False: it is no name, or there are too many. */
bool hosts_add(struct hosts *hosts, const char *text);

/* Has it another name than those of loopback? Then there is a proxy, or was meant to be. */
bool hosts_are_public(const struct hosts *hosts);

/*
 * Is Host one of ours? Then `authority` is what a signature has of it: lower case, without
 * the default port.
 */
bool hosts_know(const struct hosts *hosts, const struct http_request *request,
                char authority[HOSTS_NAME_SIZE]);

/* Is Origin absent, or that of the page of this relay? Asked after hosts_know(). */
bool hosts_own_origin(const struct hosts *hosts, const struct http_request *request,
                      const char *authority);

#endif

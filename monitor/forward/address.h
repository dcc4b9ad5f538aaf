/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_FORWARD_ADDRESS_H
#define ETWAS_MONITOR_FORWARD_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "ipc/status.h"

/*
 * Where a relay is: `http://HOST[:PORT][/]` or `https://...`, made such that two ways to
 * write one place come out the same. Knows no system.
 */
enum {
    ADDRESS_HOST_MAX = 253,
    ADDRESS_AUTHORITY_SIZE = 272, /* host, brackets, colon, port */
    ADDRESS_URL_SIZE = 288,
};

struct address {
    bool secure;                            /* https */
    bool loopback;                          /* this machine, whatever a proxy thinks */
    char authority[ADDRESS_AUTHORITY_SIZE]; /* lower case, the default port left out */
    char url[ADDRESS_URL_SIZE];             /* "http://relay.example:8080/" */
};

/* MALFORMED: `*problem`, a literal, says what of it. */
ETWAS_MUST_CHECK enum etwas_status address_parse(const char *text, struct address *address,
                                                 const char **problem);

/* A role of which all instances get everything: `role:NAME[:ENDPOINT]`. */
enum { ROLE_NAME_MAX = 63, ROLE_TEXT_SIZE = 136 };

struct role {
    char name[ROLE_NAME_MAX + 1];
    char endpoint[ROLE_NAME_MAX + 1]; /* "": all of them */
    char text[ROLE_TEXT_SIZE];        /* as typed */
};

/* NAME and ENDPOINT are of letters, digits, dots, hyphens and underscores. MALFORMED. */
ETWAS_MUST_CHECK enum etwas_status role_parse(const char *text, struct role *role);

#endif

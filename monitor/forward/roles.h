/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_FORWARD_ROLES_H
#define ETWAS_MONITOR_FORWARD_ROLES_H

#include <stddef.h>
#include <stdint.h>

#include "ipc/status.h"
#include "monitor/forward/address.h"

/*
 * Which relays a role has: by a discovery file, which is read again when it changes,
 *
 *   {"roles": {"NAME": {"ENDPOINT": ["http://a:8080/", "http://b:8080/"]}}}
 *
 * or, for a role that the file does not know, by the SRV records of _etwas._tcp.NAME, asked for
 * every ROLES_DNS_MS (https for port 443, else http; DNS knows no endpoints). A file or an answer
 * that cannot be read changes nothing. A thread of its own does the looking, once there is a role.
 */
enum { ROLES_MAX = 32, ROLES_INSTANCES = 16, ROLES_FILE_MS = 1000, ROLES_DNS_MS = 30000 };

struct roles;

struct roles_options {
    const char *file;               /* NULL: none */
    void (*changed)(void *context); /* from the thread, after a change */
    void *context;
};

ETWAS_MUST_CHECK enum etwas_status roles_open(const struct roles_options *options,
                                              struct roles **roles);
void roles_close(struct roles *roles); /* NULL is fine */

/* From now on this role is looked for, unless it was. False: there are too many. */
bool roles_add(struct roles *roles, const struct role *role);

/* Grows with each change. */
uint64_t roles_generation(struct roles *roles);

/* The instances of a role that was added, each once; at most ROLES_INSTANCES. */
size_t roles_get(struct roles *roles, const char *text, struct address list[ROLES_INSTANCES]);

/* The file's part of it: instances of `role` in a text. MALFORMED; NOT_FOUND: the role is not in
 * it. */
ETWAS_MUST_CHECK enum etwas_status roles_parse(const char *text, size_t size,
                                               const struct role *role,
                                               struct address list[ROLES_INSTANCES], size_t *count);

#endif

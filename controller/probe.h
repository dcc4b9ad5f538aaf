/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_CONTROLLER_PROBE_H
#define ETWAS_CONTROLLER_PROBE_H

#include "controller/session.h"
#include "policy/access.h"

/*
 * Probes in user programs: lines of the kernel's uprobe_events, in the group
 * etwas_UID. The kernel would put a breakpoint anywhere in any file, so everything
 * is checked here, on the descriptor that the client opened itself: a regular file, of
 * his own or of the administrator's with a rule of its own, that nobody else can write
 * and that runs with nobody else's rights, and a nop where the probe goes.
 */
struct probe {
    char system[MESSAGE_NAME_SIZE]; /* the group */
    char event[MESSAGE_NAME_SIZE];
};

/*
 * Checks and registers the probe; one that is there already is fine. DENIED: `line` is
 * that of the policy, 0 when the file itself forbids it. SYSTEM: errno tells.
 */
enum etwas_status probe_register(const struct session_host *host,
                                 const struct access_policy *policy,
                                 const struct access_subject *subject, int file,
                                 const struct message_usdt *usdt, struct probe *probe,
                                 uint32_t *line);

/* May the user have SYSTEM:EVENT, which a predecessor enabled for him, probe or not? */
bool probe_may_stay(const struct access_policy *policy, const struct access_subject *subject,
                    const char *system, const char *event);

/* Removes every probe of ours that no session uses: the kernel refuses the others. */
void probe_remove_unused(const struct session_host *host);

#endif

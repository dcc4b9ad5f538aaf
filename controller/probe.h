/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_CONTROLLER_PROBE_H
#define ETWAS_CONTROLLER_PROBE_H

#include "controller/controller.h"

/*
 * Probes in user programs: lines of the kernel's uprobe_events, in the group
 * etwas_UID. The kernel would put a breakpoint anywhere in any file, so everything
 * is checked here, on the descriptor that the client opened itself: a regular file, of
 * his own or of the administrator's with a rule of its own, that nobody else can write
 * and that runs with nobody else's rights, and a nop where the probe goes.
 */

/*
 * Checks and registers the probe; one that is there already is fine. SYSTEM: errno tells;
 * else it is the line of the policy that decided, 0 when the file itself forbids it.
 */
enum etwas_status probe_register(struct controller *controller,
                                 const struct access_subject *subject, int file,
                                 const struct message_usdt *usdt, char event[TRACEFS_EVENT_SIZE]);

/* May the user have "SYSTEM:EVENT", probe or not, which a predecessor enabled for him? */
bool probe_may_stay(const struct access_policy *policy, const struct access_subject *subject,
                    const char *event);

/* Removes every probe of ours that no session uses: the kernel refuses the others. */
void probe_remove_unused(struct session_host *host);

#endif

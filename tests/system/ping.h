/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_TESTS_SYSTEM_PING_H
#define ETWAS_TESTS_SYSTEM_PING_H

#include <stddef.h>
#include <sys/types.h>

#include "ipc/message.h"

/*
 * Copies of etwas-ping in the harness' folder, for tests of probes.
 */

/* Copies it there; the path is borrowed from harness_path(). */
const char *ping_copy(const char *name, uint32_t owner, mode_t mode);

/* The line that the administrator would put into his policy for this program of his. */
void ping_rule(const char *program, char *rule, size_t size);

/* Where the probe is in every copy; without arguments. */
void ping_probe(struct message_usdt *usdt);

#endif

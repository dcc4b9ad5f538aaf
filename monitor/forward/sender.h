/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_FORWARD_SENDER_H
#define ETWAS_MONITOR_FORWARD_SENDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/status.h"
#include "monitor/spool/spool.h"
#include "policy/key.h"

/*
 * Sends what spools hold to relays: one thread for the stream of this program and for
 * those that others left behind. Says on standard error when a relay's state changes.
 *
 * A sink that is a role has the instances of the role as relays. All of them get everything:
 * the cursor of the sink stands where the slowest of them is, and each is sent from there
 * on when this program starts anew, which relays recognise. A new one gets what is still here; one
 * that is not listed any more is given up once it has everything or has not answered for `gone_s`.
 */
struct sender;
struct roles;

struct sender_options {
    const struct key_pair *pair;      /* borrowed, as all of these */
    const char *trust_line;           /* as etwas --key-show prints it */
    const char *ca_file;              /* NULL: the system's */
    struct roles *roles;              /* NULL: no sink is a role */
    const struct spool_options *left; /* for spool_open_left(); NULL: what others left stays */
    uint32_t stall_s;                 /* nothing moves for so long: the transfer has failed */
    uint32_t total_s;                 /* so long may one take at most */
    uint32_t backoff_ms;              /* the first; doubled up to backoff_max_ms */
    uint32_t backoff_max_ms;
    uint32_t pending_ms; /* between tries while the key is not approved */
    uint32_t gone_s;
};

/* What became of the batches of one sink of the program's own stream. */
struct sender_counts {
    uint64_t sent_batches;
    uint64_t sent_events;
    uint64_t retries; /* transfers that had to be made again */
    uint64_t parked_batches;
    uint64_t parked_events; /* traced ones */
};

/* `spool` is borrowed until sender_close(). NO_MEMORY, SYSTEM. */
ETWAS_MUST_CHECK enum etwas_status sender_open(const struct sender_options *options,
                                               struct spool *spool, struct sender **sender,
                                               struct etwas_error *error);

/* There is more to read; from any thread. */
void sender_wake(struct sender *sender);

/* Batches left behind by others that can be sent now. From any thread. */
uint64_t sender_left_waiting(const struct sender *sender);

/* Ends the thread; what is under way counts as not sent. Harmless when called twice. */
void sender_stop(struct sender *sender);

/* After sender_stop(). */
void sender_get_counts(const struct sender *sender, size_t sink, struct sender_counts *counts);

void sender_close(struct sender *sender); /* NULL is fine */

#endif

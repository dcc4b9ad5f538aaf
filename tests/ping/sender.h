/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_TESTS_PING_SENDER_H
#define ETWAS_TESTS_PING_SENDER_H

#include <stdbool.h>
#include <stdint.h>

#include "ipc/status.h"
#include "tests/ping/options.h"

/*
 * The threads that send. All take their numbers from one counter, and what was
 * taken is sent, so that the numbers from 1 to sender_sent() have no gap. With
 * several threads the order holds within each of them.
 *
 * Paced threads sleep between ticks and catch up on what a tick missed. If the
 * rate cannot be reached, they go on for at most a tenth over the duration
 * (a quarter of a second at least).
 */
struct sender;

/* NULL when there is no memory or no thread. Needs interrupt_init() before. */
struct sender *sender_start(const struct ping_options *options);

/* Asks the threads to end, within 50 ms. */
void sender_stop(struct sender *sender);

/* No thread is left. The last one calls interrupt_notify(). */
bool sender_is_done(const struct sender *sender);

/* Numbers given out so far. */
uint64_t sender_sent(const struct sender *sender);

/* Waits for the threads; says how many events were sent to a listener. */
uint64_t sender_join(struct sender *sender);

void sender_close(struct sender *sender); /* after sender_join(); NULL is fine */

#endif

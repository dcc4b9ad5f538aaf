/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_TESTS_PING_EMIT_H
#define ETWAS_TESTS_PING_EMIT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The event Ping:Ping: number, index of the thread, text. Each system has its
 * own way to send it; all may be called by any number of threads at once.
 */

/* Somebody listens right now. */
bool emit_is_listened(void);

/*
 * Sends the events `first` to `first + count - 1`, each if somebody listens at
 * that time; says how many were. `text` ends with a zero.
 */
uint64_t emit_run(uint64_t first, uint64_t count, uint32_t thread, const char *text);

#endif

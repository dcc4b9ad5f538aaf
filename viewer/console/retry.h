/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_VIEWER_CONSOLE_RETRY_H
#define ETWAS_VIEWER_CONSOLE_RETRY_H

#include <stdint.h>

/* How long to wait before the next try: twice as long each time, and never quite the same. */
enum { RETRY_FIRST_MS = 1000, RETRY_MAX_MS = 30000 };

struct retry {
    uint32_t tries; /* since it worked */
    uint64_t random;
};

void retry_init(struct retry *retry, uint64_t seed);
void retry_worked(struct retry *retry);

/* `first_ms`: what the other side asks for, 0: nothing. */
int64_t retry_delay_ms(struct retry *retry, uint64_t first_ms);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_LOCAL_TICKER_H
#define ETWAS_MONITOR_LOCAL_TICKER_H

#include <stdbool.h>
#include <stdint.h>

#include "monitor/event/event.h"
#include "monitor/source.h"

/*
 * A source that looks at the system every so often and makes events of what
 * changed. A kind of ticker embeds struct ticker as its first member and says how to look.
 */
enum { TICKER_DEFAULT_MS = 1000 };

struct ticker {
    struct source source;
    uint32_t interval_ms;
    int64_t next_ms; /* on moment_steady_ms(), when to look again */
    bool finishing;
    uint64_t delivered;
    /* Looks and hands events over by ticker_hand_over(). */
    enum etwas_status (*look)(struct ticker *ticker, struct event_handler *handler,
                              struct etwas_error *error);
    void (*clear)(struct ticker *ticker); /* frees what the kind owns besides itself */
};

/* The first look, to compare with, has just been taken. `ticker` is from malloc. */
void ticker_start(struct ticker *ticker, uint32_t interval_ms);

enum etwas_status ticker_hand_over(struct ticker *ticker, struct event_handler *handler,
                                   const struct event *events, size_t count);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_SESSION_LOSS_H
#define ETWAS_MONITOR_SESSION_LOSS_H

#include "monitor/event/event.h"

/*
 * A loss as an event, so that it shows in every output: Provider "Etwas",
 * EventName "Lost", fields Where, Cpu, Count, First and Last.
 */
struct loss {
    const char *where; /* "kernel": overwritten or refused there; "monitor": on the way here */
    uint64_t count;
    int64_t first; /* event times between which they were lost */
    int64_t last;
    uint32_t cpu;
};

/* The event of a loss that lives as long. */
struct event loss_event(const struct loss *loss);

/* Whether an event is one of these. They were not traced, and no source counts them as delivered.
 */
bool loss_is_event(const struct event *event);

#endif

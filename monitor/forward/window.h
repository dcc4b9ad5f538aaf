/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_FORWARD_WINDOW_H
#define ETWAS_MONITOR_FORWARD_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Which batches of one stream are under way to one relay. They are sent in order, several at a
 * time; what is done is known up to the first that is not. A failure takes back all
 * that was sent behind it, and the next try is alone until one has succeeded. Plain data.
 */
enum { WINDOW_MAX = 8 };

struct window {
    uint64_t done; /* all up to this sequence is */
    size_t limit;  /* how many may be under way: 1 or WINDOW_MAX */
    size_t count;
    struct window_slot {
        uint64_t sequence;
        bool done; /* but one before it is not */
    } slots[WINDOW_MAX];
};

void window_init(struct window *window, uint64_t done);

bool window_has_room(const struct window *window);

/* The batch to be sent next is the first behind this one. */
uint64_t window_last(const struct window *window);

/* What the batch to be sent next has to name in `after`; 0: nothing. */
uint64_t window_after(const struct window *window);

/* It was sent; there must be room, and it lies behind window_last(). */
void window_sent(struct window *window, uint64_t sequence);

/* It is stored. */
void window_stored(struct window *window, uint64_t sequence);

/*
 * It was not taken, or will never be. All behind it waits for it in vain: the caller has to
 * forget what of that is under way; it will be sent again. So is this one, unless it was given up.
 */
void window_failed(struct window *window, uint64_t sequence);
void window_given_up(struct window *window, uint64_t sequence);

#endif

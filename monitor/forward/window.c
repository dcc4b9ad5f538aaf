/* SPDX-License-Identifier: MIT */
#include "monitor/forward/window.h"

#include <assert.h>
#include <string.h>

void window_init(struct window *window, uint64_t done)
{
    *window = (struct window){.done = done, .limit = 1};
}

bool window_has_room(const struct window *window)
{
    return window->count < window->limit;
}

uint64_t window_last(const struct window *window)
{
    return window->count == 0 ? window->done : window->slots[window->count - 1].sequence;
}

uint64_t window_after(const struct window *window)
{
    return window->count == 0 ? 0 : window->slots[window->count - 1].sequence;
}

void window_sent(struct window *window, uint64_t sequence)
{
    assert(window_has_room(window) && sequence > window_last(window));
    window->slots[window->count++] = (struct window_slot){.sequence = sequence};
}

static size_t find(const struct window *window, uint64_t sequence)
{
    size_t index = 0;
    while (index < window->count && window->slots[index].sequence != sequence) {
        index++;
    }
    return index;
}

/* Takes what is done from the front. */
static void advance(struct window *window)
{
    size_t first = 0;
    while (first < window->count && window->slots[first].done) {
        window->done = window->slots[first++].sequence;
    }
    window->count -= first;
    memmove(window->slots, window->slots + first, window->count * sizeof window->slots[0]);
}

void window_stored(struct window *window, uint64_t sequence)
{
    const size_t index = find(window, sequence);
    if (index < window->count) {
        window->slots[index].done = true;
        window->limit = WINDOW_MAX;
        advance(window);
    }
}

void window_failed(struct window *window, uint64_t sequence)
{
    window->count = find(window, sequence);
    window->limit = 1;
}

void window_given_up(struct window *window, uint64_t sequence)
{
    const size_t index = find(window, sequence);
    if (index < window->count) {
        window->count = index + 1;
        window->slots[index].done = true;
        window->limit = 1;
        advance(window);
    }
}

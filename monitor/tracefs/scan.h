/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_TRACEFS_SCAN_H
#define ETWAS_MONITOR_TRACEFS_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "monitor/event/arena.h"

/* A piece of borrowed text, and how both parsers of format files eat it up. */
struct scan {
    const char *at;
    size_t left;
};

static inline bool scan_is(struct scan text, const char *word)
{
    return text.left == strlen(word) && memcmp(text.at, word, text.left) == 0;
}

static inline bool scan_starts(struct scan text, const char *word)
{
    const size_t size = strlen(word);
    return size <= text.left && memcmp(text.at, word, size) == 0;
}

static inline bool scan_is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static inline void scan_skip(struct scan *text, size_t size)
{
    size = size < text->left ? size : text->left;
    text->at += size;
    text->left -= size;
}

static inline void scan_spaces(struct scan *text)
{
    while (text->left != 0 && strchr(" \t\n", *text->at) != NULL && *text->at != 0) {
        scan_skip(text, 1);
    }
}

/* Takes what lies before `end` and steps over it; all that is left without one. */
static inline struct scan scan_until(struct scan *text, char end)
{
    const char *found = text->left == 0 ? NULL : memchr(text->at, end, text->left);
    struct scan taken = *text;
    taken.left = found == NULL ? text->left : (size_t)(found - text->at);
    scan_skip(text, taken.left + 1);
    return taken;
}

/* A copy that ends in NUL; NULL when the arena is full. */
static inline char *scan_copy(struct scan text, struct arena *arena)
{
    char *copy = arena_take(arena, text.left + 1);
    if (copy != NULL) {
        memcpy(copy, text.at, text.left);
        copy[text.left] = 0;
    }
    return copy;
}

#endif

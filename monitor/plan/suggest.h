/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_PLAN_SUGGEST_H
#define ETWAS_MONITOR_PLAN_SUGGEST_H

#include <stddef.h>

/*
 * The few names closest to a misspelt one, by the number of letters to insert,
 * delete, change or swap. Offered names are borrowed.
 */
enum { SUGGEST_COUNT = 3, SUGGEST_NAME_SIZE = 64 };

struct suggest {
    const char *wanted;
    size_t count;
    const char *names[SUGGEST_COUNT]; /* closest first */
    size_t distances[SUGGEST_COUNT];
};

void suggest_init(struct suggest *suggest, const char *wanted);
void suggest_offer(struct suggest *suggest, const char *name);

/* Letters to change from `a` to `b`, each below SUGGEST_NAME_SIZE; longer ones are far. */
size_t suggest_distance(const char *a, const char *b);

#endif

/* SPDX-License-Identifier: MIT */
#include "monitor/plan/suggest.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Damerau and Levenshtein's, restricted to neighbours (optimal string alignment). */
size_t suggest_distance(const char *a, const char *b)
{
    size_t rows[3][SUGGEST_NAME_SIZE];
    const size_t length_a = strlen(a);
    const size_t length_b = strlen(b);
    if (length_a >= SUGGEST_NAME_SIZE || length_b >= SUGGEST_NAME_SIZE) {
        return SIZE_MAX;
    }
    size_t *before = rows[0];
    size_t *above = rows[1];
    size_t *row = rows[2];
    for (size_t j = 0; j <= length_b; j++) {
        above[j] = j;
        before[j] = 0;
    }
    for (size_t i = 1; i <= length_a; i++) {
        row[0] = i;
        for (size_t j = 1; j <= length_b; j++) {
            const size_t change = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = least(change, least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = least(row[j], before[j - 2] + 1);
            }
        }
        size_t *oldest = before;
        before = above;
        above = row;
        row = oldest;
    }
    return above[length_b];
}

void suggest_init(struct suggest *suggest, const char *wanted)
{
    memset(suggest, 0, sizeof *suggest);
    suggest->wanted = wanted;
}

/* What begins with the wanted name is close, however it goes on. */
static size_t judge(const char *wanted, const char *name)
{
    const size_t length = strlen(wanted);
    const size_t distance = suggest_distance(wanted, name);
    if (length >= 3 && strncmp(wanted, name, length) == 0) {
        return least(distance, 2);
    }
    return distance <= 1 + length / 4 ? distance : SIZE_MAX;
}

void suggest_offer(struct suggest *suggest, const char *name)
{
    const size_t distance = judge(suggest->wanted, name);
    size_t place = 0;
    while (place < suggest->count && suggest->distances[place] <= distance) {
        place++;
    }
    if (distance == SIZE_MAX || place == SUGGEST_COUNT) {
        return;
    }
    suggest->count += suggest->count < SUGGEST_COUNT ? 1 : 0;
    for (size_t i = suggest->count - 1; i > place; i--) {
        suggest->names[i] = suggest->names[i - 1];
        suggest->distances[i] = suggest->distances[i - 1];
    }
    suggest->names[place] = name;
    suggest->distances[place] = distance;
}

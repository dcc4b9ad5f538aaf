/* SPDX-License-Identifier: MIT */
#include "monitor/plan/suggest.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Three rows of the table of distances, the newest last. */
struct rows {
    size_t *before;
    size_t *above;
    size_t *row;
};

static size_t cell(const struct rows *rows, const char *a, const char *b, size_t j)
{
    /* `a` and `b` + j point behind the letters that are compared. */
    const size_t change = rows->above[j - 1] + (a[-1] == b[j - 1] ? 0 : 1);
    return least(change, least(rows->above[j], rows->row[j - 1]) + 1);
}

static bool are_swapped(const char *a, const char *b)
{
    return a[-1] == b[-2] && a[-2] == b[-1];
}

static void fill_row(const struct rows *rows, const char *a, size_t i, const char *b)
{
    rows->row[0] = i;
    for (size_t j = 1; b[j - 1] != 0; j++) {
        rows->row[j] = cell(rows, a + i, b, j);
        if (i > 1 && j > 1 && are_swapped(a + i, b + j)) {
            rows->row[j] = least(rows->row[j], rows->before[j - 2] + 1);
        }
    }
}

/* Damerau and Levenshtein's, restricted to neighbours (optimal string alignment). */
size_t suggest_distance(const char *a, const char *b)
{
    size_t room[3][SUGGEST_NAME_SIZE] = {{0}};
    const size_t length_a = strlen(a);
    const size_t length_b = strlen(b);
    if (length_a >= SUGGEST_NAME_SIZE || length_b >= SUGGEST_NAME_SIZE) {
        return SIZE_MAX;
    }
    struct rows rows = {room[0], room[1], room[2]};
    for (size_t j = 0; j <= length_b; j++) {
        rows.above[j] = j;
        rows.before[j] = 0;
    }
    for (size_t i = 1; i <= length_a; i++) {
        fill_row(&rows, a, i, b);
        rows = (struct rows){rows.above, rows.row, rows.before};
    }
    return rows.above[length_b];
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

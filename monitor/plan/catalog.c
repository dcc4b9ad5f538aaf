/* SPDX-License-Identifier: MIT */
#include "monitor/plan/catalog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipc/message.h"
#include "monitor/plan/suggest.h"

static int compare(const void *left, const void *right)
{
    const struct catalog_event *a = left;
    const struct catalog_event *b = right;
    const int systems = strcmp(a->system, b->system);
    return systems != 0 ? systems : strcmp(a->event, b->event);
}

static bool is_name(const char *name)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    const size_t size = strspn(name, letters);
    return size > 0 && size < MESSAGE_NAME_SIZE && name[size] == 0;
}

/* Cuts `line` in two; false when it is not SYSTEM:EVENT. */
static bool read_line(char *line, struct catalog_event *event)
{
    char *colon = strchr(line, ':');
    if (colon == NULL) {
        return false;
    }
    *colon = 0;
    *event = (struct catalog_event){line, colon + 1};
    return is_name(event->system) && is_name(event->event);
}

enum etwas_status catalog_init(struct catalog *catalog, char *text, size_t size)
{
    size_t lines = 1;
    for (size_t i = 0; i < size; i++) {
        lines += text[i] == '\n' ? 1 : 0;
    }
    *catalog = (struct catalog){.text = text, .events = calloc(lines, sizeof *catalog->events)};
    if (catalog->events == NULL) {
        catalog_clear(catalog);
        return ETWAS_NO_MEMORY;
    }
    char *line = text;
    for (size_t left = size; left > 0;) {
        char *end = memchr(line, '\n', left);
        const size_t passed = end == NULL ? left : (size_t)(end - line) + 1;
        if (end != NULL) {
            *end = 0;
        }
        if (read_line(line, &catalog->events[catalog->count])) {
            catalog->count++;
        }
        line += passed;
        left -= passed;
    }
    if (catalog->count > 0) {
        qsort(catalog->events, catalog->count, sizeof catalog->events[0], compare);
    }
    return ETWAS_OK;
}

void catalog_clear(struct catalog *catalog)
{
    free(catalog->events);
    free(catalog->text);
    *catalog = (struct catalog){0};
}

size_t catalog_system(const struct catalog *catalog, const char *system,
                      const struct catalog_event **first)
{
    size_t at = 0;
    while (at < catalog->count && strcmp(catalog->events[at].system, system) < 0) {
        at++;
    }
    size_t count = 0;
    while (at + count < catalog->count && strcmp(catalog->events[at + count].system, system) == 0) {
        count++;
    }
    *first = catalog->events + at;
    return count;
}

bool catalog_has(const struct catalog *catalog, const char *system, const char *event)
{
    const struct catalog_event key = {system, event};
    return catalog->count > 0 &&
           bsearch(&key, catalog->events, catalog->count, sizeof key, compare) != NULL;
}

void catalog_suggest(const struct catalog *catalog, const char *system, const char *name,
                     char *text, size_t size)
{
    struct suggest suggest;
    suggest_init(&suggest, name);
    const char *last = "";
    for (size_t i = 0; i < catalog->count; i++) {
        const struct catalog_event *event = &catalog->events[i];
        if (system != NULL && strcmp(event->system, system) == 0) {
            suggest_offer(&suggest, event->event);
        } else if (system == NULL && strcmp(event->system, last) != 0) {
            suggest_offer(&suggest, event->system);
        }
        last = event->system;
    }
    text[0] = 0;
    size_t used = 0;
    for (size_t i = 0; i < suggest.count && used < size; i++) {
        used += (size_t)snprintf(text + used, size - used, "%s%s", i == 0 ? "" : " or ",
                                 suggest.names[i]);
    }
}

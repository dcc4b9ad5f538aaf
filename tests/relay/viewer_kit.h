/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_TESTS_RELAY_VIEWER_KIT_H
#define ETWAS_TESTS_RELAY_VIEWER_KIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/relay/relay_kit.h"

/* A viewer of /v1/live that reads its stream event after event. */
struct viewer {
    int connection;
    struct reply head;
    char *text; /* what came and is not taken yet, chunks put together */
    size_t size;
    size_t capacity;
    size_t chunk; /* bytes left of the chunk */
    bool chunked;
};

struct viewed {
    char name[32]; /* "": an event; ":" a comment */
    char id[32];
    char *data; /* valid until the next one */
};

/* `path` with its query; `last_id` NULL: none. Fails the test unless the answer is 200. */
void viewer_open(struct viewer *viewer, const struct relay *relay, const char *path,
                 const char *last_id);
void viewer_close(struct viewer *viewer);

/* The next one of any kind; false: the stream has ended, or nothing came for half a minute. */
bool viewer_next(struct viewer *viewer, struct viewed *viewed);

/* The next event; others are passed over. Its number in EventData. */
uint64_t viewer_number(struct viewer *viewer, char id[32]);

/* A number in JSON text, behind "NAME": */
uint64_t number_of(const char *json, const char *name);

#endif

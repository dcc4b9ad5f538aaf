/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_TESTS_CHAOS_LINK_H
#define ETWAS_TESTS_CHAOS_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes under way in one direction: chunks that may leave at a time of their own. */
enum { LINK_CHUNK = 16 * 1024, LINK_CHUNKS = 16 };

struct link_chunk {
    int64_t due_ms;
    size_t size;
    size_t sent;
    char data[LINK_CHUNK];
};

struct link_way {
    int from;
    int to;
    bool ended; /* `from` says nothing any more */
    size_t first;
    size_t count;
    struct link_chunk chunks[LINK_CHUNKS];
};

/* A client, and the server that was called on its behalf. */
struct link {
    int client;
    int server; /* -1: there is none (any more), and the client does not know */
    struct link_way up;
    struct link_way down;
};

enum link_result { LINK_OPEN, LINK_BROKEN };

/* Calls the server on 127.0.0.1:`port`. NULL: it does not answer, and the client is reset. */
struct link *link_open(int client, uint16_t port);
void link_reset(struct link *link); /* both sides see a reset */
void link_close_server(struct link *link);

bool link_way_has_room(const struct link_way *way);

/* Takes what has come; it may leave at `due_ms`. `*taken`: bytes. */
enum link_result link_take(struct link_way *way, int64_t due_ms, size_t *taken);

/* Hands on what is due, at most `*budget` bytes, which shrinks by what went. */
enum link_result link_give(struct link_way *way, int64_t now_ms, size_t *budget);

/* Reads and forgets, as a network does that swallows everything. */
enum link_result link_swallow(int from);

#endif

/* SPDX-License-Identifier: MIT */
#include "tests/chaos/link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void reset(int descriptor)
{
    if (descriptor >= 0) {
        const struct linger now = {.l_onoff = 1};
        (void)setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        (void)close(descriptor);
    }
}

static int call(uint16_t port)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (server >= 0 && connect(server, (const struct sockaddr *)&address, sizeof address) != 0) {
        (void)close(server);
        return -1;
    }
    return server;
}

static void prepare(int descriptor)
{
    const int one = 1;
    (void)setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    (void)fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK);
}

struct link *link_open(int client, uint16_t port)
{
    struct link *link = calloc(1, sizeof *link);
    const int server = link == NULL ? -1 : call(port);
    if (server < 0) {
        reset(client);
        free(link);
        return NULL;
    }
    prepare(client);
    prepare(server);
    link->client = client;
    link->server = server;
    link->up.from = client;
    link->up.to = server;
    link->down.from = server;
    link->down.to = client;
    return link;
}

void link_reset(struct link *link)
{
    reset(link->client);
    reset(link->server);
    free(link);
}

void link_close_server(struct link *link)
{
    reset(link->server);
    link->server = -1;
}

bool link_way_has_room(const struct link_way *way)
{
    return !way->ended && way->count < LINK_CHUNKS;
}

enum link_result link_take(struct link_way *way, int64_t due_ms, size_t *taken)
{
    struct link_chunk *chunk = &way->chunks[(way->first + way->count) % LINK_CHUNKS];
    const ssize_t got = read(way->from, chunk->data, sizeof chunk->data);
    *taken = 0;
    if (got < 0) {
        return errno == EAGAIN || errno == EINTR ? LINK_OPEN : LINK_BROKEN;
    }
    if (got == 0) {
        way->ended = true;
        return LINK_OPEN;
    }
    *taken = (size_t)got;
    chunk->size = *taken;
    chunk->sent = 0;
    chunk->due_ms = due_ms;
    way->count++;
    return LINK_OPEN;
}

/* What a call left as it is, or the end of the connection? */
static enum link_result result_of(ssize_t result)
{
    return result > 0 || errno == EAGAIN || errno == EINTR ? LINK_OPEN : LINK_BROKEN;
}

enum link_result link_give(struct link_way *way, int64_t now_ms, size_t *budget)
{
    while (way->count != 0 && *budget != 0) {
        struct link_chunk *chunk = &way->chunks[way->first];
        if (chunk->due_ms > now_ms) {
            return LINK_OPEN;
        }
        const size_t left = chunk->size - chunk->sent;
        const ssize_t sent =
            send(way->to, chunk->data + chunk->sent, left < *budget ? left : *budget, MSG_NOSIGNAL);
        if (sent <= 0) {
            return result_of(sent);
        }
        *budget -= (size_t)sent;
        chunk->sent += (size_t)sent;
        if (chunk->sent == chunk->size) {
            way->first = (way->first + 1) % LINK_CHUNKS;
            way->count--;
        }
    }
    if (way->count == 0 && way->ended) {
        (void)shutdown(way->to, SHUT_WR);
    }
    return LINK_OPEN;
}

enum link_result link_swallow(int from)
{
    char bytes[LINK_CHUNK];
    const ssize_t got = read(from, bytes, sizeof bytes);
    return got == 0 ? LINK_BROKEN : result_of(got);
}

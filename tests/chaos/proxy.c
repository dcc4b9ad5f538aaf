/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/chaos/link.h"

/*
 * chaos_proxy PORT [LISTEN]: a network that can be made bad. Prints the port of 127.0.0.1 that it
 * listens on and passes what comes there on to PORT. Commands come as lines of standard
 * input, each is answered by a line; the end of the input ends it.
 *
 *   pass          as a good network does; ends all of the following
 *   delay MS      later, in each direction
 *   rate N        at most N bytes a second in each direction
 *   stall         nothing goes anywhere, connections stay
 *   mute          what comes from the server is held back
 *   half          the server sees an end, the client sees nothing and is swallowed
 *   refuse        new connections are reset at once
 *   cut           all connections are reset now
 *   cutafter N    that, when N more bytes went to the server
 *   stats         answers "bytes to the server, bytes from it, connections so far"
 */
enum { MAX_LINKS = 128, TICK_MS = 2, MAX_COMMAND = 64 };

struct proxy {
    int listening;
    uint16_t port;
    struct link *links[MAX_LINKS];
    size_t link_count;
    /* what was commanded */
    int64_t delay_ms;
    uint64_t rate; /* 0: no limit */
    bool stall;
    bool mute;
    bool half;
    bool refuse;
    uint64_t cut_after; /* 0: never */
    /* what may still go in this tick, by the rate */
    double up_budget;
    double down_budget;
    int64_t budget_ms;
    uint64_t up;
    uint64_t down;
    uint64_t connections;
    char command[MAX_COMMAND];
    size_t command_size;
};

static int64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void remove_link(struct proxy *proxy, size_t index)
{
    link_reset(proxy->links[index]);
    proxy->link_count--;
    proxy->links[index] = proxy->links[proxy->link_count];
}

static void cut(struct proxy *proxy)
{
    while (proxy->link_count != 0) {
        remove_link(proxy, proxy->link_count - 1);
    }
    proxy->cut_after = 0;
}

static void pass(struct proxy *proxy)
{
    proxy->delay_ms = 0;
    proxy->rate = 0;
    proxy->stall = false;
    proxy->mute = false;
    proxy->refuse = false;
    proxy->cut_after = 0;
    proxy->half = false;
    for (size_t i = proxy->link_count; i > 0; i--) {
        if (proxy->links[i - 1]->server < 0) {
            remove_link(proxy, i - 1);
        }
    }
}

static void half(struct proxy *proxy)
{
    proxy->half = true;
    for (size_t i = 0; i < proxy->link_count; i++) {
        link_close_server(proxy->links[i]);
    }
}

static void obey(struct proxy *proxy, const char *command)
{
    char verb[16] = "";
    uint64_t number = 0;
    const int words = sscanf(command, "%15s %" SCNu64, verb, &number); /* NOLINT(cert-err34-c) */
    if (words == 2 && strcmp(verb, "delay") == 0) {
        proxy->delay_ms = (int64_t)number;
    } else if (words == 2 && strcmp(verb, "rate") == 0) {
        proxy->rate = number;
    } else if (words == 2 && strcmp(verb, "cutafter") == 0) {
        proxy->cut_after = proxy->up + number;
    } else if (strcmp(verb, "pass") == 0) {
        pass(proxy);
    } else if (strcmp(verb, "cut") == 0) {
        cut(proxy);
    } else if (strcmp(verb, "half") == 0) {
        half(proxy);
    } else if (strcmp(verb, "stall") == 0) {
        proxy->stall = true;
    } else if (strcmp(verb, "mute") == 0) {
        proxy->mute = true;
    } else if (strcmp(verb, "refuse") == 0) {
        proxy->refuse = true;
    } else if (strcmp(verb, "stats") != 0) {
        (void)puts("unknown");
        return;
    }
    (void)printf("%" PRIu64 " %" PRIu64 " %" PRIu64 "\n", proxy->up, proxy->down,
                 proxy->connections);
}

/* False: there will be no more commands. */
static bool read_commands(struct proxy *proxy)
{
    const ssize_t got = read(STDIN_FILENO, proxy->command + proxy->command_size,
                             sizeof proxy->command - 1 - proxy->command_size);
    if (got <= 0) {
        return got < 0 && errno == EINTR;
    }
    proxy->command_size += (size_t)got;
    proxy->command[proxy->command_size] = 0;
    for (char *end = strchr(proxy->command, '\n'); end != NULL;
         end = strchr(proxy->command, '\n')) {
        *end = 0;
        obey(proxy, proxy->command);
        (void)fflush(stdout);
        const size_t taken = (size_t)(end + 1 - proxy->command);
        proxy->command_size -= taken;
        memmove(proxy->command, end + 1, proxy->command_size + 1);
    }
    return proxy->command_size < sizeof proxy->command - 1;
}

static void take_connection(struct proxy *proxy)
{
    const int client = accept4(proxy->listening, NULL, NULL, SOCK_CLOEXEC);
    if (client < 0) {
        return;
    }
    proxy->connections++;
    if (proxy->refuse || proxy->link_count == MAX_LINKS) {
        const struct linger at_once = {.l_onoff = 1};
        (void)setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        (void)close(client);
        return;
    }
    struct link *link = link_open(client, proxy->port);
    if (link != NULL) {
        proxy->links[proxy->link_count] = link;
        proxy->link_count++;
        if (proxy->half) {
            link_close_server(link);
        }
    }
}

/* What the rate lets through since it was asked last; at most a tenth of a second's. */
static void refill(struct proxy *proxy, int64_t now)
{
    const double most = (double)proxy->rate / 10;
    const double part = (double)proxy->rate * (double)(now - proxy->budget_ms) / 1000;
    proxy->budget_ms = now;
    proxy->up_budget = proxy->up_budget + part > most ? most : proxy->up_budget + part;
    proxy->down_budget = proxy->down_budget + part > most ? most : proxy->down_budget + part;
}

static enum link_result give(const struct proxy *proxy, struct link_way *way, double *budget)
{
    size_t room = SIZE_MAX;
    if (proxy->rate != 0) {
        room = *budget < 1 ? 0 : (size_t)*budget;
    }
    const size_t before = room;
    const enum link_result result = link_give(way, now_ms(), &room);
    if (proxy->rate != 0) {
        *budget -= (double)(before - room);
    }
    return result;
}

static enum link_result serve(struct proxy *proxy, struct link *link)
{
    if (proxy->stall) {
        return LINK_OPEN;
    }
    if (link->server < 0) {
        return link_swallow(link->client);
    }
    const int64_t due = now_ms() + proxy->delay_ms;
    size_t taken = 0;
    if (link_way_has_room(&link->up) && link_take(&link->up, due, &taken) != LINK_OPEN) {
        return LINK_BROKEN;
    }
    proxy->up += taken;
    if (!proxy->mute && link_way_has_room(&link->down)) {
        if (link_take(&link->down, due, &taken) != LINK_OPEN) {
            return LINK_BROKEN;
        }
        proxy->down += taken;
    }
    if (give(proxy, &link->up, &proxy->up_budget) != LINK_OPEN ||
        (!proxy->mute && give(proxy, &link->down, &proxy->down_budget) != LINK_OPEN)) {
        return LINK_BROKEN;
    }
    const bool over = link->up.ended && link->down.ended && link->up.count + link->down.count == 0;
    return over ? LINK_BROKEN : LINK_OPEN;
}

/* Some of it waits for nothing but time. */
static bool is_timed(const struct proxy *proxy)
{
    bool pending = false;
    for (size_t i = 0; i < proxy->link_count; i++) {
        pending = pending || proxy->links[i]->up.count + proxy->links[i]->down.count != 0;
    }
    return proxy->mute || proxy->stall || (pending && (proxy->rate != 0 || proxy->delay_ms != 0));
}

static struct pollfd interest(int descriptor, bool in, bool out)
{
    return (struct pollfd){.fd = descriptor,
                           .events = (short)((in ? POLLIN : 0) | (out ? POLLOUT : 0))};
}

/* What is worth waking up for. */
static size_t watch(const struct proxy *proxy, struct pollfd *waiting)
{
    size_t count = 2;
    waiting[0] = interest(STDIN_FILENO, true, false);
    waiting[1] = interest(proxy->listening, true, false);
    for (size_t i = 0; i < proxy->link_count; i++) {
        const struct link *link = proxy->links[i];
        waiting[count++] = interest(link->client, link->server < 0 || link_way_has_room(&link->up),
                                    link->down.count != 0);
        waiting[count++] =
            interest(link->server, link_way_has_room(&link->down), link->up.count != 0);
    }
    return count;
}

static void serve_all(struct proxy *proxy)
{
    refill(proxy, now_ms());
    for (size_t i = proxy->link_count; i > 0; i--) {
        if (serve(proxy, proxy->links[i - 1]) != LINK_OPEN) {
            remove_link(proxy, i - 1);
        }
    }
    if (proxy->cut_after != 0 && proxy->up >= proxy->cut_after) {
        cut(proxy);
    }
}

static void run(struct proxy *proxy)
{
    struct pollfd waiting[2 + 2 * MAX_LINKS];
    bool goes_on = true;
    while (goes_on) {
        const bool timed = is_timed(proxy);
        const size_t count = watch(proxy, waiting);
        /* What waits for time needs no watching, and would only wake us again and again. */
        if (poll(waiting, timed ? 2 : count, timed ? TICK_MS : -1) < 0) {
            continue;
        }
        if (waiting[1].revents != 0) {
            take_connection(proxy);
        }
        serve_all(proxy);
        goes_on = waiting[0].revents == 0 || read_commands(proxy);
    }
}

static bool listen_on(struct proxy *proxy, uint16_t port)
{
    const int one = 1;
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    proxy->listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    (void)setsockopt(proxy->listening, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(proxy->listening, (struct sockaddr *)&address, size) != 0 ||
        listen(proxy->listening, MAX_LINKS) != 0 ||
        getsockname(proxy->listening, (struct sockaddr *)&address, &size) != 0) {
        return false;
    }
    (void)printf("%u\n", ntohs(address.sin_port));
    (void)fflush(stdout);
    return true;
}

int main(int argc, char **argv)
{
    static struct proxy proxy;
    const unsigned long port = argc >= 2 ? strtoul(argv[1], NULL, 10) : 0;
    const unsigned long listening = argc >= 3 ? strtoul(argv[2], NULL, 10) : 0;
    if (port == 0 || port > UINT16_MAX || listening > UINT16_MAX) {
        (void)fputs("usage: chaos_proxy PORT [LISTEN]\n", stderr);
        return 1;
    }
    proxy.port = (uint16_t)port;
    proxy.budget_ms = now_ms();
    if (!listen_on(&proxy, (uint16_t)listening)) {
        perror("chaos_proxy: listening");
        return 2;
    }
    run(&proxy);
    cut(&proxy);
    return 0;
}

/* SPDX-License-Identifier: MIT */
#include "relay/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BACKLOG = 1024, AT_ONCE = 64 };

static enum etwas_status fail(struct etwas_error *error, const char *doing)
{
    const int code = errno;
    enum etwas_status status = ETWAS_SYSTEM;
    if (code == EADDRINUSE) {
        status = ETWAS_BUSY;
    } else if (code == EACCES || code == EPERM) {
        status = ETWAS_DENIED;
    } else if (code == EADDRNOTAVAIL || code == EAFNOSUPPORT) {
        status = ETWAS_NOT_FOUND;
    }
    *error = (struct etwas_error){.status = status, .os_code = (uint32_t)code, .doing = doing};
    return status;
}

static void set_port(struct sockaddr *address, uint16_t port)
{
    if (address->sa_family == AF_INET6) {
        ((struct sockaddr_in6 *)(void *)address)->sin6_port = htons(port);
    } else {
        ((struct sockaddr_in *)(void *)address)->sin_port = htons(port);
    }
}

static uint16_t port_of(int socket)
{
    struct sockaddr_in6 six = {.sin6_family = AF_UNSPEC};
    socklen_t size = sizeof six;
    (void)getsockname(socket, (struct sockaddr *)&six, &size);
    /* The port is at the same place in either kind of address. */
    _Static_assert(offsetof(struct sockaddr_in, sin_port) ==
                       offsetof(struct sockaddr_in6, sin6_port),
                   "ports lie alike");
    return ntohs(six.sin6_port);
}

static enum etwas_status listen_on(struct listeners *listeners, struct addrinfo *found,
                                   struct etwas_error *error)
{
    const int yes = 1;
    const int made =
        socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
    if (made < 0) {
        return fail(error, "making a socket");
    }
    set_port(found->ai_addr, listeners->port);
    (void)setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (found->ai_family == AF_INET6) {
        (void)setsockopt(made, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes);
    }
    if (bind(made, found->ai_addr, found->ai_addrlen) != 0 || listen(made, BACKLOG) != 0) {
        const enum etwas_status status = fail(error, "listening");
        (void)close(made);
        return status;
    }
    listeners->port = port_of(made);
    listeners->loopback_only = listeners->loopback_only && listen_is_loopback(found->ai_addr);
    listeners->sockets[listeners->count++] = made;
    return ETWAS_OK;
}

static enum etwas_status add(struct listeners *listeners, const char *name,
                             struct etwas_error *error)
{
    const struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *found = NULL;
    char plain[256];
    const size_t size = strlen(name);
    listeners->failed = name;
    const bool bracketed = size > 2 && name[0] == '[' && name[size - 1] == ']';
    (void)snprintf(plain, sizeof plain, "%.*s", (int)(bracketed ? size - 2 : size),
                   bracketed ? name + 1 : name);
    if (getaddrinfo(plain, NULL, &hints, &found) != 0) {
        *error = (struct etwas_error){.status = ETWAS_NOT_FOUND, .doing = "finding the address"};
        return ETWAS_NOT_FOUND;
    }
    enum etwas_status status = ETWAS_OK;
    for (struct addrinfo *at = found; at != NULL && status == ETWAS_OK; at = at->ai_next) {
        status = listeners->count < LISTEN_MAX ? listen_on(listeners, at, error) : ETWAS_OK;
    }
    freeaddrinfo(found);
    return status;
}

/* Both loopback addresses; a machine may have only one. */
static enum etwas_status add_loopback(struct listeners *listeners, struct etwas_error *error)
{
    struct etwas_error other;
    const uint16_t wanted = listeners->port;
    enum etwas_status status = add(listeners, "127.0.0.1", error);
    const enum etwas_status second = add(listeners, "::1", &other);
    listeners->failed = "loopback";
    if (second == ETWAS_BUSY && status == ETWAS_OK && wanted == 0) {
        return ETWAS_OK; /* the free port of one is taken on the other: that one does not matter */
    }
    if (second == ETWAS_BUSY || (status != ETWAS_OK && status != ETWAS_NOT_FOUND)) {
        *error = second == ETWAS_BUSY ? other : *error;
        return second == ETWAS_BUSY ? ETWAS_BUSY : status;
    }
    return listeners->count > 0 ? ETWAS_OK : status;
}

enum etwas_status listen_open(struct listeners *listeners, const char *const *addresses,
                              size_t count, uint16_t port, struct etwas_error *error)
{
    *listeners = (struct listeners){
        .port = port, .loopback_only = true, .wake = {-1, -1}
    };
    enum etwas_status status = ETWAS_OK;
    if (pipe2(listeners->wake, O_CLOEXEC | O_NONBLOCK) != 0) {
        return fail(error, "making a pipe");
    }
    if (count == 0) {
        status = add_loopback(listeners, error);
    }
    for (size_t i = 0; i < count && status == ETWAS_OK; i++) {
        status = add(listeners, addresses[i], error);
    }
    if (status != ETWAS_OK) {
        listen_close(listeners);
    }
    return status;
}

void listen_close(struct listeners *listeners)
{
    for (size_t i = 0; i < listeners->count; i++) {
        (void)close(listeners->sockets[i]);
    }
    for (size_t i = 0; i < 2; i++) {
        if (listeners->wake[i] >= 0) {
            (void)close(listeners->wake[i]);
        }
        listeners->wake[i] = -1;
    }
    listeners->count = 0;
}

static void name_of(const struct sockaddr *address, char *text, size_t room)
{
    char number[INET6_ADDRSTRLEN] = "";
    text[0] = '\0';
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *four = (const struct sockaddr_in *)(const void *)address;
        (void)inet_ntop(AF_INET, &four->sin_addr, number, sizeof number);
        (void)snprintf(text, room, "%s", number);
    } else if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)(const void *)address;
        (void)inet_ntop(AF_INET6, &six->sin6_addr, number, sizeof number);
        (void)snprintf(text, room, "[%s]", number);
    }
}

void listen_local_name(int socket, char *text, size_t room)
{
    struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
    socklen_t size = sizeof address;
    (void)getsockname(socket, (struct sockaddr *)&address, &size);
    name_of((const struct sockaddr *)&address, text, room);
}

void listen_url(const struct listeners *listeners, size_t index, bool tls, char *text, size_t room)
{
    char name[LISTEN_NAME_SIZE];
    listen_local_name(listeners->sockets[index], name, sizeof name);
    (void)snprintf(text, room, "http%s://%s:%u", tls ? "s" : "", name, listeners->port);
}

bool listen_is_loopback(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *four = (const struct sockaddr_in *)(const void *)address;
        return ntohl(four->sin_addr.s_addr) >> 24 == 127;
    }
    if (address->sa_family != AF_INET6) {
        return false;
    }
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)(const void *)address;
    return IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
}

void listen_cut(int socket)
{
    (void)shutdown(socket, SHUT_RDWR);
}

void listen_sleep_ms(int time_ms)
{
    const struct timespec time = {.tv_sec = time_ms / 1000,
                                  .tv_nsec = (long)(time_ms % 1000) * 1000000};
    (void)nanosleep(&time, NULL);
}

/* Takes one; false: there is none, or no room for it. */
static bool accept_one(int socket,
                       void (*take)(void *context, int socket, const struct sockaddr *address,
                                    size_t size),
                       void *context)
{
    struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
    socklen_t size = sizeof address;
    const int yes = 1;
    const int accepted =
        accept4(socket, (struct sockaddr *)&address, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (accepted < 0) {
        if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
            listen_sleep_ms(10); /* until somebody leaves */
        }
        return false;
    }
    (void)setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    take(context, accepted, (const struct sockaddr *)&address, size);
    return true;
}

static void accept_some(int socket,
                        void (*take)(void *context, int socket, const struct sockaddr *address,
                                     size_t size),
                        void *context)
{
    for (int i = 0; i < AT_ONCE && accept_one(socket, take, context); i++) {
    }
}

bool listen_wait(struct listeners *listeners, int time_ms,
                 void (*take)(void *context, int socket, const struct sockaddr *address,
                              size_t size),
                 void *context)
{
    struct pollfd wanted[LISTEN_MAX + 1];
    for (size_t i = 0; i < listeners->count; i++) {
        wanted[i] = (struct pollfd){.fd = listeners->sockets[i], .events = POLLIN};
    }
    wanted[listeners->count] = (struct pollfd){.fd = listeners->wake[0], .events = POLLIN};
    if (poll(wanted, listeners->count + 1, time_ms) <= 0) {
        return true;
    }
    for (size_t i = 0; i < listeners->count; i++) {
        if (wanted[i].revents != 0) {
            accept_some(wanted[i].fd, take, context);
        }
    }
    return wanted[listeners->count].revents == 0;
}

void listen_end(struct listeners *listeners)
{
    const int before = errno;
    const ssize_t written = write(listeners->wake[1], "", 1);
    (void)written; /* a full pipe wakes as well */
    errno = before;
}

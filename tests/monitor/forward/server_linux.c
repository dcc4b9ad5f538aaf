/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <zstd.h>

#include "policy/key.h"
#include "policy/signature.h"
#include "tests/check.h"
#include "tests/monitor/forward/server.h"

enum {
    MAX_CONNECTIONS = 64,
    REQUEST_SIZE = 2 * 1024 * 1024,
    FIELD_SIZE = 2048,
    PATIENCE_MS = 20000,
    TICK_MS = 5,
};

struct connection {
    int socket; /* -1: free */
    size_t size;
    char *data;
    bool asked; /* a request is being answered */
    bool held;
    bool hung;
    size_t slow_at; /* bytes of the slow answer sent */
    bool slow;
    bool huge;
};

struct server {
    int listener;
    uint16_t port;
    char url[64];
    pthread_t thread;
    pthread_mutex_t lock;
    sem_t running; /* posted by the thread */
    bool stopping;
    bool released;
    const struct reply *script;
    size_t script_count;
    size_t count;
    size_t most;
    size_t accepted;
    struct seen seen[SERVER_MAX_SEEN];
    struct connection connections[MAX_CONNECTIONS];
};

static const char stored[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                             "Content-Length: 19\r\n\r\n{\"Status\":\"stored\"}";

static int64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void send_text(struct connection *connection, const char *text, size_t size)
{
    while (size > 0) {
        const ssize_t sent = send(connection->socket, text, size, MSG_NOSIGNAL);
        if (sent <= 0) {
            return;
        }
        text += sent;
        size -= (size_t)sent;
    }
}

static void end(struct connection *connection)
{
    (void)close(connection->socket);
    free(connection->data);
    *connection = (struct connection){.socket = -1};
}

/* The value of a field of the request's header. */
static bool field(const char *header, const char *name, char value[FIELD_SIZE])
{
    const size_t length = strlen(name);
    for (const char *line = strstr(header, "\r\n"); line != NULL; line = strstr(line, "\r\n")) {
        line += 2;
        if (strncasecmp(line, name, length) == 0 && line[length] == ':') {
            const char *at = line + length + 1 + strspn(line + length + 1, " ");
            (void)snprintf(value, FIELD_SIZE, "%.*s", (int)strcspn(at, "\r"), at);
            return true;
        }
    }
    return false;
}

static bool digest_holds(const char *text, const void *body, size_t size)
{
    uint8_t said[SIGNATURE_DIGEST_SIZE];
    uint8_t made[SIGNATURE_DIGEST_SIZE];
    struct signature_digest digest;
    signature_digest_init(&digest);
    signature_digest_add(&digest, body, size);
    signature_digest_end(&digest, made);
    return signature_digest_parse(text, strlen(text), said) == ETWAS_OK &&
           memcmp(said, made, sizeof said) == 0;
}

/* Everything that a relay looks at, but the clock, which tests move. */
static bool is_signed(const char *header, struct seen *seen)
{
    static const char *const names[] = {"content-type", "content-encoding", "content-digest",
                                        "etwas-batch"};
    char values[4][FIELD_SIZE];
    char host[FIELD_SIZE];
    char text[FIELD_SIZE];
    struct signature_input input;
    struct key_trust trust;
    struct etwas_error error;
    uint8_t signature[SIGNATURE_SIZE];
    struct signature_message message = {
        .method = "POST", .authority = host, .path = "/v1/batches", .header_count = 4};
    for (size_t i = 0; i < 4; i++) {
        message.headers[i] = (struct signature_header){names[i], values[i]};
        if (!field(header, names[i], values[i])) {
            return false;
        }
    }
    if (strncmp(header, "POST /v1/batches HTTP/1.1\r\n", 27) != 0 || !field(header, "host", host) ||
        !field(header, "signature-input", text) ||
        signature_input_parse(text, strlen(text), &input) != ETWAS_OK) {
        return false;
    }
    seen->signed_s = input.created;
    return field(header, "signature", text) &&
           signature_value_parse(text, strlen(text), input.label, signature) == ETWAS_OK &&
           field(header, "etwas-key", text) &&
           key_trust_parse(text, strlen(text), &trust, &error) == ETWAS_OK &&
           signature_check_profile(&input) == SIGNATURE_GOOD &&
           signature_check_key(&message, &input, signature, trust.public_key) == SIGNATURE_GOOD;
}

static void unpack(struct seen *seen, const void *body, size_t size)
{
    const unsigned long long room = ZSTD_getFrameContentSize(body, size);
    const size_t fits = room <= BATCH_MAX_UNPACKED ? (size_t)room : 0;
    seen->lines = calloc(1, fits + 1);
    seen->size = ZSTD_decompress(seen->lines, fits, body, size);
    seen->verified = seen->verified && seen->size == room;
}

static void remember(struct server *server, const char *header, const char *body, size_t size)
{
    char text[FIELD_SIZE];
    if (server->count >= SERVER_MAX_SEEN) {
        server->count++;
        return;
    }
    struct seen *seen = &server->seen[server->count];
    *seen = (struct seen){.at_ms = now_ms()};
    seen->verified = is_signed(header, seen) && field(header, "content-digest", text) &&
                     digest_holds(text, body, size) && field(header, "etwas-batch", text) &&
                     batch_head_parse(text, strlen(text), &seen->head) == ETWAS_OK;
    unpack(seen, body, size);
    server->count++;
}

/* With a body of JSON or of whatever `type` says. */
static void send_whole(struct connection *connection, const struct reply *reply, const char *type,
                       const char *body)
{
    char text[8192];
    const int size = snprintf(
        text, sizeof text,
        "HTTP/1.1 %d Said\r\nContent-Type: %s\r\n%sContent-Length: %zu\r\n\r\n%s", reply->status,
        type, reply->headers == NULL ? "" : reply->headers, strlen(body), body);
    send_text(connection, text, (size_t)size);
    connection->asked = false;
}

static void send_problem(struct connection *connection, const struct reply *reply)
{
    char body[256];
    (void)snprintf(body, sizeof body, "{\"type\":\"urn:etwas:problem:%s\",\"title\":\"No\"}",
                   reply->problem);
    send_whole(connection, reply, "application/problem+json", body);
}

static void answer(struct server *server, struct connection *connection, const struct reply *reply)
{
    switch (reply->kind) {
    case REPLY_PROBLEM:
        send_problem(connection, reply);
        break;
    case REPLY_PLAIN:
        send_whole(connection, reply, "text/html", "<html>Hello</html>");
        break;
    case REPLY_BODY:
        send_whole(connection, reply, reply->type, reply->problem);
        break;
    case REPLY_HANG:
        connection->hung = true;
        break;
    case REPLY_CUT:
        send_text(connection, stored, sizeof stored / 2);
        end(connection);
        break;
    case REPLY_CLOSE:
        end(connection);
        break;
    case REPLY_SLOW:
        connection->slow = true;
        break;
    case REPLY_HUGE:
        send_text(connection, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n", 52);
        connection->huge = true;
        break;
    case REPLY_HOLD:
        connection->held = !server->released;
        break;
    case REPLY_STORED:
        break;
    }
    if (reply->kind == REPLY_STORED || (reply->kind == REPLY_HOLD && !connection->held)) {
        send_text(connection, stored, sizeof stored - 1);
        connection->asked = false;
    }
}

/* A whole request is there: remembers and answers it. */
static void take_request(struct server *server, struct connection *connection, size_t header_size,
                         size_t body_size)
{
    static const struct reply usual = {.kind = REPLY_STORED};
    const struct reply *reply = &usual;
    connection->asked = true;
    size_t under_way = 0;
    for (size_t i = 0; i < MAX_CONNECTIONS; i++) {
        under_way += server->connections[i].socket >= 0 && server->connections[i].asked;
    }
    server->most = under_way > server->most ? under_way : server->most;
    if (server->script_count > 0) {
        reply = server->script++;
        server->script_count--;
    }
    remember(server, connection->data, connection->data + header_size, body_size);
    connection->size -= header_size + body_size;
    memmove(connection->data, connection->data + header_size + body_size, connection->size);
    answer(server, connection, reply);
}

static void look(struct server *server, struct connection *connection)
{
    char value[FIELD_SIZE];
    connection->data[connection->size] = 0;
    const char *header_end = strstr(connection->data, "\r\n\r\n");
    if (header_end == NULL || !field(connection->data, "content-length", value)) {
        return;
    }
    const size_t header_size = (size_t)(header_end - connection->data) + 4;
    const size_t body_size = strtoul(value, NULL, 10);
    if (connection->size >= header_size + body_size) {
        take_request(server, connection, header_size, body_size);
    }
}

static void receive(struct server *server, struct connection *connection)
{
    const ssize_t got = recv(connection->socket, connection->data + connection->size,
                             REQUEST_SIZE - connection->size - 1, 0);
    if (got <= 0) {
        end(connection);
        return;
    }
    connection->size += (size_t)got;
    look(server, connection);
}

static void take_connection(struct server *server)
{
    const int socket = accept(server->listener, NULL, NULL);
    for (size_t i = 0; i < MAX_CONNECTIONS && socket >= 0; i++) {
        if (server->connections[i].socket < 0) {
            server->connections[i] =
                (struct connection){.socket = socket, .data = malloc(REQUEST_SIZE)};
            server->accepted++;
            return;
        }
    }
    (void)close(socket);
}

/* What goes on by itself. */
static void go_on(struct server *server, struct connection *connection)
{
    char much[4096];
    memset(much, ' ', sizeof much);
    if (connection->held && server->released) {
        connection->held = false;
        connection->asked = false;
        send_text(connection, stored, sizeof stored - 1);
    } else if (connection->huge) {
        (void)send(connection->socket, much, sizeof much, MSG_NOSIGNAL | MSG_DONTWAIT);
    } else if (connection->slow) {
        send_text(connection, stored + connection->slow_at++, 1);
        if (connection->slow_at == sizeof stored - 1) {
            connection->slow = false;
            connection->asked = false;
        }
    }
}

static void serve(struct server *server, struct pollfd *polled)
{
    (void)pthread_mutex_lock(&server->lock);
    if (polled[MAX_CONNECTIONS].revents != 0) {
        take_connection(server);
    }
    for (size_t i = 0; i < MAX_CONNECTIONS; i++) {
        struct connection *connection = &server->connections[i];
        if (polled[i].fd >= 0 && polled[i].revents != 0) {
            receive(server, connection);
        }
        if (connection->socket >= 0) {
            go_on(server, connection);
        }
    }
    (void)pthread_mutex_unlock(&server->lock);
}

static void *run(void *context)
{
    struct server *server = context;
    struct pollfd polled[MAX_CONNECTIONS + 1];
    (void)sem_post(&server->running);
    for (;;) {
        (void)pthread_mutex_lock(&server->lock);
        const bool stopping = server->stopping;
        bool busy = false;
        for (size_t i = 0; i < MAX_CONNECTIONS; i++) {
            polled[i] = (struct pollfd){.fd = server->connections[i].socket, .events = POLLIN};
            busy = busy || server->connections[i].slow || server->connections[i].huge;
        }
        (void)pthread_mutex_unlock(&server->lock);
        if (stopping) {
            return NULL;
        }
        polled[MAX_CONNECTIONS] = (struct pollfd){.fd = server->listener, .events = POLLIN};
        (void)poll(polled, MAX_CONNECTIONS + 1, busy ? 1 : TICK_MS);
        serve(server, polled);
    }
}

struct server *server_open(uint16_t port)
{
    struct server *server = calloc(1, sizeof *server);
    const int on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(port),
                                  .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    assert_non_null(server);
    assert_int_equal(key_library_open(), ETWAS_OK);
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)setsockopt(server->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    assert_int_equal(bind(server->listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(server->listener, MAX_CONNECTIONS), 0);
    assert_int_equal(getsockname(server->listener, (struct sockaddr *)&address, &size), 0);
    server->port = ntohs(address.sin_port);
    (void)snprintf(server->url, sizeof server->url, "http://127.0.0.1:%u/", (unsigned)server->port);
    for (size_t i = 0; i < MAX_CONNECTIONS; i++) {
        server->connections[i].socket = -1;
    }
    (void)pthread_mutex_init(&server->lock, NULL);
    (void)sem_init(&server->running, 0, 0);
    assert_int_equal(pthread_create(&server->thread, NULL, run, server), 0);
    /* Who forks while a thread begins takes locks of the sanitizer along that nobody gives back. */
    assert_int_equal(sem_wait(&server->running), 0);
    return server;
}

void server_close(struct server *server)
{
    if (server == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&server->lock);
    server->stopping = true;
    (void)pthread_mutex_unlock(&server->lock);
    (void)pthread_join(server->thread, NULL);
    for (size_t i = 0; i < MAX_CONNECTIONS; i++) {
        if (server->connections[i].socket >= 0) {
            end(&server->connections[i]);
        }
    }
    for (size_t i = 0; i < server->count && i < SERVER_MAX_SEEN; i++) {
        free(server->seen[i].lines);
    }
    (void)close(server->listener);
    (void)pthread_mutex_destroy(&server->lock);
    (void)sem_destroy(&server->running);
    free(server);
}

uint16_t server_port(const struct server *server)
{
    return server->port;
}

const char *server_url(const struct server *server)
{
    return server->url;
}

void server_script(struct server *server, const struct reply *replies, size_t count)
{
    (void)pthread_mutex_lock(&server->lock);
    server->script = replies;
    server->script_count = count;
    (void)pthread_mutex_unlock(&server->lock);
}

void server_release(struct server *server)
{
    (void)pthread_mutex_lock(&server->lock);
    server->released = true;
    (void)pthread_mutex_unlock(&server->lock);
}

static size_t get(struct server *server, const size_t *value)
{
    (void)pthread_mutex_lock(&server->lock);
    const size_t got = *value;
    (void)pthread_mutex_unlock(&server->lock);
    return got;
}

size_t server_count(struct server *server)
{
    return get(server, &server->count);
}

size_t server_most(struct server *server)
{
    return get(server, &server->most);
}

size_t server_accepted(struct server *server)
{
    return get(server, &server->accepted);
}

bool server_await(struct server *server, size_t count)
{
    const struct timespec pause = {.tv_nsec = 2000000};
    const int64_t until = now_ms() + PATIENCE_MS;
    while (server_count(server) < count && now_ms() < until) {
        (void)nanosleep(&pause, NULL);
    }
    return server_count(server) >= count;
}

const struct seen *server_seen(struct server *server, size_t index)
{
    assert_true(index < SERVER_MAX_SEEN && index < server_count(server));
    return &server->seen[index];
}

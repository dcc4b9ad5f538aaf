/* SPDX-License-Identifier: MIT */
#include "relay/server.h"

#include <errno.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "relay/clock.h"
#include "relay/listen.h"

enum {
    MEMORY = 32 * 1024, /* of a connection; headers must fit into a part of it */
    BLOCK = 64 * 1024,  /* of a stream, at most; a chunk is what the connection's memory holds */
};

/* A connection, as far as its deadlines need it. */
struct line {
    struct server *server;
    int socket;
    enum phase { PHASE_HEADERS, PHASE_BODY, PHASE_ANSWER, PHASE_IDLE } phase;
    int64_t since_ms;
    bool cut;
    struct line *next;
    struct line **link;
};

struct server {
    struct server_options options;
    struct MHD_Daemon *daemon;
    pthread_mutex_t lock; /* of the lines */
    struct line *lines;
};

/*
 * A connection that waits. The library calls again when it is resumed; it must not be
 * suspended when the wake came first.
 */
struct parking {
    pthread_mutex_t lock;
    struct MHD_Connection *connection;
    bool parked;
    bool woken;
};

static void parking_init(struct parking *parking, struct MHD_Connection *connection)
{
    (void)pthread_mutex_init(&parking->lock, NULL);
    parking->connection = connection;
    parking->parked = false;
    parking->woken = false;
}

/* Whoever woke the connection may still hold the lock when its request is through. */
static void parking_clear(struct parking *parking)
{
    (void)pthread_mutex_lock(&parking->lock);
    (void)pthread_mutex_unlock(&parking->lock);
    (void)pthread_mutex_destroy(&parking->lock);
}

/* From any thread. */
static void parking_wake(void *context)
{
    struct parking *parking = context;
    (void)pthread_mutex_lock(&parking->lock);
    if (parking->parked) {
        parking->parked = false;
        MHD_resume_connection(parking->connection);
    } else {
        parking->woken = true;
    }
    (void)pthread_mutex_unlock(&parking->lock);
}

/* False: it was woken before and need not wait. */
static bool parking_wait(struct parking *parking)
{
    (void)pthread_mutex_lock(&parking->lock);
    const bool waits = !parking->woken;
    parking->woken = false;
    parking->parked = waits;
    if (waits) {
        MHD_suspend_connection(parking->connection);
    }
    (void)pthread_mutex_unlock(&parking->lock);
    return waits;
}

/* A request from its first line to the end of its answer. */
struct exchange {
    struct server *server;
    struct line *line;
    struct parking parking;
    struct http_request request;
    struct http_answer answer;
    struct upload *upload;
    bool begun;
    bool answered; /* `answer` holds, and goes out when the body is through */
    bool committing;
    char path[1024];
    char query[2048];
    bool too_long;
};

static void set_phase(struct line *line, enum phase phase)
{
    struct server *server = line->server;
    (void)pthread_mutex_lock(&server->lock);
    line->phase = phase;
    line->since_ms = clock_ms();
    (void)pthread_mutex_unlock(&server->lock);
}

static struct line *line_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info == NULL ? NULL : info->socket_context;
}

static void on_connection(void *context, struct MHD_Connection *connection, void **socket_context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct server *server = context;
    struct line *line = *socket_context;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        line = calloc(1, sizeof *line);
    }
    *socket_context = NULL;
    if (line == NULL) {
        return; /* without memory: its requests are refused */
    }
    (void)pthread_mutex_lock(&server->lock);
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        line->server = server;
        line->socket =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
        line->since_ms = clock_ms();
        line->next = server->lines;
        line->link = &server->lines;
        if (line->next != NULL) {
            line->next->link = &line->next;
        }
        server->lines = line;
        (void)atomic_fetch_add(&server->options.api->connections, 1);
        *socket_context = line;
    } else {
        *line->link = line->next;
        if (line->next != NULL) {
            line->next->link = line->link;
        }
        (void)atomic_fetch_sub(&server->options.api->connections, 1);
        free(line);
    }
    (void)pthread_mutex_unlock(&server->lock);
}

/* The first line of a request is there. What is returned becomes the request's context. */
static void *on_uri(void *context, const char *uri, struct MHD_Connection *connection)
{
    struct line *line = line_of(connection);
    struct exchange *exchange = line == NULL ? NULL : calloc(1, sizeof *exchange);
    if (exchange == NULL) {
        return NULL;
    }
    exchange->server = context;
    exchange->line = line;
    parking_init(&exchange->parking, connection);
    http_answer_init(&exchange->answer);
    const size_t size = strcspn(uri, "?");
    const char *query = uri[size] == '?' ? uri + size + 1 : "";
    exchange->too_long = size >= sizeof exchange->path || strlen(query) >= sizeof exchange->query;
    if (!exchange->too_long) {
        memcpy(exchange->path, uri, size);
        memcpy(exchange->query, query, strlen(query) + 1);
    }
    set_phase(line, PHASE_HEADERS);
    return exchange;
}

static void on_completed(void *context, struct MHD_Connection *connection, void **request_context,
                         enum MHD_RequestTerminationCode code)
{
    struct exchange *exchange = *request_context;
    (void)context;
    (void)connection;
    (void)code;
    *request_context = NULL;
    if (exchange == NULL) {
        return;
    }
    set_phase(exchange->line, PHASE_IDLE);
    upload_close(exchange->upload);
    http_answer_clear(&exchange->answer);
    parking_clear(&exchange->parking);
    free(exchange);
}

/* Those that may: what they say adds up, or the last one counts. */
static bool may_be_repeated(int header)
{
    return header == HTTP_ACCEPT_ENCODING || header == HTTP_IF_NONE_MATCH || header == HTTP_COOKIE;
}

static bool is_proxys(const char *name)
{
    static const char *const names[] = {"Forwarded", "Via", "X-Forwarded-For", "X-Real-IP"};
    bool found = false;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        found = found || strcasecmp(name, names[i]) == 0;
    }
    return found;
}

static enum MHD_Result take_header(void *context, enum MHD_ValueKind kind, const char *key,
                                   const char *value)
{
    struct http_request *request = context;
    (void)kind;
    request->forwarded = request->forwarded || is_proxys(key);
    for (int i = 0; i < HTTP_HEADER_COUNT; i++) {
        if (strcasecmp(key, http_header_names[i]) == 0) {
            request->repeated =
                request->repeated || (request->headers[i] != NULL && !may_be_repeated(i));
            request->headers[i] = value == NULL ? "" : value;
        }
    }
    return MHD_YES;
}

static void describe(struct exchange *exchange, struct MHD_Connection *connection,
                     const char *method)
{
    struct http_request *request = &exchange->request;
    request->method = method;
    request->path = exchange->path;
    request->query = exchange->query;
    request->tls = exchange->server->options.certificate != NULL;
    (void)MHD_get_connection_values(connection, MHD_HEADER_KIND, take_header, request);
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    request->from_loopback =
        info != NULL && listen_is_loopback(info->client_addr) && !request->forwarded;
    listen_local_name(exchange->line->socket, request->local, sizeof request->local);
}

static const struct fixed_header {
    const char *name;
    const char *value;
} fixed_headers[] = {
    {"Content-Security-Policy",
     "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
     "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
     "frame-ancestors 'none'"                     },
    {"X-Content-Type-Options",       "nosniff"    },
    {"X-Frame-Options",              "DENY"       },
    {"Referrer-Policy",              "no-referrer"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Cross-Origin-Opener-Policy",   "same-origin"},
};

static void add_header(struct MHD_Response *response, const char *name, const char *value)
{
    if (value != NULL && value[0] != '\0') {
        (void)MHD_add_response_header(response, name, value);
    }
}

static void add_headers(struct MHD_Response *response, const struct http_answer *answer)
{
    char number[16];
    for (size_t i = 0; i < sizeof fixed_headers / sizeof fixed_headers[0]; i++) {
        add_header(response, fixed_headers[i].name, fixed_headers[i].value);
    }
    add_header(response, "Cache-Control", answer->cacheable ? "no-cache" : "no-store");
    add_header(response, "Content-Type", answer->type);
    add_header(response, "Content-Encoding", answer->encoding);
    add_header(response, "Vary", answer->cacheable ? "Accept-Encoding" : NULL);
    add_header(response, "ETag", answer->etag);
    add_header(response, "Allow", answer->allow);
    add_header(response, "Location", answer->location);
    add_header(response, "Set-Cookie", answer->cookie);
    if (answer->status == 401) {
        add_header(response, "WWW-Authenticate", "Bearer realm=\"etwas\"");
    }
    if (answer->retry_after_s != 0) {
        (void)snprintf(number, sizeof number, "%u", answer->retry_after_s);
        add_header(response, "Retry-After", number);
    }
}

/* A body that comes in pieces, and the connection it goes to. */
struct piped {
    struct http_stream *stream;
    struct parking parking;
};

static ssize_t read_piped(void *context, uint64_t position, char *to, size_t room)
{
    struct piped *piped = context;
    (void)position;
    for (;;) {
        const long size = piped->stream->read(piped->stream, to, room);
        if (size > 0) {
            return (ssize_t)size;
        }
        if (size < 0) {
            return size == HTTP_STREAM_END ? MHD_CONTENT_READER_END_OF_STREAM
                                           : MHD_CONTENT_READER_END_WITH_ERROR;
        }
        if (parking_wait(&piped->parking)) {
            return 0;
        }
    }
}

static void close_piped(void *context)
{
    struct piped *piped = context;
    piped->stream->close(piped->stream);
    parking_clear(&piped->parking);
    free(piped);
}

static struct MHD_Response *piped_response(struct exchange *exchange,
                                           struct MHD_Connection *connection)
{
    struct piped *piped = calloc(1, sizeof *piped);
    if (piped == NULL) {
        return NULL;
    }
    piped->stream = exchange->answer.stream;
    parking_init(&piped->parking, connection);
    piped->stream->wake = parking_wake;
    piped->stream->waker = &piped->parking;
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, read_piped, piped, close_piped);
    if (response == NULL) {
        parking_clear(&piped->parking);
        free(piped);
        return NULL;
    }
    exchange->answer.stream = NULL;
    return response;
}

static struct MHD_Response *make_response(struct exchange *exchange,
                                          struct MHD_Connection *connection)
{
    struct http_answer *answer = &exchange->answer;
    struct MHD_Response *response = NULL;
    const bool piped = answer->stream != NULL;
    if (piped) {
        response = piped_response(exchange, connection);
    } else if (answer->body.data == NULL) {
        void *data = NULL; /* the library does not write to it, though it wants to be able to */
        memcpy(&data, &answer->fixed, sizeof data);
        response =
            MHD_create_response_from_buffer(answer->fixed_size, data, MHD_RESPMEM_PERSISTENT);
    } else {
        response = MHD_create_response_from_buffer(answer->body.size, answer->body.data,
                                                   MHD_RESPMEM_MUST_FREE);
        answer->body.data = response != NULL ? NULL : answer->body.data;
    }
    if (response != NULL) {
        add_headers(response, answer);
        if (piped) {
            add_header(response, "X-Accel-Buffering", "no");
        }
    }
    return response;
}

static enum MHD_Result send_answer(struct exchange *exchange, struct MHD_Connection *connection)
{
    const unsigned status = exchange->answer.status;
    struct MHD_Response *response = make_response(exchange, connection);
    if (response == NULL) {
        return MHD_NO;
    }
    set_phase(exchange->line, PHASE_ANSWER);
    (void)atomic_fetch_add(&exchange->server->options.api->answers[status / 100 % 6], 1);
    const enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

/* The headers are there. */
static enum MHD_Result begin(struct exchange *exchange, struct MHD_Connection *connection,
                             const char *method)
{
    exchange->begun = true;
    describe(exchange, connection, method);
    if (exchange->too_long) {
        http_problem(&exchange->answer, PROBLEM_NOT_FOUND, NULL);
        exchange->answered = true;
    } else {
        exchange->answered = api_answer(exchange->server->options.api, &exchange->request,
                                        &exchange->upload, &exchange->answer);
    }
    const char *expect = exchange->request.headers[HTTP_EXPECT];
    const char *length = exchange->request.headers[HTTP_CONTENT_LENGTH];
    const bool chunked = exchange->request.headers[HTTP_TRANSFER_ENCODING] != NULL;
    const bool bodied = chunked || (length != NULL && strcmp(length, "0") != 0);
    /*
     * A sender in the midst of its body would not see an answer that comes before its end, but
     * a connection reset. So what is small enough is read and forgotten, neither hashed nor kept.
     */
    const bool small = !chunked && length != NULL && strlen(length) <= 7 &&
                       strtoul(length, NULL, 10) <= BATCH_MAX_SENT;
    if (exchange->answered && bodied && (expect != NULL || !small)) {
        return send_answer(exchange, connection);
    }
    /* Answered now, the library would close the connection even if there is no body to come. */
    set_phase(exchange->line, bodied ? PHASE_BODY : PHASE_ANSWER);
    return MHD_YES;
}

static enum MHD_Result end_body(struct exchange *exchange, struct MHD_Connection *connection)
{
    if (exchange->committing) {
        upload_answer(exchange->upload, &exchange->answer);
        exchange->committing = false;
        exchange->answered = true;
    } else if (!exchange->answered) {
        set_phase(exchange->line, PHASE_ANSWER);
        exchange->committing =
            upload_end(exchange->upload, parking_wake, &exchange->parking, &exchange->answer);
        if (exchange->committing && parking_wait(&exchange->parking)) {
            return MHD_YES;
        }
        return exchange->committing ? end_body(exchange, connection)
                                    : send_answer(exchange, connection);
    }
    return send_answer(exchange, connection);
}

/* The library's signature. NOLINTNEXTLINE(readability-function-size) */
static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *size, void **request_context)
{
    struct exchange *exchange = *request_context;
    (void)context;
    (void)url;
    (void)version;
    if (exchange == NULL) {
        return MHD_NO;
    }
    if (!exchange->begun) {
        return begin(exchange, connection, method);
    }
    if (*size != 0) {
        if (exchange->upload != NULL) {
            upload_add(exchange->upload, data, *size);
        }
        *size = 0;
        return MHD_YES;
    }
    return end_body(exchange, connection);
}

enum etwas_status server_open(const struct server_options *options, struct server **server,
                              struct etwas_error *error)
{
    struct server *made = calloc(1, sizeof *made);
    *server = made;
    if (made == NULL) {
        *error = (struct etwas_error){.status = ETWAS_NO_MEMORY, .doing = "starting"};
        return ETWAS_NO_MEMORY;
    }
    made->options = *options;
    (void)pthread_mutex_init(&made->lock, NULL);
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, NULL},
        {MHD_OPTION_HTTPS_MEM_KEY,  0, NULL},
        {MHD_OPTION_END,            0, NULL},
    };
    unsigned flags =
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_NO_LISTEN_SOCKET;
    if (options->certificate != NULL) {
        flags |= MHD_USE_TLS;
        tls[0].ptr_value = options->certificate;
        tls[1].ptr_value = options->key;
    } else {
        tls[0].option = MHD_OPTION_END;
    }
    made->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, on_request, made, MHD_OPTION_THREAD_POOL_SIZE, options->threads,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)SERVER_MAX_CONNECTIONS,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)SERVER_MAX_PER_ADDRESS,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)SERVER_SILENT_S, MHD_OPTION_NOTIFY_CONNECTION, on_connection, made,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, made, MHD_OPTION_URI_LOG_CALLBACK, on_uri, made,
        MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
    if (made->daemon == NULL) {
        *error = (struct etwas_error){
            .status = ETWAS_SYSTEM, .os_code = (uint32_t)errno, .doing = "starting the server"};
        if (options->certificate != NULL) {
            /* The library does not say what; what the system said last is about something else. */
            error->os_code = 0;
            error->doing = "starting TLS: what --tls-cert and --tls-key name is no certificate and "
                           "its key, in PEM";
        }
        server_close(made, 0);
        *server = NULL;
        return ETWAS_SYSTEM;
    }
    return ETWAS_OK;
}

void server_add(struct server *server, int socket, const struct sockaddr *address, size_t size)
{
    /* It closes the socket itself when it cannot take it. */
    (void)MHD_add_connection(server->daemon, socket, address, (socklen_t)size);
}

static int64_t limit_ms(enum phase phase)
{
    switch (phase) {
    case PHASE_HEADERS:
        return SERVER_HEADERS_MS;
    case PHASE_BODY:
        return SERVER_BODY_MS;
    case PHASE_IDLE:
        return SERVER_IDLE_MS;
    case PHASE_ANSWER:
        break;
    }
    return INT64_MAX;
}

void server_tick(struct server *server)
{
    const int64_t now_ms = clock_ms();
    (void)pthread_mutex_lock(&server->lock);
    for (struct line *line = server->lines; line != NULL; line = line->next) {
        if (!line->cut && now_ms - line->since_ms > limit_ms(line->phase)) {
            /* The library sees the end and closes; until then the socket is its own. */
            listen_cut(line->socket);
            line->cut = true;
            (void)atomic_fetch_add(&server->options.api->too_slow, 1);
        }
    }
    (void)pthread_mutex_unlock(&server->lock);
}

static bool is_answering(struct server *server)
{
    bool answering = false;
    (void)pthread_mutex_lock(&server->lock);
    for (const struct line *line = server->lines; line != NULL; line = line->next) {
        answering = answering || line->phase == PHASE_ANSWER;
    }
    (void)pthread_mutex_unlock(&server->lock);
    return answering;
}

void server_close(struct server *server, int time_ms)
{
    if (server == NULL) {
        return;
    }
    for (int waited_ms = 0; waited_ms < time_ms && is_answering(server); waited_ms += 10) {
        listen_sleep_ms(10);
    }
    if (server->daemon != NULL) {
        MHD_stop_daemon(server->daemon);
    }
    (void)pthread_mutex_destroy(&server->lock);
    free(server);
}

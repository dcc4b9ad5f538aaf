/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_VIEWER_CONSOLE_HTTP_H
#define ETWAS_VIEWER_CONSOLE_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/status.h"

/* GET requests to one server, one after the other, on a connection that is kept. */
struct http;

enum {
    HTTP_SILENCE_S = 45, /* a relay says something at least every 15 s */
    HTTP_CONNECT_S = 10,
    HTTP_TICK_MS = 200,
    HTTP_PROBLEM_SIZE = 256,
};

struct http_options {
    const char *server; /* URL */
    const char *ca;     /* or NULL */
    int wake;           /* descriptor that ends waiting when it is readable */
};

ETWAS_MUST_CHECK enum etwas_status http_open(const struct http_options *options,
                                             struct http **http);
void http_close(struct http *http); /* NULL is fine */

struct http_request {
    const char *path;          /* with its query: "/v1/live" */
    const char *type;          /* the Content-Type that is wanted */
    const char *token;         /* or NULL */
    const char *last_event_id; /* or NULL */
    void *context;
    /* The body of a 200 of that type. False: end it. */
    bool (*bytes)(void *context, const char *bytes, size_t size);
    /* Comes at least every HTTP_TICK_MS. False: end it. */
    bool (*tick)(void *context);
};

enum http_outcome {
    HTTP_ENDED,       /* the server ended the answer */
    HTTP_STOPPED,     /* one of the functions wanted that */
    HTTP_REFUSED,     /* another status than 200 */
    HTTP_FOREIGN,     /* 200, but not of the type wanted */
    HTTP_UNREACHABLE, /* no such host, or nobody listens there */
    HTTP_UNTRUSTED,   /* TLS: its certificate, or ours */
    HTTP_BROKEN,      /* the connection, on the way */
    HTTP_UNUSABLE,    /* the URL, or no memory: will not get better */
};

struct http_answer {
    enum http_outcome outcome;
    long status;                     /* 0: there was none */
    int64_t retry_after_s;           /* 0: not said */
    char problem[HTTP_PROBLEM_SIZE]; /* for people; "" when there is nothing to say */
};

void http_get(struct http *http, const struct http_request *request, struct http_answer *answer);

#endif

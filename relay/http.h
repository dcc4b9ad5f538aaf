/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_RELAY_HTTP_H
#define ETWAS_RELAY_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "relay/text.h"

/*
 * Requests and answers as the relay sees them; only server.c knows who reads them from a
 * socket. A request and its texts are borrowed for the call.
 */
enum http_header {
    HTTP_HOST,
    HTTP_ORIGIN,
    HTTP_AUTHORIZATION,
    HTTP_COOKIE,
    HTTP_ACCEPT_ENCODING,
    HTTP_IF_NONE_MATCH,
    HTTP_LAST_EVENT_ID,
    HTTP_EXPECT,
    HTTP_CONTENT_LENGTH,
    HTTP_TRANSFER_ENCODING,
    HTTP_CONTENT_TYPE,
    HTTP_CONTENT_ENCODING,
    HTTP_CONTENT_DIGEST,
    HTTP_ETWAS_BATCH,
    HTTP_ETWAS_KEY,
    HTTP_SIGNATURE_INPUT,
    HTTP_SIGNATURE,
    HTTP_HEADER_COUNT,
};
extern const char *const http_header_names[HTTP_HEADER_COUNT];

struct http_request {
    const char *method;
    const char *path;
    const char *query;                      /* as sent, without "?"; "" when there is none */
    const char *headers[HTTP_HEADER_COUNT]; /* NULL: not sent */
    bool repeated;                          /* one of these came twice that may not */
    bool tls;
    bool forwarded;     /* a proxy says that it passes this on */
    bool from_loopback; /* the peer is on this machine, and speaks for itself */
    char local[64];     /* the address it came to, as Host would have it: "127.0.0.1", "[::1]" */
};

/* The value of a parameter of the query, percent-decoded; NOT_FOUND, MALFORMED, TOO_BIG. */
ETWAS_MUST_CHECK enum etwas_status http_argument(const struct http_request *request,
                                                 const char *name, char *value, size_t room);

/* A body that comes in pieces and has no end known before. Owned by whoever reads it. */
struct http_stream {
    /*
     * Up to `room` bytes; 0: nothing now, wake is called when it is worth asking again;
     * HTTP_STREAM_END; or HTTP_STREAM_FAILED, and the reader sees that it is not whole. One
     * thread at a time reads.
     */
    long (*read)(struct http_stream *stream, char *to, size_t room);
    void (*close)(struct http_stream *stream); /* no wake comes any more when it returns */
    void (*wake)(void *waker);                 /* set before the first read */
    void *waker;
};
#define HTTP_STREAM_END    (-1L)
#define HTTP_STREAM_FAILED (-2L)

enum http_problem {
    PROBLEM_CLOCK,
    PROBLEM_PENDING,
    PROBLEM_KEY,
    PROBLEM_SIGNATURE,
    PROBLEM_REPLAY,
    PROBLEM_CONFLICT,
    PROBLEM_MALFORMED,
    PROBLEM_TOO_BIG,
    PROBLEM_HOST,
    PROBLEM_LIMIT, /* busy, because of this client */
    PROBLEM_BUSY,  /* busy, because of all */
    PROBLEM_ORIGIN,
    PROBLEM_TOKEN,
    PROBLEM_NOT_FOUND,
    PROBLEM_METHOD,
    PROBLEM_PARAMETER,
    PROBLEM_FAILED,
    PROBLEM_COUNT,
};

struct http_answer {
    unsigned status;
    const char *type; /* a literal */
    struct text body;
    const void *fixed; /* instead of `body`: lives as long as the program */
    size_t fixed_size;
    struct http_stream *stream; /* instead of both */
    const char *encoding;       /* literals, or NULL */
    const char *etag;
    const char *allow;
    const char *location;
    bool cacheable;         /* may be kept if it is asked for again each time */
    unsigned retry_after_s; /* 0: not said */
    char cookie[256];       /* "": none */
};

enum { HTTP_MAX_ANSWER = 32 * 1024 * 1024 };

void http_answer_init(struct http_answer *answer);
void http_answer_clear(struct http_answer *answer); /* closes a stream that nobody took */

/* Makes it a problem document (RFC 9457). `detail` says what the title does not; may be NULL. */
void http_problem(struct http_answer *answer, enum http_problem problem, const char *detail);
const char *http_problem_name(enum http_problem problem); /* "clock" */
unsigned http_problem_status(enum http_problem problem);

/* Body and type at once; a body that went bad becomes PROBLEM_FAILED. */
void http_answer_text(struct http_answer *answer, const char *type);

#endif

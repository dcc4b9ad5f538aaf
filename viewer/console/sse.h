/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_VIEWER_CONSOLE_SSE_H
#define ETWAS_VIEWER_CONSOLE_SSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Server-Sent Events (WHATWG HTML, 9.2) out of a stream of bytes that may be cut
 * anywhere. An event is handed over when the empty line behind it has come, never half;
 * what is under way when the stream ends was not sent.
 */
enum {
    SSE_MAX_DATA = 4 * 1024 * 1024, /* bytes of an event; of larger ones the data is left out */
    SSE_MAX_NAME = 64,              /* of its type and its id, with their zeros */
};

/* Borrowed for the call. */
struct sse_event {
    const char *type; /* "message" when the stream says none */
    const char *id;   /* the last one said up to here, "": none */
    const char *data; /* not terminated; NULL: too large */
    size_t size;
};

struct sse_buffer {
    char *data;
    size_t size;
    size_t capacity;
};

struct sse {
    /* Returns false to stop: then sse_feed() takes no more. */
    bool (*handle)(void *context, const struct sse_event *event);
    void *context;
    uint64_t retry_ms; /* what the stream asks for; 0: nothing */
    /* the rest is sse.c's */
    struct sse_buffer data;
    struct sse_buffer line; /* what came of a line whose end did not */
    bool has_data;
    bool too_big;    /* the event under way */
    bool line_lost;  /* the line under way is too large to be kept */
    char line_first; /* its first character */
    bool after_cr;
    bool began;
    char type[SSE_MAX_NAME];
    char id[SSE_MAX_NAME];
};

enum sse_result { SSE_MORE, SSE_STOPPED, SSE_NO_MEMORY };

void sse_init(struct sse *sse); /* allocates nothing; handle and context are the caller's to set */
void sse_clear(struct sse *sse);

/* A new stream begins: forgets what was under way, and the last id. */
void sse_restart(struct sse *sse);

enum sse_result sse_feed(struct sse *sse, const char *bytes, size_t size);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_TESTS_MONITOR_FORWARD_SERVER_H
#define ETWAS_TESTS_MONITOR_FORWARD_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/batch.h"

/*
 * A relay that does as it is told: a thread with sockets on the loopback. It keeps what it got,
 * verified and unpacked, and answers by a script, else that the batch is stored.
 */
enum reply_kind {
    REPLY_STORED,
    REPLY_PROBLEM, /* `status`, `problem` */
    REPLY_PLAIN,   /* `status`, as a web server of others */
    REPLY_BODY,    /* `status`, `type`, `problem` as the body */
    REPLY_HANG,    /* nothing, while the connection stays */
    REPLY_CUT,     /* closes in the middle of the answer */
    REPLY_CLOSE,   /* closes at once */
    REPLY_SLOW,    /* the right answer, a byte each millisecond */
    REPLY_HUGE,    /* an answer that does not end */
    REPLY_HOLD,    /* the right answer, after server_release() */
};

struct reply {
    enum reply_kind kind;
    int status;
    const char *problem;
    const char *type;
    const char *headers; /* more of them, each with its CR LF; or NULL */
};

enum { SERVER_MAX_SEEN = 512 };

struct seen {
    struct batch_head head;
    int64_t at_ms;    /* steady clock */
    bool verified;    /* digest and signature hold, by the key that was shown */
    int64_t signed_s; /* created */
    char *lines;      /* unpacked, with a zero */
    size_t size;
};

struct server;

/* Port 0: any. Fails the test where it does not work. */
struct server *server_open(uint16_t port);
void server_close(struct server *server);
uint16_t server_port(const struct server *server);
const char *server_url(const struct server *server); /* with its / */

/* The answers to the next requests, one each; the script lives as long as it is used. */
void server_script(struct server *server, const struct reply *replies, size_t count);
void server_release(struct server *server); /* what is held, and no more of it */

size_t server_count(struct server *server);    /* requests so far */
size_t server_most(struct server *server);     /* that were under way at once */
size_t server_accepted(struct server *server); /* connections */

/* Waits, bounded, until there were so many requests. */
bool server_await(struct server *server, size_t count);

/* Request `index`, which is there. */
const struct seen *server_seen(struct server *server, size_t index);

#endif

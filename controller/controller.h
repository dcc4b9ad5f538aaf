/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_CONTROLLER_CONTROLLER_H
#define ETWAS_CONTROLLER_CONTROLLER_H

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "controller/session.h"
#include "policy/access.h"

/*
 * The whole state of the elevated process: fixed tables, no heap. Two threads work
 * on it. One answers requests and owns everything here but what stands under the lock
 * (in session.h, too); the other drains the kernel's rings and sends what it finds.
 */
enum {
    MAX_CLIENTS = 64,
    ROOT_CLIENTS = 8, /* of these, kept free for the administrator */
    MAX_CLIENTS_PER_USER = 16,
    MAX_SESSIONS = 32,
    MAX_GROUPS = 256,
    MAX_PROBES = 64, /* a client */
    QUOTAS = 1024,
    QUOTA_BURST_S = 4,          /* a bucket holds so many seconds' worth of requests */
    HELLO_LIMIT_MS = 10 * 1000, /* to say hello in */
    STUCK_LIMIT_MS = 30 * 1000, /* a client that reads nothing for so long is closed */
    ENDING_LIMIT_MS = 5 * 1000, /* what an ended session's clients have to read the rest */
};

/* Where a client stands; each request says in which states it may come. */
enum client_state {
    CLIENT_NEW = 1 << 0,     /* connected */
    CLIENT_READY = 1 << 1,   /* said hello */
    CLIENT_OPEN = 1 << 2,    /* has a session */
    CLIENT_TRACING = 1 << 3, /* has started it */
};

struct client {
    enum client_state state;
    struct access_subject subject;
    uint32_t groups[MAX_GROUPS];
    uint32_t pid;
    uint32_t probes;
    int64_t connected_ms;
    uint8_t wants[(UINT16_MAX + 1) / 8]; /* a bit for each id of an event it asked for */

    /* Under the lock; the answering thread, which alone writes these two, reads them freely. */
    int socket; /* -1: the slot is free */
    struct session *session;
    /* Under the lock: */
    bool streaming;
    bool broken;        /* close it: its socket failed, or its session is gone */
    uint64_t cursor;    /* the next frame of the session's ring to send */
    int64_t blocked_ms; /* since when its socket is full; 0: it is not */
};

/* A token bucket of requests; users whose numbers differ by a multiple of their count share it. */
struct quota {
    int64_t updated_ms;
    uint64_t tokens; /* thousandths of a request */
};

struct controller {
    struct access_policy policy;
    struct session_host host;
    struct quota quotas[QUOTAS];
    uint64_t ring_total; /* bytes all rings together may have */
    int listener;
    pthread_mutex_t gate;
    pthread_mutex_t lock;
    atomic_bool ending;
    struct client clients[MAX_CLIENTS];
    struct session sessions[MAX_SESSIONS];
};

/*
 * One line on stderr, at most 512 bytes, by one write(): threads never mix theirs. It
 * begins with syslog's priority, "<3>" error, "<4>" warning, "<5>" of note, "<6>" plain,
 * which the journal and the service wrapper understand.
 */
#define LOG(priority, ...) log_line(priority "etwas-controller: " __VA_ARGS__)
__attribute__((format(printf, 1, 2))) void log_line(const char *format, ...);

/* The clock that trace records carry. */
uint64_t controller_now_ns(void);
int64_t controller_now_ms(void);

/*
 * Takes the lock. It is fair: a mutex alone would let the draining thread take it
 * again and again while requests wait.
 */
void controller_lock(struct controller *controller);
void controller_unlock(struct controller *controller);

/*
 * The draining thread's body; `context` is the controller. Every 10 ms it goes round
 * the CPUs of every session that somebody listens to, reads each ring until it meets
 * a page that is not full yet (to chase the writer costs ten times as much), and
 * sends the pages, untouched but for the unused end of each. A round closes with the
 * kernel's counters. It ends soon after `ending` was set.
 */
void *drain_run(void *context);

/* Listens on `path` for members of `gid` (0: for root alone); -1 when that failed, logged. */
int server_listen(const char *path, uint32_t gid);

/* Answers clients until `told` becomes true, which a signal does; then ends all sessions. */
void server_run(struct controller *controller, const volatile sig_atomic_t *told);

/*
 * Answers one request of `size` bytes, `file` being the descriptor that came along
 * or -1. False: close this client, its request was malformed or not its turn. It never
 * ends the process, and what policy or the system refuses is an answer.
 */
bool request_handle(struct controller *controller, struct client *client, const void *packet,
                    size_t size, int file);

#endif

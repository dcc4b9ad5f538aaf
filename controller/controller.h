/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_CONTROLLER_CONTROLLER_H
#define ETWAS_CONTROLLER_CONTROLLER_H

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
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
    MAX_PROBES = 64, /* between two STARTs of a session */
    QUOTAS = 1024,
    QUOTA_BURST_S = 4,          /* a bucket holds so many seconds' worth of requests */
    STUCK_LIMIT_MS = 30 * 1000, /* a client that reads nothing for so long is closed */
    ENDING_LIMIT_MS = 5 * 1000, /* what an ended session's clients have to read the rest */
};

/* Where a client stands; each request says in which states it may come. */
enum client_state {
    CLIENT_OVER = 0,         /* its session is gone: nothing is left to ask for */
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
    uint8_t wants[(UINT16_MAX + 1) / 8]; /* a bit for each id of an event it asked for */

    /* Under the lock; the answering thread, which alone writes these two, reads them freely. */
    int socket; /* -1: the slot is free */
    struct session *session;
    /* Under the lock: */
    bool streaming;
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
    pthread_mutex_t lock;
    _Atomic(bool) ending;
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

#define LOG_CLIENT(priority, client, format, ...)                                                  \
    LOG(priority, "uid %" PRIu32 " pid %" PRIu32 ": " format "\n", (client)->subject.uid,          \
        (client)->pid, __VA_ARGS__)

/* The clock that trace records carry. */
uint64_t controller_now_ns(void);
int64_t controller_now_ms(void);

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

/*
 * The life of sessions: from the request or the predecessor that begins one, over
 * the clients that come and go, to the stop, the silence or the shutdown that ends
 * it. Called by the thread that answers requests.
 */

/*
 * Gives the client the session of its user and this name, made if there is none. The
 * answer tells of it, or why there is none.
 */
void lifetime_open(struct controller *controller, struct client *client,
                   const struct message_open *open, struct message_answer *answer);

/* The client leaves its session, if it has one; the last one to go leaves it lingering. */
void lifetime_leave(struct controller *controller, struct client *client);

/* Lets the session end; its clients get what is buffered and the reason. */
void lifetime_end(struct controller *controller, struct session *session, uint32_t by,
                  enum stream_reason reason);

/*
 * Removes sessions that have ended and ends those that nobody came back to. False
 * while any session is on its way out: call again soon.
 */
bool lifetime_tick(struct controller *controller);

/* At start: the instance etwas_UID_NAME of a predecessor. Adopts or removes it. */
void lifetime_adopt(struct controller *controller, const char *name,
                    const struct access_subject *owner);

/*
 * Gives up what the controller does not need. False: errno tells; do not go on.
 */

/*
 * For the calling thread, in each: now no capability is left, none can come back, and files are
 * only reached below the directory `tracefs`. What stays: to be root, for tracefs looks at the
 * owner of its files only. A kernel without landlock is logged and goes without.
 */
bool privileges_drop(int tracefs);

/*
 * From now on all threads make the system calls of one short list; any other fails
 * with EPERM and a line in the log.
 */
bool privileges_confine(void);

#endif

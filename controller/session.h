/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_CONTROLLER_SESSION_H
#define ETWAS_CONTROLLER_SESSION_H

#include "controller/tracefs.h"
#include "ipc/stream.h"

/*
 * One trace session of one user: on Linux the tracefs instance etwas_UID_NAME.
 *
 * The thread that answers requests makes, changes and removes sessions; the
 * draining thread reads the active ones. What stands under the lock is used only
 * with it, the rest changes only while the draining thread leaves the session alone:
 * before it is ACTIVE and after it has ENDED.
 */
enum { RING_SLOTS = 32 };

enum session_state {
    SESSION_FREE,
    SESSION_ACTIVE,
    SESSION_ENDING, /* stopped: the kernel's ring is still read */
    SESSION_ENDED,  /* read, to be removed when its clients have got all */
};

struct session_cpu {
    int records; /* trace_pipe_raw */
    int stats;
    bool is_busy; /* fills many pages in a round */
    uint64_t sequence;
};

/*
 * Frames on their way to the clients, oldest first: number n lies in slot n - base
 * modulo RING_SLOTS until no client needs it. Base moves up whenever the ring is
 * empty, so that a frame for swift clients finds its slot still in the cache. While
 * the ring is full the kernel is not read, and counts what it overwrites.
 */
struct session_frame {
    size_t size; /* bytes, header included */
    _Alignas(8) uint8_t data[STREAM_MAX_FRAME];
};

struct session {
    _Atomic(enum session_state) state;
    struct message_session info; /* `clients` under the lock, `idle_s` unused */
    int directory;
    size_t page_size; /* bytes of a sub-buffer */
    uint32_t probes;  /* asked for since the last START */

    /* Under the lock: */
    uint32_t streaming;    /* clients that have started */
    int64_t idle_since_ms; /* while there are no clients */
    int64_t deadline_ms;   /* of ENDING */
    struct stream_end end;
    bool in_round;
    uint32_t cpu;  /* whose turn it is */
    uint64_t turn; /* pages read in it */
    uint64_t most_pages;
    uint64_t started_ns;
    uint64_t before_ns;   /* when the round before this one started */
    uint64_t promised_ns; /* all that was written before will have been sent at its end */
    uint64_t kept;        /* the frame at which the last client stood when it left */
    uint64_t head;        /* the number of the next frame */
    uint64_t tail;        /* the oldest frame that is kept */
    uint64_t base;
    struct stream_counters counters[STREAM_MAX_CPUS];
    struct session_frame ring[RING_SLOTS]; /* a new session begins with zeros up to here */
    struct session_cpu cpus[STREAM_MAX_CPUS];
};

/* What all sessions of the system share; made once, before privileges go. */
struct session_host {
    int tracefs;
    int instances;
    uint32_t cpu_count;
    uint32_t excluded[2]; /* our own thread ids, never traced */
};

/*
 * Makes the instance (`adopt`: takes over the one a predecessor left) and opens its
 * CPUs. `session` has uid and name and, when it is made, ring and page size. False,
 * errno: what there is of it, session_remove() removes.
 */
bool session_create(struct session *session, const struct session_host *host, bool adopt);

/* Closes the CPUs and removes the instance. False: somebody holds it, try again. */
bool session_remove(struct session *session, const struct session_host *host);

/* events/SYSTEM/EVENT/FILE for the event "SYSTEM:EVENT". */
struct tracefs_path session_event_path(const char *event, const char *file);

/* The id of the event "SYSTEM:EVENT", or -1 and errno (ENOENT: there is no such event). */
int session_event_id(const struct session_host *host, const char *event);

/* Sets the filter ("0": none) and switches the event on or off. False: errno tells. */
bool session_switch(const struct session *session, const char *event, const char *filter, bool on);

#endif

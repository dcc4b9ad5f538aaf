/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_IPC_OUTCOME_H
#define ETWAS_IPC_OUTCOME_H

/*
 * The outcome of every call that can fail. Callers branch on it; people read
 * the struct etwas_error that comes with it. The values travel in the
 * controller's answers: new ones go to the end.
 */
enum etwas_status {
    ETWAS_OK = 0,
    ETWAS_AGAIN,     /* not ready: wait and call again */
    ETWAS_CLOSED,    /* the other side is gone, or the input has ended; not a fault */
    ETWAS_DENIED,    /* policy or the system said no */
    ETWAS_MALFORMED, /* bytes that break the format: drop the peer */
    ETWAS_TOO_BIG,   /* over a stated limit */
    ETWAS_NO_MEMORY,
    ETWAS_SYSTEM, /* a system call failed; see os_code */
    ETWAS_NOT_FOUND,
    ETWAS_BUSY, /* too many sessions, clients or requests: try later */
};

#endif

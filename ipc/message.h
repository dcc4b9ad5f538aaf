/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_IPC_MESSAGE_H
#define ETWAS_IPC_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include "ipc/outcome.h"
#include "ipc/usdt.h"

/*
 * What the controller and its clients say to each other.
 *
 * One message is one packet of the channel: struct message_head and a body, which is
 * one of the structures below just as it lies in memory. Both sides run on one
 * machine; fields are little-endian there, aligned by themselves, and without holes
 * (what would be one is called `zero`). Requests are even, their answers odd (type +
 * 1); what streams by itself is in stream.h. A client has one request under way at a
 * time. docs/protocol.md shows every byte.
 *
 * Text fields are filled up with zeros, of which there is at least one.
 */
enum {
    MESSAGE_VERSION = 1,
    MESSAGE_MAX_REQUEST = 2048, /* bytes, header included */
    MESSAGE_NAME_SIZE = 64,     /* a system, event or field name and its zero */
    MESSAGE_SESSION_SIZE = 52,  /* a session name and its zero */
    MESSAGE_MAX_FILTERS = 8,
};

#define MESSAGE_UID_SELF UINT32_MAX /* "mine"; in STOP: every session I may stop */

struct message_head {
    uint16_t type;
    uint16_t zero;
    uint32_t size; /* of the body */
};

enum message_type {
    MESSAGE_HELLO = 2,     /* u32 version */
    MESSAGE_OPEN = 4,      /* struct message_open: make or join a session */
    MESSAGE_ENABLE = 6,    /* struct message_enable: one event of the kernel's */
    MESSAGE_USDT = 8,      /* struct message_usdt: one probe; carries the program's descriptor */
    MESSAGE_START = 10,    /* what was enabled goes, what nobody wants any more ends */
    MESSAGE_STOP = 14,     /* struct message_stop */
    MESSAGE_STATUS = 16,   /* u32 index: the answer is a struct message_session */
    MESSAGE_METADATA = 18, /* struct message_metadata: answered with a descriptor */
};

/*
 * The answer to every request but STATUS. `detail`: for DENIED the line of the
 * policy that decided (0: no rule allows it), for SYSTEM and NOT_FOUND the errno, for
 * BUSY and TOO_BIG an enum message_limit. Values, in order:
 * HELLO version, CPUs. OPEN session id, sub-buffer bytes, ring bytes a CPU, 1 when it
 * was there already and its buffers may hold older events. ENABLE, USDT the event's id. STOP
 * sessions that now end.
 */
struct message_answer {
    uint32_t status; /* enum etwas_status */
    uint32_t detail;
    uint64_t value[4];
};

enum message_limit {
    LIMIT_CLIENTS,  /* connections, in all or of this user */
    LIMIT_SESSIONS, /* sessions of this user, or in all */
    LIMIT_RING,     /* ring bytes; value[0] is what is left, KiB a CPU */
    LIMIT_RATE,     /* requests a second */
    LIMIT_PROBES,
};

struct message_open {
    uint32_t uid; /* the owner; MESSAGE_UID_SELF */
    char name[MESSAGE_SESSION_SIZE];
    uint32_t subbuffer_kib; /* 4 .. 64, a power of two; a kernel that has no choice takes 4 */
    uint32_t ring_kib;      /* a CPU */
    uint32_t linger_s;      /* UINT32_MAX: as the policy says */
};

enum message_operator {
    OPERATOR_EQ,
    OPERATOR_NE,
    OPERATOR_LT,
    OPERATOR_LE,
    OPERATOR_GT,
    OPERATOR_GE,
    OPERATOR_BITS, /* field & number is not 0 */
    OPERATOR_GLOB, /* text with * and ? */
};

/* `field operator constant`; the constant is text when `is_text`, else the number. */
struct message_filter {
    char field[MESSAGE_NAME_SIZE];
    char text[MESSAGE_NAME_SIZE]; /* printable ASCII without quotes and backslashes */
    int64_t number;
    uint32_t operation; /* enum message_operator */
    uint32_t is_text;
};

/* One event; the filters must all hold. */
struct message_enable {
    char system[MESSAGE_NAME_SIZE];
    char event[MESSAGE_NAME_SIZE];
    uint32_t filter_count;
    uint32_t zero;
    struct message_filter filters[MESSAGE_MAX_FILTERS];
};

/*
 * A probe of the program whose read-only descriptor comes along. The fields of
 * its event are called arg1, arg2, ...; bit i of `text_mask` says that argument
 * i points to text, which the kernel then copies.
 */
struct message_usdt {
    uint64_t offset;    /* of the nop, in the file */
    uint64_t semaphore; /* offset in the file, or 0 */
    uint32_t text_mask;
    uint32_t argument_count;
    struct usdt_argument arguments[USDT_MAX_ARGUMENTS];
};

struct message_stop {
    uint32_t uid;                    /* the owner; MESSAGE_UID_SELF */
    char name[MESSAGE_SESSION_SIZE]; /* "": every session of that owner */
};

/* What an event's `format` says; with no system named, `available_events`. */
struct message_metadata {
    char system[MESSAGE_NAME_SIZE];
    char event[MESSAGE_NAME_SIZE];
};

/* A session the caller may stop; NOT_FOUND ends the list, whose indices may have gaps: BUSY. */
struct message_session {
    uint32_t status; /* enum etwas_status */
    uint32_t uid;
    uint64_t id;
    uint64_t ring_size; /* bytes a CPU */
    uint32_t clients;
    uint32_t idle_s;   /* since the last client left; 0 with clients */
    uint32_t linger_s; /* it is removed after so many idle seconds */
    char name[MESSAGE_SESSION_SIZE];
};

#endif

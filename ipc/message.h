/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_IPC_MESSAGE_H
#define ETWAS_IPC_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include "ipc/bytes.h"
#include "ipc/status.h"
#include "ipc/usdt.h"

/*
 * What the controller and its clients say to each other.
 *
 * One message is one packet of the channel: a frame header (u16 type, u16 zero,
 * u32 size of the body) and the body, little-endian, without padding. Requests
 * are even, their answers odd (type + 1); what streams by itself is in stream.h.
 * A client has one request under way at a time. docs/protocol.md shows every byte.
 *
 * Decoders check everything a frame can lie about; whether it may be done is
 * the controller's to say.
 */
enum {
    MESSAGE_VERSION = 1,
    MESSAGE_HEADER_SIZE = 8,
    MESSAGE_MAX_REQUEST = 2048, /* bytes, header included */
    MESSAGE_NAME_SIZE = 64,     /* a system, event or field name and its zero */
    MESSAGE_SESSION_SIZE = 52,  /* a session name and its zero */
    MESSAGE_MAX_FILTERS = 8,
    MESSAGE_FILTERS_SIZE = MESSAGE_MAX_FILTERS * (2 * MESSAGE_NAME_SIZE + 10),
};

#define MESSAGE_UID_SELF UINT32_MAX /* "mine"; in STOP: every session I may stop */

enum message_type {
    MESSAGE_HELLO = 2,     /* u32 version */
    MESSAGE_OPEN = 4,      /* struct message_open: make or join a session */
    MESSAGE_ENABLE = 6,    /* struct message_enable: one event of the kernel's */
    MESSAGE_USDT = 8,      /* struct message_usdt: one probe; carries the program's descriptor */
    MESSAGE_START = 10,    /* what was enabled goes, what nobody wants any more ends */
    MESSAGE_SYNC = 12,     /* no answer: the next round is announced even if empty */
    MESSAGE_STOP = 14,     /* struct message_stop */
    MESSAGE_STATUS = 16,   /* u32 index: the answer is a struct message_session */
    MESSAGE_METADATA = 18, /* struct message_metadata: answered with a descriptor */
};

/*
 * The answer to every request but STATUS. `detail`: for DENIED the line of the
 * policy that decided (0: no rule allows it), for SYSTEM the errno, for BUSY and
 * TOO_BIG an enum message_limit. Values, in order:
 * HELLO version, CPUs. OPEN session id, sub-buffer bytes, ring bytes a CPU, enum
 * message_origin. ENABLE, USDT the event's id. STOP sessions stopped, refused.
 */
struct message_answer {
    enum etwas_status status;
    uint32_t detail;
    uint64_t value[4];
};
enum { MESSAGE_ANSWER_SIZE = 40 };

enum message_limit {
    LIMIT_NONE,
    LIMIT_CLIENTS,  /* connections, in all or of this user */
    LIMIT_SESSIONS, /* sessions of this user, or in all */
    LIMIT_RING,     /* ring bytes; value[0] is what is left, KiB a CPU */
    LIMIT_RATE,     /* requests a second */
    LIMIT_PROBES,
};

enum message_origin {
    ORIGIN_CREATED, /* by this request */
    ORIGIN_JOINED,  /* it was there; its buffers may hold older events */
};

struct message_open {
    uint32_t uid; /* the owner; MESSAGE_UID_SELF */
    char name[MESSAGE_SESSION_SIZE];
    uint32_t subbuffer_kib; /* 0: as the controller thinks best */
    uint32_t ring_kib;      /* a CPU; 0: as the controller thinks best */
    uint32_t linger_s;      /* UINT32_MAX: as the policy says */
};
enum { MESSAGE_OPEN_SIZE = 16 + MESSAGE_SESSION_SIZE };

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
    uint8_t operation; /* enum message_operator */
    uint8_t is_text;
    int64_t number;
    char text[MESSAGE_NAME_SIZE]; /* printable ASCII without quotes and backslashes */
};

/* One event; the filters must all hold. */
struct message_enable {
    char system[MESSAGE_NAME_SIZE];
    char event[MESSAGE_NAME_SIZE];
    uint32_t filter_count;
    struct message_filter filters[MESSAGE_MAX_FILTERS];
};
enum { MESSAGE_ENABLE_SIZE = 2 * MESSAGE_NAME_SIZE + 4 + MESSAGE_FILTERS_SIZE };

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
enum { MESSAGE_USDT_SIZE = 24 + USDT_MAX_ARGUMENTS * 12 };

struct message_stop {
    uint32_t uid;                    /* the owner; MESSAGE_UID_SELF */
    char name[MESSAGE_SESSION_SIZE]; /* "": every session of that owner */
};
enum { MESSAGE_STOP_SIZE = 4 + MESSAGE_SESSION_SIZE };

enum message_document {
    DOCUMENT_EVENTS,      /* available_events */
    DOCUMENT_HEADER_PAGE, /* events/header_page */
    DOCUMENT_FORMAT,      /* events/SYSTEM/EVENT/format */
};

struct message_metadata {
    uint32_t document; /* enum message_document */
    char system[MESSAGE_NAME_SIZE];
    char event[MESSAGE_NAME_SIZE];
};
enum { MESSAGE_METADATA_SIZE = 4 + 2 * MESSAGE_NAME_SIZE };

/* A session the caller may stop; NOT_FOUND ends the list, whose indices may have gaps: BUSY. */
struct message_session {
    enum etwas_status status;
    uint32_t uid;
    uint64_t id;
    char name[MESSAGE_SESSION_SIZE];
    uint32_t clients;
    uint32_t idle_s;    /* since the last client left; 0 with clients */
    uint32_t linger_s;  /* it is removed after so many idle seconds */
    uint64_t ring_size; /* bytes a CPU */
    uint64_t age_s;
};
enum { MESSAGE_SESSION_INFO_SIZE = 32 + MESSAGE_SESSION_SIZE + 12 };

/*
 * Splits a packet of `size` bytes into type and body; the body borrows the packet.
 * MALFORMED when it is shorter or longer than its header says, TOO_BIG over `limit`.
 */
ETWAS_MUST_CHECK enum etwas_status message_decode(const void *packet, size_t size, size_t limit,
                                                  uint16_t *type, struct bytes_reader *body);

/* Writes the header of a frame whose body will have `size` bytes. */
void message_put_header(struct bytes_writer *writer, uint16_t type, size_t size);

/*
 * The server's half (message_server.c) and the client's (message_client.c): each
 * pair writes a body of exactly the size above and reads it back. After reading
 * ask bytes_end(), which also fails when a count, an operator or a character is
 * out of range.
 */
void message_get_open(struct bytes_reader *body, struct message_open *open);
void message_get_enable(struct bytes_reader *body, struct message_enable *enable);
void message_get_usdt(struct bytes_reader *body, struct message_usdt *usdt);
void message_get_stop(struct bytes_reader *body, struct message_stop *stop);
void message_get_metadata(struct bytes_reader *body, struct message_metadata *metadata);
void message_put_answer(struct bytes_writer *writer, const struct message_answer *answer);
void message_put_session(struct bytes_writer *writer, const struct message_session *session);

void message_put_open(struct bytes_writer *writer, const struct message_open *open);
void message_put_enable(struct bytes_writer *writer, const struct message_enable *enable);
void message_put_usdt(struct bytes_writer *writer, const struct message_usdt *usdt);
void message_put_stop(struct bytes_writer *writer, const struct message_stop *stop);
void message_put_metadata(struct bytes_writer *writer, const struct message_metadata *metadata);
void message_get_answer(struct bytes_reader *body, struct message_answer *answer);
void message_get_session(struct bytes_reader *body, struct message_session *session);

#endif

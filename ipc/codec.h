/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_IPC_CODEC_H
#define ETWAS_IPC_CODEC_H

#include "ipc/bytes.h"
#include "ipc/message.h"
#include "ipc/status.h"
#include "ipc/stream.h"

/*
 * Frames and their bodies, written to and read from bytes: for the monitor and for
 * tests that play the controller. (The controller itself uses the structures as they
 * lie; it has no need of more.)
 */

/* value[3] of the answer to OPEN. */
enum message_origin {
    ORIGIN_CREATED, /* by this request */
    ORIGIN_JOINED,  /* it was there; its buffers may hold older events */
};

/* Bytes on the wire. */
enum {
    MESSAGE_HEADER_SIZE = 8,
    MESSAGE_ANSWER_SIZE = 40,
    MESSAGE_OPEN_SIZE = 68,
    MESSAGE_ENABLE_SIZE = 136 + MESSAGE_MAX_FILTERS * 144,
    MESSAGE_USDT_SIZE = 24 + USDT_MAX_ARGUMENTS * 16,
    MESSAGE_STOP_SIZE = 56,
    MESSAGE_METADATA_SIZE = 128,
    MESSAGE_SESSION_INFO_SIZE = 88,
    STREAM_RECORDS_SIZE = 24,
    STREAM_ROUND_SIZE = 32,
    STREAM_COUNTERS_SIZE = 40,
    STREAM_END_SIZE = 16,
};

/*
 * Splits a packet of `size` bytes into type and body; the body borrows the packet.
 * MALFORMED when it is shorter or longer than its header says, TOO_BIG over `limit`.
 */
ETWAS_MUST_CHECK enum etwas_status message_decode(const void *packet, size_t size, size_t limit,
                                                  uint16_t *type, struct bytes_reader *body);

/* Writes the header of a frame whose body will have `size` bytes. */
void message_put_header(struct bytes_writer *writer, uint16_t type, size_t size);

void message_put_open(struct bytes_writer *writer, const struct message_open *open);
void message_put_enable(struct bytes_writer *writer, const struct message_enable *enable);
void message_put_usdt(struct bytes_writer *writer, const struct message_usdt *usdt);
void message_put_stop(struct bytes_writer *writer, const struct message_stop *stop);
void message_put_metadata(struct bytes_writer *writer, const struct message_metadata *metadata);
void message_put_answer(struct bytes_writer *writer, const struct message_answer *answer);
void message_put_session(struct bytes_writer *writer, const struct message_session *session);
void stream_put_records(struct bytes_writer *writer, const struct stream_records *records);
void stream_put_round(struct bytes_writer *writer, const struct stream_round *round);
void stream_put_counters(struct bytes_writer *writer, const struct stream_counters *counters);
void stream_put_end(struct bytes_writer *writer, const struct stream_end *end);

/*
 * After reading ask bytes_end(): it also fails when a status, a count or a text is
 * out of bounds. Behind records and round the reader stands at their payload.
 */
void message_get_open(struct bytes_reader *body, struct message_open *open);
void message_get_enable(struct bytes_reader *body, struct message_enable *enable);
void message_get_usdt(struct bytes_reader *body, struct message_usdt *usdt);
void message_get_stop(struct bytes_reader *body, struct message_stop *stop);
void message_get_metadata(struct bytes_reader *body, struct message_metadata *metadata);
void message_get_answer(struct bytes_reader *body, struct message_answer *answer);
void message_get_session(struct bytes_reader *body, struct message_session *session);
void stream_get_records(struct bytes_reader *body, struct stream_records *records);
void stream_get_round(struct bytes_reader *body, struct stream_round *round);
void stream_get_counters(struct bytes_reader *body, struct stream_counters *counters);
void stream_get_end(struct bytes_reader *body, struct stream_end *end);

#endif

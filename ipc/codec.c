/* SPDX-License-Identifier: MIT */
#include "ipc/codec.h"

#include <string.h>

/* A hole, or another compiler's idea of these structures, would show here. */
_Static_assert(sizeof(struct message_head) == MESSAGE_HEADER_SIZE &&
                   sizeof(struct message_answer) == MESSAGE_ANSWER_SIZE &&
                   sizeof(struct message_open) == MESSAGE_OPEN_SIZE &&
                   sizeof(struct message_enable) == MESSAGE_ENABLE_SIZE &&
                   sizeof(struct message_usdt) == MESSAGE_USDT_SIZE &&
                   sizeof(struct message_stop) == MESSAGE_STOP_SIZE &&
                   sizeof(struct message_metadata) == MESSAGE_METADATA_SIZE &&
                   sizeof(struct message_session) == MESSAGE_SESSION_INFO_SIZE &&
                   sizeof(struct stream_records) == STREAM_RECORDS_SIZE &&
                   sizeof(struct stream_round) == STREAM_ROUND_SIZE &&
                   sizeof(struct stream_counters) == STREAM_COUNTERS_SIZE &&
                   sizeof(struct stream_end) == STREAM_END_SIZE,
               "structures lie on the wire as in memory");

enum etwas_status message_decode(const void *packet, size_t size, size_t limit, uint16_t *type,
                                 struct bytes_reader *body)
{
    *body = bytes_reader_of(packet, size);
    *type = bytes_u16(body);
    const uint16_t zero = bytes_u16(body);
    const uint32_t body_size = bytes_u32(body);
    if (size > limit) {
        return ETWAS_TOO_BIG;
    }
    return body->bad || zero != 0 || body_size != body->left ? ETWAS_MALFORMED : ETWAS_OK;
}

void message_put_header(struct bytes_writer *writer, uint16_t type, size_t size)
{
    bytes_put_u16(writer, type);
    bytes_put_u16(writer, 0);
    bytes_put_u32(writer, (uint32_t)size);
}

/* A structure as it lies; zeros when the bytes do not suffice. */
static void get_structure(struct bytes_reader *body, void *structure, size_t size)
{
    const uint8_t *bytes = bytes_view(body, size);
    if (bytes == NULL) {
        memset(structure, 0, size);
        return;
    }
    memcpy(structure, bytes, size);
}

static void check(struct bytes_reader *body, bool good)
{
    body->bad = body->bad || !good;
}

static bool ends(const char *text, size_t size)
{
    return memchr(text, '\0', size) != NULL;
}

void message_put_open(struct bytes_writer *writer, const struct message_open *open)
{
    bytes_put(writer, open, sizeof *open);
}

void message_get_open(struct bytes_reader *body, struct message_open *open)
{
    get_structure(body, open, sizeof *open);
    check(body, ends(open->name, sizeof open->name));
}

void message_put_enable(struct bytes_writer *writer, const struct message_enable *enable)
{
    bytes_put(writer, enable, sizeof *enable);
}

void message_get_enable(struct bytes_reader *body, struct message_enable *enable)
{
    get_structure(body, enable, sizeof *enable);
    check(body, ends(enable->system, sizeof enable->system) &&
                    ends(enable->event, sizeof enable->event) &&
                    enable->filter_count <= MESSAGE_MAX_FILTERS);
}

void message_put_usdt(struct bytes_writer *writer, const struct message_usdt *usdt)
{
    bytes_put(writer, usdt, sizeof *usdt);
}

void message_get_usdt(struct bytes_reader *body, struct message_usdt *usdt)
{
    get_structure(body, usdt, sizeof *usdt);
    check(body, usdt->argument_count <= USDT_MAX_ARGUMENTS);
}

void message_put_stop(struct bytes_writer *writer, const struct message_stop *stop)
{
    bytes_put(writer, stop, sizeof *stop);
}

void message_get_stop(struct bytes_reader *body, struct message_stop *stop)
{
    get_structure(body, stop, sizeof *stop);
    check(body, ends(stop->name, sizeof stop->name));
}

void message_put_metadata(struct bytes_writer *writer, const struct message_metadata *metadata)
{
    bytes_put(writer, metadata, sizeof *metadata);
}

void message_get_metadata(struct bytes_reader *body, struct message_metadata *metadata)
{
    get_structure(body, metadata, sizeof *metadata);
    check(body, ends(metadata->system, sizeof metadata->system) &&
                    ends(metadata->event, sizeof metadata->event));
}

void message_put_answer(struct bytes_writer *writer, const struct message_answer *answer)
{
    bytes_put(writer, answer, sizeof *answer);
}

void message_get_answer(struct bytes_reader *body, struct message_answer *answer)
{
    get_structure(body, answer, sizeof *answer);
    check(body, answer->status <= ETWAS_BUSY);
}

void message_put_session(struct bytes_writer *writer, const struct message_session *session)
{
    bytes_put(writer, session, sizeof *session);
}

void message_get_session(struct bytes_reader *body, struct message_session *session)
{
    get_structure(body, session, sizeof *session);
    check(body, session->status <= ETWAS_BUSY && ends(session->name, sizeof session->name));
}

void stream_put_records(struct bytes_writer *writer, const struct stream_records *records)
{
    bytes_put(writer, records, sizeof *records);
}

void stream_get_records(struct bytes_reader *body, struct stream_records *records)
{
    get_structure(body, records, sizeof *records);
    check(body, records->zero == 0 && records->cpu < STREAM_MAX_CPUS);
}

void stream_put_round(struct bytes_writer *writer, const struct stream_round *round)
{
    bytes_put(writer, round, sizeof *round);
}

void stream_get_round(struct bytes_reader *body, struct stream_round *round)
{
    get_structure(body, round, sizeof *round);
    check(body, round->zero == 0 && round->cpus <= STREAM_MAX_CPUS);
}

void stream_put_counters(struct bytes_writer *writer, const struct stream_counters *counters)
{
    bytes_put(writer, counters, sizeof *counters);
}

void stream_get_counters(struct bytes_reader *body, struct stream_counters *counters)
{
    get_structure(body, counters, sizeof *counters);
}

void stream_put_end(struct bytes_writer *writer, const struct stream_end *end)
{
    bytes_put(writer, end, sizeof *end);
}

void stream_get_end(struct bytes_reader *body, struct stream_end *end)
{
    get_structure(body, end, sizeof *end);
}

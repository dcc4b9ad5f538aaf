/* SPDX-License-Identifier: MIT */
#include "ipc/message.h"

void message_put_open(struct bytes_writer *writer, const struct message_open *open)
{
    bytes_put_u32(writer, open->uid);
    bytes_put_text(writer, open->name, sizeof open->name);
    bytes_put_u32(writer, open->subbuffer_kib);
    bytes_put_u32(writer, open->ring_kib);
    bytes_put_u32(writer, open->linger_s);
}

void message_put_enable(struct bytes_writer *writer, const struct message_enable *enable)
{
    bytes_put_text(writer, enable->system, sizeof enable->system);
    bytes_put_text(writer, enable->event, sizeof enable->event);
    bytes_put_u32(writer, enable->filter_count);
    for (size_t i = 0; i < MESSAGE_MAX_FILTERS; i++) {
        const struct message_filter *filter = &enable->filters[i];
        bytes_put_text(writer, filter->field, sizeof filter->field);
        bytes_put_u8(writer, filter->operation);
        bytes_put_u8(writer, filter->is_text);
        bytes_put_u64(writer, (uint64_t)filter->number);
        bytes_put_text(writer, filter->text, sizeof filter->text);
    }
}

void message_put_usdt(struct bytes_writer *writer, const struct message_usdt *usdt)
{
    bytes_put_u64(writer, usdt->offset);
    bytes_put_u64(writer, usdt->semaphore);
    bytes_put_u32(writer, usdt->text_mask);
    bytes_put_u32(writer, usdt->argument_count);
    for (size_t i = 0; i < USDT_MAX_ARGUMENTS; i++) {
        const struct usdt_argument *argument = &usdt->arguments[i];
        bytes_put_u8(writer, (uint8_t)argument->operand);
        bytes_put_u8(writer, argument->size);
        bytes_put_u8(writer, argument->is_signed);
        bytes_put_u8(writer, argument->reg);
        bytes_put_u64(writer, (uint64_t)argument->value);
    }
}

void message_put_stop(struct bytes_writer *writer, const struct message_stop *stop)
{
    bytes_put_u32(writer, stop->uid);
    bytes_put_text(writer, stop->name, sizeof stop->name);
}

void message_put_metadata(struct bytes_writer *writer, const struct message_metadata *metadata)
{
    bytes_put_u32(writer, metadata->document);
    bytes_put_text(writer, metadata->system, sizeof metadata->system);
    bytes_put_text(writer, metadata->event, sizeof metadata->event);
}

static enum etwas_status get_status(struct bytes_reader *body)
{
    const uint32_t status = bytes_u32(body);
    body->bad = body->bad || status > ETWAS_BUSY;
    return (enum etwas_status)status;
}

void message_get_answer(struct bytes_reader *body, struct message_answer *answer)
{
    answer->status = get_status(body);
    answer->detail = bytes_u32(body);
    for (size_t i = 0; i < 4; i++) {
        answer->value[i] = bytes_u64(body);
    }
}

void message_get_session(struct bytes_reader *body, struct message_session *session)
{
    session->status = get_status(body);
    session->uid = bytes_u32(body);
    session->id = bytes_u64(body);
    bytes_text(body, session->name, sizeof session->name);
    session->clients = bytes_u32(body);
    session->idle_s = bytes_u32(body);
    session->linger_s = bytes_u32(body);
    session->ring_size = bytes_u64(body);
    session->age_s = bytes_u64(body);
}

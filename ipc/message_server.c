/* SPDX-License-Identifier: MIT */
#include "ipc/message.h"

enum etwas_status message_decode(const void *packet, size_t size, size_t limit, uint16_t *type,
                                 struct bytes_reader *body)
{
    *body = bytes_reader_of(packet, size);
    *type = bytes_u16(body);
    const uint16_t reserved = bytes_u16(body);
    const uint32_t body_size = bytes_u32(body);
    if (size > limit) {
        return ETWAS_TOO_BIG;
    }
    return body->bad || reserved != 0 || body_size != body->left ? ETWAS_MALFORMED : ETWAS_OK;
}

void message_put_header(struct bytes_writer *writer, uint16_t type, size_t size)
{
    bytes_put_u16(writer, type);
    bytes_put_u16(writer, 0);
    bytes_put_u32(writer, (uint32_t)size);
}

void message_get_open(struct bytes_reader *body, struct message_open *open)
{
    open->uid = bytes_u32(body);
    bytes_text(body, open->name, sizeof open->name);
    open->subbuffer_kib = bytes_u32(body);
    open->ring_kib = bytes_u32(body);
    open->linger_s = bytes_u32(body);
}

/* What may stand between quotes in a filter of the kernel's. */
static bool is_plain_text(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text < ' ' || *text > '~' || *text == '"' || *text == '\'' || *text == '\\') {
            return false;
        }
    }
    return true;
}

static void get_filter(struct bytes_reader *body, struct message_filter *filter)
{
    bytes_text(body, filter->field, sizeof filter->field);
    filter->operation = bytes_u8(body);
    filter->is_text = bytes_u8(body);
    filter->number = (int64_t)bytes_u64(body);
    bytes_text(body, filter->text, sizeof filter->text);
    body->bad = body->bad || filter->operation > OPERATOR_GLOB || filter->is_text > 1 ||
                !is_plain_text(filter->text);
}

void message_get_enable(struct bytes_reader *body, struct message_enable *enable)
{
    bytes_text(body, enable->system, sizeof enable->system);
    bytes_text(body, enable->event, sizeof enable->event);
    enable->filter_count = bytes_u32(body);
    for (size_t i = 0; i < MESSAGE_MAX_FILTERS; i++) {
        get_filter(body, &enable->filters[i]);
    }
    body->bad = body->bad || enable->filter_count > MESSAGE_MAX_FILTERS;
}

static void get_argument(struct bytes_reader *body, struct usdt_argument *argument)
{
    const uint8_t operand = bytes_u8(body);
    argument->size = bytes_u8(body);
    const uint8_t is_signed = bytes_u8(body);
    argument->reg = bytes_u8(body);
    argument->value = (int64_t)bytes_u64(body);
    argument->operand = (enum usdt_operand)operand;
    argument->is_signed = is_signed == 1;
    body->bad =
        body->bad || operand > USDT_UNSUPPORTED || is_signed > 1 || argument->reg >= USDT_REGISTERS;
}

void message_get_usdt(struct bytes_reader *body, struct message_usdt *usdt)
{
    usdt->offset = bytes_u64(body);
    usdt->semaphore = bytes_u64(body);
    usdt->text_mask = bytes_u32(body);
    usdt->argument_count = bytes_u32(body);
    for (size_t i = 0; i < USDT_MAX_ARGUMENTS; i++) {
        get_argument(body, &usdt->arguments[i]);
    }
    body->bad = body->bad || usdt->argument_count > USDT_MAX_ARGUMENTS;
}

void message_get_stop(struct bytes_reader *body, struct message_stop *stop)
{
    stop->uid = bytes_u32(body);
    bytes_text(body, stop->name, sizeof stop->name);
}

void message_get_metadata(struct bytes_reader *body, struct message_metadata *metadata)
{
    metadata->document = bytes_u32(body);
    bytes_text(body, metadata->system, sizeof metadata->system);
    bytes_text(body, metadata->event, sizeof metadata->event);
    body->bad = body->bad || metadata->document > DOCUMENT_FORMAT;
}

void message_put_answer(struct bytes_writer *writer, const struct message_answer *answer)
{
    bytes_put_u32(writer, (uint32_t)answer->status);
    bytes_put_u32(writer, answer->detail);
    for (size_t i = 0; i < 4; i++) {
        bytes_put_u64(writer, answer->value[i]);
    }
}

void message_put_session(struct bytes_writer *writer, const struct message_session *session)
{
    bytes_put_u32(writer, (uint32_t)session->status);
    bytes_put_u32(writer, session->uid);
    bytes_put_u64(writer, session->id);
    bytes_put_text(writer, session->name, sizeof session->name);
    bytes_put_u32(writer, session->clients);
    bytes_put_u32(writer, session->idle_s);
    bytes_put_u32(writer, session->linger_s);
    bytes_put_u64(writer, session->ring_size);
    bytes_put_u64(writer, session->age_s);
}

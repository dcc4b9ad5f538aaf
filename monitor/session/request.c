/* SPDX-License-Identifier: MIT */
#include "monitor/session/request.h"

#include <stdio.h>
#include <string.h>

#include "monitor/session/host.h"

enum { RATE_WAIT_MS = 50, RATE_WAITS = REQUEST_TIMEOUT_MS / RATE_WAIT_MS };

static enum etwas_status refuse(struct refusal *refusal, const struct request *request,
                                enum etwas_status status)
{
    *refusal = (struct refusal){.status = status, .request = request->type};
    if (request->what != NULL) {
        (void)snprintf(refusal->what, sizeof refusal->what, "%s", request->what);
    }
    return status;
}

static enum etwas_status fail_local(struct refusal *refusal, const struct request *request,
                                    enum etwas_status status, const char *doing)
{
    (void)refuse(refusal, request, status);
    refusal->local = true;
    refusal->error = (struct etwas_error){.status = status, .doing = doing};
    return status;
}

enum etwas_status request_send(struct connection *connection, const struct request *request)
{
    uint8_t packet[MESSAGE_MAX_REQUEST];
    if (request->size > sizeof packet - MESSAGE_HEADER_SIZE) {
        return ETWAS_TOO_BIG;
    }
    struct bytes_writer writer = bytes_writer_of(packet, sizeof packet);
    message_put_header(&writer, request->type, request->size);
    if (request->size > 0) {
        memcpy(packet + MESSAGE_HEADER_SIZE, request->body, request->size);
    }
    return channel_send(connection->channel, packet, MESSAGE_HEADER_SIZE + request->size,
                        request->handle);
}

/* The next packet, which must be the answer to `type`; its body borrows `packet`. */
static enum etwas_status receive_answer(struct connection *connection, uint16_t type,
                                        uint8_t packet[MESSAGE_MAX_REQUEST], int *handle,
                                        struct bytes_reader *body)
{
    const int64_t deadline = host_now_ns() + (int64_t)REQUEST_TIMEOUT_MS * HOST_MS;
    enum etwas_status status = ETWAS_AGAIN;
    struct channel_room room = {.data = packet, .capacity = MESSAGE_MAX_REQUEST};
    while (status == ETWAS_AGAIN && host_now_ns() < deadline) {
        status = channel_receive(connection->channel, &room, handle, host_left_ms(deadline));
    }
    if (status != ETWAS_OK) {
        return status;
    }
    uint16_t got = 0;
    status = message_decode(packet, room.size, MESSAGE_MAX_REQUEST, &got, body);
    if (status == ETWAS_OK && got != type + 1) {
        status = ETWAS_MALFORMED;
    }
    return status;
}

/* One exchange; the answer's body is decoded by the caller. */
static enum etwas_status exchange(struct connection *connection, const struct request *request,
                                  uint8_t packet[MESSAGE_MAX_REQUEST], int *handle,
                                  struct bytes_reader *body)
{
    *handle = -1;
    const enum etwas_status status = request_send(connection, request);
    if (status != ETWAS_OK) {
        return status;
    }
    return receive_answer(connection, request->type, packet, handle, body);
}

static enum etwas_status call_once(struct connection *connection, const struct request *request,
                                   struct reply *reply)
{
    uint8_t packet[MESSAGE_MAX_REQUEST];
    struct bytes_reader body;
    enum etwas_status status = exchange(connection, request, packet, &reply->handle, &body);
    if (status == ETWAS_OK) {
        message_get_answer(&body, &reply->answer);
        status = bytes_end(&body);
    }
    if (reply->handle >= 0 && (status != ETWAS_OK || reply->answer.status != ETWAS_OK)) {
        host_close(reply->handle);
        reply->handle = -1;
    }
    return status;
}

/* True when the controller only wants to be asked later: too many requests, or a session that
 * is just being stopped. */
static bool asked_too_early(const struct message_answer *answer)
{
    return answer->status == ETWAS_AGAIN ||
           (answer->status == ETWAS_BUSY && answer->detail == LIMIT_RATE);
}

static enum etwas_status refuse_answer(struct refusal *refusal, const struct request *request,
                                       const struct message_answer *answer)
{
    const enum etwas_status status = (enum etwas_status)answer->status;
    (void)refuse(refusal, request, status);
    refusal->detail = answer->detail;
    refusal->left = answer->value[0];
    return status;
}

enum etwas_status request_call(struct connection *connection, const struct request *request,
                               struct reply *reply, struct refusal *refusal)
{
    enum etwas_status status = call_once(connection, request, reply);
    for (int i = 0; status == ETWAS_OK && asked_too_early(&reply->answer) && i < RATE_WAITS; i++) {
        host_sleep_ms(RATE_WAIT_MS);
        status = call_once(connection, request, reply);
    }
    if (status != ETWAS_OK) {
        return fail_local(refusal, request, status, "waiting for the controller's answer");
    }
    if (reply->answer.status != ETWAS_OK) {
        return refuse_answer(refusal, request, &reply->answer);
    }
    return ETWAS_OK;
}

static enum etwas_status hello(struct connection *connection, const char *path,
                               struct refusal *refusal)
{
    uint8_t version[4];
    struct bytes_writer writer = bytes_writer_of(version, sizeof version);
    bytes_put_u32(&writer, MESSAGE_VERSION);
    const struct request request = {
        .type = MESSAGE_HELLO, .handle = -1, .size = sizeof version, .body = version, .what = path};
    struct reply reply;
    enum etwas_status status = request_call(connection, &request, &reply, refusal);
    host_close(status == ETWAS_OK ? reply.handle : -1);
    if (status == ETWAS_OK &&
        (reply.answer.value[0] != MESSAGE_VERSION || reply.answer.value[1] > UINT32_MAX)) {
        status = fail_local(refusal, &request, ETWAS_MALFORMED, "agreeing on a version");
    }
    if (status == ETWAS_OK) {
        connection->cpus = (uint32_t)reply.answer.value[1];
    }
    return status;
}

enum etwas_status request_connect(const char *path, struct connection *connection,
                                  struct refusal *refusal)
{
    const bool own = path != NULL;
    const struct request request = {.what = own ? path : CHANNEL_DEFAULT_PATH};
    struct etwas_error error = {0};
    *connection = (struct connection){0};
    enum etwas_status status = channel_connect(request.what, own, &connection->channel, &error);
    if (status != ETWAS_OK) {
        (void)fail_local(refusal, &request, status, error.doing);
        refusal->error = error;
        return status;
    }
    status = hello(connection, request.what, refusal);
    if (status != ETWAS_OK) {
        request_disconnect(connection);
    }
    return status;
}

void request_disconnect(struct connection *connection)
{
    channel_close(connection->channel);
    connection->channel = NULL;
}

enum etwas_status request_document(struct connection *connection,
                                   const struct message_metadata *metadata, int *handle,
                                   struct refusal *refusal)
{
    uint8_t body[MESSAGE_METADATA_SIZE];
    struct bytes_writer writer = bytes_writer_of(body, sizeof body);
    message_put_metadata(&writer, metadata);
    char what[2 * MESSAGE_NAME_SIZE];
    (void)snprintf(what, sizeof what, "%s:%s", metadata->system, metadata->event);
    const struct request request = {.type = MESSAGE_METADATA,
                                    .handle = -1,
                                    .size = sizeof body,
                                    .body = body,
                                    .what = metadata->system[0] != '\0' ? what : NULL};
    if (writer.bad) {
        return fail_local(refusal, &request, ETWAS_TOO_BIG, "asking for an event's format");
    }
    struct reply reply;
    const enum etwas_status status = request_call(connection, &request, &reply, refusal);
    if (status == ETWAS_OK && reply.handle < 0) {
        return fail_local(refusal, &request, ETWAS_MALFORMED, "waiting for a document");
    }
    *handle = status == ETWAS_OK ? reply.handle : -1;
    return status;
}

static enum etwas_status session_once(struct connection *connection, const struct request *request,
                                      struct message_session *session)
{
    uint8_t packet[MESSAGE_MAX_REQUEST];
    struct bytes_reader body;
    int handle = -1;
    enum etwas_status status = exchange(connection, request, packet, &handle, &body);
    host_close(handle);
    if (status == ETWAS_OK && body.left == MESSAGE_ANSWER_SIZE) {
        /* A general answer: the controller wants to be asked later. */
        struct message_answer answer;
        message_get_answer(&body, &answer);
        return bytes_end(&body) == ETWAS_OK && asked_too_early(&answer) ? ETWAS_AGAIN
                                                                        : ETWAS_MALFORMED;
    }
    if (status == ETWAS_OK) {
        message_get_session(&body, session);
        status = bytes_end(&body);
    }
    return status;
}

enum etwas_status request_session(struct connection *connection, uint32_t index,
                                  struct message_session *session, struct refusal *refusal)
{
    uint8_t body[4];
    struct bytes_writer writer = bytes_writer_of(body, sizeof body);
    bytes_put_u32(&writer, index);
    const struct request request = {
        .type = MESSAGE_STATUS, .handle = -1, .size = sizeof body, .body = body};
    enum etwas_status status = session_once(connection, &request, session);
    for (int i = 0; status == ETWAS_AGAIN && i < RATE_WAITS; i++) {
        host_sleep_ms(RATE_WAIT_MS);
        status = session_once(connection, &request, session);
    }
    if (status != ETWAS_OK) {
        return fail_local(refusal, &request, status, "waiting for the list of sessions");
    }
    if (session->status != ETWAS_OK) {
        return refuse(refusal, &request, (enum etwas_status)session->status);
    }
    return ETWAS_OK;
}

enum etwas_status request_stop(struct connection *connection, const struct message_stop *stop,
                               struct reply *reply, struct refusal *refusal)
{
    uint8_t body[MESSAGE_STOP_SIZE];
    struct bytes_writer writer = bytes_writer_of(body, sizeof body);
    message_put_stop(&writer, stop);
    const struct request request = {.type = MESSAGE_STOP,
                                    .handle = -1,
                                    .size = sizeof body,
                                    .body = body,
                                    .what = stop->name[0] != '\0' ? stop->name : NULL};
    if (writer.bad) {
        return fail_local(refusal, &request, ETWAS_TOO_BIG, "naming the session to stop");
    }
    return request_call(connection, &request, reply, refusal);
}

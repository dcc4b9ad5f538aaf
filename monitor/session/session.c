/* SPDX-License-Identifier: MIT */
#include "monitor/session/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/session/blocks.h"
#include "monitor/session/host.h"
#include "monitor/session/session_parts.h"
#include "monitor/session/session_source.h"

enum {
    EVENTS_SIZE = 4 * 1024 * 1024, /* available_events is 60 KB on a usual kernel */
    DEFAULT_SUBBUFFER_KIB = 64,
    DEFAULT_RING_KIB = 16 * 1024, /* a CPU */
    LEAST_RING_KIB = 256,
    BLOCKS_LEAST = 256,
    BLOCKS_MOST = 384, /* 26 MB of the 64 that a monitor may have */
};

enum etwas_status session_fail(struct refusal *refusal, const struct request *request,
                               enum etwas_status status, const char *doing)
{
    *refusal = (struct refusal){
        .status = status,
        .request = request->type,
        .local = true,
        .error = {.status = status, .doing = doing}
    };
    if (request->what != NULL) {
        (void)snprintf(refusal->what, sizeof refusal->what, "%s", request->what);
    }
    return status;
}

static enum etwas_status open_remote(struct session *session, const struct session_options *options,
                                     struct refusal *refusal)
{
    const char *name = options->name != NULL ? options->name : SESSION_DEFAULT_NAME;
    uint8_t body[MESSAGE_OPEN_SIZE];
    const struct request request = {
        .type = MESSAGE_OPEN, .handle = -1, .size = sizeof body, .body = body, .what = name};
    struct message_open open = {
        .uid = MESSAGE_UID_SELF,
        .subbuffer_kib =
            options->subbuffer_kib != 0 ? options->subbuffer_kib : DEFAULT_SUBBUFFER_KIB,
        .ring_kib = options->ring_kib != 0 ? options->ring_kib : DEFAULT_RING_KIB,
        .linger_s = options->linger_s};
    if (strlen(name) >= sizeof open.name) {
        return session_fail(refusal, &request, ETWAS_TOO_BIG, "naming the session");
    }
    memcpy(open.name, name, strlen(name));
    struct bytes_writer writer = bytes_writer_of(body, sizeof body);
    message_put_open(&writer, &open);
    struct reply reply = {.handle = -1};
    enum etwas_status status = request_call(&session->connection, &request, &reply, refusal);
    const uint64_t left_kib = reply.answer.value[0];
    if (status == ETWAS_TOO_BIG && options->ring_kib == 0 && left_kib >= LEAST_RING_KIB &&
        left_kib < DEFAULT_RING_KIB) {
        /* Nobody asked for that much: take what there is. */
        open.ring_kib = (uint32_t)left_kib;
        writer = bytes_writer_of(body, sizeof body);
        message_put_open(&writer, &open);
        status = request_call(&session->connection, &request, &reply, refusal);
    }
    if (status == ETWAS_OK) {
        host_close(reply.handle);
        session->id = reply.answer.value[0];
        session->ring_size = reply.answer.value[2];
        session->joined = reply.answer.value[3] == ORIGIN_JOINED;
    }
    return status;
}

enum etwas_status session_open(const struct session_options *options, struct session **session,
                               struct refusal *refusal)
{
    *session = NULL;
    *refusal = (struct refusal){.status = ETWAS_OK};
    struct session *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return session_fail(refusal, &(struct request){.type = MESSAGE_OPEN}, ETWAS_NO_MEMORY,
                            "making a session");
    }
    made->include_self = options->include_self;
    made->selections = selections_open();
    enum etwas_status status = ETWAS_OK;
    if (made->selections == NULL) {
        status = session_fail(refusal, &(struct request){.type = MESSAGE_OPEN}, ETWAS_NO_MEMORY,
                              "making a session");
    }
    if (status == ETWAS_OK) {
        status = request_connect(options->controller, &made->connection, refusal);
    }
    if (status == ETWAS_OK) {
        status = open_remote(made, options, refusal);
    }
    if (status != ETWAS_OK) {
        session_close(made);
        return status;
    }
    *session = made;
    return ETWAS_OK;
}

void session_close(struct session *session)
{
    if (session != NULL) {
        request_disconnect(&session->connection);
        selections_close(session->selections);
        free(session->events);
        free(session);
    }
}

enum etwas_status session_add(struct session *session, const struct request *request,
                              const struct message_enable *enable,
                              const struct selection_names *names, struct refusal *refusal)
{
    struct reply reply;
    enum etwas_status status = request_call(&session->connection, request, &reply, refusal);
    if (status != ETWAS_OK) {
        return status;
    }
    char *text = NULL;
    size_t size = 0;
    status = reply.handle < 0 ? ETWAS_MALFORMED
                              : host_read(reply.handle, FORMAT_TEXT_SIZE, &text, &size);
    host_close(reply.handle);
    if (status == ETWAS_OK) {
        status = selections_add(session->selections, enable, names, text, size);
    }
    free(text);
    if (status != ETWAS_OK) {
        return session_fail(refusal, request, status, "reading the event's format");
    }
    return ETWAS_OK;
}

static enum etwas_status enable_one(struct session *session, const struct message_enable *enable,
                                    struct refusal *refusal)
{
    uint8_t body[MESSAGE_ENABLE_SIZE];
    char what[2 * MESSAGE_NAME_SIZE + 2];
    (void)snprintf(what, sizeof what, "%s:%s", enable->system, enable->event);
    const struct request request = {
        .type = MESSAGE_ENABLE, .handle = -1, .size = sizeof body, .body = body, .what = what};
    struct bytes_writer writer = bytes_writer_of(body, sizeof body);
    message_put_enable(&writer, enable);
    if (writer.bad) {
        return session_fail(refusal, &request, ETWAS_TOO_BIG, "naming the event");
    }
    return session_add(session, &request, enable, NULL, refusal);
}

bool session_count(struct session_outcome *outcome, enum etwas_status status)
{
    if (status == ETWAS_OK) {
        outcome->enabled++;
        return true;
    }
    /* An event of the list may be gone again, or not be for everyone. */
    outcome->refused += status == ETWAS_DENIED;
    return status == ETWAS_DENIED || status == ETWAS_NOT_FOUND;
}

bool session_matches(const char *pattern, const char *name, size_t size)
{
    return pattern == NULL || pattern[0] == '\0' || filter_glob(pattern, name, size);
}

static enum etwas_status load_events(struct session *session, struct refusal *refusal)
{
    if (session->events != NULL) {
        return ETWAS_OK;
    }
    const struct message_metadata wanted = {.system = ""};
    int handle = -1;
    enum etwas_status status = request_document(&session->connection, &wanted, &handle, refusal);
    if (status != ETWAS_OK) {
        return status;
    }
    size_t size = 0;
    status = host_read(handle, EVENTS_SIZE, &session->events, &size);
    host_close(handle);
    if (status != ETWAS_OK) {
        return session_fail(refusal, &(struct request){.type = MESSAGE_METADATA}, status,
                            "reading the list of events");
    }
    return ETWAS_OK;
}

/* The next line `system:event` of the list that matches; false at its end. */
static bool next_event(const char **at, const struct message_enable *pattern, char *event)
{
    const size_t system_size = strlen(pattern->system);
    while (**at != '\0') {
        const char *line = *at;
        const size_t size = strcspn(line, "\n");
        *at = line + size + (line[size] == '\n');
        if (size <= system_size || memcmp(line, pattern->system, system_size) != 0 ||
            line[system_size] != ':') {
            continue;
        }
        const char *name = line + system_size + 1;
        const size_t name_size = size - system_size - 1;
        if (name_size < MESSAGE_NAME_SIZE && session_matches(pattern->event, name, name_size)) {
            memset(event, 0, MESSAGE_NAME_SIZE);
            memcpy(event, name, name_size);
            return true;
        }
    }
    return false;
}

static enum etwas_status enable_all(struct session *session, const struct message_enable *pattern,
                                    struct session_outcome *outcome, struct refusal *refusal)
{
    enum etwas_status status = load_events(session, refusal);
    if (status != ETWAS_OK) {
        return status;
    }
    struct message_enable enable = *pattern;
    const char *at = session->events;
    bool any = false;
    while (next_event(&at, pattern, enable.event)) {
        any = true;
        status = enable_one(session, &enable, refusal);
        if (!session_count(outcome, status)) {
            return status;
        }
    }
    if (!any) {
        *refusal = (struct refusal){.status = ETWAS_NOT_FOUND, .request = MESSAGE_ENABLE};
        (void)snprintf(refusal->what, sizeof refusal->what, "%s:%s", pattern->system,
                       pattern->event[0] != '\0' ? pattern->event : "*");
        return ETWAS_NOT_FOUND;
    }
    return outcome->enabled != 0 ? ETWAS_OK : status;
}

enum etwas_status session_enable(struct session *session, const struct message_enable *enable,
                                 struct session_outcome *outcome, struct refusal *refusal)
{
    *outcome = (struct session_outcome){0};
    *refusal = (struct refusal){.status = ETWAS_OK};
    if (enable->event[0] == '\0' || strpbrk(enable->event, "*?") != NULL) {
        return enable_all(session, enable, outcome, refusal);
    }
    const enum etwas_status status = enable_one(session, enable, refusal);
    (void)session_count(outcome, status);
    return status;
}

static size_t block_limit(const struct session *session)
{
    /* What the kernel itself may hold, and as much again that is on its way. */
    const uint64_t blocks = 2 * (session->ring_size / STREAM_MAX_FRAME) * session->connection.cpus;
    if (blocks < BLOCKS_LEAST) {
        return BLOCKS_LEAST;
    }
    return blocks > BLOCKS_MOST ? BLOCKS_MOST : (size_t)blocks;
}

/* Sends START and reads its answer through the source, which may get packets before it. */
static enum etwas_status start_remote(struct source *source, struct connection *connection,
                                      struct refusal *refusal)
{
    const struct request request = {.type = MESSAGE_START, .handle = -1};
    struct message_answer answer = {.status = ETWAS_OK};
    enum etwas_status status = request_send(connection, &request);
    if (status == ETWAS_OK) {
        status = session_source_await(source, &answer, REQUEST_TIMEOUT_MS);
    }
    if (status != ETWAS_OK) {
        return session_fail(refusal, &request, status, "waiting for the controller's answer");
    }
    if (answer.status != ETWAS_OK) {
        *refusal = (struct refusal){.status = (enum etwas_status)answer.status,
                                    .request = MESSAGE_START,
                                    .detail = answer.detail,
                                    .left = answer.value[0]};
    }
    return (enum etwas_status)answer.status;
}

enum etwas_status session_start(struct session *session, struct source **source,
                                struct refusal *refusal)
{
    *source = NULL;
    *refusal = (struct refusal){.status = ETWAS_OK};
    const struct session_plan plan = {.connection = session->connection,
                                      .selections = session->selections,
                                      .session = session->id,
                                      .joined = session->joined,
                                      .include_self = session->include_self,
                                      .blocks = block_limit(session)};
    struct source *made = NULL;
    enum etwas_status status = session_source_open(&plan, &made);
    if (status != ETWAS_OK) {
        session_close(session);
        return session_fail(refusal, &(struct request){.type = MESSAGE_START}, status,
                            "making room for events");
    }
    struct connection connection = session->connection;
    session->connection.channel = NULL; /* the source's now */
    session->selections = NULL;
    session_close(session);
    status = start_remote(made, &connection, refusal);
    if (status != ETWAS_OK) {
        made->ops->close(made);
        return status;
    }
    *source = made;
    return ETWAS_OK;
}

/* SPDX-License-Identifier: MIT */
#include "controller/lifetime.h"
#include "controller/probe.h"
#include "controller/tracefs.h"

/* What a handler works on and what it answers. `handle` goes along and is then closed. */
struct work {
    struct controller *controller;
    struct client *client;
    int file;
    union {
        struct message_answer general;
        struct message_session session;
    } answer;
    size_t answer_size; /* 0: no answer */
    int handle;
};

static bool refuse(struct work *work, enum etwas_status status, uint32_t detail)
{
    work->answer.general.status = status;
    work->answer.general.detail = detail;
    return true;
}

static bool refuse_errno(struct work *work)
{
    return refuse(work, errno == ENOENT ? ETWAS_NOT_FOUND : ETWAS_SYSTEM, (uint32_t)errno);
}

static void log_decision(const struct client *client, const char *doing, const char *what,
                         bool allowed, uint32_t line)
{
    LOG("<5>", "uid %" PRIu32 " pid %" PRIu32 ": %s %s: %s, line %" PRIu32 "\n",
        client->subject.uid, client->pid, doing, what, allowed ? "allowed" : "refused", line);
}

static bool handle_hello(struct work *work, const void *body)
{
    uint32_t version = 0;
    memcpy(&version, body, sizeof version);
    work->answer.general.value[0] = MESSAGE_VERSION;
    work->answer.general.value[1] = work->controller->host.cpu_count;
    if (version != MESSAGE_VERSION) {
        return refuse(work, ETWAS_MALFORMED, MESSAGE_VERSION);
    }
    work->client->state = CLIENT_READY;
    return true;
}

static bool handle_open(struct work *work, const void *body)
{
    const struct message_open *open = body;
    struct client *client = work->client;
    const uint32_t uid = client->subject.uid;
    uint32_t line = 0;
    if (!tracefs_name_is_plain(open->name, 49) || open->ring_kib > 1024 * 1024) {
        return false;
    }
    /* To read a session of somebody else would take its events away. */
    const bool allowed = (open->uid == MESSAGE_UID_SELF || open->uid == uid) &&
                         access_allows(&work->controller->policy, &client->subject, NULL, &line);
    log_decision(client, "session", open->name, allowed, line);
    if (!allowed) {
        return refuse(work, ETWAS_DENIED, 0);
    }
    struct session *session = lifetime_open(work->controller, uid, open, &work->answer.general);
    if (session == NULL) {
        return true;
    }
    controller_lock(work->controller);
    session->info.clients++;
    client->session = session;
    controller_unlock(work->controller);
    client->state = CLIENT_OPEN;
    work->answer.general.value[0] = session->info.id;
    work->answer.general.value[1] = session->page_size;
    work->answer.general.value[2] = session->info.ring_size;
    return true;
}

static bool wants(const struct client *client, uint32_t event)
{
    return (client->wants[event / 8] >> (event % 8) & 1) != 0;
}

static int open_format(const struct work *work, const char *system, const char *event)
{
    char path[2 * MESSAGE_NAME_SIZE + 32];
    (void)snprintf(path, sizeof path, "events/%s/%s/format", system, event);
    return tracefs_open(work->controller->host.tracefs, path);
}

/* Switches one event on and answers with its id and its format. */
static bool enable(struct work *work, const char *system, const char *event, const char *filter)
{
    struct client *client = work->client;
    const int id = session_event_id(&work->controller->host, system, event);
    if (id < 0) {
        return refuse_errno(work);
    }
    /* Another client may want all of it: each looks through what the kernel lets pass. */
    const bool shared = client->session->info.clients > 1;
    if (!session_switch(client->session, system, event, shared ? "0" : filter, true)) {
        return refuse_errno(work);
    }
    client->wants[id / 8] = (uint8_t)(client->wants[id / 8] | 1U << (id % 8));
    work->answer.general.value[0] = (uint64_t)id;
    work->handle = open_format(work, system, event);
    return true;
}

/* May the client trace SYSTEM:EVENT? What our probes make is asked for as probes only. */
static bool may_trace(const struct work *work, const char *system, const char *event,
                      char what[2 * MESSAGE_NAME_SIZE], uint32_t *line)
{
    (void)snprintf(what, 2 * MESSAGE_NAME_SIZE, "%s:%s", system, event);
    *line = 0;
    return strncmp(system, "etwas_", 6) != 0 &&
           access_allows(&work->controller->policy, &work->client->subject, what, line);
}

static bool handle_enable(struct work *work, const void *body)
{
    const struct message_enable *request = body;
    char filter[TRACEFS_FILTER_SIZE];
    char what[2 * MESSAGE_NAME_SIZE];
    uint32_t line = 0;
    if (!tracefs_name_is_plain(request->system, MESSAGE_NAME_SIZE) ||
        !tracefs_name_is_plain(request->event, MESSAGE_NAME_SIZE) ||
        !tracefs_filter(request, filter)) {
        return false;
    }
    const bool allowed = may_trace(work, request->system, request->event, what, &line);
    log_decision(work->client, "enable", what, allowed, line);
    return allowed ? enable(work, request->system, request->event, filter)
                   : refuse(work, ETWAS_DENIED, line);
}

static bool handle_usdt(struct work *work, const void *body)
{
    const struct message_usdt *request = body;
    struct probe probe = {.event = ""};
    uint32_t line = 0;
    if (work->file < 0) {
        return false;
    }
    if (work->client->probes++ >= MAX_PROBES) {
        return refuse(work, ETWAS_BUSY, LIMIT_PROBES);
    }
    const enum etwas_status status =
        probe_register(&work->controller->host, &work->controller->policy, &work->client->subject,
                       work->file, request, &probe, &line);
    const uint32_t why = status == ETWAS_SYSTEM ? (uint32_t)errno : line;
    log_decision(work->client, "probe", probe.event, status == ETWAS_OK, line);
    return status == ETWAS_OK ? enable(work, probe.system, probe.event, "0")
                              : refuse(work, status, why);
}

/* Switches off an event that none of the session's clients asked for. */
static void drop_unwanted(void *context, const char *system, const char *event)
{
    const struct work *work = context;
    const struct session *session = work->client->session;
    const int id = session_event_id(&work->controller->host, system, event);
    bool wanted = false;
    for (size_t i = 0; i < MAX_CLIENTS && id >= 0; i++) {
        const struct client *client = &work->controller->clients[i];
        wanted = wanted || (client->session == session && wants(client, (uint32_t)id));
    }
    if (!wanted) {
        (void)session_switch(session, system, event, "0", false);
    }
}

static bool handle_start(struct work *work, const void *body)
{
    (void)body;
    struct client *client = work->client;
    struct session *session = client->session;
    if (!session_each_event(session, drop_unwanted, work)) {
        return refuse_errno(work);
    }
    probe_remove_unused(&work->controller->host);
    controller_lock(work->controller);
    /* The first reader goes on where the last one stood, a further one joins now. */
    client->cursor = session->streaming == 0 ? session->kept : session->head;
    client->streaming = true;
    session->streaming++;
    session->announce = true;
    controller_unlock(work->controller);
    client->state = CLIENT_TRACING;
    return true;
}

static bool handle_sync(struct work *work, const void *body)
{
    (void)body;
    work->answer_size = 0;
    controller_lock(work->controller);
    work->client->session->announce = true;
    controller_unlock(work->controller);
    return true;
}

static bool handle_stop(struct work *work, const void *body)
{
    const struct message_stop *stop = body;
    const uint32_t caller = work->client->subject.uid;
    const bool allowed = caller == 0 || stop->uid == MESSAGE_UID_SELF || stop->uid == caller;
    const bool any_name = stop->name[0] == '\0';
    if (!any_name && !tracefs_name_is_plain(stop->name, sizeof stop->name)) {
        return false;
    }
    log_decision(work->client, "stop", any_name ? "everything" : stop->name, allowed, 0);
    if (!allowed) {
        return refuse(work, ETWAS_DENIED, 0);
    }
    for (size_t i = 0; i < MAX_SESSIONS; i++) {
        struct session *session = &work->controller->sessions[i];
        const bool meant = stop->uid == MESSAGE_UID_SELF
                               ? caller == 0 || session->info.uid == caller
                               : session->info.uid == stop->uid;
        if (session->state == SESSION_ACTIVE && meant &&
            (any_name || strcmp(stop->name, session->info.name) == 0)) {
            lifetime_end(work->controller, session, caller, END_STOPPED);
            work->answer.general.value[0]++;
        }
    }
    return any_name || work->answer.general.value[0] != 0 ? true : refuse(work, ETWAS_NOT_FOUND, 0);
}

/* Tells of the session in slot `index`, if the caller may see it. */
static bool handle_status(struct work *work, const void *body)
{
    struct message_session *told = &work->answer.session;
    const uint32_t caller = work->client->subject.uid;
    uint32_t index = 0;
    memcpy(&index, body, sizeof index);
    const struct session *session = &work->controller->sessions[index % MAX_SESSIONS];
    const bool listed = index < MAX_SESSIONS && session->state != SESSION_FREE &&
                        (caller == 0 || caller == session->info.uid);
    work->answer_size = sizeof *told;
    controller_lock(work->controller);
    if (listed) {
        const int64_t idle_ms = controller_now_ms() - session->idle_since_ms;
        *told = session->info;
        told->idle_s = told->clients != 0 ? 0 : (uint32_t)(idle_ms / 1000);
    }
    controller_unlock(work->controller);
    told->status = listed ? ETWAS_OK : index < MAX_SESSIONS ? ETWAS_BUSY : ETWAS_NOT_FOUND;
    return true;
}

static bool handle_metadata(struct work *work, const void *body)
{
    const struct message_metadata *request = body;
    const bool all = request->system[0] == '\0';
    char what[2 * MESSAGE_NAME_SIZE];
    uint32_t line = 0;
    if (!all && (!tracefs_name_is_plain(request->system, MESSAGE_NAME_SIZE) ||
                 !tracefs_name_is_plain(request->event, MESSAGE_NAME_SIZE))) {
        return false;
    }
    if (all ? !access_allows(&work->controller->policy, &work->client->subject, NULL, &line)
            : !may_trace(work, request->system, request->event, what, &line)) {
        return refuse(work, ETWAS_DENIED, line);
    }
    work->handle = all ? tracefs_open(work->controller->host.tracefs, "available_events")
                       : open_format(work, request->system, request->event);
    return work->handle >= 0 || refuse_errno(work);
}

enum { ONCE_READY = CLIENT_READY | CLIENT_OPEN | CLIENT_TRACING };

/*
 * The whole of what an unprivileged process may ask. A request that is not in this
 * table, comes in the wrong state, or has the wrong size is refused, and its client
 * closed.
 */
static const struct request {
    uint16_t type;
    unsigned states; /* bits of enum client_state */
    size_t size;     /* of the body, exact, in bytes */
    bool (*handle)(struct work *work, const void *body);
} requests[] = {
    {MESSAGE_HELLO,    CLIENT_NEW,     sizeof(uint32_t),                handle_hello   },
    {MESSAGE_OPEN,     CLIENT_READY,   sizeof(struct message_open),     handle_open    },
    {MESSAGE_ENABLE,   CLIENT_OPEN,    sizeof(struct message_enable),   handle_enable  },
    {MESSAGE_USDT,     CLIENT_OPEN,    sizeof(struct message_usdt),     handle_usdt    },
    {MESSAGE_START,    CLIENT_OPEN,    0,                               handle_start   },
    {MESSAGE_SYNC,     CLIENT_TRACING, 0,                               handle_sync    },
    {MESSAGE_STOP,     ONCE_READY,     sizeof(struct message_stop),     handle_stop    },
    {MESSAGE_STATUS,   ONCE_READY,     sizeof(uint32_t),                handle_status  },
    {MESSAGE_METADATA, ONCE_READY,     sizeof(struct message_metadata), handle_metadata},
};

/* Takes one request of the user's; false when he has none left. Root has a bucket of its own. */
static bool take_quota(struct controller *controller, uint32_t uid)
{
    const uint64_t rate = controller->policy.limits[ACCESS_REQUESTS];
    const int64_t now_ms = controller_now_ms();
    struct quota *quota = &controller->quotas[uid == 0 ? 0 : 1 + uid % (QUOTAS - 1)];
    quota->tokens += (uint64_t)(now_ms - quota->updated_ms) * rate;
    if (quota->tokens > QUOTA_BURST_S * 1000 * rate) {
        quota->tokens = QUOTA_BURST_S * 1000 * rate;
    }
    quota->updated_ms = now_ms;
    const bool granted = quota->tokens >= 1000;
    quota->tokens -= granted ? 1000 : 0;
    return granted;
}

/* Sends the answer. A client that has no room for it did not read the one before: it goes. */
static bool send_answer(struct work *work, uint16_t type)
{
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control = {.room = {0}};
    struct message_head head = {.type = (uint16_t)(type + 1), .size = (uint32_t)work->answer_size};
    struct iovec parts[2] = {
        {&head,         sizeof head      },
        {&work->answer, work->answer_size}
    };
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    if (work->handle >= 0) {
        message.msg_control = &control;
        message.msg_controllen = sizeof control;
        control.header.cmsg_level = SOL_SOCKET;
        control.header.cmsg_type = SCM_RIGHTS;
        control.header.cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(&control.header), &work->handle, sizeof(int));
    }
    const bool sent = sendmsg(work->client->socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL) > 0;
    if (work->handle >= 0) {
        (void)close(work->handle);
    }
    return sent;
}

bool request_handle(struct controller *controller, struct client *client, const void *packet,
                    size_t size, int file)
{
    struct work work = {.controller = controller,
                        .client = client,
                        .file = file,
                        .answer_size = sizeof work.answer.general,
                        .handle = -1};
    struct message_head head;
    const struct request *request = NULL;
    if (size < sizeof head) {
        return false;
    }
    memcpy(&head, packet, sizeof head);
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        request = requests[i].type == head.type ? &requests[i] : request;
    }
    if (request == NULL || head.zero != 0 || request->size != head.size ||
        head.size != size - sizeof head || (request->states & (unsigned)client->state) == 0) {
        return false;
    }
    if (!take_quota(controller, client->subject.uid)) {
        log_decision(client, "request", "beyond the rate", false, 0);
        (void)refuse(&work, ETWAS_BUSY, LIMIT_RATE);
    } else if (!request->handle(&work, (const uint8_t *)packet + sizeof head)) {
        return false;
    }
    return work.answer_size == 0 || send_answer(&work, head.type);
}

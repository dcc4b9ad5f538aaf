/* SPDX-License-Identifier: MIT */
#include "controller/probe.h"

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

static bool answer(struct work *work, enum etwas_status status, uint32_t detail)
{
    work->answer.general.status = status;
    work->answer.general.detail = detail;
    return true;
}

static bool refuse_errno(struct work *work)
{
    return answer(work, errno == ENOENT ? ETWAS_NOT_FOUND : ETWAS_SYSTEM, (uint32_t)errno);
}

/* Asks the policy (NULL: for anything at all); a refusal is logged and becomes the answer. */
static bool allowed(struct work *work, const char *what, const char *doing)
{
    const struct client *client = work->client;
    uint32_t line = 0;
    const bool yes = access_allows(&work->controller->policy, &client->subject, what, &line);
    LOG_CLIENT("<5>", client, "%s %s: %s, line %" PRIu32, doing, what != NULL ? what : "",
               yes ? "allowed" : "refused", line);
    return yes || !answer(work, ETWAS_DENIED, line);
}

static bool handle_hello(struct work *work, const void *body)
{
    uint32_t version = 0;
    memcpy(&version, body, sizeof version);
    work->answer.general.value[0] = MESSAGE_VERSION;
    work->answer.general.value[1] = work->controller->host.cpu_count;
    const bool good = version == MESSAGE_VERSION;
    work->client->state = good ? CLIENT_READY : CLIENT_OVER;
    return answer(work, good ? ETWAS_OK : ETWAS_MALFORMED, MESSAGE_VERSION);
}

static bool handle_open(struct work *work, const void *body)
{
    const struct message_open *open = body;
    const uint32_t uid = work->client->subject.uid;
    if (!tracefs_name_is_plain(open->name, 49) || open->ring_kib > 1024 * 1024) {
        return false;
    }
    /* To read a session of somebody else would take its events away. */
    if (open->uid != MESSAGE_UID_SELF && open->uid != uid) {
        LOG_CLIENT("<5>", work->client, "session of uid %" PRIu32 ": refused", open->uid);
        return answer(work, ETWAS_DENIED, 0);
    }
    if (allowed(work, NULL, "session")) {
        lifetime_open(work->controller, work->client, open, &work->answer.general);
    }
    return true;
}

/* Switches one event on and answers with its id and its format. */
static bool enable(struct work *work, const char *event, const char *filter)
{
    struct client *client = work->client;
    const struct session_host *host = &work->controller->host;
    const int id = session_event_id(host, event);
    /* Another client may want all of it: each looks through what the kernel lets pass. */
    const char *kept = client->session->info.clients > 1 ? "0" : filter;
    if (id < 0 || !session_switch(client->session, event, kept, true)) {
        return refuse_errno(work);
    }
    client->wants[id / 8] = (uint8_t)(client->wants[id / 8] | 1U << (id % 8));
    work->answer.general.value[0] = (uint64_t)id;
    work->handle = tracefs_open(host->tracefs, session_event_path(event, "format").text);
    return true;
}

/* "SYSTEM:EVENT"; false: malformed. What our probes make is asked for as probes only. */
static bool name_event(const char *system, const char *event, char name[TRACEFS_EVENT_SIZE])
{
    const bool good = tracefs_name_is_plain(system, MESSAGE_NAME_SIZE) &&
                      tracefs_name_is_plain(event, MESSAGE_NAME_SIZE) &&
                      strncmp(system, "etwas_", 6) != 0;
    return good && snprintf(name, TRACEFS_EVENT_SIZE, "%s:%s", system, event) > 0;
}

static bool handle_enable(struct work *work, const void *body)
{
    const struct message_enable *request = body;
    char filter[TRACEFS_FILTER_SIZE];
    char event[TRACEFS_EVENT_SIZE];
    if (!tracefs_filter(request, filter) || !name_event(request->system, request->event, event)) {
        return false;
    }
    return !allowed(work, event, "event") || enable(work, event, filter);
}

static bool handle_usdt(struct work *work, const void *body)
{
    char event[TRACEFS_EVENT_SIZE] = "refused";
    if (work->client->session->probes++ >= MAX_PROBES) {
        return answer(work, ETWAS_BUSY, LIMIT_PROBES);
    }
    const enum etwas_status status =
        probe_register(work->controller, &work->client->subject, work->file, body, event);
    const uint32_t why = (uint32_t)errno;
    LOG_CLIENT("<5>", work->client, "probe %s, line %" PRIu32, event, why);
    return status == ETWAS_OK ? enable(work, event, "0") : answer(work, status, why);
}

/* Switches off an event that none of the session's clients asked for. */
static void drop_unwanted(void *context, char *event)
{
    const struct work *work = context;
    const struct session *session = work->client->session;
    const int id = session_event_id(&work->controller->host, event);
    bool wanted = false;
    for (size_t i = 0; i < MAX_CLIENTS && id >= 0; i++) {
        const struct client *client = &work->controller->clients[i];
        wanted |= client->session == session && (client->wants[id / 8] >> (id % 8) & 1) != 0;
    }
    if (!wanted) {
        (void)session_switch(session, event, "0", false);
    }
}

static bool handle_start(struct work *work, const void *body)
{
    (void)body;
    struct client *client = work->client;
    struct session *session = client->session;
    errno = ENOENT; /* it may have been stopped since, which no call below tells */
    if (session->state != SESSION_ACTIVE ||
        !tracefs_each_line(session->directory, "set_event", drop_unwanted, work)) {
        return refuse_errno(work);
    }
    session->probes = 0;
    probe_remove_unused(&work->controller->host);
    (void)pthread_mutex_lock(&work->controller->lock);
    /* The first reader goes on where the last one stood, a further one joins now. */
    client->cursor = session->streaming == 0 ? session->kept : session->head;
    client->streaming = true;
    session->streaming++;
    (void)pthread_mutex_unlock(&work->controller->lock);
    client->state = CLIENT_TRACING;
    return true;
}

static bool is_meant(const struct session *session, const struct message_stop *stop,
                     uint32_t caller)
{
    const uint32_t owner = session->info.uid;
    const bool by_owner =
        stop->uid != MESSAGE_UID_SELF ? owner == stop->uid : caller == 0 || owner == caller;
    return session->state == SESSION_ACTIVE && by_owner &&
           (stop->name[0] == '\0' || strcmp(stop->name, session->info.name) == 0);
}

static bool handle_stop(struct work *work, const void *body)
{
    const struct message_stop *stop = body;
    const uint32_t caller = work->client->subject.uid;
    const bool by_name = stop->name[0] != '\0';
    const bool may = caller == 0 || stop->uid == MESSAGE_UID_SELF || stop->uid == caller;
    if (by_name && !tracefs_name_is_plain(stop->name, sizeof stop->name)) {
        return false;
    }
    LOG_CLIENT("<5>", work->client, "stop %s: %s", by_name ? stop->name : "all",
               may ? "allowed" : "refused");
    for (size_t i = 0; i < MAX_SESSIONS && may; i++) {
        if (is_meant(&work->controller->sessions[i], stop, caller)) {
            lifetime_end(work->controller, &work->controller->sessions[i], caller, END_STOPPED);
            work->answer.general.value[0]++;
        }
    }
    const bool missing = may && by_name && work->answer.general.value[0] == 0;
    return answer(work, missing ? ETWAS_NOT_FOUND : may ? ETWAS_OK : ETWAS_DENIED, 0);
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
    (void)pthread_mutex_lock(&work->controller->lock);
    if (listed) {
        const int64_t idle_ms = controller_now_ms() - session->idle_since_ms;
        *told = session->info;
        told->idle_s = told->clients != 0 ? 0 : (uint32_t)(idle_ms / 1000);
    }
    (void)pthread_mutex_unlock(&work->controller->lock);
    told->status = listed ? ETWAS_OK : index < MAX_SESSIONS ? ETWAS_BUSY : ETWAS_NOT_FOUND;
    return true;
}

static bool handle_metadata(struct work *work, const void *body)
{
    const struct message_metadata *request = body;
    const bool all = request->system[0] == '\0';
    char event[TRACEFS_EVENT_SIZE];
    if (!all && !name_event(request->system, request->event, event)) {
        return false;
    }
    if (!allowed(work, all ? NULL : event, "look at")) {
        return true;
    }
    const struct tracefs_path path =
        all ? tracefs_path("available_events") : session_event_path(event, "format");
    work->handle = tracefs_open(work->controller->host.tracefs, path.text);
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
    {MESSAGE_HELLO,    CLIENT_NEW,   sizeof(uint32_t),                handle_hello   },
    {MESSAGE_OPEN,     CLIENT_READY, sizeof(struct message_open),     handle_open    },
    {MESSAGE_ENABLE,   CLIENT_OPEN,  sizeof(struct message_enable),   handle_enable  },
    {MESSAGE_USDT,     CLIENT_OPEN,  sizeof(struct message_usdt),     handle_usdt    },
    {MESSAGE_START,    CLIENT_OPEN,  0,                               handle_start   },
    {MESSAGE_STOP,     ONCE_READY,   sizeof(struct message_stop),     handle_stop    },
    {MESSAGE_STATUS,   ONCE_READY,   sizeof(uint32_t),                handle_status  },
    {MESSAGE_METADATA, ONCE_READY,   sizeof(struct message_metadata), handle_metadata},
};

/* Takes one request of the user's; false when he has none left. Root has a bucket of its own. */
static bool take_quota(struct controller *controller, uint32_t uid)
{
    const uint64_t rate = controller->policy.limits[ACCESS_REQUESTS];
    const uint64_t full = QUOTA_BURST_S * UINT64_C(1000) * rate;
    const int64_t now_ms = controller_now_ms();
    struct quota *quota = &controller->quotas[uid == 0 ? 0 : 1 + uid % (QUOTAS - 1)];
    quota->tokens += (uint64_t)(now_ms - quota->updated_ms) * rate;
    quota->tokens = quota->tokens < full ? quota->tokens : full;
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
    const ssize_t sent = sendmsg(work->client->socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    (void)close(work->handle);
    return sent > 0;
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
        (void)answer(&work, ETWAS_BUSY, LIMIT_RATE);
    } else if (!request->handle(&work, (const uint8_t *)packet + sizeof head)) {
        return false;
    }
    return work.answer_size == 0 || send_answer(&work, head.type);
}

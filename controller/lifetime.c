/* SPDX-License-Identifier: MIT */
#include "controller/lifetime.h"

#include "controller/probe.h"

enum { LEAST_RING_KIB = 256 };

/* A free slot for a session of `uid`, or NULL, and how many KiB a CPU its ring may have. */
static struct session *find_slot(struct controller *controller, uint32_t uid, uint64_t *left_kib)
{
    const uint64_t *limits = controller->policy.limits;
    uint64_t left = controller->ring_total;
    uint64_t left_own = limits[ACCESS_RING] != 0 ? limits[ACCESS_RING] : left;
    uint64_t own = 0;
    struct session *slot = NULL;
    for (size_t i = 0; i < MAX_SESSIONS; i++) {
        struct session *session = &controller->sessions[i];
        const uint64_t size = session->info.ring_size * controller->host.cpu_count;
        const bool is_own = session->info.uid == uid;
        if (session->state == SESSION_FREE) {
            slot = session;
            continue;
        }
        left -= size < left ? size : left;
        left_own -= is_own ? (size < left_own ? size : left_own) : 0;
        own += is_own;
    }
    *left_kib = (left < left_own ? left : left_own) / controller->host.cpu_count / 1024;
    return own < limits[ACCESS_SESSIONS] ? slot : NULL;
}

static struct session *refuse(struct message_answer *answer, enum etwas_status status,
                              uint32_t detail)
{
    answer->status = status;
    answer->detail = detail;
    return NULL;
}

/* All but the ring's frames and the CPUs; ACTIVE comes when it is whole. */
static void begin(struct session *session, uint32_t uid, const char *name)
{
    memset(session, 0, offsetof(struct session, ring));
    session->info.uid = uid;
    memcpy(session->info.name, name, strlen(name));
    session->idle_since_ms = controller_now_ms();
}

static struct session *make(struct controller *controller, uint32_t uid,
                            const struct message_open *open, struct message_answer *answer)
{
    struct session *session = find_slot(controller, uid, &answer->value[0]);
    if (session == NULL) {
        return refuse(answer, ETWAS_BUSY, LIMIT_SESSIONS);
    }
    if (open->ring_kib > answer->value[0] || open->ring_kib < LEAST_RING_KIB) {
        return refuse(answer, ETWAS_TOO_BIG, LIMIT_RING);
    }
    const uint64_t most_s = controller->policy.limits[ACCESS_LINGER];
    begin(session, uid, open->name);
    session->info.ring_size = open->ring_kib * UINT64_C(1024);
    session->page_size = open->subbuffer_kib * (size_t)1024;
    session->info.linger_s = open->linger_s < most_s ? open->linger_s : (uint32_t)most_s;
    if (!session_create(session, &controller->host, false)) {
        session->state = SESSION_ENDED;
        return refuse(answer, ETWAS_SYSTEM, (uint32_t)errno);
    }
    session->state = SESSION_ACTIVE;
    answer->value[3] = ORIGIN_CREATED;
    return session;
}

struct session *lifetime_open(struct controller *controller, uint32_t uid,
                              const struct message_open *open, struct message_answer *answer)
{
    for (size_t i = 0; i < MAX_SESSIONS; i++) {
        struct session *session = &controller->sessions[i];
        if (session->state != SESSION_FREE && session->info.uid == uid &&
            strcmp(session->info.name, open->name) == 0) {
            answer->value[3] = ORIGIN_JOINED;
            return session->state == SESSION_ACTIVE ? session : refuse(answer, ETWAS_AGAIN, 0);
        }
    }
    return make(controller, uid, open, answer);
}

void lifetime_leave(struct controller *controller, struct client *client)
{
    struct session *session = client->session;
    if (session == NULL) {
        return;
    }
    controller_lock(controller);
    session->info.clients--;
    session->streaming -= client->streaming;
    if (client->streaming && session->streaming == 0) {
        session->kept = client->cursor;
    }
    session->idle_since_ms = controller_now_ms();
    client->streaming = false;
    client->session = NULL;
    controller_unlock(controller);
}

void lifetime_end(struct controller *controller, struct session *session, uint32_t by,
                  enum stream_reason reason)
{
    session_halt(session);
    controller_lock(controller);
    session->end = (struct stream_end){.session = session->info.id, .reason = reason, .uid = by};
    session->deadline_ms = controller_now_ms() + ENDING_LIMIT_MS;
    /* A round that had begun may have passed CPUs that still had something: one more. */
    session->in_round = false;
    session->announce = true;
    session->state = SESSION_ENDING;
    controller_unlock(controller);
}

static void remove_ended(struct controller *controller, struct session *session)
{
    for (size_t i = 0; i < MAX_CLIENTS; i++) {
        struct client *client = &controller->clients[i];
        if (client->session == session) {
            lifetime_leave(controller, client);
            controller_lock(controller);
            client->broken = true;
            controller_unlock(controller);
        }
    }
    if (session_remove(session, &controller->host)) {
        LOG("<6>", "session %s of uid %" PRIu32 " removed\n", session->info.name,
            session->info.uid);
        session->state = SESSION_FREE;
        probe_remove_unused(&controller->host);
    }
}

bool lifetime_tick(struct controller *controller)
{
    bool settled = true;
    for (size_t i = 0; i < MAX_SESSIONS; i++) {
        struct session *session = &controller->sessions[i];
        const int64_t now_ms = controller_now_ms();
        controller_lock(controller);
        const bool forgotten = session->state == SESSION_ACTIVE && session->info.clients == 0 &&
                               now_ms - session->idle_since_ms >= session->info.linger_s * 1000LL;
        const bool over = session->state == SESSION_ENDED &&
                          (session->streaming == 0 || session->tail == session->head ||
                           now_ms > session->deadline_ms);
        controller_unlock(controller);
        if (forgotten) {
            LOG("<5>", "session %s of uid %" PRIu32 ": nobody came back\n", session->info.name,
                session->info.uid);
            lifetime_end(controller, session, 0, END_STOPPED);
        }
        if (over) {
            remove_ended(controller, session);
        }
        settled = settled && (session->state == SESSION_FREE || session->state == SESSION_ACTIVE);
    }
    return settled;
}

struct judgement {
    const struct access_policy *policy;
    const struct access_subject *owner;
    bool may_stay;
    bool has_events;
};

static void judge(void *context, const char *system, const char *event)
{
    struct judgement *judgement = context;
    judgement->has_events = true;
    judgement->may_stay =
        judgement->may_stay && probe_may_stay(judgement->policy, judgement->owner, system, event);
}

void lifetime_adopt(struct controller *controller, const char *name,
                    const struct access_subject *owner)
{
    uint64_t left_kib = 0;
    struct session *session = find_slot(controller, owner->uid, &left_kib);
    struct judgement judgement = {.policy = &controller->policy, .owner = owner, .may_stay = true};
    if (session == NULL) {
        LOG("<4>", "session %s of uid %" PRIu32 ": one too many, left alone\n", name, owner->uid);
        return;
    }
    begin(session, owner->uid, name);
    session->info.linger_s = (uint32_t)controller->policy.limits[ACCESS_LINGER];
    const bool opened = session_create(session, &controller->host, true);
    if (!opened && errno == EWOULDBLOCK) {
        (void)close(session->directory);
        return; /* another controller's */
    }
    const bool adopted = opened && session_each_event(session, judge, &judgement) &&
                         judgement.may_stay && judgement.has_events;
    LOG("<5>", "session %s of uid %" PRIu32 ", left by a predecessor: %s\n", name, owner->uid,
        adopted ? "adopted" : "removed");
    session->state = adopted ? SESSION_ACTIVE : SESSION_ENDED;
}

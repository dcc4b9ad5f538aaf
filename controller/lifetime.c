/* SPDX-License-Identifier: MIT */
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

/* All but the ring's frames and the CPUs; ACTIVE comes when it is whole. */
static void begin(struct session *session, uint32_t uid, const char *name)
{
    memset(session, 0, offsetof(struct session, ring));
    session->info.uid = uid;
    memcpy(session->info.name, name, strlen(name));
    session->idle_since_ms = controller_now_ms();
}

/* Makes a session in a free slot; NULL: the answer says why not. */
static struct session *make(struct controller *controller, uint32_t uid,
                            const struct message_open *open, struct message_answer *answer)
{
    const uint64_t most_s = controller->policy.limits[ACCESS_LINGER];
    struct session *session = find_slot(controller, uid, &answer->value[0]);
    if (session == NULL || open->ring_kib > answer->value[0] || open->ring_kib < LEAST_RING_KIB) {
        answer->status = session == NULL ? ETWAS_BUSY : ETWAS_TOO_BIG;
        answer->detail = session == NULL ? LIMIT_SESSIONS : LIMIT_RING;
        return NULL;
    }
    begin(session, uid, open->name);
    session->info.ring_size = open->ring_kib * UINT64_C(1024);
    session->page_size = open->subbuffer_kib * (size_t)1024;
    session->info.linger_s = open->linger_s < most_s ? open->linger_s : (uint32_t)most_s;
    if (session_create(session, &controller->host, false)) {
        session->state = SESSION_ACTIVE;
        return session;
    }
    answer->status = ETWAS_SYSTEM;
    answer->detail = (uint32_t)errno;
    /* One of this name may be another controller's: that stays. */
    session->state = errno == EEXIST ? SESSION_FREE : SESSION_ENDED;
    return NULL;
}

void lifetime_open(struct controller *controller, struct client *client,
                   const struct message_open *open, struct message_answer *answer)
{
    const uint32_t uid = client->subject.uid;
    struct session *found = NULL;
    for (size_t i = 0; i < MAX_SESSIONS; i++) {
        struct session *other = &controller->sessions[i];
        const bool same = other->info.uid == uid && strcmp(other->info.name, open->name) == 0;
        found = same && other->state != SESSION_FREE ? other : found;
    }
    const bool joined = found != NULL;
    found = joined ? found : make(controller, uid, open, answer);
    if (found == NULL || found->state != SESSION_ACTIVE) {
        answer->status = joined ? ETWAS_AGAIN : answer->status;
        return;
    }
    (void)pthread_mutex_lock(&controller->lock);
    found->info.clients++;
    client->session = found;
    (void)pthread_mutex_unlock(&controller->lock);
    client->state = CLIENT_OPEN;
    const uint64_t values[] = {found->info.id, found->page_size, found->info.ring_size, joined};
    memcpy(answer->value, values, sizeof values);
}

void lifetime_leave(struct controller *controller, struct client *client)
{
    struct session *session = client->session;
    if (session == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&controller->lock);
    session->info.clients--;
    session->streaming -= client->streaming;
    if (client->streaming && session->streaming == 0) {
        session->kept = client->cursor;
    }
    session->idle_since_ms = controller_now_ms();
    client->streaming = false;
    client->session = NULL;
    (void)pthread_mutex_unlock(&controller->lock);
}

void lifetime_end(struct controller *controller, struct session *session, uint32_t by,
                  enum stream_reason reason)
{
    /* The kernel writes no more; what is in its ring can still be read. */
    (void)tracefs_write(session->directory, "tracing_on", "0");
    (void)pthread_mutex_lock(&controller->lock);
    session->end = (struct stream_end){.session = session->info.id, .reason = reason, .uid = by};
    session->deadline_ms = controller_now_ms() + ENDING_LIMIT_MS;
    /* A round that had begun may have passed CPUs that still had something: one more. */
    session->in_round = false;
    session->state = session->streaming == 0 ? SESSION_ENDED : SESSION_ENDING;
    (void)pthread_mutex_unlock(&controller->lock);
}

static void remove_ended(struct controller *controller, struct session *session)
{
    for (size_t i = 0; i < MAX_CLIENTS; i++) {
        struct client *client = &controller->clients[i];
        if (client->session == session) {
            lifetime_leave(controller, client);
            client->state = CLIENT_OVER;
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
        (void)pthread_mutex_lock(&controller->lock);
        const bool forgotten = session->state == SESSION_ACTIVE && session->info.clients == 0 &&
                               now_ms - session->idle_since_ms >= session->info.linger_s * 1000LL;
        const bool read = session->state == SESSION_ENDED && session->tail == session->head;
        const bool over = session->state >= SESSION_ENDING &&
                          (session->streaming == 0 || read || now_ms > session->deadline_ms);
        (void)pthread_mutex_unlock(&controller->lock);
        if (forgotten) {
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
    bool refused;
};

static void judge(void *context, char *event)
{
    struct judgement *judgement = context;
    judgement->refused =
        judgement->refused || !probe_may_stay(judgement->policy, judgement->owner, event);
}

void lifetime_adopt(struct controller *controller, const char *name,
                    const struct access_subject *owner)
{
    uint64_t left_kib = 0;
    struct session *session = find_slot(controller, owner->uid, &left_kib);
    struct judgement judgement = {.policy = &controller->policy, .owner = owner};
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
    const bool adopted = opened &&
                         tracefs_each_line(session->directory, "set_event", judge, &judgement) &&
                         !judgement.refused;
    LOG("<5>", "session %s of uid %" PRIu32 ", left by a predecessor: %s\n", name, owner->uid,
        adopted ? "adopted" : "removed");
    session->state = adopted ? SESSION_ACTIVE : SESSION_ENDED;
}

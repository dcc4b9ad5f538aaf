/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <time.h>

#include "controller/controller.h"

enum {
    ROUND_MS = 10,
    BUSY_PAGES = 8, /* in a round */
    ENDING_MS = 1,
    IDLE_MS = 50,     /* to notice that somebody listens now */
    PAGE_HEADER = 16, /* u64 time stamp, u64 commit */
};

/* The word behind a page's time stamp (kernel: kernel/trace/ring_buffer.c, RB_MISSED_*). */
#define COMMIT_STORED (UINT64_C(1) << 30) /* a u64 count of missed events follows the data */
#define COMMIT_LENGTH (COMMIT_STORED - 1)

void log_line(const char *format, ...)
{
    char line[512];
    va_list arguments;
    va_start(arguments, format);
    const int size = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    line[sizeof line - 1] = '\n'; /* of one that was cut off */
    /* A log that cannot be written must not stop what it tells about. */
    (void)!write(2, line, size < (int)sizeof line ? (size_t)size : sizeof line);
}

uint64_t controller_now_ns(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

int64_t controller_now_ms(void)
{
    return (int64_t)(controller_now_ns() / 1000000U);
}

/* Sends what the client has room for; the other thread closes one that is stuck. */
static void send_frames(const struct session *session, struct client *client)
{
    for (; client->cursor < session->head; client->cursor++) {
        const struct session_frame *frame =
            &session->ring[(client->cursor - session->base) % RING_SLOTS];
        if (send(client->socket, frame->data, frame->size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
            /* One that takes nothing any more counts as stuck for ever. */
            const int64_t since_ms = errno == EAGAIN ? controller_now_ms() : 1;
            client->blocked_ms = client->blocked_ms != 0 ? client->blocked_ms : since_ms;
            return;
        }
        client->blocked_ms = 0;
    }
}

/* Sends to each client, and lets the ring forget what all have got. */
static void distribute(struct controller *controller, struct session *session)
{
    uint64_t slowest = session->streaming != 0 ? session->head : session->kept;
    for (size_t i = 0; i < MAX_CLIENTS; i++) {
        struct client *client = &controller->clients[i];
        if (client->session == session && client->streaming) {
            send_frames(session, client);
            slowest = client->cursor < slowest ? client->cursor : slowest;
        }
    }
    session->tail = slowest;
    session->base = slowest == session->head ? slowest : session->base;
}

static bool is_full(const struct session *session)
{
    return session->head - session->tail == RING_SLOTS;
}

/* Gives the next slot its header and the structure its body begins with, and publishes it. */
static void commit(struct session *session, uint16_t type, const void *body, size_t body_size,
                   size_t payload_size)
{
    struct session_frame *frame = &session->ring[(session->head - session->base) % RING_SLOTS];
    const struct message_head head = {.type = type, .size = (uint32_t)(body_size + payload_size)};
    memcpy(frame->data, &head, sizeof head);
    memcpy(frame->data + sizeof head, body, body_size);
    frame->size = sizeof head + head.size;
    session->head++;
}

/*
 * Reads one page to `room`. Its size without the unused end, padded to 8 bytes; 0 when
 * there is none. `is_short`: the writer is still on it, or a part was read before.
 */
static size_t read_page(int records, uint8_t *room, size_t page_size, bool *is_short)
{
    const ssize_t got = read(records, room, page_size);
    uint64_t commit_word = 0;
    if (got < PAGE_HEADER) {
        return 0;
    }
    memcpy(&commit_word, room + 8, sizeof commit_word);
    const size_t length = (size_t)(commit_word & COMMIT_LENGTH);
    const size_t used = PAGE_HEADER + length + ((commit_word & COMMIT_STORED) != 0 ? 8 : 0);
    /* A small page is closed early when the next event is large. */
    *is_short = length < (page_size > 16384 ? page_size / 4 * 3 : page_size / 4);
    return used <= (size_t)got ? (used + 7) & ~(size_t)7 : (size_t)got;
}

/* Fills one frame with pages of the CPU whose turn it is. False: the ring is full. */
static bool read_frame(struct session *session, bool *done)
{
    struct session_cpu *cpu = &session->cpus[session->cpu];
    struct session_frame *frame = &session->ring[(session->head - session->base) % RING_SLOTS];
    const size_t start = sizeof(struct message_head) + sizeof(struct stream_records);
    size_t used = 0;
    if (is_full(session)) {
        return false;
    }
    while (!*done && used + session->page_size <= sizeof frame->data - start) {
        bool is_short = false;
        const size_t size =
            read_page(cpu->records, frame->data + start + used, session->page_size, &is_short);
        used += size;
        session->turn += size != 0;
        /* The first may be short as the rest of one read before. At the end all is read; until
         * then a ring has its turn and no more, however fast it is written. */
        *done = size == 0 || (session->state == SESSION_ACTIVE && session->turn > 1 &&
                              (is_short || session->turn > session->most_pages));
    }
    if (used != 0) {
        const struct stream_records records = {
            .session = session->info.id, .sequence = cpu->sequence++, .cpu = session->cpu};
        commit(session, STREAM_RECORDS, &records, sizeof records, used);
    }
    return true;
}

static uint64_t number_behind(const char *text, const char *name)
{
    const char *found = strstr(text, name);
    return found == NULL ? 0 : strtoull(found + strlen(name), NULL, 10);
}

/* The counters of the CPU whose turn it is; the bytes in its ring that are not read. */
static uint64_t read_counters(struct session *session)
{
    char text[512] = "\n";
    const ssize_t got = pread(session->cpus[session->cpu].stats, text + 1, sizeof text - 2, 0);
    if (got > 0) {
        text[got + 1] = '\0';
        session->counters[session->cpu] =
            (struct stream_counters){.entries = number_behind(text, "\nentries: "),
                                     .overrun = number_behind(text, "\noverrun: "),
                                     .commit_overrun = number_behind(text, "\ncommit overrun: "),
                                     .dropped = number_behind(text, "\ndropped events: "),
                                     .read = number_behind(text, "\nread events: ")};
    }
    return number_behind(text, "\nbytes: ");
}

/* False: the ring is full. */
static bool announce_round(struct session *session, uint32_t cpu_count)
{
    struct session_frame *frame = &session->ring[(session->head - session->base) % RING_SLOTS];
    const size_t size = cpu_count * sizeof(struct stream_counters);
    struct timespec utc = {0};
    if (is_full(session)) {
        return false;
    }
    const uint64_t now_ns = controller_now_ns();
    (void)clock_gettime(CLOCK_REALTIME, &utc);
    const struct stream_round round = {.session = session->info.id,
                                       .started_ns = session->promised_ns,
                                       .utc_offset_ns = (int64_t)utc.tv_sec * 1000000000 +
                                                        utc.tv_nsec - (int64_t)now_ns,
                                       .cpus = cpu_count};
    memcpy(frame->data + sizeof(struct message_head) + sizeof round, session->counters, size);
    commit(session, STREAM_ROUND, &round, sizeof round, size);
    return true;
}

/*
 * The CPU's turn begins. One that was busy gives the pages that are full by now and no
 * more: its last page would be copied event by event, in halves, by two rounds. It is
 * younger than the round before, for a busy ring fills many pages in a round.
 */
static void begin_turn(struct session *session, uint32_t cpu, uint32_t cpu_count)
{
    session->cpu = cpu;
    session->turn = 0;
    session->most_pages = session->info.ring_size / session->page_size;
    if (cpu < cpu_count && session->cpus[cpu].is_busy) {
        const uint64_t full = read_counters(session) / session->page_size;
        session->most_pages = full >= BUSY_PAGES ? full - 1 : session->most_pages;
        session->promised_ns = full >= BUSY_PAGES ? session->before_ns : session->promised_ns;
    }
}

/* Begins the session's round over its CPUs, or goes on with it as far as the ring allows. */
static void drain_round(struct controller *controller, struct session *session)
{
    const uint32_t cpu_count = controller->host.cpu_count;
    if (!session->in_round) {
        session->before_ns = session->started_ns;
        session->started_ns = session->promised_ns = controller_now_ns();
        session->in_round = true;
        begin_turn(session, 0, cpu_count);
    }
    while (session->cpu < cpu_count) {
        bool done = false;
        if (!read_frame(session, &done)) {
            return;
        }
        distribute(controller, session);
        if (done) {
            session->cpus[session->cpu].is_busy = session->turn > BUSY_PAGES;
            /* The counters of an idle CPU have not changed. */
            (void)(session->turn != 0 ? read_counters(session) : 0);
            begin_turn(session, session->cpu + 1, cpu_count);
        }
    }
    session->in_round = !announce_round(session, cpu_count);
    distribute(controller, session);
}

/* Works on one session; the milliseconds after which it wants to be looked at again. */
static int drain_session(struct controller *controller, struct session *session)
{
    const bool ending = session->state == SESSION_ENDING;
    if (session->state == SESSION_FREE || session->streaming == 0) {
        return IDLE_MS;
    }
    distribute(controller, session);
    if (session->state == SESSION_ENDED) {
        return ENDING_MS;
    }
    /* In the middle of a round a client was full, and its socket says when it is not. */
    if (session->in_round || ending ||
        controller_now_ns() - session->started_ns >= ROUND_MS * UINT64_C(1000000)) {
        drain_round(controller, session);
    }
    /* One whole round that began after the kernel stopped writing, and the end is said. */
    if (ending && !session->in_round && !is_full(session)) {
        commit(session, STREAM_END, &session->end, sizeof session->end, 0);
        session->state = SESSION_ENDED;
    }
    return ending ? ENDING_MS : ROUND_MS;
}

void *drain_run(void *context)
{
    struct controller *controller = context;
    struct pollfd waits[MAX_CLIENTS];
    while (!controller->ending) {
        int timeout_ms = IDLE_MS;
        (void)pthread_mutex_lock(&controller->lock);
        for (size_t i = 0; i < MAX_SESSIONS; i++) {
            const int due_ms = drain_session(controller, &controller->sessions[i]);
            timeout_ms = due_ms < timeout_ms ? due_ms : timeout_ms;
        }
        for (size_t i = 0; i < MAX_CLIENTS; i++) {
            const struct client *client = &controller->clients[i];
            const bool full = client->streaming && client->blocked_ms != 0;
            waits[i] = (struct pollfd){.fd = full ? client->socket : -1, .events = POLLOUT};
        }
        (void)pthread_mutex_unlock(&controller->lock);
        (void)poll(waits, MAX_CLIENTS, timeout_ms);
    }
    return NULL;
}

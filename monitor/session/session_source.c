/* SPDX-License-Identifier: MIT */
#include "monitor/session/session_source.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "monitor/session/handover.h"
#include "monitor/session/host.h"

enum {
    PUMP_PACKETS = 512,      /* a call of pump(), so that other sources get their turn */
    FINISH_MS = 5000,        /* for the controller to vouch for the end */
    THREADS_EVERY_MS = 1000, /* between looks at our own threads */
};

struct session_source {
    struct source source; /* first */
    struct session_plan plan;
    struct blocks blocks;
    struct handover handover;
    struct block *spare; /* the block that is received into */
    struct block *early; /* came before the answer to START */
    struct block **early_last;
    uint64_t round_ns;     /* start of the last round */
    uint64_t watermark_ns; /* handed over up to here; start of the round before */
    int64_t threads_at_ns;
    uint64_t finish_ns;         /* a round has to vouch for all until then */
    int64_t finish_deadline_ns; /* 0: not asked to finish */
    bool stopped;               /* the controller can send nothing more */
    bool over;                  /* nothing more will be received */
    enum etwas_status outcome;  /* once over */
    const char *doing;          /* what failed */
    char ending[128];           /* "" for none */
};

static struct session_source *of(struct source *source)
{
    return (struct session_source *)(void *)source;
}

static const struct session_source *of_const(const struct source *source)
{
    return (const struct session_source *)(const void *)source;
}

/* Between two rounds. What an earlier monitor left behind has no first time that is known here. */
static void queue_losses(struct session_source *session, uint32_t cpu, const struct lane_loss *lost)
{
    uint64_t last = session->round_ns != 0 ? session->round_ns : (uint64_t)host_now_ns();
    const bool known = session->watermark_ns != 0 && session->watermark_ns < last;
    struct loss loss = {.cpu = cpu,
                        .first = (int64_t)(known ? session->watermark_ns : last),
                        .last = (int64_t)last};
    loss.where = "kernel";
    loss.count = lost->kernel;
    handover_lost(&session->handover, &loss);
    loss.where = "monitor";
    loss.count = lost->monitor;
    handover_lost(&session->handover, &loss);
}

static void end(struct session_source *session, enum etwas_status outcome, const char *doing)
{
    session->over = true;
    session->outcome = outcome;
    session->doing = doing;
    for (uint32_t cpu = 0; cpu < STREAM_MAX_CPUS; cpu++) {
        struct lane_loss lost;
        handover_end(&session->handover, cpu, &lost);
        queue_losses(session, cpu, &lost);
    }
}

/*
 * What is on its way is still taken and handed over, for the kernel has given it away. All else is
 * left to the controller, which keeps it for whoever comes next.
 */
static void stop(struct session_source *session)
{
    session->stopped = true;
    channel_stop(session->plan.connection.channel);
}

static enum etwas_status end_malformed(struct session_source *session)
{
    end(session, ETWAS_MALFORMED, "understanding what the controller sent");
    return ETWAS_MALFORMED;
}

static void look_at_threads(struct session_source *session)
{
    const int64_t now = host_now_ns();
    const bool due = now - session->threads_at_ns >= THREADS_EVERY_MS * HOST_MS;
    if (session->plan.include_self || (session->threads_at_ns != 0 && !due)) {
        return;
    }
    uint32_t ids[HANDOVER_OWN];
    session->threads_at_ns = now;
    handover_leave_out(&session->handover, ids, host_threads(ids, HANDOVER_OWN));
}

static enum etwas_status take_counters(struct session_source *session, struct bytes_reader *body,
                                       uint32_t cpus)
{
    for (uint32_t cpu = 0; cpu < cpus; cpu++) {
        struct stream_counters counters;
        struct lane_loss lost;
        stream_get_counters(body, &counters);
        const enum etwas_status status =
            handover_round(&session->handover, cpu, &counters, session->plan.joined, &lost);
        if (status != ETWAS_OK) {
            return status;
        }
        queue_losses(session, cpu, &lost);
    }
    return ETWAS_OK;
}

static enum etwas_status take_round(struct session_source *session, struct bytes_reader *body)
{
    struct stream_round round;
    stream_get_round(body, &round);
    if (body->bad || body->left != (size_t)round.cpus * STREAM_COUNTERS_SIZE ||
        round.session != session->plan.session || round.started_ns < session->round_ns) {
        return end_malformed(session);
    }
    session->watermark_ns = session->round_ns;
    session->round_ns = round.started_ns;
    session->handover.utc_offset_ns = round.utc_offset_ns;
    if (take_counters(session, body, round.cpus) != ETWAS_OK) {
        return end_malformed(session);
    }
    if (session->finish_deadline_ns != 0 && round.started_ns >= session->finish_ns) {
        stop(session);
    }
    return ETWAS_OK;
}

static void say_end(struct session_source *session, const struct stream_end *ended)
{
    char user[64];
    if (ended->reason == END_STOPPED) {
        (void)snprintf(session->ending, sizeof session->ending, "the session was stopped by %s",
                       host_user(ended->uid, user, sizeof user));
    } else {
        (void)snprintf(session->ending, sizeof session->ending,
                       "the controller ended, and the session with it");
    }
}

static enum etwas_status take_end(struct session_source *session, struct bytes_reader *body)
{
    struct stream_end ended;
    stream_get_end(body, &ended);
    if (bytes_end(body) != ETWAS_OK || ended.session != session->plan.session ||
        ended.reason > END_SHUTDOWN) {
        return end_malformed(session);
    }
    say_end(session, &ended);
    end(session, ETWAS_CLOSED, NULL);
    return ETWAS_OK;
}

/* Takes the block, too. */
static enum etwas_status take_records(struct session_source *session, struct bytes_reader *body,
                                      struct block *block)
{
    struct stream_records records;
    stream_get_records(body, &records);
    if (body->bad || records.session != session->plan.session) {
        blocks_give(&session->blocks, block);
        return end_malformed(session);
    }
    const enum etwas_status status = handover_take(&session->handover, &records, body, block);
    if (status != ETWAS_OK) {
        end(session, status, "understanding what the controller sent");
    }
    return status;
}

/* One packet of the stream. Whether it was the last is said by `over`. */
static void take_packet(struct session_source *session, struct block *block)
{
    uint16_t type = 0;
    struct bytes_reader body;
    enum etwas_status status =
        message_decode(block->packet, block->size, STREAM_MAX_FRAME, &type, &body);
    if (status == ETWAS_OK && type == STREAM_RECORDS) {
        (void)take_records(session, &body, block);
        return;
    }
    if (status == ETWAS_OK && type == STREAM_ROUND) {
        (void)take_round(session, &body);
    } else if (status == ETWAS_OK && type == STREAM_END) {
        (void)take_end(session, &body);
    } else {
        (void)end_malformed(session);
    }
    blocks_give(&session->blocks, block);
}

/* Receives into the spare block; AGAIN: nothing is there. */
static enum etwas_status receive(struct session_source *session, struct block **block,
                                 int timeout_ms)
{
    if (session->spare == NULL) {
        session->spare = blocks_take(&session->blocks);
    }
    if (session->spare == NULL) {
        return ETWAS_NO_MEMORY;
    }
    struct channel_room room = {.data = session->spare->packet,
                                .capacity = sizeof session->spare->packet};
    const enum etwas_status status =
        channel_receive(session->plan.connection.channel, &room, NULL, timeout_ms);
    if (status == ETWAS_OK) {
        session->spare->size = room.size;
        *block = session->spare;
        session->spare = NULL;
    }
    return status;
}

static enum etwas_status next_packet(struct session_source *session, struct block **block)
{
    if (session->early == NULL) {
        return receive(session, block, 0);
    }
    *block = session->early;
    session->early = (*block)->next;
    if (session->early == NULL) {
        session->early_last = &session->early;
    }
    return ETWAS_OK;
}

/* All blocks are in use: the earliest half goes before its time. */
static enum etwas_status make_room(struct session_source *session, struct event_handler *handler)
{
    return handover_run(&session->handover, UINT64_MAX, session->plan.blocks / 2, handler);
}

static void receive_failed(struct session_source *session, enum etwas_status status)
{
    if (status == ETWAS_CLOSED && session->stopped) {
        end(session, ETWAS_CLOSED, NULL);
    } else if (status == ETWAS_CLOSED) {
        (void)snprintf(session->ending, sizeof session->ending,
                       "the controller has gone or has closed this monitor; next: etwas --doctor");
        end(session, ETWAS_SYSTEM, "receiving from the controller");
    } else {
        end(session, status, "receiving from the controller");
    }
}

/* One packet, and what it allows to hand over. AGAIN: there is none; `*handled` is the handler's.
 */
static enum etwas_status receive_one(struct session_source *session, struct event_handler *handler,
                                     enum etwas_status *handled)
{
    struct block *block = NULL;
    const enum etwas_status status = next_packet(session, &block);
    if (status == ETWAS_NO_MEMORY && session->blocks.taken != 0) {
        *handled = make_room(session, handler);
        return ETWAS_OK;
    }
    if (status != ETWAS_OK) {
        if (status != ETWAS_AGAIN) {
            receive_failed(session, status);
        }
        return status;
    }
    const uint64_t before = session->watermark_ns;
    take_packet(session, block);
    if (before != session->watermark_ns && !session->over) {
        *handled = handover_run(&session->handover, session->watermark_ns, 0, handler);
    }
    return ETWAS_OK;
}

static enum etwas_status receive_all(struct session_source *session, struct event_handler *handler)
{
    enum etwas_status handled = ETWAS_OK;
    for (int i = 0; i < PUMP_PACKETS && !session->over && handled == ETWAS_OK; i++) {
        if (receive_one(session, handler, &handled) != ETWAS_OK) {
            break;
        }
    }
    return handled;
}

static void keep_time(struct session_source *session)
{
    if (session->over || session->stopped || session->finish_deadline_ns == 0) {
        return;
    }
    if (host_now_ns() >= session->finish_deadline_ns) {
        (void)snprintf(session->ending, sizeof session->ending,
                       "the controller did not confirm the end within %d s", FINISH_MS / 1000);
        stop(session);
    }
}

/* Hands over the rest. */
static enum etwas_status wind_up(struct session_source *session, struct event_handler *handler,
                                 struct etwas_error *error)
{
    const enum etwas_status status = handover_run(&session->handover, UINT64_MAX, 0, handler);
    if (status != ETWAS_OK) {
        return status;
    }
    if (session->outcome != ETWAS_CLOSED) {
        *error = (struct etwas_error){.status = session->outcome, .doing = session->doing};
    }
    return session->outcome;
}

static enum etwas_status pump(struct source *source, struct event_handler *handler,
                              struct etwas_error *error)
{
    struct session_source *session = of(source);
    look_at_threads(session);
    const enum etwas_status status = receive_all(session, handler);
    if (status != ETWAS_OK) {
        return status;
    }
    keep_time(session);
    return session->over ? wind_up(session, handler, error) : ETWAS_OK;
}

static int descriptor(const struct source *source)
{
    return channel_descriptor(of_const(source)->plan.connection.channel);
}

static int timeout_ms(const struct source *source)
{
    const struct session_source *session = of_const(source);
    if (session->over || session->stopped || session->early != NULL) {
        return 0;
    }
    return session->finish_deadline_ns != 0 ? host_left_ms(session->finish_deadline_ns) : -1;
}

static void finish(struct source *source)
{
    struct session_source *session = of(source);
    if (session->over || session->finish_deadline_ns != 0) {
        return;
    }
    const int64_t now = host_now_ns();
    session->finish_ns = (uint64_t)now;
    session->finish_deadline_ns = now + FINISH_MS * HOST_MS;
}

static void accounts(const struct source *source, struct source_accounts *sum)
{
    const struct handover *handover = &of_const(source)->handover;
    *sum = (struct source_accounts){.late = merge_counts(handover->merge)->late};
    for (size_t i = 0; i < STREAM_MAX_CPUS; i++) {
        accounts_add(sum, &handover->lanes[i].sums);
    }
}

static bool lane(const struct source *source, uint32_t index, struct source_accounts *part)
{
    const struct session_source *session = of_const(source);
    if (index >= STREAM_MAX_CPUS || index >= session->plan.connection.cpus) {
        return false;
    }
    *part = session->handover.lanes[index].sums;
    return true;
}

static void position(const struct source *source, struct source_position *at)
{
    const struct session_source *session = of_const(source);
    const uint32_t cpus = session->plan.connection.cpus;
    bool known = true;
    at->lane_count = cpus < STREAM_MAX_CPUS ? cpus : STREAM_MAX_CPUS;
    for (uint32_t cpu = 0; cpu < at->lane_count; cpu++) {
        known = accounts_position(&session->handover.lanes[cpu], session->plan.joined,
                                  &at->lanes[cpu]) &&
                known;
    }
    at->session = known ? session->plan.session : 0;
}

static void resume(struct source *source, const struct source_position *at)
{
    struct session_source *session = of(source);
    if (at->session != session->plan.session) {
        return;
    }
    for (uint32_t cpu = 0; cpu < STREAM_MAX_CPUS; cpu++) {
        /* A CPU that was not there had done nothing. */
        const struct source_lane none = {0};
        accounts_resume(&session->handover.lanes[cpu],
                        cpu < at->lane_count ? &at->lanes[cpu] : &none);
    }
}

static const char *ending(const struct source *source)
{
    const struct session_source *session = of_const(source);
    return session->ending[0] != '\0' ? session->ending : NULL;
}

static void close_source(struct source *source)
{
    struct session_source *session = of(source);
    while (session->early != NULL) {
        struct block *block = session->early;
        session->early = block->next;
        blocks_give(&session->blocks, block);
    }
    blocks_give(&session->blocks, session->spare);
    handover_clear(&session->handover);
    blocks_clear(&session->blocks);
    selections_close(session->plan.selections);
    request_disconnect(&session->plan.connection);
    free(session);
}

static const struct source_ops ops = {
    .descriptor = descriptor,
    .timeout_ms = timeout_ms,
    .pump = pump,
    .finish = finish,
    .accounts = accounts,
    .ending = ending,
    .close = close_source,
    .lane = lane,
    .position = position,
    .resume = resume,
};

_Static_assert((int)SOURCE_MAX_LANES >= (int)STREAM_MAX_CPUS, "a position holds all CPUs");

enum etwas_status session_source_open(const struct session_plan *plan, struct source **source)
{
    struct session_source *session = calloc(1, sizeof *session);
    if (session == NULL) {
        return ETWAS_NO_MEMORY;
    }
    session->source.ops = &ops;
    session->plan = *plan;
    session->early_last = &session->early;
    blocks_init(&session->blocks, plan->blocks);
    if (handover_init(&session->handover, &session->blocks, plan->selections) != ETWAS_OK) {
        free(session);
        return ETWAS_NO_MEMORY;
    }
    session->handover.utc_offset_ns = host_utc_offset_ns();
    *source = &session->source;
    return ETWAS_OK;
}

/* The answer, or something else that is kept for pump(). */
static enum etwas_status take_answer(struct session_source *session, struct block *block,
                                     struct message_answer *answer)
{
    uint16_t type = 0;
    struct bytes_reader body;
    enum etwas_status status =
        message_decode(block->packet, block->size, STREAM_MAX_FRAME, &type, &body);
    if (status == ETWAS_OK && type != MESSAGE_START + 1) {
        block->next = NULL;
        *session->early_last = block;
        session->early_last = &block->next;
        return ETWAS_AGAIN;
    }
    if (status == ETWAS_OK) {
        message_get_answer(&body, answer);
        status = bytes_end(&body);
    }
    blocks_give(&session->blocks, block);
    return status;
}

enum etwas_status session_source_await(struct source *source, struct message_answer *answer,
                                       int timeout_ms)
{
    struct session_source *session = of(source);
    const int64_t deadline = host_now_ns() + timeout_ms * HOST_MS;
    enum etwas_status status = ETWAS_AGAIN;
    while (status == ETWAS_AGAIN) {
        const int left = host_left_ms(deadline);
        struct block *block = NULL;
        status = receive(session, &block, left);
        if (status == ETWAS_OK) {
            status = take_answer(session, block, answer);
        } else if (left == 0) {
            break;
        }
    }
    return status;
}

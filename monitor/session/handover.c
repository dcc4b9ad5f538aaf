/* SPDX-License-Identifier: MIT */
#include "monitor/session/handover.h"

#include <stdlib.h>

enum { GIVE_BACK_EVERY = 1024 /* records */, PREFETCH = 1024 /* bytes ahead */ };
enum { NS_A_TICK = 100, RECORD_PID = 4, RECORD_COMMON = 8 /* bytes that every record has */ };

enum etwas_status handover_init(struct handover *handover, struct blocks *blocks,
                                const struct selections *selections)
{
    handover->blocks = blocks;
    handover->table = selections_table(selections);
    handover->merge = merge_open();
    handover->lanes = calloc(STREAM_MAX_CPUS, sizeof *handover->lanes);
    for (size_t i = 0; i < SESSION_BATCH; i++) {
        handover->batch[i].level = EVENT_LEVEL_NONE; /* the fields not set in put() stay */
    }
    if (handover->merge == NULL || handover->lanes == NULL) {
        handover_clear(handover);
        return ETWAS_NO_MEMORY;
    }
    return ETWAS_OK;
}

static void give_back(struct handover *handover)
{
    void *tag = NULL;
    while (merge_take_consumed(handover->merge, &tag)) {
        blocks_give(handover->blocks, tag);
    }
}

void handover_clear(struct handover *handover)
{
    if (handover->merge != NULL) {
        handover_discard(handover); /* all blocks go back */
    }
    merge_close(handover->merge);
    free(handover->lanes);
    handover->merge = NULL;
    handover->lanes = NULL;
}

void handover_leave_out(struct handover *handover, const uint32_t *ids, size_t count)
{
    handover->own_count = count < HANDOVER_OWN ? count : HANDOVER_OWN;
    handover->own_mask = 0;
    for (size_t i = 0; i < handover->own_count; i++) {
        handover->own[i] = ids[i];
        handover->own_mask |= UINT64_C(1) << (ids[i] & 63U);
    }
}

enum etwas_status handover_take(struct handover *handover, const struct stream_records *records,
                                struct bytes_reader *body, struct block *block)
{
    const size_t size = body->left;
    const uint8_t *data = bytes_view(body, size);
    enum etwas_status status = accounts_records(&handover->lanes[records->cpu], records->sequence);
    if (status == ETWAS_OK) {
        status = merge_push(handover->merge, records->cpu, data, size, block);
    }
    if (status != ETWAS_OK) {
        blocks_give(handover->blocks, block);
    }
    return status;
}

enum etwas_status handover_round(struct handover *handover, uint32_t cpu,
                                 const struct stream_counters *counters, bool joined,
                                 struct lane_loss *lost)
{
    struct lane_accounts *lane = &handover->lanes[cpu];
    const uint64_t held =
        accounts_wants_held(lane, joined) ? merge_held(handover->merge, cpu) : ACCOUNTS_NOT_COUNTED;
    return accounts_round(lane, counters, joined, held, lost);
}

void handover_end(struct handover *handover, uint32_t cpu, struct lane_loss *lost)
{
    accounts_end(&handover->lanes[cpu], merge_held(handover->merge, cpu), lost);
}

void handover_lost(struct handover *handover, const struct loss *loss)
{
    if (loss->count == 0) {
        return;
    }
    if (handover->loss_count < HANDOVER_LOSSES) {
        handover->losses[handover->loss_count++] = *loss;
        return;
    }
    /* So many wait only when the handler fails and is asked again: keep the sum. */
    struct loss *last = &handover->losses[HANDOVER_LOSSES - 1];
    last->count += loss->count;
    last->last = loss->last;
}

static int64_t event_time(const struct handover *handover, uint64_t time_ns)
{
    /* As unsigned: the divisor is a constant, and no trace is older than 1970. */
    return (int64_t)((time_ns + (uint64_t)handover->utc_offset_ns) / NS_A_TICK) + EVENT_UNIX_EPOCH;
}

static bool is_own(const struct handover *handover, uint32_t thread)
{
    if ((handover->own_mask >> (thread & 63U) & 1U) == 0) {
        return false;
    }
    for (size_t i = 0; i < handover->own_count; i++) {
        if (handover->own[i] == thread) {
            return true;
        }
    }
    return false;
}

static bool any_passes(const struct filter_set *set, const struct record *record)
{
    for (; set != NULL; set = set->next) {
        if (filter_passes(set, record->data, record->size)) {
            return true;
        }
    }
    return false;
}

/* What the record was asked for as; NULL: it was not. */
static const struct selection *select_record(const struct handover *handover,
                                             const struct record *record)
{
    if (record->size < RECORD_COMMON) {
        return NULL;
    }
    const struct selection *selection = handover->table[load_u16(record->data)];
    if (selection == NULL || is_own(handover, load_u32(record->data + RECORD_PID))) {
        return NULL;
    }
    if (selection->filters != NULL && !any_passes(selection->filters, record)) {
        return NULL;
    }
    return selection;
}

static void put(struct handover *handover, const struct selection *selection,
                const struct record *record, uint32_t cpu)
{
    struct event *event = &handover->batch[handover->batched++];
    event->schema = selection->schema;
    event->payload = record->data;
    event->payload_size = record->size;
    event->time = event_time(handover, record->time_ns);
    event->thread_id = load_u32(record->data + RECORD_PID);
    event->cpu = cpu;
    event->id = selection->event_id;
}

/* After this no record handed over is used any more. */
static enum etwas_status flush(struct handover *handover, struct event_handler *handler)
{
    enum etwas_status status = ETWAS_OK;
    if (handover->batched != 0) {
        status = handler->handle(handler, handover->batch, handover->batched);
        handover->batched = 0;
    }
    give_back(handover);
    return status;
}

static enum etwas_status hand_over_losses(struct handover *handover, uint64_t watermark_ns,
                                          struct event_handler *handler)
{
    enum etwas_status status = ETWAS_OK;
    size_t done = 0;
    while (status == ETWAS_OK && done < handover->loss_count &&
           (uint64_t)handover->losses[done].last <= watermark_ns) {
        struct loss loss = handover->losses[done++];
        loss.first = event_time(handover, (uint64_t)loss.first);
        loss.last = event_time(handover, (uint64_t)loss.last);
        const struct event event = loss_event(&loss);
        status = handler->handle(handler, &event, 1);
    }
    handover->loss_count -= done;
    for (size_t i = 0; done != 0 && i < handover->loss_count; i++) {
        handover->losses[i] = handover->losses[i + done];
    }
    return status;
}

/* Takes one run of a CPU's records, as far as the batch has room; how many they were. */
static uint64_t take_run(struct handover *handover, const struct merge_run *run)
{
    struct record *record = run->record;
    uint64_t taken = 0;
    uint64_t delivered = 0;
    uint64_t last_ns = 0;
    bool more = true;
    do {
        const struct selection *selection = select_record(handover, record);
        if (selection != NULL) {
            put(handover, selection, record, run->cpu);
            delivered++;
        }
        taken++;
        last_ns = record->time_ns;
        /* The block was received some 20 ms ago and has left the near caches since. */
        __builtin_prefetch(record->data + PREFETCH);
        more = page_walk_next(run->walk, record);
    } while (more && record->time_ns <= run->until_ns && handover->batched < SESSION_BATCH);
    merge_run_end(handover->merge, run, last_ns, more);
    struct source_accounts *sums = &handover->lanes[run->cpu].sums;
    sums->delivered += delivered;
    sums->filtered += taken - delivered;
    return taken;
}

/* Records may be missing that were counted as read: of whichever CPU, it is to be found out. */
static void question_malformed(struct handover *handover)
{
    const uint64_t malformed = merge_counts(handover->merge)->malformed;
    if (malformed == handover->malformed) {
        return;
    }
    handover->malformed = malformed;
    for (size_t i = 0; i < STREAM_MAX_CPUS; i++) {
        handover->lanes[i].in_question = true;
    }
}

enum etwas_status handover_run(struct handover *handover, uint64_t watermark_ns, size_t leave,
                               struct event_handler *handler)
{
    enum etwas_status status = ETWAS_OK;
    struct merge_run run;
    uint64_t unflushed = 0;
    while (merge_run_begin(handover->merge, watermark_ns, &run)) {
        unflushed += take_run(handover, &run);
        if (handover->batched < SESSION_BATCH && unflushed < GIVE_BACK_EVERY) {
            continue;
        }
        unflushed = 0;
        status = flush(handover, handler);
        if (status != ETWAS_OK || handover->blocks->taken <= leave) {
            return status;
        }
    }
    question_malformed(handover);
    status = flush(handover, handler);
    if (status != ETWAS_OK) {
        return status;
    }
    return hand_over_losses(handover, watermark_ns, handler);
}

void handover_discard(struct handover *handover)
{
    struct record record;
    uint32_t cpu = 0;
    while (merge_next(handover->merge, UINT64_MAX, &record, &cpu)) {
        handover->lanes[cpu].sums.filtered++;
    }
    give_back(handover);
}

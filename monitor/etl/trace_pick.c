/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "monitor/etl/trace_parts.h"

/* Few records of many: they are found buffer by buffer, then sorted. */

struct pick {
    int64_t key;
    size_t run;
    size_t at; /* in its buffer */
};

struct picks {
    struct pick *list;
    size_t count;
    size_t room;
};

static bool add(struct picks *picks, const struct pick *pick)
{
    enum { FIRST_ROOM = 256 };
    if (picks->count == picks->room) {
        const size_t room = picks->room != 0 ? picks->room * 2 : FIRST_ROOM;
        struct pick *list = realloc(picks->list, room * sizeof *list);
        if (list == NULL) {
            return false;
        }
        picks->list = list;
        picks->room = room;
    }
    picks->list[picks->count++] = *pick;
    return true;
}

/* Walks over one buffer. False: no memory. */
static bool look_through(const struct trace *trace, size_t run, const struct slot *slot,
                         bool (*wanted)(const struct etl_glance *glance), struct picks *picks)
{
    struct etl_glance glance;
    struct pick pick = {.run = run};
    size_t taken = 0;
    for (size_t at = BUFFER_HEADER; at < slot->size; at += taken) {
        const uint8_t *data = slot->data + at;
        int64_t stamp = 0;
        if (etl_record_glance(data, slot->size - at, &glance, &taken) != ETWAS_OK) {
            taken = trace_find_record(slot->data, slot->size, at + 1) - at;
            continue;
        }
        if (glance.provider_id == NULL || !wanted(&glance) ||
            !trace_peek(data, slot->size - at, &stamp)) {
            continue;
        }
        pick.at = at;
        pick.key = trace_key(trace, trace->runs[run].file, stamp);
        if (picks->count < TRACE_MAX_PICKED && !add(picks, &pick)) {
            return false;
        }
    }
    return true;
}

static enum etwas_status find(struct trace *trace, bool (*wanted)(const struct etl_glance *glance),
                              struct picks *picks)
{
    for (size_t run = 0; run < trace->run_count; run++) {
        enum etwas_status status = trace->runs[run].slot == 0 ? trace_load(trace, run) : ETWAS_OK;
        if (status != ETWAS_OK) {
            return status;
        }
        struct slot *slot = &trace->slots[trace->runs[run].slot - 1];
        if (!look_through(trace, run, slot, wanted, picks)) {
            return ETWAS_NO_MEMORY;
        }
        trace_forget(trace, slot);
    }
    return ETWAS_OK;
}

static int by_key(const void *one, const void *other)
{
    const struct pick *left = one;
    const struct pick *right = other;
    if (left->key != right->key) {
        return left->key < right->key ? -1 : 1;
    }
    if (left->run != right->run) {
        return left->run < right->run ? -1 : 1;
    }
    return left->at < right->at ? -1 : left->at > right->at;
}

static enum etwas_status hand_over(struct trace *trace, const struct picks *picks,
                                   const struct trace_picking *picking)
{
    for (size_t i = 0; i < picks->count; i++) {
        const struct pick *pick = &picks->list[i];
        const struct run *run = &trace->runs[pick->run];
        const enum etwas_status status = run->slot == 0 ? trace_load(trace, pick->run) : ETWAS_OK;
        if (status != ETWAS_OK) {
            return status;
        }
        struct slot *slot = &trace->slots[run->slot - 1];
        struct etl_record record;
        size_t taken = 0;
        /* The file may have changed since. */
        if (pick->at < slot->size && etl_record_read(slot->data + pick->at, slot->size - pick->at,
                                                     &record, &taken) == ETWAS_OK) {
            record.cpu = run->cpu;
            record.file = run->file;
            picking->each(picking->context, &record);
        }
        if (i + 1 == picks->count || picks->list[i + 1].run != pick->run) {
            trace_forget(trace, slot);
        }
    }
    return ETWAS_OK;
}

enum etwas_status trace_pick(struct trace *trace, const struct trace_picking *picking)
{
    struct picks picks = {.list = NULL};
    trace_advance(trace);
    enum etwas_status status = find(trace, picking->wanted, &picks);
    if (status == ETWAS_OK && picks.count > 1) {
        qsort(picks.list, picks.count, sizeof *picks.list, by_key);
    }
    if (status == ETWAS_OK) {
        status = hand_over(trace, &picks, picking);
    }
    free(picks.list);
    return status;
}

/* SPDX-License-Identifier: MIT */
#include "monitor/etw/trace_census.h"

#include <stdlib.h>
#include <string.h>

#include "monitor/etl/provider_name.h"

enum { FIRST_ROOM = 256 /* a power of two */ };

/* One layout and what came of it, found again by its address; while counting only. */
struct tally {
    struct trace_census_event *slots;
    size_t room;
    size_t used;
};

const char *etw_source_name(enum etw_source source)
{
    switch (source) {
    case ETW_TRACELOGGING:
        return "TraceLogging";
    case ETW_EVENT_INFO:
        return "event info in the trace";
    case ETW_STREAM_MANIFEST:
        return "manifest in the trace";
    case ETW_MANIFEST:
        return "manifest";
    case ETW_CLASSIC:
        return "table";
    case ETW_WPP:
        return "WPP";
    case ETW_RAW:
        break;
    }
    return NULL;
}

static struct trace_census_event *slot_of(const struct tally *tally,
                                          const struct etw_layout *layout)
{
    const uint64_t mixed = (uint64_t)(uintptr_t)layout * UINT64_C(0x9e3779b97f4a7c15);
    size_t at = (size_t)(mixed >> 32) & (tally->room - 1);
    while (tally->slots[at].layout != NULL && tally->slots[at].layout != layout) {
        at = (at + 1) & (tally->room - 1);
    }
    return &tally->slots[at];
}

static bool grow(struct tally *tally)
{
    struct tally larger = {.room = tally->room * 2, .used = tally->used};
    larger.slots = calloc(larger.room, sizeof *larger.slots);
    if (larger.slots == NULL) {
        return false;
    }
    for (size_t i = 0; i < tally->room; i++) {
        if (tally->slots[i].layout != NULL) {
            *slot_of(&larger, tally->slots[i].layout) = tally->slots[i];
        }
    }
    free(tally->slots);
    *tally = larger;
    return true;
}

static enum etwas_status count_record(struct tally *tally, const struct etw_layout *layout,
                                      const struct etl_record *record)
{
    if (layout == NULL || (tally->used * 2 >= tally->room && !grow(tally))) {
        return ETWAS_NO_MEMORY;
    }
    struct trace_census_event *event = slot_of(tally, layout);
    if (event->layout == NULL) {
        tally->used++;
        *event = (struct trace_census_event){
            .layout = layout,
            .id = record->classic ? record->opcode : record->id,
            .version = record->version,
            .classic = record->classic,
        };
    }
    event->count++;
    return ETWAS_OK;
}

/* The whole trace: `take` gets each record. CLOSED turns into OK. */
static enum etwas_status walk(struct trace_census *census,
                              const struct trace_source_options *options, struct tally *tally)
{
    struct etl_record record;
    enum etwas_status status = ETWAS_OK;
    while (status == ETWAS_OK || status == ETWAS_AGAIN) {
        trace_advance(census->trace);
        status = trace_next(census->trace, &record);
        if (status != ETWAS_OK) {
            continue;
        }
        if (tally == NULL) {
            (void)schemas_learn(census->schemas, &record);
        } else if (options->rule_count == 0 ||
                   trace_filter_passes(options->rules, options->rule_count, &record)) {
            status = count_record(tally, schemas_find(census->schemas, &record), &record);
        }
    }
    return status == ETWAS_CLOSED ? ETWAS_OK : status;
}

static int compare_ids(const void *left, const void *right)
{
    const struct trace_census_event *a = left;
    const struct trace_census_event *b = right;
    const int order =
        memcmp(a->layout->schema.provider_id, b->layout->schema.provider_id, PROVIDER_ID_SIZE);
    /* Those without a schema last: they do not know the provider's name. */
    return order != 0 ? order : (int)a->layout->source - (int)b->layout->source;
}

static int compare(const void *left, const void *right)
{
    const struct trace_census_event *a = left;
    const struct trace_census_event *b = right;
    const struct schema *first = &a->layout->schema;
    const struct schema *second = &b->layout->schema;
    int order = strcmp(a->provider, b->provider);
    order = order != 0 ? order : memcmp(first->provider_id, second->provider_id, PROVIDER_ID_SIZE);
    order = order != 0 ? order : (int)a->id - (int)b->id;
    order = order != 0 ? order : (int)a->version - (int)b->version;
    order = order != 0 ? order : strcmp(first->event_name, second->event_name);
    return order != 0 ? order : (int)a->layout->source - (int)b->layout->source;
}

/* Each provider gets one name; they are in the order of compare_ids(). */
static void name_providers(struct trace_census_event *events, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct schema *schema = &events[i].layout->schema;
        const bool follows = i != 0 && memcmp(events[i - 1].layout->schema.provider_id,
                                              schema->provider_id, PROVIDER_ID_SIZE) == 0;
        events[i].provider = follows ? events[i - 1].provider : schema->provider;
    }
}

/* Closes up the gaps, sorts, and makes one of those that only their pointer size tells apart. */
static void settle(struct tally *tally, struct trace_census *census)
{
    size_t count = 0;
    for (size_t i = 0; i < tally->room; i++) {
        if (tally->slots[i].layout != NULL) {
            tally->slots[count++] = tally->slots[i];
        }
    }
    qsort(tally->slots, count, sizeof *tally->slots, compare_ids);
    name_providers(tally->slots, count);
    qsort(tally->slots, count, sizeof *tally->slots, compare);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (kept != 0 && compare(&tally->slots[kept - 1], &tally->slots[i]) == 0) {
            tally->slots[kept - 1].count += tally->slots[i].count;
        } else {
            tally->slots[kept++] = tally->slots[i];
        }
    }
    census->events = tally->slots;
    census->count = kept;
}

enum etwas_status trace_census_take(const struct trace_source_options *options,
                                    struct trace_census *census, size_t *failed,
                                    struct etwas_error *error)
{
    struct tally tally = {.room = FIRST_ROOM};
    *census = (struct trace_census){0};
    enum etwas_status status =
        trace_open(options->paths, options->path_count, &census->trace, failed, error);
    if (status == ETWAS_OK) {
        status = schemas_open(&options->schemas, &census->schemas, error);
    }
    if (status == ETWAS_OK) {
        tally.slots = calloc(tally.room, sizeof *tally.slots);
        *error = (struct etwas_error){ETWAS_NO_MEMORY, 0, "counting records"};
        status = tally.slots == NULL ? ETWAS_NO_MEMORY : walk(census, options, NULL);
    }
    if (status == ETWAS_OK) {
        schemas_learnt(census->schemas);
        trace_rewind(census->trace);
        status = walk(census, options, &tally);
    }
    if (status != ETWAS_OK) {
        free(tally.slots);
        trace_census_clear(census);
        return status;
    }
    settle(&tally, census);
    return ETWAS_OK;
}

void trace_census_clear(struct trace_census *census)
{
    free(census->events);
    schemas_close(census->schemas);
    trace_close(census->trace);
    *census = (struct trace_census){0};
}

bool trace_census_id(const struct trace_census *census, const char *name,
                     uint8_t id[PROVIDER_ID_SIZE])
{
    uint8_t hashed[PROVIDER_ID_SIZE];
    provider_id_of_name(name, hashed);
    for (size_t i = 0; i < census->count; i++) {
        const struct schema *schema = &census->events[i].layout->schema;
        if (strcmp(census->events[i].provider, name) == 0 ||
            memcmp(schema->provider_id, hashed, PROVIDER_ID_SIZE) == 0) {
            memcpy(id, schema->provider_id, PROVIDER_ID_SIZE);
            return true;
        }
    }
    return false;
}

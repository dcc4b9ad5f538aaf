/* SPDX-License-Identifier: MIT */
#include "monitor/pipeline_books.h"

#include "monitor/session/accounts.h"

struct books {
    struct sink_books books; /* first */
    const struct pipeline *pipeline;
};

void pipeline_cut_off(struct pipeline *pipeline, size_t source, const struct event *events,
                      size_t count)
{
    const bool has_lanes = pipeline->sources[source]->ops->lane != NULL;
    for (size_t i = 0; i < count; i++) {
        if (events[i].schema->origin == SCHEMA_OWN) {
            continue; /* no source counts these as delivered */
        }
        pipeline->cut.sources[source]++;
        if (has_lanes && events[i].cpu < SOURCE_MAX_LANES) {
            pipeline->cut.lanes[events[i].cpu]++;
        }
    }
}

static void move_cut(struct source_accounts *accounts, uint64_t cut)
{
    accounts->delivered -= cut;
    accounts->filtered += cut;
}

void pipeline_accounts(const struct pipeline *pipeline, size_t source,
                       struct source_accounts *accounts)
{
    *accounts = (struct source_accounts){0};
    pipeline->sources[source]->ops->accounts(pipeline->sources[source], accounts);
    move_cut(accounts, pipeline->cut.sources[source]);
}

bool pipeline_lane(const struct pipeline *pipeline, size_t source, uint32_t index,
                   struct source_accounts *accounts)
{
    const struct source *of = pipeline->sources[source];
    if (of->ops->lane == NULL || !of->ops->lane(of, index, accounts)) {
        return false;
    }
    move_cut(accounts, index < SOURCE_MAX_LANES ? pipeline->cut.lanes[index] : 0);
    return true;
}

void pipeline_sum(const struct pipeline *pipeline, struct source_accounts *sum)
{
    *sum = (struct source_accounts){0};
    for (size_t i = 0; i < pipeline->source_count; i++) {
        struct source_accounts part;
        pipeline_accounts(pipeline, i, &part);
        accounts_add(sum, &part);
    }
}

static void take(const struct sink_books *books, struct source_accounts *accounts,
                 struct source_position *position)
{
    const struct pipeline *pipeline = ((const struct books *)(const void *)books)->pipeline;
    pipeline_sum(pipeline, accounts);
    position->session = 0;
    position->lane_count = 0;
    for (size_t i = 0; i < pipeline->source_count; i++) {
        const struct source *source = pipeline->sources[i];
        if (source->ops->position != NULL) {
            source->ops->position(source, position);
            return;
        }
    }
}

void pipeline_checkpoint(const struct pipeline *pipeline, struct sink *sink)
{
    const struct books books = {.books = {.take = take}, .pipeline = pipeline};
    if (sink->ops->checkpoint != NULL) {
        sink->ops->checkpoint(sink, &books.books);
    }
}

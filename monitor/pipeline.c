/* SPDX-License-Identifier: MIT */
#include "monitor/pipeline.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "monitor/pipeline_books.h"
#include "monitor/pipeline_host.h"
#include "monitor/pipeline_report.h"
#include "monitor/session/host_base.h"
#include "monitor/session/processes.h"

enum {
    SECOND_MS = 1000,
    DRAIN_MS = 10000,   /* for all sources to end after they were asked to */
    SETTLE_MS = 1000,   /* for the session to say what came beyond max_events */
    ENRICH_BATCH = 128, /* events copied at a time */
};

/* One run; it is the handler of all sources. */
struct run {
    struct event_handler handler; /* first */
    struct pipeline *pipeline;
    struct processes *processes; /* NULL: no sink looks at the events */
    struct pipeline_input inputs[PIPELINE_MAX_SOURCES];
    bool source_ended[PIPELINE_MAX_SOURCES];
    bool sink_ended[PIPELINE_MAX_SINKS];
    size_t pumped; /* the source that calls the handler */
    size_t sources_left;
    size_t sinks_left;
    uint64_t written;    /* events that went to the sinks */
    uint64_t room;       /* events that may still go there */
    uint64_t said_count; /* `written` at the last message a second */
    struct source_accounts said_losses;
    int64_t second_at_ns; /* when the next message is due */
    int64_t flush_at_ns;  /* when what sinks hold back has to go */
    int64_t again_at_ns;  /* when a sink that kept something is asked again; INT64_MAX: none */
    int64_t finish_at_ns; /* when sources are asked to finish; INT64_MAX: not by the time */
    int64_t give_up_at_ns;
    bool held_back; /* sinks may hold back something */
    bool finishing;
    bool settling; /* no event is wanted any more, only that it was counted */
    bool failed;
    struct event enriched[ENRICH_BATCH];
};

static void end_sink(struct run *run, size_t index, enum etwas_status status,
                     const struct etwas_error *error)
{
    run->sink_ended[index] = true;
    run->sinks_left--;
    if (status != ETWAS_CLOSED) {
        run->failed = true;
        pipeline_say_error(run->pipeline->sinks[index]->name, error);
    }
}

static void write_all(struct run *run, const struct event *events, size_t count)
{
    for (size_t i = 0; i < run->pipeline->sink_count; i++) {
        if (run->sink_ended[i]) {
            continue;
        }
        struct sink *sink = run->pipeline->sinks[i];
        struct etwas_error error = {.status = ETWAS_OK};
        const enum etwas_status status = sink->ops->write(sink, events, count, &error);
        if (status != ETWAS_OK) {
            end_sink(run, i, status, &error);
        }
    }
}

static void checkpoint_all(const struct run *run)
{
    for (size_t i = 0; i < run->pipeline->sink_count; i++) {
        if (!run->sink_ended[i]) {
            pipeline_checkpoint(run->pipeline, run->pipeline->sinks[i]);
        }
    }
}

static void flush_all(struct run *run)
{
    checkpoint_all(run);
    run->again_at_ns = INT64_MAX;
    for (size_t i = 0; i < run->pipeline->sink_count; i++) {
        if (run->sink_ended[i]) {
            continue;
        }
        struct sink *sink = run->pipeline->sinks[i];
        struct etwas_error error = {.status = ETWAS_OK};
        const enum etwas_status status = sink->ops->flush(sink, &error);
        if (status == ETWAS_AGAIN) {
            run->again_at_ns = host_now_ns() + SINK_FLUSH_MS * HOST_MS;
        } else if (status != ETWAS_OK) {
            end_sink(run, i, status, &error);
        }
    }
    run->held_back = false;
}

static void finish_sinks(struct run *run)
{
    flush_all(run);
    for (size_t i = 0; i < run->pipeline->sink_count; i++) {
        struct sink *sink = run->pipeline->sinks[i];
        struct etwas_error error = {.status = ETWAS_OK};
        if (run->sink_ended[i] || sink->ops->finish == NULL) {
            continue;
        }
        const enum etwas_status status = sink->ops->finish(sink, &error);
        if (status != ETWAS_OK) {
            end_sink(run, i, status, &error);
        }
    }
}

/* With the names of processes, which only sinks that look at events want. */
static void write_enriched(struct run *run, const struct event *events, size_t count)
{
    while (count > 0) {
        const size_t part = count < ENRICH_BATCH ? count : ENRICH_BATCH;
        memcpy(run->enriched, events, part * sizeof *events);
        processes_fill(run->processes, run->enriched, part);
        write_all(run, run->enriched, part);
        events += part;
        count -= part;
    }
}

static enum etwas_status handle(struct event_handler *handler, const struct event *events,
                                size_t count)
{
    struct run *run = (struct run *)(void *)handler;
    if (count > run->room) {
        pipeline_cut_off(run->pipeline, run->pumped, events + run->room, count - (size_t)run->room);
        count = (size_t)run->room;
    }
    if (run->processes != NULL) {
        write_enriched(run, events, count);
    } else {
        write_all(run, events, count);
    }
    checkpoint_all(run);
    run->written += count;
    run->room -= count;
    if (!run->held_back && count > 0) {
        run->held_back = true;
        run->flush_at_ns = host_now_ns() + SINK_FLUSH_MS * HOST_MS;
    }
    const bool wanted = run->settling || run->room != 0;
    return wanted && run->sinks_left != 0 ? ETWAS_OK : ETWAS_CLOSED;
}

static bool is_done(const struct run *run)
{
    return run->sources_left == 0 || run->sinks_left == 0 || run->room == 0;
}

static void finish_all(struct run *run)
{
    if (run->finishing) {
        return;
    }
    run->finishing = true;
    run->give_up_at_ns = host_now_ns() + DRAIN_MS * HOST_MS;
    for (size_t i = 0; i < run->pipeline->source_count; i++) {
        if (!run->source_ended[i]) {
            run->pipeline->sources[i]->ops->finish(run->pipeline->sources[i]);
        }
    }
}

static void end_source(struct run *run, size_t index)
{
    const struct source *source = run->pipeline->sources[index];
    run->source_ended[index] = true;
    run->sources_left--;
    const char *ending = source->ops->ending(source);
    if (ending != NULL) {
        (void)fprintf(stderr, "etwas: %s: %s\n", run->pipeline->names[index], ending);
    }
}

static void pump_one(struct run *run, size_t index)
{
    struct source *source = run->pipeline->sources[index];
    struct etwas_error error = {.status = ETWAS_OK};
    run->pumped = index;
    const enum etwas_status status = source->ops->pump(source, &run->handler, &error);
    if (status == ETWAS_OK || run->room == 0 || run->sinks_left == 0) {
        return; /* or it was this handler's status */
    }
    if (status != ETWAS_CLOSED) {
        run->failed = true;
        error.status = status;
        if (error.doing == NULL || error.doing[0] != '\0') {
            pipeline_say_error(run->pipeline->names[index], &error);
        }
    }
    end_source(run, index);
}

static void pump_ready(struct run *run)
{
    for (size_t i = 0; i < run->pipeline->source_count && !is_done(run); i++) {
        const struct source *source = run->pipeline->sources[i];
        if (!run->source_ended[i] &&
            (run->inputs[i].ready || source->ops->timeout_ms(source) == 0)) {
            pump_one(run, i);
        }
    }
}

static int earlier_ms(int left_ms, int64_t at_ns)
{
    const int until = host_left_ms(at_ns);
    return left_ms < 0 || until < left_ms ? until : left_ms;
}

/* How long nothing has to be done unless there is input. */
static int time_left_ms(struct run *run)
{
    int left = host_left_ms(run->second_at_ns);
    if (run->finish_at_ns != INT64_MAX && !run->finishing) {
        left = earlier_ms(left, run->finish_at_ns);
    }
    if (run->again_at_ns != INT64_MAX) {
        left = earlier_ms(left, run->again_at_ns);
    }
    for (size_t i = 0; i < run->pipeline->source_count; i++) {
        const struct source *source = run->pipeline->sources[i];
        run->inputs[i].descriptor = run->source_ended[i] ? -1 : source->ops->descriptor(source);
        const int wanted = run->source_ended[i] ? -1 : source->ops->timeout_ms(source);
        left = wanted >= 0 && wanted < left ? wanted : left;
    }
    return left;
}

/* Idle, or busy for too long: nobody waits for what is there. */
static bool flush_is_due(const struct run *run, bool ready)
{
    const int64_t now = host_now_ns();
    return (run->held_back && (!ready || now >= run->flush_at_ns)) || now >= run->again_at_ns;
}

static void wait(struct run *run)
{
    const int left = time_left_ms(run);
    const size_t count = run->pipeline->source_count;
    const bool now = run->held_back || left == 0;
    const bool ready = pipeline_wait(run->inputs, count, now ? 0 : left);
    if (!flush_is_due(run, ready)) {
        return;
    }
    flush_all(run);
    if (!ready && left > 0 && !is_done(run)) {
        (void)pipeline_wait(run->inputs, count, time_left_ms(run));
    }
}

static void say_losses(struct run *run)
{
    struct source_accounts now;
    pipeline_sum(run->pipeline, &now);
    pipeline_say_losses(&run->said_losses, &now);
    run->said_losses = now;
}

static void keep_time(struct run *run)
{
    const int64_t now = host_now_ns();
    if (pipeline_stop_asked() || now >= run->finish_at_ns) {
        finish_all(run);
    }
    if (now < run->second_at_ns) {
        return;
    }
    if (!run->pipeline->options.quiet) {
        (void)fprintf(stderr, "%" PRIu64 " msg/s\n", run->written - run->said_count);
    }
    say_losses(run);
    if (!run->held_back) {
        run->held_back = true; /* sinks that do things by the time want to be asked */
        run->flush_at_ns = now;
    }
    run->said_count = run->written;
    run->second_at_ns += SECOND_MS * HOST_MS;
    if (run->second_at_ns <= now) {
        run->second_at_ns = now + SECOND_MS * HOST_MS;
    }
}

static bool has_given_up(struct run *run)
{
    if (!run->finishing || host_now_ns() < run->give_up_at_ns) {
        return false;
    }
    (void)fprintf(stderr, "etwas: a source did not end within %d s\n", DRAIN_MS / SECOND_MS);
    run->failed = true;
    return true;
}

/*
 * What a session has handed out beyond max_events is nobody's loss: it is counted as filtered, or
 * the next monitor would find it missing.
 */
static void settle(struct run *run)
{
    const int64_t until = host_now_ns() + SETTLE_MS * HOST_MS;
    run->settling = run->room == 0;
    for (size_t i = 0; i < run->pipeline->source_count && run->settling; i++) {
        struct source *source = run->pipeline->sources[i];
        if (run->source_ended[i] || source->ops->position == NULL) {
            continue;
        }
        enum etwas_status status = ETWAS_OK;
        struct etwas_error error;
        run->pumped = i;
        source->ops->finish(source);
        while (status == ETWAS_OK && host_now_ns() < until && run->sinks_left != 0) {
            struct pipeline_input input = {.descriptor = source->ops->descriptor(source)};
            (void)pipeline_wait(&input, 1, host_left_ms(until));
            status = source->ops->pump(source, &run->handler, &error);
        }
    }
}

static void resume(const struct pipeline *pipeline)
{
    for (size_t i = 0; i < pipeline->source_count && pipeline->past != NULL; i++) {
        if (pipeline->sources[i]->ops->resume != NULL) {
            pipeline->sources[i]->ops->resume(pipeline->sources[i], pipeline->past);
        }
    }
}

static enum etwas_status start(struct run *run)
{
    const struct pipeline *pipeline = run->pipeline;
    bool looks = false;
    for (size_t i = 0; i < pipeline->sink_count; i++) {
        looks = looks || !pipeline->sinks[i]->counts_only;
    }
    run->processes = looks ? processes_open() : NULL;
    run->handler.handle = handle;
    resume(pipeline);
    run->sources_left = pipeline->source_count;
    run->sinks_left = pipeline->sink_count;
    run->room = pipeline->options.max_events != 0 ? pipeline->options.max_events : UINT64_MAX;
    const int64_t now = host_now_ns();
    run->second_at_ns = now + SECOND_MS * HOST_MS;
    run->again_at_ns = INT64_MAX;
    run->finish_at_ns = INT64_MAX;
    if (pipeline->options.duration_ms != 0 &&
        pipeline->options.duration_ms < (uint64_t)((INT64_MAX - now) / HOST_MS)) {
        run->finish_at_ns = now + (int64_t)pipeline->options.duration_ms * HOST_MS;
    }
    const enum etwas_status status =
        looks && run->processes == NULL ? ETWAS_NO_MEMORY : pipeline_signals_open();
    if (status != ETWAS_OK) {
        pipeline_say_error("pipeline",
                           &(struct etwas_error){.status = status, .doing = "starting"});
        processes_close(run->processes);
    }
    return status;
}

static int wind_up(struct run *run)
{
    finish_sinks(run);
    say_losses(run);
    if (run->pipeline->options.stats) {
        pipeline_say_accounts(run->pipeline, run->written);
    }
    if (run->failed) {
        return PIPELINE_FAILED;
    }
    const bool lost = run->said_losses.lost_kernel + run->said_losses.lost_monitor != 0;
    return lost && run->pipeline->options.fail_on_loss ? PIPELINE_LOSS : PIPELINE_FINE;
}

int pipeline_run(struct pipeline *pipeline)
{
    /* Some 16 KB: too much for a careful stack, and there is one pipeline at a time. */
    static struct run run;
    run = (struct run){.pipeline = pipeline};
    if (start(&run) != ETWAS_OK) {
        return PIPELINE_FAILED;
    }
    while (!is_done(&run) && !has_given_up(&run)) {
        wait(&run);
        pump_ready(&run);
        keep_time(&run);
    }
    settle(&run);
    pipeline_signals_close();
    const int result = wind_up(&run);
    processes_close(run.processes);
    return result;
}

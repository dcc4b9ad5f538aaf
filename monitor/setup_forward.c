/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "monitor/forward/forward.h"
#include "monitor/pipeline_host.h"
#include "monitor/session/host_base.h"
#include "monitor/setup.h"

enum { LOOK_MS = 20, SAY_MS = 1000, EXIT_FAILED = 2, EXIT_LOSS = 6 };

int setup_forward(struct setup *setup, const struct options *options)
{
    static char what[FORWARD_WHAT_SIZE];
    const char *sinks[SPOOL_MAX_SINKS];
    struct forward_options wanted = {.session = "",
                                     .sinks = sinks,
                                     .spool = options->relay.spool,
                                     .spool_max = options->relay.spool_max,
                                     .spool_age_s = options->relay.spool_age_s,
                                     .drop = options->relay.drop,
                                     .sync = options->relay.sync,
                                     .key = options->relay.key,
                                     .ca = options->relay.ca,
                                     .discovery = options->relay.discovery,
                                     .interrupted = pipeline_stop_asked};
    for (size_t i = 0; i < options->sink_count; i++) {
        if (options->sinks[i].kind == SINK_KIND_RELAY) {
            sinks[wanted.sink_count++] = options->sinks[i].path;
        }
    }
    for (size_t i = 0; i < options->source_count; i++) {
        wanted.session =
            setup_needs_session(options->sources[i]) ? options->session : wanted.session;
    }
    if (wanted.sink_count == 0) {
        return 0;
    }
    struct etwas_error error = {.status = ETWAS_OK};
    if (forward_open(&wanted, &setup->forward, what, &error) != ETWAS_OK) {
        char *next = strchr(what, '\n');
        if (next != NULL) {
            *next = 0;
        }
        const int result = setup_explain(what, &error);
        if (next != NULL) {
            (void)fprintf(stderr, "%s\n", next + 1);
        }
        return result;
    }
    setup->pipeline.sinks[setup->pipeline.sink_count++] = setup->forward;
    setup->pipeline.past = forward_past(setup->forward);
    return 0;
}

static void say_waiting(const struct forward_waiting *waiting, int64_t left_ms)
{
    (void)fprintf(stderr, "etwas: %" PRIu64 " events wait to be sent (%" PRId64 " s more)\n",
                  waiting->events, (left_ms + 999) / 1000);
}

/* Until everything is sent, the time is over, or somebody does not want to wait. */
static void wait_for_relays(struct sink *sink, const struct options *options,
                            struct forward_waiting *waiting)
{
    const int64_t until_ns = host_now_ns() + (int64_t)options->relay.drain_ms * HOST_MS;
    int64_t say_at_ns = host_now_ns() + SAY_MS * HOST_MS;
    const bool heard = pipeline_signals_open() == ETWAS_OK;
    forward_waiting(sink, waiting);
    while ((waiting->batches != 0 || waiting->left != 0) && host_now_ns() < until_ns &&
           !pipeline_stop_asked()) {
        if (host_now_ns() >= say_at_ns && !options->quiet) {
            say_waiting(waiting, (until_ns - host_now_ns()) / HOST_MS);
            say_at_ns += SAY_MS * HOST_MS;
        }
        (void)pipeline_wait(NULL, 0, LOOK_MS);
        forward_waiting(sink, waiting);
    }
    if (heard) {
        pipeline_signals_close();
    }
}

static int say_unsent(const struct forward_waiting *waiting)
{
    (void)fprintf(
        stderr,
        "etwas: %" PRIu64 " batches with %" PRIu64 " events are not sent; they are kept in "
        "the spool\n"
        "next: run the same etwas command, or any with a --sink to a relay: it sends them\n",
        waiting->batches, waiting->events);
    return EXIT_FAILED;
}

int setup_drain(struct setup *setup, const struct options *options, int result)
{
    struct forward_waiting waiting;
    struct etwas_error error = {.status = ETWAS_OK};
    if (setup->forward == NULL) {
        return result;
    }
    if (forward_finish(setup->forward, &error) != ETWAS_OK) {
        (void)setup_explain("spool", &error);
        result = EXIT_FAILED;
    }
    wait_for_relays(setup->forward, options, &waiting);
    forward_stop(setup->forward);
    forward_waiting(setup->forward, &waiting);
    if (options->stats) {
        forward_say_stats(setup->forward);
    }
    if (waiting.batches != 0) {
        return say_unsent(&waiting);
    }
    if (result == 0 && options->fail_on_loss && forward_lost(setup->forward) != 0) {
        (void)fprintf(stderr, "etwas: events lost: %" PRIu64 " at the spool\n",
                      forward_lost(setup->forward));
        return EXIT_LOSS;
    }
    return result;
}

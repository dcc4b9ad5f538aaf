/* SPDX-License-Identifier: MIT */
#include "monitor/pipeline.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/check.h"

/* Hands over a batch a call, so many times. */
struct scripted {
    struct source source; /* first */
    size_t batch;
    size_t pumps; /* until it ends */
    enum etwas_status outcome;
    struct source_accounts accounts;
    uint32_t thread;
    int raise; /* a signal to send itself in the first call; 0: none */
    bool endless;
    bool idle; /* gives nothing and ends when it is finished */
    size_t finished;
};

static int no_descriptor(const struct source *source)
{
    (void)source;
    return -1;
}

static const struct scripted *of(const struct source *source)
{
    return (const struct scripted *)(const void *)source;
}

static int timeout_ms(const struct source *source)
{
    const struct scripted *script = of(source);
    return script->idle && script->finished == 0 ? -1 : 0;
}

static const struct schema schema = {.provider = "Test", .event_name = "Event"};

static enum etwas_status pump(struct source *source, struct event_handler *handler,
                              struct etwas_error *error)
{
    struct scripted *script = (struct scripted *)(void *)source;
    struct event events[300];
    if (script->raise != 0) {
        (void)raise(script->raise);
        script->raise = 0;
    }
    if (script->finished != 0) {
        return ETWAS_CLOSED;
    }
    if (script->pumps == 0) {
        error->doing = "following the script";
        return script->outcome;
    }
    script->pumps -= !script->endless;
    for (size_t i = 0; i < script->batch; i++) {
        events[i] = (struct event){.schema = &schema, .thread_id = script->thread};
    }
    script->accounts.delivered += script->batch;
    script->accounts.produced += script->batch;
    return script->batch == 0 ? ETWAS_OK : handler->handle(handler, events, script->batch);
}

static void finish(struct source *source)
{
    ((struct scripted *)(void *)source)->finished++;
}

static void accounts(const struct source *source, struct source_accounts *sum)
{
    *sum = of(source)->accounts;
}

static const char *ending(const struct source *source)
{
    (void)source;
    return NULL;
}

static const struct source_ops source_ops = {.descriptor = no_descriptor,
                                             .timeout_ms = timeout_ms,
                                             .pump = pump,
                                             .finish = finish,
                                             .accounts = accounts,
                                             .ending = ending};

struct counting {
    struct sink sink;             /* first */
    struct source_accounts books; /* as the last checkpoint said, */
    struct source_position position;
    size_t checkpoints;
    size_t unflushed_checkpoints; /* since the last flush */
    size_t count;
    size_t flushed; /* how many of these were flushed */
    size_t flushes;
    size_t named; /* events with a process name */
    size_t limit; /* `outcome` after so many; 0: never */
    enum etwas_status outcome;
    bool differed; /* the books once said something else than what was written */
    bool keeps;    /* flush() answers AGAIN */
};

static enum etwas_status count_events(struct sink *sink, const struct event *events, size_t count,
                                      struct etwas_error *error)
{
    struct counting *counting = (struct counting *)(void *)sink;
    for (size_t i = 0; i < count; i++) {
        counting->named += events[i].process_name != NULL;
    }
    counting->count += count;
    error->doing = "counting";
    return counting->limit != 0 && counting->count >= counting->limit ? counting->outcome
                                                                      : ETWAS_OK;
}

static enum etwas_status flush(struct sink *sink, struct etwas_error *error)
{
    struct counting *counting = (struct counting *)(void *)sink;
    (void)error;
    counting->flushed = counting->count;
    counting->flushes++;
    return counting->keeps ? ETWAS_AGAIN : ETWAS_OK;
}

static const struct sink_ops sink_ops = {.write = count_events, .flush = flush};

static void take_books(struct sink *sink, const struct sink_books *books)
{
    struct counting *counting = (struct counting *)(void *)sink;
    books->take(books, &counting->books, &counting->position);
    counting->checkpoints++;
    counting->unflushed_checkpoints++;
    counting->differed = counting->differed || counting->books.delivered != counting->count;
}

static enum etwas_status flush_books(struct sink *sink, struct etwas_error *error)
{
    struct counting *counting = (struct counting *)(void *)sink;
    counting->differed = counting->differed || counting->unflushed_checkpoints == 0;
    counting->unflushed_checkpoints = 0;
    return flush(sink, error);
}

static const struct sink_ops book_ops = {
    .write = count_events, .flush = flush_books, .checkpoint = take_books};

static struct scripted sources[2];
static struct counting sinks[2];
static struct pipeline pipeline;
static int kept_stderr;

static int set_up(void **state)
{
    (void)state;
    memset(sources, 0, sizeof sources);
    memset(sinks, 0, sizeof sinks);
    pipeline = (struct pipeline){.options = {.quiet = true}, .source_count = 1, .sink_count = 1};
    for (size_t i = 0; i < 2; i++) {
        sources[i] = (struct scripted){
            .source = {.ops = &source_ops}, .batch = 7, .pumps = 10, .outcome = ETWAS_CLOSED};
        sinks[i].sink = (struct sink){.ops = &sink_ops, .name = "test", .counts_only = true};
        pipeline.sources[i] = &sources[i].source;
        pipeline.names[i] = "script";
        pipeline.sinks[i] = &sinks[i].sink;
    }
    return 0;
}

/* Runs with standard error going to `text`, of `size` bytes; it fits into a pipe. */
static int run_heard(char *text, size_t size)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    (void)fflush(stderr);
    kept_stderr = dup(STDERR_FILENO);
    (void)dup2(ends[1], STDERR_FILENO);
    const int result = pipeline_run(&pipeline);
    (void)fflush(stderr);
    (void)dup2(kept_stderr, STDERR_FILENO);
    (void)close(kept_stderr);
    (void)close(ends[1]);
    const ssize_t got = read(ends[0], text, size - 1);
    (void)close(ends[0]);
    text[got > 0 ? got : 0] = '\0';
    return result;
}

static void all_events_reach_all_sinks(void **state)
{
    (void)state;
    pipeline.source_count = 2;
    pipeline.sink_count = 2;
    assert_int_equal(pipeline_run(&pipeline), PIPELINE_FINE);
    assert_int_equal(sinks[0].count, 140);
    assert_int_equal(sinks[1].count, 140);
    assert_int_equal(sinks[0].flushed, 140);
}

static void exactly_so_many_events_are_written(void **state)
{
    (void)state;
    static const uint64_t limits[] = {1, 7, 8, 69, 70};
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        (void)set_up(NULL);
        pipeline.options.max_events = limits[i];
        assert_int_equal(pipeline_run(&pipeline), PIPELINE_FINE);
        assert_int_equal(sinks[0].count, limits[i]);
    }
}

static void books_are_taken_after_each_call_and_before_each_flush(void **state)
{
    (void)state;
    sinks[0].sink.ops = &book_ops;
    sources[1].batch = 3;
    pipeline.source_count = 2;
    assert_int_equal(pipeline_run(&pipeline), PIPELINE_FINE);
    assert_int_equal(sinks[0].count, 100);
    assert_true(sinks[0].checkpoints >= 21);
    assert_false(sinks[0].differed);
    assert_int_equal(sinks[0].books.delivered, 100);
    assert_int_equal(sinks[0].position.session, 0); /* these sources have none */
}

static void what_is_cut_off_counts_as_filtered(void **state)
{
    (void)state;
    char text[2048];
    sinks[0].sink.ops = &book_ops;
    pipeline.options.stats = true;
    pipeline.options.max_events = 10;
    assert_int_equal(run_heard(text, sizeof text), PIPELINE_FINE);
    assert_false(sinks[0].differed);
    assert_int_equal(sinks[0].books.delivered, 10);
    assert_int_equal(sinks[0].books.filtered, 4);
    assert_non_null(strstr(text, "  total: produced 14 = delivered 10 + filtered 4 + "
                                 "lost (kernel 0, monitor 0), late 0: exact\n"));
    assert_non_null(strstr(text, "  script: produced 14 = delivered 10 + filtered 4 + "));
}

/* One with a position; after it was finished it hands over one batch more. */
static void position(const struct source *source, struct source_position *at)
{
    at->session = 5;
    at->lane_count = 1;
    at->lanes[0] = (struct source_lane){.read = of(source)->accounts.delivered};
}

static uint64_t resumed_at;

static void resume(struct source *source, const struct source_position *at)
{
    (void)source;
    resumed_at = at->lanes[0].read;
}

static enum etwas_status pump_one_more(struct source *source, struct event_handler *handler,
                                       struct etwas_error *error)
{
    struct scripted *script = (struct scripted *)(void *)source;
    if (script->finished == 1) {
        script->finished = 0;
        const enum etwas_status status = pump(source, handler, error);
        script->finished = 2;
        return status;
    }
    return pump(source, handler, error);
}

static const struct source_ops position_ops = {.descriptor = no_descriptor,
                                               .timeout_ms = timeout_ms,
                                               .pump = pump_one_more,
                                               .finish = finish,
                                               .accounts = accounts,
                                               .ending = ending,
                                               .position = position,
                                               .resume = resume};

static void what_a_session_hands_out_beyond_the_limit_is_filtered_too(void **state)
{
    (void)state;
    sources[0].source.ops = &position_ops;
    sinks[0].sink.ops = &book_ops;
    pipeline.options.max_events = 10;
    assert_int_equal(pipeline_run(&pipeline), PIPELINE_FINE);
    assert_int_equal(sinks[0].count, 10);
    assert_false(sinks[0].differed);
    assert_int_equal(sinks[0].books.produced, 21);
    assert_int_equal(sinks[0].books.filtered, 11);
    assert_int_equal(sinks[0].position.session, 5);
    assert_int_equal(sinks[0].position.lanes[0].read, 21);
}

static void a_past_is_resumed_before_the_first_pump(void **state)
{
    (void)state;
    static struct source_position past = {.session = 5, .lane_count = 1, .lanes = {{.read = 77}}};
    resumed_at = 0;
    sources[0].source.ops = &position_ops;
    assert_int_equal(pipeline_run(&pipeline), PIPELINE_FINE);
    assert_int_equal(resumed_at, 0);
    (void)set_up(NULL);
    pipeline.source_count = 2; /* the other has no past */
    sources[0].source.ops = &position_ops;
    pipeline.past = &past;
    assert_int_equal(pipeline_run(&pipeline), PIPELINE_FINE);
    assert_int_equal(resumed_at, 77);
}

static void after_the_duration_sources_are_finished(void **state)
{
    (void)state;
    sources[0].idle = true;
    sources[1].endless = true;
    pipeline.source_count = 2;
    pipeline.options.duration_ms = 30;
    assert_int_equal(pipeline_run(&pipeline), PIPELINE_FINE);
    assert_int_equal(sources[0].finished, 1);
    assert_int_equal(sources[1].finished, 1);
}

static void a_signal_finishes_the_sources_once(void **state)
{
    (void)state;
    sources[0].endless = true;
    sources[0].raise = SIGTERM;
    assert_int_equal(pipeline_run(&pipeline), PIPELINE_FINE);
    assert_int_equal(sources[0].finished, 1);
    assert_int_equal(sinks[0].count, 7); /* it came in the first call */
}

static enum etwas_status hang(struct source *source, struct event_handler *handler,
                              struct etwas_error *error)
{
    (void)source;
    (void)handler;
    (void)error;
    (void)raise(SIGINT);
    (void)raise(SIGINT);
    _exit(99);
}

static void a_second_signal_ends_whatever_hangs(void **state)
{
    (void)state;
    const pid_t child = fork();
    if (child == 0) {
        static struct source_ops hanging;
        hanging = source_ops;
        hanging.pump = hang;
        sources[0].source.ops = &hanging;
        (void)pipeline_run(&pipeline);
        _exit(98);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGINT);
}

static void signals_are_as_before_afterwards(void **state)
{
    (void)state;
    struct sigaction after;
    assert_int_equal(pipeline_run(&pipeline), PIPELINE_FINE);
    (void)sigaction(SIGINT, NULL, &after);
    assert_ptr_equal(after.sa_handler, SIG_DFL);
}

static void a_closed_sink_ends_the_run_quietly(void **state)
{
    (void)state;
    char text[512];
    sources[0].endless = true;
    sinks[0].limit = 10;
    sinks[0].outcome = ETWAS_CLOSED;
    assert_int_equal(run_heard(text, sizeof text), PIPELINE_FINE);
    assert_int_equal(sinks[0].count, 14);
    assert_string_equal(text, "");
}

static void a_failing_sink_is_said_once_and_the_other_goes_on(void **state)
{
    (void)state;
    char text[512];
    pipeline.sink_count = 2;
    sinks[0].limit = 10;
    sinks[0].outcome = ETWAS_SYSTEM;
    assert_int_equal(run_heard(text, sizeof text), PIPELINE_FAILED);
    assert_int_equal(sinks[0].count, 14);
    assert_int_equal(sinks[1].count, 70);
    assert_string_equal(text, "etwas: test: counting: it failed\n");
}

static void a_failing_source_is_said_and_the_other_goes_on(void **state)
{
    (void)state;
    char text[512];
    pipeline.source_count = 2;
    sources[0].pumps = 1;
    sources[0].outcome = ETWAS_MALFORMED;
    assert_int_equal(run_heard(text, sizeof text), PIPELINE_FAILED);
    assert_int_equal(sinks[0].count, 77);
    assert_string_equal(text,
                        "etwas: script: following the script: it is not in the format expected\n");
}

static void losses_are_said_and_fail_only_when_asked(void **state)
{
    (void)state;
    char text[512];
    sources[0].accounts.lost_kernel = 3;
    assert_int_equal(run_heard(text, sizeof text), PIPELINE_FINE);
    assert_non_null(strstr(text, "etwas: events lost: 3 "));
    (void)set_up(NULL);
    sources[0].accounts.lost_monitor = 1;
    pipeline.options.fail_on_loss = true;
    assert_int_equal(run_heard(text, sizeof text), PIPELINE_LOSS);
    (void)set_up(NULL);
    pipeline.options.fail_on_loss = true;
    assert_int_equal(run_heard(text, sizeof text), PIPELINE_FINE);
}

static void the_accounts_say_whether_they_balance(void **state)
{
    (void)state;
    char text[2048];
    pipeline.options.stats = true;
    sources[0].accounts = (struct source_accounts){.produced = 5, .filtered = 2, .lost_kernel = 3};
    assert_int_equal(run_heard(text, sizeof text), PIPELINE_FINE);
    assert_non_null(strstr(text, "  total: produced 75 = delivered 70 + filtered 2 + "
                                 "lost (kernel 3, monitor 0), late 0: exact\n"));
    assert_non_null(strstr(text, "  written to each sink: 70\n"));
    (void)set_up(NULL);
    pipeline.options.stats = true;
    sources[0].accounts.produced = 1;
    (void)run_heard(text, sizeof text);
    assert_non_null(strstr(text, "late 0: 1 not looked at\n"));
}

static void processes_are_looked_up_only_for_sinks_that_look(void **state)
{
    (void)state;
    sources[0].thread = (uint32_t)getpid();
    sources[0].batch = 300;
    assert_int_equal(pipeline_run(&pipeline), PIPELINE_FINE);
    assert_int_equal(sinks[0].named, 0);
    (void)set_up(NULL);
    sources[0].thread = (uint32_t)getpid();
    sources[0].batch = 300;
    sinks[0].sink.counts_only = false;
    assert_int_equal(pipeline_run(&pipeline), PIPELINE_FINE);
    assert_int_equal(sinks[0].count, 3000);
    assert_int_equal(sinks[0].named, 3000);
}

static void a_busy_source_cannot_hold_a_flush_back(void **state)
{
    (void)state;
    sources[0].endless = true;
    pipeline.options.duration_ms = 2 * SINK_FLUSH_MS + SINK_FLUSH_MS / 2;
    assert_int_equal(pipeline_run(&pipeline), PIPELINE_FINE);
    assert_true(sinks[0].flushes >= 2);
}

static void a_sink_is_flushed_each_second_and_again_when_it_asks(void **state)
{
    (void)state;
    sources[0].idle = true;
    sinks[0].keeps = true;
    pipeline.options.duration_ms = 1000 + 3 * SINK_FLUSH_MS + SINK_FLUSH_MS / 2;
    assert_int_equal(pipeline_run(&pipeline), PIPELINE_FINE);
    /* After a second, as often as it asked, and once more at the end. */
    assert_in_range(sinks[0].flushes, 3, 5);
}

#define CLAIM(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(all_events_reach_all_sinks),
        CLAIM(exactly_so_many_events_are_written),
        CLAIM(books_are_taken_after_each_call_and_before_each_flush),
        CLAIM(what_is_cut_off_counts_as_filtered),
        CLAIM(what_a_session_hands_out_beyond_the_limit_is_filtered_too),
        CLAIM(a_past_is_resumed_before_the_first_pump),
        CLAIM(after_the_duration_sources_are_finished),
        CLAIM(a_signal_finishes_the_sources_once),
        CLAIM(a_second_signal_ends_whatever_hangs),
        CLAIM(signals_are_as_before_afterwards),
        CLAIM(a_closed_sink_ends_the_run_quietly),
        CLAIM(a_failing_sink_is_said_once_and_the_other_goes_on),
        CLAIM(a_failing_source_is_said_and_the_other_goes_on),
        CLAIM(losses_are_said_and_fail_only_when_asked),
        CLAIM(the_accounts_say_whether_they_balance),
        CLAIM(processes_are_looked_up_only_for_sinks_that_look),
        CLAIM(a_busy_source_cannot_hold_a_flush_back),
        CLAIM(a_sink_is_flushed_each_second_and_again_when_it_asks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

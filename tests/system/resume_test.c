/* SPDX-License-Identifier: MIT */

/*
 * Monitors of one session are killed one after the other, and the controller with them. Each goes
 * on where the last batch in the spool says; what was between is accounted for to the event.
 */
#include "tests/system/harness.h"
#include "tests/system/ping.h"

#include <grp.h>
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "monitor/pipeline.h"
#include "monitor/session/session.h"
#include "monitor/spool/spool.h"

enum { PINGS = 120000, RATE = 40000, BATCH = 500, TEXT_ARGUMENT = 2 };

static const char policy[] = "allow * *\nallow * usdt:own\nlimit requests 1m\n";

/* Between the monitors and this test. */
static struct {
    _Atomic uint64_t batches; /* in the spool */
} * shared;

static struct spool *open_spool(void)
{
    static const char *const sinks[] = {"http://localhost/"};
    const struct spool_options options = {.base = harness_path("spool"),
                                          .session = "resume",
                                          .sink_count = 1,
                                          .sinks = sinks,
                                          .sync = SPOOL_SYNC_NEVER};
    struct spool *spool = NULL;
    struct etwas_error error;
    return spool_open(&options, &spool, &error) == ETWAS_OK ? spool : NULL;
}

/* A sink that spools the numbers of the Pings, and the books as they are then. */
struct numbers {
    struct sink sink; /* first */
    struct spool *spool;
    size_t count;
    size_t own;
    struct source_accounts accounts; /* as of the last checkpoint */
    struct source_position position;
    uint64_t values[64 * 1024];
};

static uint64_t number_of(const struct event *event)
{
    static struct arena *arena;
    arena = arena != NULL ? arena : arena_open(1U << 20);
    const struct value value = event->schema->field(event, 0, arena);
    arena_reset(arena);
    return value.type == VALUE_INT ? (uint64_t)value.as.i : value.as.u;
}

static enum etwas_status write_numbers(struct sink *sink, const struct event *events, size_t count,
                                       struct etwas_error *error)
{
    struct numbers *numbers = (struct numbers *)(void *)sink;
    (void)error;
    for (size_t i = 0; i < count; i++) {
        if (events[i].schema->origin == SCHEMA_OWN) {
            numbers->own++;
        } else {
            numbers->values[numbers->count++] = number_of(&events[i]);
        }
    }
    return ETWAS_OK;
}

/* What all the monitors together say, as spool.h tells. */
static void add_past(const struct spool_past *past, const struct source_position *position,
                     struct batch_books *books)
{
    const uint64_t known = past->books.before + past->books.filtered + past->books.lost_kernel +
                           past->books.lost_monitor;
    if (past->position.session != 0 && past->position.session != position->session) {
        _exit(3); /* the session must have stayed */
    }
    books->produced += known;
    books->filtered += past->books.filtered;
    books->lost_kernel += past->books.lost_kernel;
    books->lost_monitor += past->books.lost_monitor;
}

static void append(struct numbers *numbers)
{
    const struct source_accounts *accounts = &numbers->accounts;
    struct batch_head head = {.count = numbers->count + numbers->own, .own = numbers->own};
    head.books = (struct batch_books){.produced = accounts->produced,
                                      .filtered = accounts->filtered,
                                      .lost_kernel = accounts->lost_kernel,
                                      .lost_monitor = accounts->lost_monitor};
    add_past(spool_past(numbers->spool), &numbers->position, &head.books);
    if (spool_append(numbers->spool, &head, &numbers->position, numbers->values,
                     numbers->count * sizeof numbers->values[0]) != ETWAS_OK) {
        _exit(4);
    }
    numbers->count = numbers->own = 0;
    atomic_fetch_add(&shared->batches, 1);
}

static void checkpoint(struct sink *sink, const struct sink_books *books)
{
    struct numbers *numbers = (struct numbers *)(void *)sink;
    books->take(books, &numbers->accounts, &numbers->position);
    if (numbers->count + numbers->own >= BATCH) {
        append(numbers);
    }
}

/* Also without events: the books may have changed. */
static enum etwas_status flush(struct sink *sink, struct etwas_error *error)
{
    (void)error;
    append((struct numbers *)(void *)sink);
    return ETWAS_OK;
}

static struct source *start_session(void)
{
    static const struct selection_names names = {
        .provider = "Ping",
        .event = "Ping",
        .field_count = 3,
        .fields = {"Number", "Thread", "Text"}
    };
    const struct session_options options = {.controller = harness_path("socket"),
                                            .name = "resume",
                                            .ring_kib = 2048,
                                            .linger_s = UINT32_MAX};
    const struct session_probe probe = {.path = harness_path("ping"),
                                        .provider = "Ping",
                                        .name = "Ping",
                                        .text_mask = UINT32_C(1) << TEXT_ARGUMENT,
                                        .names = &names};
    struct session *session = NULL;
    struct session_outcome outcome;
    struct refusal refusal;
    struct source *source = NULL;
    if (session_open(&options, &session, &refusal) == ETWAS_OK &&
        session_enable_usdt(session, &probe, &outcome, &refusal) == ETWAS_OK) {
        return session_start(session, &source, &refusal) == ETWAS_OK ? source : NULL;
    }
    session_close(session);
    return NULL;
}

/* All its life a monitor does; 0: it was asked to end and all is in the spool. */
static int be_monitor(void)
{
    static struct numbers numbers;
    static struct pipeline pipeline;
    static const struct sink_ops ops = {
        .write = write_numbers, .flush = flush, .checkpoint = checkpoint};
    const gid_t group = 65534;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (setgroups(1, &group) != 0 || setgid(group) != 0 || setuid(HARNESS_ALICE) != 0) {
        return 5;
    }
    numbers.sink = (struct sink){.ops = &ops, .name = "spool"};
    numbers.spool = open_spool();
    struct source *source = numbers.spool != NULL ? start_session() : NULL;
    if (source == NULL) {
        return 6;
    }
    pipeline.options.quiet = true;
    pipeline.source_count = pipeline.sink_count = 1;
    pipeline.sources[0] = source;
    pipeline.names[0] = "Ping";
    pipeline.sinks[0] = &numbers.sink;
    pipeline.past = &spool_past(numbers.spool)->position;
    const int result = pipeline_run(&pipeline);
    source->ops->close(source);
    spool_close(numbers.spool);
    return result;
}

/* Starts one, and waits until it has put something into the spool. */
static pid_t start_monitor(void)
{
    const uint64_t before = atomic_load(&shared->batches);
    const int64_t limit_ms = harness_now_ms() + HARNESS_PATIENCE_MS;
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        _exit(be_monitor());
    }
    while (atomic_load(&shared->batches) == before) {
        harness_insist(limit_ms, "a batch");
        harness_sleep_ms(1);
    }
    return child;
}

static int end_monitor(pid_t child, int signal)
{
    int status = 0;
    (void)kill(child, signal);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static pid_t start_sender(void)
{
    char rate[16];
    char count[16];
    const char *path = harness_path("ping");
    (void)snprintf(rate, sizeof rate, "%d", RATE);
    (void)snprintf(count, sizeof count, "%d", PINGS);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)execl(path, path, "--rate", rate, "--count", count, "--wait", "10s", "--quiet",
                    (char *)NULL);
        _exit(127);
    }
    return child;
}

static bool has_ended(pid_t child)
{
    siginfo_t about = {0};
    return waitid(P_PID, (id_t)child, &about, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           about.si_pid == child;
}

static unsigned seed_of(void)
{
    const char *given = getenv("ETWAS_SEED");
    const unsigned seed = given != NULL ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);
    printf("ETWAS_SEED=%u\n", seed);
    return seed;
}

/* All Pings that are in the spool; each must be there once. */
static uint64_t count_pings(struct spool *spool)
{
    static uint8_t seen[PINGS + 1];
    struct spool_batch *batch = NULL;
    uint64_t sequence = 0;
    uint64_t count = 0;
    memset(seen, 0, sizeof seen);
    while (spool_read(spool, sequence, &batch) == ETWAS_OK) {
        sequence = batch->head.sequence;
        assert_int_equal(batch->head.books.before, count);
        for (size_t i = 0; i < batch->size / sizeof(uint64_t); i++) {
            uint64_t number = 0;
            memcpy(&number, batch->body + i * sizeof number, sizeof number);
            assert_in_range(number, 1, PINGS);
            assert_int_equal(seen[number]++, 0);
            count++;
        }
        spool_batch_free(batch);
    }
    return count;
}

/* Every Ping came, or is said to be lost; how many are. */
static uint64_t check_books(void)
{
    /* A spool is only its owner's to go on with, root or not. */
    assert_int_equal(seteuid(HARNESS_ALICE), 0);
    struct spool *spool = open_spool();
    assert_int_equal(seteuid(0), 0);
    assert_non_null(spool);
    const struct batch_books *books = &spool_past(spool)->books;
    const uint64_t came = count_pings(spool);
    const uint64_t lost = books->lost_monitor + books->lost_kernel;
    printf("%d sent: %" PRIu64 " came, lost by monitors %" PRIu64 ", in the kernel %" PRIu64 "\n",
           PINGS, came, books->lost_monitor, books->lost_kernel);
    assert_int_equal(books->before, came);
    assert_int_equal(books->produced, PINGS);
    assert_int_equal(books->filtered, 0);
    assert_int_equal(came + lost, PINGS);
    spool_close(spool);
    return lost;
}

static int begin(void **state)
{
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return shared == MAP_FAILED ? -1 : harness_begin(state);
}

static int end(void **state)
{
    (void)munmap(shared, sizeof *shared);
    return harness_end(state);
}

static void set_out(void)
{
    (void)ping_copy("ping", HARNESS_ALICE, 0755);
    assert_int_equal(mkdir(harness_path("spool"), 0700), 0);
    assert_int_equal(chown(harness_path("spool"), HARNESS_ALICE, 65534), 0);
    harness_start(policy);
}

static void what_killed_monitors_had_read_is_accounted_for(void **state)
{
    (void)state;
    unsigned seed = seed_of();
    int rounds = 0;
    set_out();
    const pid_t sender = start_sender();
    while (!has_ended(sender)) {
        const pid_t monitor = start_monitor();
        harness_sleep_ms(50 + rand_r(&seed) % 200);
        assert_int_equal(end_monitor(monitor, SIGKILL), -1);
        rounds++;
    }
    assert_int_equal(end_monitor(sender, 0), 0);
    assert_true(rounds >= 3);
    assert_int_equal(end_monitor(start_monitor(), SIGTERM), 0);
    (void)check_books();
}

static void a_monitor_goes_on_where_one_that_was_asked_to_end_stood(void **state)
{
    (void)state;
    set_out();
    const pid_t sender = start_sender();
    while (!has_ended(sender)) {
        const pid_t monitor = start_monitor();
        harness_sleep_ms(200);
        assert_int_equal(end_monitor(monitor, SIGTERM), 0);
    }
    assert_int_equal(end_monitor(sender, 0), 0);
    assert_int_equal(end_monitor(start_monitor(), SIGTERM), 0);
    assert_int_equal(check_books(), 0);
}

static void what_a_killed_controller_had_read_is_accounted_for(void **state)
{
    (void)state;
    unsigned seed = seed_of();
    int rounds = 0;
    set_out();
    const pid_t sender = start_sender();
    while (!has_ended(sender)) {
        const pid_t monitor = start_monitor();
        harness_sleep_ms(50 + rand_r(&seed) % 200);
        harness_kill();
        harness_start(NULL);
        assert_int_equal(end_monitor(monitor, 0), PIPELINE_FAILED);
        rounds++;
    }
    assert_int_equal(end_monitor(sender, 0), 0);
    assert_true(rounds >= 3);
    assert_int_equal(end_monitor(start_monitor(), SIGTERM), 0);
    (void)check_books();
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(what_killed_monitors_had_read_is_accounted_for),
        CASE(a_monitor_goes_on_where_one_that_was_asked_to_end_stood),
        CASE(what_a_killed_controller_had_read_is_accounted_for),
    };
    return harness_is_able() ? cmocka_run_group_tests(tests, NULL, NULL) : 77;
}

/* SPDX-License-Identifier: MIT */
/* Programs that are killed, and others that are at work in the same base. */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "monitor/spool/spool.h"
#include "tests/check.h"
#include "tests/monitor/spool/spool_fixture.h"

enum { KILLS = 25, PATIENCE_MS = 20000 };

/* Between a child and its parent. */
static struct {
    _Atomic uint64_t appended; /* the last number that spool_append() took */
    _Atomic uint64_t done;
    uint8_t stream[BATCH_STREAM_SIZE];
    _Atomic bool ready;
} * shared;

static void sleep_us(long us)
{
    const struct timespec time = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
    (void)nanosleep(&time, NULL);
}

static int set_up(void **state)
{
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return shared == MAP_FAILED ? -1 : fixture_set_up(state);
}

static int tear_down(void **state)
{
    (void)munmap(shared, sizeof *shared);
    return fixture_tear_down(state);
}

static void kill_child(pid_t child)
{
    int status = 0;
    (void)kill(child, SIGKILL);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
}

static void await(const _Atomic bool *what)
{
    for (int i = 0; i < PATIENCE_MS && !atomic_load(what); i++) {
        sleep_us(1000);
    }
    assert_true(atomic_load(what));
}

/* Appends for ever; a sink follows behind. */
static void append_for_ever(void)
{
    struct spool *spool = fixture_open();
    uint64_t number = spool_past(spool)->sequence;
    for (;;) {
        number++;
        fixture_append(spool, number, 100 + number * 7919 % 30000);
        atomic_store(&shared->appended, number);
        atomic_store(&shared->ready, true);
        if (number % 3 == 0) {
            spool_done(spool, 0, number - number % 10);
            atomic_store(&shared->done, number - number % 10);
        }
    }
}

static unsigned seed_of(void)
{
    const char *given = getenv("ETWAS_SEED");
    const unsigned seed = given != NULL ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);
    printf("ETWAS_SEED=%u\n", seed);
    return seed;
}

static void check_after_kill(void)
{
    const uint64_t appended = atomic_load(&shared->appended);
    const uint64_t done = atomic_load(&shared->done);
    struct spool_sink_stats stats;
    struct spool *spool = fixture_open();
    const uint64_t sequence = spool_past(spool)->sequence;
    /* The one more was written, and its writer killed before it knew. */
    assert_in_range(sequence, appended, appended + 1);
    /* Likewise a cursor that was moved. What is behind it may be gone. */
    const uint64_t cursor = spool_cursor(spool, 0);
    assert_true(cursor >= done);
    assert_int_equal(fixture_read_all(spool, cursor, cursor + 1), sequence - cursor);
    spool_sink_stats(spool, 0, &stats);
    assert_int_equal(stats.dropped_batches, 0);
    assert_int_equal(stats.waiting_batches, sequence - spool_cursor(spool, 0));
    assert_null(spool_notice(spool));
    spool_close(spool);
}

static void what_was_taken_survives_a_kill(void **state)
{
    (void)state;
    unsigned seed = seed_of();
    fixture_options.max_bytes = UINT64_C(1024) * 1024 * 1024;
    for (int i = 0; i < KILLS; i++) {
        fixture_options.sync = i % 2 == 0 ? SPOOL_SYNC_NEVER : SPOOL_SYNC_INTERVAL;
        atomic_store(&shared->ready, false);
        const pid_t child = fork();
        if (child == 0) {
            append_for_ever();
            _exit(1);
        }
        await(&shared->ready);
        sleep_us(rand_r(&seed) % 20000);
        kill_child(child);
        check_after_kill();
    }
    assert_true(atomic_load(&shared->appended) > KILLS);
}

static void hold(void)
{
    struct spool *spool = fixture_open();
    fixture_append_all(spool, 1, 3, 100);
    memcpy(shared->stream, spool_stream(spool), BATCH_STREAM_SIZE);
    atomic_store(&shared->ready, true);
    for (;;) {
        (void)pause();
    }
}

static void a_stream_is_taken_over_when_its_holder_is_gone(void **state)
{
    (void)state;
    struct spool *left = NULL;
    struct etwas_error error;
    const pid_t child = fork();
    if (child == 0) {
        hold();
    }
    await(&shared->ready);
    struct spool *spool = fixture_open();
    assert_memory_not_equal(spool_stream(spool), shared->stream, BATCH_STREAM_SIZE);
    assert_int_equal(spool_open_left(&fixture_options, &left, &error), ETWAS_NOT_FOUND);
    kill_child(child);
    struct spool *other = fixture_open();
    assert_memory_equal(spool_stream(other), shared->stream, BATCH_STREAM_SIZE);
    assert_int_equal(spool_past(other)->sequence, 3);
    assert_int_equal(fixture_read_all(other, 0, 1), 3);
    spool_close(other);
    spool_close(spool);
}

/* Both kinds of what is kept at a time: some in memory, some on disk only. */
enum { BATCHES = 600, SINKS = 3 };

struct reader {
    struct spool *spool;
    size_t sink;
    uint64_t count;
};

static void *read_to_the_end(void *context)
{
    struct reader *reader = context;
    struct spool_batch *batch = NULL;
    uint64_t sequence = 0;
    while (sequence < BATCHES) {
        if (spool_read(reader->spool, sequence, &batch) != ETWAS_OK) {
            sleep_us(200);
            continue;
        }
        sequence = batch->head.sequence;
        reader->count += fixture_number(batch) == sequence;
        spool_batch_free(batch);
        if (sequence % (reader->sink + 1) == 0) {
            spool_done(reader->spool, reader->sink, sequence);
        }
    }
    return NULL;
}

static void sinks_read_while_batches_come(void **state)
{
    (void)state;
    static const char *const sinks[SINKS] = {"http://a/", "http://b/", "http://c/"};
    struct reader readers[SINKS];
    pthread_t threads[SINKS];
    fixture_options.sinks = sinks;
    fixture_options.sink_count = SINKS;
    fixture_options.sync = SPOOL_SYNC_INTERVAL;
    struct spool *spool = fixture_open();
    for (size_t i = 0; i < SINKS; i++) {
        readers[i] = (struct reader){.spool = spool, .sink = i};
        assert_int_equal(pthread_create(&threads[i], NULL, read_to_the_end, &readers[i]), 0);
    }
    for (uint64_t i = 1; i <= BATCHES; i++) {
        struct spool_sink_stats stats;
        fixture_append(spool, i, 60000);
        spool_sink_stats(spool, i % SINKS, &stats);
        assert_int_equal(stats.dropped_batches, 0);
    }
    for (size_t i = 0; i < SINKS; i++) {
        (void)pthread_join(threads[i], NULL);
        assert_int_equal(readers[i].count, BATCHES);
    }
    spool_close(spool);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(what_was_taken_survives_a_kill),
        CLAIM(a_stream_is_taken_over_when_its_holder_is_gone),
        CLAIM(sinks_read_while_batches_come),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

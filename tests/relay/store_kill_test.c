/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/check.h"
#include "tests/relay/store_kit.h"

/*
 * A child puts and says what was acknowledged; it is killed at once when it has said enough, in the
 * middle of whatever it does then. All that it said must be there.
 */
enum { ROUNDS = 8, GROUP_MAX = 5, BODY_SIZE = 150 * 1000 };

static struct kit kit;
static char body[BODY_SIZE];

static int set_up(void **state)
{
    (void)state;
    memset(body, 'b', sizeof body);
    return kit_make(&kit) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    kit_remove(&kit);
    return 0;
}

/* Never ends. Groups of 1 to GROUP_MAX, the keeper's work between them. */
static void put_for_ever(uint64_t sequence, int acknowledged)
{
    struct kit_batch puts[GROUP_MAX];
    struct store_incoming *all[GROUP_MAX];
    kit_open(&kit);
    for (size_t group = 1;; group = group % GROUP_MAX + 1) {
        for (size_t i = 0; i < group; i++) {
            kit_batch(&puts[i], 1, ++sequence, 10);
            puts[i].incoming.body = body;
            puts[i].incoming.size = BODY_SIZE;
            all[i] = &puts[i].incoming;
        }
        uint64_t removed = 0;
        if (store_put(kit.store, all, group, &kit.error) != ETWAS_OK ||
            write(acknowledged, &sequence, sizeof sequence) != sizeof sequence ||
            store_retain(kit.store, 0, &removed, &kit.error) != ETWAS_OK) {
            _exit(1);
        }
    }
}

/* The last number that a child has said before it was killed. */
static uint64_t kill_after(uint64_t sequence, unsigned groups)
{
    int pipes[2];
    uint64_t said = sequence;
    assert_int_equal(pipe(pipes), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)close(pipes[0]);
        put_for_ever(sequence, pipes[1]);
    }
    (void)close(pipes[1]);
    for (unsigned i = 0; i < groups; i++) {
        assert_int_equal(read(pipes[0], &said, sizeof said), sizeof said);
    }
    assert_int_equal(kill(child, SIGKILL), 0);
    while (read(pipes[0], &said, sizeof said) == sizeof said) {
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    (void)close(pipes[0]);
    return said;
}

/* Every row is whole and in its place; what the store says in sum is what it has. The last number.
 */
static uint64_t look(void)
{
    struct store_reader *reader = NULL;
    struct store_batch batch;
    struct store_totals totals;
    struct store_stream stream;
    struct store_range range = {.row = 0, .from = INT64_MIN, .to = INT64_MAX};
    assert_int_equal(store_reader_open(kit.store, &reader, &kit.error), ETWAS_OK);
    while (store_next(reader, &range, &batch, &kit.error) == ETWAS_OK) {
        assert_int_equal(batch.row, range.row + 1);
        assert_int_equal(batch.head.sequence, batch.row);
        assert_int_equal(batch.size, BODY_SIZE);
        assert_memory_equal(batch.body, body, BODY_SIZE);
        range.row = batch.row;
    }
    assert_int_equal(kit.error.status, ETWAS_NOT_FOUND);
    store_reader_close(reader);
    store_totals(kit.store, &totals);
    assert_int_equal(totals.batches, range.row);
    assert_int_equal(totals.bytes, range.row * BODY_SIZE);
    assert_true(kit_find_stream(&kit, 1, &stream));
    assert_int_equal(stream.sequence, range.row);
    assert_int_equal(stream.delivered, range.row * 10);
    return (uint64_t)range.row;
}

static void what_was_acknowledged_survives_a_kill(void **state)
{
    (void)state;
    uint64_t sequence = 0;
    for (unsigned i = 0; i < ROUNDS; i++) {
        const uint64_t said = kill_after(sequence, 3 + 2 * i);
        kit_open(&kit);
        sequence = look();
        assert_true(sequence >= said && sequence <= said + GROUP_MAX);
        kit_close(&kit);
    }
    kit_execute(&kit, "PRAGMA integrity_check");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_acknowledged_survives_a_kill, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

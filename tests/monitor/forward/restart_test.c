/* SPDX-License-Identifier: MIT */
/* What a monitor that ended or was killed leaves to the next one. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/monitor/forward/rig.h"

enum { LONG_MS = 600000 };

static void flush(void)
{
    const enum etwas_status status = rig.sink->ops->flush(rig.sink, &rig.error);
    assert_true(status == ETWAS_OK || status == ETWAS_AGAIN);
}

static void be_of_a_session(uint64_t session)
{
    rig.position = (struct source_position){.session = session, .lane_count = 1};
    rig.options.session = "S";
    rig.options.fill_ms = LONG_MS;
}

/* In a child that is killed then. */
static void in_child(void (*act)(void))
{
    int status = 0;
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        act();
        (void)kill(getpid(), SIGKILL);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static const struct batch_books *books_of(struct server *server, size_t index)
{
    return &server_seen(server, index)->head.books;
}

static void fill_and_die(void)
{
    rig_open();
    rig.accounts.produced = 3; /* the kernel is ahead of us */
    rig.position.lanes[0].read = 10;
    rig_write(0, 10);
    flush();
    rig.position.lanes[0].read = 15;
    rig_write(10, 5);
    flush();
}

static void a_batch_that_was_being_filled_is_sent_by_the_next(void **state)
{
    (void)state;
    unsigned counts[RIG_NUMBERS];
    be_of_a_session(9);
    in_child(fill_and_die);
    assert_int_equal(server_count(rig.servers[0]), 0);
    rig_open();
    assert_int_equal(forward_past(rig.sink)->session, 9);
    assert_int_equal(forward_past(rig.sink)->lanes[0].read, 15);
    rig_await_sent();
    rig_count(rig.servers[0], counts);
    for (size_t i = 0; i < 15; i++) {
        assert_int_equal(counts[i], 1);
    }
    assert_int_equal(server_count(rig.servers[0]), 1);
    assert_int_equal(books_of(rig.servers[0], 0)->produced, 18);
    rig.accounts.produced = rig.accounts.lost_monitor = 3; /* so the source finds them */
    rig_write_batch(15);
    rig_await_sent();
    assert_int_equal(books_of(rig.servers[0], 1)->before, 15);
    assert_int_equal(books_of(rig.servers[0], 1)->produced, 19);
    assert_int_equal(books_of(rig.servers[0], 1)->lost_monitor, 3);
}

static void die_behind_a_batch(void)
{
    rig_open();
    rig_write(0, 10);
    flush();
    rig_finish();
    rig_await_sent();
}

static void a_batch_that_was_sealed_is_not_sent_again(void **state)
{
    (void)state;
    unsigned counts[RIG_NUMBERS];
    be_of_a_session(9);
    in_child(die_behind_a_batch);
    rig_open();
    rig_write_batch(10);
    rig_await_sent();
    rig_count(rig.servers[0], counts);
    for (size_t i = 0; i <= 10; i++) {
        assert_int_equal(counts[i], 1);
    }
    assert_int_equal(server_count(rig.servers[0]), 2);
}

static void busy_and_die(void)
{
    rig_open();
    rig_write(0, 10);
    rig_pause_ms(20);
    rig_write(10, 10); /* its checkpoint keeps all of it, though nobody is idle */
    rig_write(20, 1);
}

static void a_busy_source_s_events_are_kept_too(void **state)
{
    (void)state;
    unsigned counts[RIG_NUMBERS];
    be_of_a_session(9);
    in_child(busy_and_die);
    rig_open();
    rig_await_sent();
    rig_count(rig.servers[0], counts);
    for (size_t i = 0; i < 20; i++) {
        assert_int_equal(counts[i], 1);
    }
}

static void an_end_says_what_became_of_the_rest(void **state)
{
    (void)state;
    be_of_a_session(9);
    rig_open();
    rig_write_batch(0);
    rig.accounts.produced += 7;
    rig.accounts.filtered += 7;
    rig.position.lanes[0].read = 8;
    rig_finish();
    rig_finish(); /* and once */
    rig_await_sent();
    rig_close();
    assert_int_equal(server_count(rig.servers[0]), 2);
    assert_int_equal(server_seen(rig.servers[0], 1)->head.count, 0);
    assert_int_equal(books_of(rig.servers[0], 1)->filtered, 7);
    rig_open();
    assert_int_equal(forward_past(rig.sink)->lanes[0].read, 8);
}

static void leave_and_die(void)
{
    rig_open();
    rig.accounts.produced = 5;
    rig_write_batch(0);
    rig_write(1, 2);
    rig.accounts.produced += 2;
    rig_checkpoint();
    flush();
    rig_await_sent(); /* the batch */
}

static void a_left_stream_says_what_it_lost(void **state)
{
    (void)state;
    unsigned counts[RIG_NUMBERS];
    rig.servers[1] = server_open(0);
    be_of_a_session(9);
    in_child(leave_and_die);
    rig.sinks[0] = server_url(rig.servers[1]);
    rig_open();
    assert_true(server_await(rig.servers[0], 3));
    rig_await_sent();
    rig_count(rig.servers[0], counts);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(counts[i], 1);
    }
    const struct batch_head *last = &server_seen(rig.servers[0], 2)->head;
    assert_int_equal(last->count, 0);
    assert_int_equal(last->books.before, 3);
    assert_int_equal(last->books.produced, 10);
    assert_int_equal(last->books.lost_monitor, 7);
    assert_int_equal(server_count(rig.servers[1]), 0);
    rig_close();
    rig.sinks[0] = server_url(rig.servers[0]);
    rig_open(); /* nothing of it is left to go on with */
    assert_int_equal(forward_past(rig.sink)->session, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(a_batch_that_was_being_filled_is_sent_by_the_next),
        CLAIM(a_batch_that_was_sealed_is_not_sent_again),
        CLAIM(a_busy_source_s_events_are_kept_too),
        CLAIM(an_end_says_what_became_of_the_rest),
        CLAIM(a_left_stream_says_what_it_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

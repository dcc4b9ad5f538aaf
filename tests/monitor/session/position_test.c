/* SPDX-License-Identifier: MIT */
/* Where a session's source stands, and going on where an earlier monitor stood. */
#include "monitor/session/session.h"
#include "tests/check.h"
#include "tests/monitor/session/fake.h"

static struct fake fake;
static struct taken taken;
static struct source *source;
static struct etwas_error error;

static int set_up(void **state)
{
    (void)state;
    fake_init(&fake);
    taken_init(&taken);
    source = NULL;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    if (source != NULL) {
        source->ops->close(source);
    }
    fake_clear(&fake);
    return 0;
}

static enum etwas_status pump(void)
{
    return source->ops->pump(source, &taken.handler, &error);
}

static struct source_accounts sums(void)
{
    struct source_accounts sum;
    source->ops->accounts(source, &sum);
    return sum;
}

static void assert_exact(void)
{
    const struct source_accounts sum = sums();
    assert_int_equal(sum.produced,
                     sum.delivered + sum.filtered + sum.lost_kernel + sum.lost_monitor);
    struct source_accounts part;
    for (uint32_t cpu = 0; source->ops->lane(source, cpu, &part); cpu++) {
        assert_int_equal(part.produced,
                         part.delivered + part.filtered + part.lost_kernel + part.lost_monitor);
    }
}

/* Ends the stream, so that everything is handed over. */
static void finish_stream(void)
{
    fake_end(&fake, END_STOPPED, 0);
    assert_int_equal(pump(), ETWAS_CLOSED);
}

static struct source_position position(void)
{
    struct source_position at;
    source->ops->position(source, &at);
    return at;
}

static void a_position_is_how_far_the_counters_are_accounted_for(void **state)
{
    (void)state;
    source = fake_source(&fake);
    assert_int_equal(position().session, FAKE_SESSION);
    assert_int_equal(position().lane_count, FAKE_CPUS);
    assert_int_equal(position().lanes[0].read, 0);
    fake_ticks(&fake, 0, 1000, 5);
    fake.counters[0].read += 2; /* lost on the way */
    fake.counters[1].overrun = 3;
    fake.sequences[0]++;
    fake_round(&fake, 2000);
    fake_ticks(&fake, 0, 2100, 4); /* not handed over yet */
    fake_round(&fake, 3000);
    assert_int_equal(pump(), ETWAS_OK);
    assert_int_equal(taken.count, 5);
    assert_int_equal(position().lanes[0].read, 7);
    fake_round(&fake, 4000);
    assert_int_equal(pump(), ETWAS_OK);
    assert_int_equal(position().lanes[0].read, 11);
    assert_int_equal(position().lanes[1].lost, 3);
    finish_stream();
    assert_int_equal(position().lanes[0].read, 11);
    assert_exact();
}

/* What the handler finds when it takes the books is what it was handed. */
struct checking {
    struct event_handler handler; /* first */
    uint64_t handed;
    uint64_t calls;
};

static enum etwas_status check_books(struct event_handler *handler, const struct event *events,
                                     size_t count)
{
    struct checking *checking = (struct checking *)(void *)handler;
    (void)events;
    checking->handed += count;
    checking->calls++;
    assert_int_equal(sums().delivered, checking->handed);
    assert_int_equal(position().lanes[0].read + position().lanes[1].read, checking->handed);
    return ETWAS_OK;
}

static void the_books_hold_in_the_middle_of_a_pump(void **state)
{
    (void)state;
    struct checking checking = {.handler = {.handle = check_books}};
    source = fake_source(&fake);
    for (uint32_t i = 0; i < 6; i++) {
        fake_ticks(&fake, i % 2, 1000 + i * 1000, 100);
    }
    fake_round(&fake, 9000);
    fake_round(&fake, 9500);
    assert_int_equal(source->ops->pump(source, &checking.handler, &error), ETWAS_OK);
    assert_int_equal(checking.handed, 600);
    assert_true(checking.calls > 4);
}

/* Where an earlier monitor stood, as its last batch says. */
static struct source_position stood_at(uint64_t session, uint64_t read, uint64_t lost)
{
    struct source_position at = {.session = session, .lane_count = FAKE_CPUS};
    at.lanes[0] = (struct source_lane){.read = read, .lost = lost};
    return at;
}

static void join_after_an_earlier_monitor(const struct source_position *at)
{
    fake.origin = ORIGIN_JOINED;
    fake.counters[0] =
        (struct stream_counters){.overrun = 50, .commit_overrun = 1, .dropped = 5, .read = 1000};
    fake.sequences[0] = 77;
    source = fake_source(&fake);
    source->ops->resume(source, at);
}

static void what_an_earlier_monitor_did_not_account_for_is_lost_by_monitors(void **state)
{
    (void)state;
    const struct source_position at = stood_at(FAKE_SESSION, 990, 53);
    join_after_an_earlier_monitor(&at);
    assert_int_equal(position().session, FAKE_SESSION); /* known before the first round */
    assert_int_equal(position().lanes[0].read, 990);
    fake_ticks(&fake, 0, 1000, 5);
    fake_round(&fake, 2000);
    fake_ticks(&fake, 0, 2100, 5);
    fake_round(&fake, 3000);
    assert_int_equal(pump(), ETWAS_OK);
    assert_int_equal(sums().lost_monitor, 10);
    assert_int_equal(sums().lost_kernel, 3);
    finish_stream();
    assert_int_equal(taken.count, 10);
    assert_int_equal(taken.lost, 13);
    /* When the first of them was lost is not known here: not when the clock began. */
    assert_true(taken.lost_last > 0);
    assert_int_equal(taken.lost_first, taken.lost_last);
    assert_int_equal(sums().produced, 23);
    assert_int_equal(position().lanes[0].read, 1010);
    assert_int_equal(position().lanes[0].lost, 56);
    assert_exact();
}

static void a_monitor_that_accounted_for_all_leaves_no_loss(void **state)
{
    (void)state;
    const struct source_position at = stood_at(FAKE_SESSION, 1000, 56);
    join_after_an_earlier_monitor(&at);
    fake_ticks(&fake, 0, 1000, 5);
    fake_round(&fake, 2000);
    finish_stream();
    assert_int_equal(sums().produced, 5);
    assert_exact();
    assert_int_equal(taken.losses, 0);
}

static void the_position_of_another_session_says_nothing(void **state)
{
    (void)state;
    const struct source_position at = stood_at(FAKE_SESSION + 1, 990, 53);
    join_after_an_earlier_monitor(&at);
    assert_int_equal(position().session, 0); /* not known before the first round */
    fake_ticks(&fake, 0, 1000, 5);
    fake_round(&fake, 2000);
    finish_stream();
    assert_int_equal(sums().produced, 5);
    assert_int_equal(position().session, FAKE_SESSION);
    assert_int_equal(position().lanes[0].read, 1005);
    assert_int_equal(position().lanes[0].lost, 56);
    assert_exact();
}

static void a_position_beyond_the_counters_is_not_believed(void **state)
{
    (void)state;
    const struct source_position at = stood_at(FAKE_SESSION, 5000, 53);
    join_after_an_earlier_monitor(&at);
    fake_ticks(&fake, 0, 1000, 5);
    fake_round(&fake, 2000);
    finish_stream();
    assert_int_equal(sums().produced, 5);
    assert_exact();
}

static void a_stream_that_ends_before_a_round_has_no_loss(void **state)
{
    (void)state;
    const struct source_position at = stood_at(FAKE_SESSION, 990, 53);
    join_after_an_earlier_monitor(&at);
    fake_ticks(&fake, 0, 1000, 5);
    finish_stream();
    assert_int_equal(taken.count, 5);
    assert_int_equal(sums().lost_monitor, 0);
    assert_exact();
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(a_position_is_how_far_the_counters_are_accounted_for),
        CLAIM(the_books_hold_in_the_middle_of_a_pump),
        CLAIM(what_an_earlier_monitor_did_not_account_for_is_lost_by_monitors),
        CLAIM(a_monitor_that_accounted_for_all_leaves_no_loss),
        CLAIM(the_position_of_another_session_says_nothing),
        CLAIM(a_position_beyond_the_counters_is_not_believed),
        CLAIM(a_stream_that_ends_before_a_round_has_no_loss),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

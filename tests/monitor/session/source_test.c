/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "monitor/session/host.h"
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

static void records_come_in_time_order_over_all_cpus(void **state)
{
    (void)state;
    source = fake_source(&fake);
    fake_ticks(&fake, 1, 1005, 5);
    fake_ticks(&fake, 0, 1000, 5);
    fake_round(&fake, 2000);
    finish_stream();
    assert_int_equal(taken.count, 10);
    for (size_t i = 1; i < taken.count; i++) {
        assert_true(taken.numbers[i - 1] < taken.numbers[i]);
        assert_int_equal(taken.cpus[i], i % 2);
    }
    assert_int_equal(sums().late, 0);
    assert_exact();
}

static void a_round_vouches_for_the_round_before(void **state)
{
    (void)state;
    source = fake_source(&fake);
    fake_ticks(&fake, 0, 1000, 5);
    fake_round(&fake, 2000);
    assert_int_equal(pump(), ETWAS_OK);
    assert_int_equal(taken.count, 0);
    fake_ticks(&fake, 1, 1990, 2);
    fake_round(&fake, 3000);
    assert_int_equal(pump(), ETWAS_OK);
    assert_int_equal(taken.count, 7);
    fake_round(&fake, 4000);
    assert_int_equal(pump(), ETWAS_OK);
    assert_int_equal(taken.count, 7);
    assert_exact();
}

static void time_is_utc_in_ticks(void **state)
{
    (void)state;
    source = fake_source(&fake);
    fake_ticks(&fake, 0, 123456700, 1);
    const struct stream_round round = {.session = FAKE_SESSION,
                                       .started_ns = 200000000,
                                       .utc_offset_ns = INT64_C(1700000000000000000)};
    fake_packet(&fake, STREAM_ROUND, &round, sizeof round);
    finish_stream();
    assert_int_equal(taken.times[0], EVENT_UNIX_EPOCH + INT64_C(17000000001234567));
}

static void what_the_kernel_lost_is_counted_and_handed_over(void **state)
{
    (void)state;
    source = fake_source(&fake);
    fake_ticks(&fake, 0, 1000, 5);
    fake.counters[0].overrun = 7;
    fake.counters[1].dropped = 2;
    fake.counters[1].commit_overrun = 1;
    fake_round(&fake, 2000);
    assert_int_equal(pump(), ETWAS_OK);
    assert_int_equal(sums().lost_kernel, 10);
    finish_stream();
    assert_int_equal(taken.losses, 2);
    assert_int_equal(taken.lost, 10);
    assert_int_equal(sums().produced, 15);
    assert_exact();
}

static void a_gap_in_the_sequence_is_what_the_counters_say(void **state)
{
    (void)state;
    source = fake_source(&fake);
    fake_ticks(&fake, 0, 1000, 5);
    fake.sequences[0]++;
    fake.counters[0].read += 11; /* in the message that did not come */
    fake_ticks(&fake, 0, 1500, 5);
    fake_round(&fake, 2000);
    finish_stream();
    assert_int_equal(sums().lost_monitor, 11);
    assert_int_equal(taken.lost, 11);
    assert_int_equal(taken.count, 10);
    assert_exact();
}

static void a_sequence_that_goes_back_ends_the_source(void **state)
{
    (void)state;
    source = fake_source(&fake);
    fake_ticks(&fake, 0, 1000, 5);
    fake.sequences[0] = 0;
    fake_ticks(&fake, 0, 1100, 5);
    assert_int_equal(pump(), ETWAS_MALFORMED);
    assert_int_equal(taken.count, 5);
    assert_non_null(error.doing);
}

static void counters_that_go_back_end_the_source(void **state)
{
    (void)state;
    source = fake_source(&fake);
    fake_ticks(&fake, 0, 1000, 5);
    fake_round(&fake, 2000);
    fake.counters[0].read = 4;
    fake_round(&fake, 3000);
    assert_int_equal(pump(), ETWAS_MALFORMED);
    assert_int_equal(taken.count, 5);
}

static void records_nobody_here_asked_for_are_filtered(void **state)
{
    (void)state;
    struct pages pages = {.size = 0};
    source = fake_source(&fake);
    pages_start(&pages, 1000);
    fake_record(&pages, 0, FAKE_TICK, 1);
    fake_record(&pages, 1, FAKE_TOCK, 2);
    fake_record(&pages, 1, UINT16_MAX, 3);
    pages_record(&pages, 1, FAKE_TICK); /* shorter than a record's head */
    pages_end(&pages, 0);
    fake_send(&fake, 0, &pages);
    fake.counters[0].read = 4;
    fake_round(&fake, 2000);
    finish_stream();
    assert_int_equal(taken.count, 1);
    assert_int_equal(sums().filtered, 3);
    assert_exact();
}

static void own_threads_are_left_out(void **state)
{
    (void)state;
    struct pages pages = {.size = 0};
    source = fake_source(&fake);
    pages_start(&pages, 1000);
    fake_record_of(&pages, 0, FAKE_TICK, (uint32_t)getpid());
    fake_record_of(&pages, 1, FAKE_TICK, (uint32_t)getpid() + 64); /* of the same mask bit */
    pages_end(&pages, 0);
    fake_send(&fake, 0, &pages);
    fake.counters[0].read = 2;
    fake_round(&fake, 2000);
    finish_stream();
    assert_int_equal(taken.count, 1);
    assert_int_equal(sums().filtered, 1);
    assert_exact();
}

static void a_malformed_page_costs_its_rest_and_is_said(void **state)
{
    (void)state;
    struct pages pages = {.size = 0};
    source = fake_source(&fake);
    pages_start(&pages, 1000);
    fake_record(&pages, 0, FAKE_TICK, 1);
    pages_header(&pages, 28, 1); /* 112 bytes, which are not there */
    pages_put(&pages, FAKE_TICK, 8);
    pages_end(&pages, 0);
    fake_send(&fake, 0, &pages);
    fake.counters[0].read = 3;
    fake_round(&fake, 2000);
    finish_stream();
    assert_int_equal(taken.count, 1);
    assert_int_equal(sums().lost_monitor, 2);
    assert_int_equal(taken.lost, 2);
    assert_exact();
}

/* The books are not counted at each round; what a broken page cost is known at the next one. */
static void a_malformed_page_is_said_while_the_stream_goes_on(void **state)
{
    (void)state;
    struct pages pages = {.size = 0};
    source = fake_source(&fake);
    pages_start(&pages, 1000);
    fake_record(&pages, 0, FAKE_TICK, 1);
    pages_header(&pages, 28, 1); /* 112 bytes, which are not there */
    pages_put(&pages, FAKE_TICK, 8);
    pages_end(&pages, 0);
    fake_send(&fake, 0, &pages);
    fake.counters[0].read = 3;
    fake_round(&fake, 2000);
    fake_round(&fake, 3000); /* the page is taken */
    fake_ticks(&fake, 0, 3100, 5);
    fake_round(&fake, 4000);
    assert_int_equal(pump(), ETWAS_OK);
    assert_int_equal(sums().lost_monitor, 2);
    finish_stream();
    assert_int_equal(sums().lost_monitor, 2);
    assert_int_equal(taken.lost, 2);
    assert_int_equal(taken.count, 6);
    assert_exact();
}

/* Records held while the books are counted are neither lost nor counted twice. */
static void books_stay_exact_over_many_rounds(void **state)
{
    (void)state;
    source = fake_source(&fake);
    for (uint32_t round = 1; round <= 3 * 100; round++) {
        fake_ticks(&fake, round % FAKE_CPUS, round * UINT64_C(1000), 5);
        fake_round(&fake, round * UINT64_C(1000) + 900);
        assert_int_equal(pump(), ETWAS_OK);
        assert_int_equal(sums().lost_monitor, 0);
    }
    finish_stream();
    assert_int_equal(sums().delivered, 1500);
    assert_exact();
}

static void packets_that_lie_end_the_source(void **state)
{
    (void)state;
    const struct stream_round foreign = {.session = FAKE_SESSION + 1, .started_ns = 1};
    const struct stream_round greedy = {.session = FAKE_SESSION, .started_ns = 1, .cpus = 3};
    const struct stream_records no_cpu = {.session = FAKE_SESSION, .cpu = STREAM_MAX_CPUS};
    const struct stream_records other = {.session = FAKE_SESSION + 1};
    const struct stream_end odd = {.session = FAKE_SESSION, .reason = 99};
    const struct {
        uint16_t type;
        const void *body;
        size_t size;
    } lies[] = {
        {STREAM_ROUND,      &foreign, sizeof foreign  },
        {STREAM_ROUND,      &greedy,  sizeof greedy   },
        {STREAM_RECORDS,    &no_cpu,  sizeof no_cpu   },
        {STREAM_RECORDS,    &other,   sizeof other    },
        {STREAM_RECORDS,    &other,   sizeof other - 1},
        {STREAM_END,        &odd,     sizeof odd      },
        {STREAM_END,        &odd,     3               },
        {0x9999,            &odd,     sizeof odd      },
        {MESSAGE_START + 1, &odd,     sizeof odd      },
    };
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        source = fake_source(&fake);
        fake_ticks(&fake, 0, 1000, 2);
        fake_packet(&fake, lies[i].type, lies[i].body, lies[i].size);
        assert_int_equal(pump(), ETWAS_MALFORMED);
        assert_int_equal(pump(), ETWAS_MALFORMED);
        assert_int_equal(taken.count, 2);
        source->ops->close(source);
        source = NULL;
        fake_clear(&fake);
        fake_init(&fake);
        taken_init(&taken);
    }
}

static void a_joined_session_counts_from_when_it_was_joined(void **state)
{
    (void)state;
    fake.origin = ORIGIN_JOINED;
    fake.counters[0] = (struct stream_counters){.overrun = 50, .dropped = 5, .read = 1000};
    fake.sequences[0] = 77;
    source = fake_source(&fake);
    fake_ticks(&fake, 0, 1000, 5);
    fake_round(&fake, 2000);
    fake_ticks(&fake, 0, 2100, 5);
    fake.counters[0].overrun += 3;
    fake.counters[0].read += 2; /* lost on the way */
    fake_round(&fake, 3000);
    finish_stream();
    assert_int_equal(sums().produced, 15);
    assert_int_equal(sums().lost_kernel, 3);
    assert_int_equal(sums().lost_monitor, 2);
    assert_int_equal(taken.count, 10);
    assert_exact();
}

static void an_end_says_why_and_is_no_fault(void **state)
{
    (void)state;
    source = fake_source(&fake);
    assert_null(source->ops->ending(source));
    fake_ticks(&fake, 0, 1000, 5);
    fake_end(&fake, END_STOPPED, 0);
    assert_int_equal(pump(), ETWAS_CLOSED);
    assert_int_equal(pump(), ETWAS_CLOSED);
    assert_string_equal(source->ops->ending(source), "the session was stopped by uid 0 (root)");
    assert_int_equal(taken.count, 5);
    assert_exact(); /* what was seen after the last round was produced */
}

static void a_controller_that_vanishes_is_a_fault(void **state)
{
    (void)state;
    source = fake_source(&fake);
    fake_ticks(&fake, 0, 1000, 5);
    fake_round(&fake, 2000);
    fake_ticks(&fake, 0, 2000, 5);
    fake_hang_up(&fake);
    assert_int_equal(pump(), ETWAS_SYSTEM);
    assert_int_equal(taken.count, 10);
    assert_non_null(source->ops->ending(source));
    assert_exact();
}

static void finishing_hands_over_all_that_was_sent_until_then(void **state)
{
    (void)state;
    source = fake_source(&fake);
    fake_ticks(&fake, 0, 1000, 5);
    fake_round(&fake, 2000);
    assert_int_equal(pump(), ETWAS_OK);
    source->ops->finish(source);
    source->ops->finish(source);
    const uint64_t later = (uint64_t)host_now_ns();
    fake_ticks(&fake, 1, 2500, 3);
    fake_round(&fake, 3000); /* began before: does not vouch for the end */
    assert_int_equal(pump(), ETWAS_OK);
    assert_in_range(source->ops->timeout_ms(source), 1, 5000);
    fake_ticks(&fake, 1, later, 4);
    fake_round(&fake, later);
    fake_ticks(&fake, 0, later + 1000, 2); /* these are here already, and nobody else's */
    assert_int_equal(pump(), ETWAS_CLOSED);
    assert_int_equal(send(fake.socket, "", 1, MSG_NOSIGNAL), -1); /* nothing more is taken */
    assert_int_equal(taken.count, 14);
    assert_int_equal(sums().filtered, 0);
    assert_null(source->ops->ending(source));
    assert_exact();
}

static void a_stream_may_begin_before_start_is_answered(void **state)
{
    (void)state;
    fake.early_round = true;
    source = fake_source(&fake);
    assert_int_equal(source->ops->timeout_ms(source), 0);
    finish_stream();
    assert_int_equal(taken.count, 3);
    assert_exact();
}

static void a_handler_that_ends_stops_the_pump_and_gets_nothing_twice(void **state)
{
    (void)state;
    source = fake_source(&fake);
    for (uint32_t i = 0; i < 4; i++) {
        fake_ticks(&fake, 0, 1000 + i * 1000, 100);
    }
    fake_round(&fake, 9000);
    fake_round(&fake, 9500);
    taken.limit = 1;
    assert_int_equal(pump(), ETWAS_CLOSED);
    assert_int_equal(taken.count, 128);
    taken.limit = 0;
    finish_stream();
    assert_int_equal(taken.count, 400);
    for (size_t i = 1; i < taken.count; i++) {
        assert_true(taken.numbers[i - 1] < taken.numbers[i]);
    }
    assert_exact();
}

/* More than all blocks hold comes before a round vouches for any of it. */
static void full_blocks_are_handed_over_early_and_nothing_is_lost(void **state)
{
    (void)state;
    fake.ring_size = 1;
    source = fake_source(&fake);
    uint64_t sent = 0;
    for (uint32_t i = 0; i < 1200; i++) {
        fake_ticks(&fake, 0, 1000 + i * UINT64_C(100), 3);
        sent += 3;
        if (i % 40 == 39) {
            assert_int_equal(pump(), ETWAS_OK);
        }
    }
    assert_true(taken.count > 0);
    fake_ticks(&fake, 1, 1005, 1); /* behind what is gone already */
    fake_round(&fake, 900000);
    finish_stream();
    assert_int_equal(taken.count, sent + 1);
    assert_int_equal(sums().late, 1);
    assert_exact();
}

static size_t open_descriptors(void)
{
    size_t count = 0;
    for (int fd = 0; fd < 256; fd++) {
        count += lseek(fd, 0, SEEK_CUR) != -1 || errno != EBADF;
    }
    return count;
}

static void a_session_leaves_no_descriptor_open(void **state)
{
    (void)state;
    fake_clear(&fake);
    const size_t before = open_descriptors();
    for (int i = 0; i < 3; i++) {
        fake_init(&fake);
        source = fake_source(&fake);
        source->ops->close(source);
        source = NULL;
        fake_clear(&fake);
    }
    assert_int_equal(open_descriptors(), before);
    fake_init(&fake);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(records_come_in_time_order_over_all_cpus),
        CLAIM(a_round_vouches_for_the_round_before),
        CLAIM(time_is_utc_in_ticks),
        CLAIM(what_the_kernel_lost_is_counted_and_handed_over),
        CLAIM(a_gap_in_the_sequence_is_what_the_counters_say),
        CLAIM(a_sequence_that_goes_back_ends_the_source),
        CLAIM(counters_that_go_back_end_the_source),
        CLAIM(records_nobody_here_asked_for_are_filtered),
        CLAIM(own_threads_are_left_out),
        CLAIM(a_malformed_page_costs_its_rest_and_is_said),
        CLAIM(a_malformed_page_is_said_while_the_stream_goes_on),
        CLAIM(books_stay_exact_over_many_rounds),
        CLAIM(packets_that_lie_end_the_source),
        CLAIM(a_joined_session_counts_from_when_it_was_joined),
        CLAIM(an_end_says_why_and_is_no_fault),
        CLAIM(a_controller_that_vanishes_is_a_fault),
        CLAIM(finishing_hands_over_all_that_was_sent_until_then),
        CLAIM(a_stream_may_begin_before_start_is_answered),
        CLAIM(a_handler_that_ends_stops_the_pump_and_gets_nothing_twice),
        CLAIM(full_blocks_are_handed_over_early_and_nothing_is_lost),
        CLAIM(a_session_leaves_no_descriptor_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

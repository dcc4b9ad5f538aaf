/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tests/monitor/forward/rig.h"

#define PROBLEM(code, name)                                                                        \
    {                                                                                              \
        .kind = REPLY_PROBLEM, .status = (code), .problem = (name)                                 \
    }
#define PLAIN(code)                                                                                \
    {                                                                                              \
        .kind = REPLY_PLAIN, .status = (code)                                                      \
    }
#define ELSEWHERE(code)                                                                            \
    {                                                                                              \
        .kind = REPLY_PLAIN, .status = (code), .headers = "Location: http://127.0.0.1:1/\r\n"      \
    }
#define SAYS(code, format, text)                                                                   \
    {                                                                                              \
        .kind = REPLY_BODY, .status = (code), .type = (format), .problem = (text)                  \
    }

static void survive(const struct reply *script, size_t count)
{
    static unsigned counts[RIG_NUMBERS];
    server_script(rig.servers[0], script, count);
    rig_open();
    for (uint64_t i = 0; i < 10; i++) {
        rig_write_batch(i);
    }
    rig_await_sent();
    assert_true(server_count(rig.servers[0]) >= 10 + count);
    rig_count(rig.servers[0], counts);
    for (size_t i = 0; i < 10; i++) {
        assert_in_range(counts[i], 1, 1 + count * 8);
    }
    uint64_t last = 0;
    for (size_t i = count; i < server_count(rig.servers[0]); i++) {
        const struct batch_head *head = &server_seen(rig.servers[0], i)->head;
        last = head->sequence > last ? head->sequence : last;
        assert_true(head->after < head->sequence);
    }
    assert_int_equal(last, 10);
    forward_stop(rig.sink);
    assert_int_equal(forward_lost(rig.sink), 0);
}

static void what_is_no_answer_is_tried_again(void **state)
{
    (void)state;
    static const struct reply script[] = {
        {.kind = REPLY_CLOSE},
        {.kind = REPLY_CUT},
        {.kind = REPLY_CUT},
        {.kind = REPLY_CLOSE},
    };
    survive(script, sizeof script / sizeof script[0]);
}

static void who_hangs_is_noticed(void **state)
{
    (void)state;
    static const struct reply script[] = {{.kind = REPLY_HANG}};
    const int64_t start = rig_now_ms();
    survive(script, 1);
    assert_true(rig_now_ms() - start >= 900);
}

static void a_slow_answer_is_an_answer(void **state)
{
    (void)state;
    static const struct reply script[] = {{.kind = REPLY_SLOW}};
    server_script(rig.servers[0], script, 1);
    rig_open();
    rig_write_batch(0);
    rig_await_sent();
    assert_int_equal(server_count(rig.servers[0]), 1);
}

static void answers_of_others_count_for_nothing(void **state)
{
    (void)state;
    static const struct reply script[] = {
        PLAIN(200),
        PLAIN(404),
        PLAIN(500),
        ELSEWHERE(307),
        {.kind = REPLY_HUGE},
        SAYS(200, "text/plain", "{\"Status\":\"stored\"}"),
        SAYS(200, "application/json", "{\"Status\":1}"),
        SAYS(200, "application/json", "{"),
        SAYS(400, "text/html", "{\"type\":\"urn:etwas:problem:malformed\"}"),
        PROBLEM(400, "of-tomorrow"),
    };
    survive(script, sizeof script / sizeof script[0]);
}

static void a_busy_relay_is_left_alone_for_as_long_as_it_says(void **state)
{
    (void)state;
    static const struct reply script[] = {
        {.kind = REPLY_PROBLEM, .status = 503, .problem = "busy", .headers = "Retry-After: 1\r\n"}
    };
    server_script(rig.servers[0], script, 1);
    rig_open();
    rig_write_batch(0);
    rig_await_sent();
    assert_int_equal(server_count(rig.servers[0]), 2);
    assert_true(server_seen(rig.servers[0], 1)->at_ms - server_seen(rig.servers[0], 0)->at_ms >=
                1000);
}

static void batches_are_signed_by_the_relay_s_clock(void **state)
{
    (void)state;
    static char date[64];
    static struct reply script[] = {
        {.kind = REPLY_PROBLEM, .status = 401, .problem = "clock", .headers = date}
    };
    const time_t there = time(NULL) + 7200;
    struct tm parts;
    (void)strftime(date, sizeof date, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n",
                   gmtime_r(&there, &parts));
    server_script(rig.servers[0], script, 1);
    rig_open();
    rig_write_batch(0);
    rig_await_sent();
    rig_write_batch(1);
    rig_await_sent();
    assert_int_equal(server_count(rig.servers[0]), 3);
    const int64_t before = server_seen(rig.servers[0], 0)->signed_s;
    assert_in_range(server_seen(rig.servers[0], 1)->signed_s - before, 7198, 7210);
    assert_in_range(server_seen(rig.servers[0], 2)->signed_s - before, 7198, 7210);
}

static void an_unknown_key_goes_on_trying(void **state)
{
    (void)state;
    static const struct reply script[] = {
        PROBLEM(401, "pending"),
        PROBLEM(401, "pending"),
        PROBLEM(401, "replay"),
        PROBLEM(401, "signature"),
    };
    survive(script, sizeof script / sizeof script[0]);
}

static void what_will_never_be_taken_is_parked_and_the_rest_goes_on(void **state)
{
    (void)state;
    static const struct reply script[] = {
        {.kind = REPLY_STORED},  PROBLEM(409, "conflict"), PROBLEM(400, "malformed"),
        PROBLEM(413, "too-big"), PROBLEM(403, "key"),      PROBLEM(421, "host"),
    };
    server_script(rig.servers[0], script, sizeof script / sizeof script[0]);
    rig_open();
    for (uint64_t i = 0; i < 10; i++) {
        rig_write_batch(i);
        rig_await_sent();
    }
    assert_int_equal(server_count(rig.servers[0]), 10);
    assert_int_equal(rig_count_parked(), 5);
    forward_stop(rig.sink);
    assert_int_equal(forward_lost(rig.sink), 5);
}

static void a_signature_refused_twice_parks_the_batch(void **state)
{
    (void)state;
    static const struct reply script[] = {
        PROBLEM(401, "signature"),
        PROBLEM(401, "signature"),
    };
    server_script(rig.servers[0], script, 2);
    rig_open();
    rig_write_batch(0);
    rig_await_sent();
    rig_write_batch(1);
    rig_await_sent();
    assert_int_equal(server_count(rig.servers[0]), 3);
    assert_int_equal(server_seen(rig.servers[0], 1)->head.sequence, 1);
    assert_int_equal(server_seen(rig.servers[0], 2)->head.sequence, 2);
    assert_int_equal(rig_count_parked(), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(what_is_no_answer_is_tried_again),
        CLAIM(who_hangs_is_noticed),
        CLAIM(a_slow_answer_is_an_answer),
        CLAIM(answers_of_others_count_for_nothing),
        CLAIM(a_busy_relay_is_left_alone_for_as_long_as_it_says),
        CLAIM(batches_are_signed_by_the_relay_s_clock),
        CLAIM(an_unknown_key_goes_on_trying),
        CLAIM(what_will_never_be_taken_is_parked_and_the_rest_goes_on),
        CLAIM(a_signature_refused_twice_parks_the_batch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

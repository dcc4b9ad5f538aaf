/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/monitor/forward/rig.h"

enum { SILENCE_MS = 150 };

static void what_is_written_arrives_once_and_in_order(void **state)
{
    (void)state;
    static unsigned counts[RIG_NUMBERS];
    rig_open();
    rig_write(0, 4000);
    rig_finish();
    rig_await_sent();
    rig_count(rig.servers[0], counts);
    for (size_t i = 0; i < 4000; i++) {
        assert_int_equal(counts[i], 1);
    }
    for (size_t i = 0; i < server_count(rig.servers[0]); i++) {
        assert_true(server_seen(rig.servers[0], i)->size <= BATCH_MAX_LINES);
    }
}

static void a_batch_says_which_it_is_and_what_the_books_are(void **state)
{
    (void)state;
    rig_open();
    rig.accounts.filtered = 7;
    rig.accounts.produced = 12;
    rig.accounts.lost_kernel = 5;
    rig_write(0, 3);
    rig_finish();
    rig_await_sent();
    rig_write_batch(3);
    rig_await_sent();
    const struct batch_head *first = &server_seen(rig.servers[0], 0)->head;
    const struct batch_head *second = &server_seen(rig.servers[0], 1)->head;
    assert_int_equal(first->sequence, 1);
    assert_int_equal(first->count, 3);
    assert_int_equal(first->books.before, 0);
    assert_int_equal(first->books.produced, 15);
    assert_int_equal(first->books.filtered, 7);
    assert_int_equal(first->books.lost_kernel, 5);
    assert_int_equal(second->sequence, 2);
    assert_int_equal(second->after, 0);
    assert_int_equal(second->books.before, 3);
    assert_int_equal(second->books.produced, 16);
    assert_memory_equal(first->stream, second->stream, BATCH_STREAM_SIZE);
}

static void a_batch_waits_until_it_is_old_enough(void **state)
{
    (void)state;
    rig.options.fill_ms = 100;
    rig_open();
    rig_write(0, 1);
    const int64_t start = rig_now_ms();
    enum etwas_status status = ETWAS_AGAIN;
    while (status == ETWAS_AGAIN && rig_now_ms() - start < RIG_PATIENCE_MS) {
        rig_pause_ms(2);
        status = rig.sink->ops->flush(rig.sink, &rig.error);
    }
    assert_int_equal(status, ETWAS_OK);
    assert_true(rig_now_ms() - start >= 40);
    rig_await_sent();
    assert_int_equal(server_count(rig.servers[0]), 1);
}

static void silence_is_broken_by_heartbeats(void **state)
{
    (void)state;
    rig.options.silence_ms = SILENCE_MS;
    rig_open();
    rig_write_batch(0);
    rig.accounts.filtered = 4;
    rig.accounts.produced += 4;
    const int64_t until = rig_now_ms() + RIG_PATIENCE_MS;
    while (server_count(rig.servers[0]) < 3 && rig_now_ms() < until) {
        rig_checkpoint();
        assert_int_equal(rig.sink->ops->flush(rig.sink, &rig.error), ETWAS_OK);
        rig_pause_ms(5);
    }
    const struct seen *beat = server_seen(rig.servers[0], 2);
    assert_true(beat->verified);
    assert_int_equal(beat->head.count, 0);
    assert_int_equal(beat->size, 0);
    assert_int_equal(beat->head.books.produced, 5);
    assert_int_equal(beat->head.books.filtered, 4);
    assert_true(beat->at_ms - server_seen(rig.servers[0], 1)->at_ms >= SILENCE_MS / 2);
}

static void no_heartbeat_waits_behind_another(void **state)
{
    (void)state;
    static const struct reply hold = {.kind = REPLY_HOLD};
    rig.options.silence_ms = 1;
    rig.options.stall_s = 30;
    server_script(rig.servers[0], &hold, 1);
    rig_open();
    rig_write_batch(0);
    assert_true(server_await(rig.servers[0], 1));
    for (int i = 0; i < 20; i++) {
        rig_checkpoint();
        assert_int_equal(rig.sink->ops->flush(rig.sink, &rig.error), ETWAS_OK);
        rig_pause_ms(2);
    }
    assert_int_equal(rig_waiting(), 1);
    server_release(rig.servers[0]);
    rig_await_sent();
}

static void several_are_under_way_once_one_has_arrived(void **state)
{
    (void)state;
    static const struct reply script[] = {
        {.kind = REPLY_HOLD}, {.kind = REPLY_HOLD}, {.kind = REPLY_HOLD},
        {.kind = REPLY_HOLD}, {.kind = REPLY_HOLD}, {.kind = REPLY_HOLD},
        {.kind = REPLY_HOLD}, {.kind = REPLY_HOLD}, {.kind = REPLY_HOLD},
    };
    rig.options.stall_s = 30;
    rig_open();
    rig_write_batch(0);
    rig_await_sent();
    server_script(rig.servers[0], script, sizeof script / sizeof script[0]);
    for (uint64_t i = 1; i < 21; i++) {
        rig_write_batch(i);
    }
    assert_true(server_await(rig.servers[0], 9));
    rig_pause_ms(50);
    assert_int_equal(server_count(rig.servers[0]), 9); /* the window is full */
    server_release(rig.servers[0]);
    rig_await_sent();
    assert_int_equal(server_most(rig.servers[0]), 8);
    bool named = true;
    for (size_t i = 0; i < server_count(rig.servers[0]); i++) {
        const struct batch_head *head = &server_seen(rig.servers[0], i)->head;
        named = named && (head->after == 0 || head->after == head->sequence - 1);
    }
    assert_true(named);
}

/* Sends ten batches while the first answers are these; all must arrive, none twice as stored. */
static void a_slow_sink_holds_no_other_up(void **state)
{
    (void)state;
    static const struct reply hold = {.kind = REPLY_HOLD};
    rig.servers[1] = server_open(0);
    rig.sinks[1] = server_url(rig.servers[1]);
    rig.options.sink_count = 2;
    rig.options.stall_s = 30;
    server_script(rig.servers[0], &hold, 1);
    rig_open();
    for (uint64_t i = 0; i < 30; i++) {
        rig_write_batch(i);
    }
    assert_true(server_await(rig.servers[1], 30));
    assert_int_equal(server_count(rig.servers[0]), 1);
    server_release(rig.servers[0]);
    rig_await_sent();
}

static void a_relay_that_comes_later_gets_everything(void **state)
{
    (void)state;
    static unsigned counts[RIG_NUMBERS];
    const uint16_t port = server_port(rig.servers[0]);
    char url[64];
    (void)snprintf(url, sizeof url, "%s", server_url(rig.servers[0]));
    rig.sinks[0] = url;
    server_close(rig.servers[0]);
    rig.servers[0] = NULL;
    rig_open();
    for (uint64_t i = 0; i < 20; i++) {
        rig_write_batch(i);
    }
    rig_pause_ms(100);
    rig.servers[0] = server_open(port);
    rig_await_sent();
    rig_count(rig.servers[0], counts);
    for (size_t i = 0; i < 20; i++) {
        assert_int_equal(counts[i], 1);
    }
}

static void the_next_run_goes_on_with_the_stream(void **state)
{
    (void)state;
    static const struct reply hang = {.kind = REPLY_HANG};
    server_script(rig.servers[0], &hang, 1);
    rig_open();
    rig_write_batch(0);
    assert_true(server_await(rig.servers[0], 1));
    rig_close();
    rig.accounts = (struct source_accounts){0};
    rig_open();
    rig_write_batch(1);
    rig_await_sent();
    assert_int_equal(server_count(rig.servers[0]), 3);
    const struct batch_head *last = &server_seen(rig.servers[0], 2)->head;
    assert_int_equal(server_seen(rig.servers[0], 1)->head.sequence, 1);
    assert_int_equal(last->sequence, 2);
    assert_int_equal(last->books.before, 1);
    assert_int_equal(last->books.produced, 2);
    assert_memory_equal(last->stream, server_seen(rig.servers[0], 0)->head.stream,
                        BATCH_STREAM_SIZE);
}

static void what_others_left_is_sent_too(void **state)
{
    (void)state;
    static const struct reply hang = {.kind = REPLY_HANG};
    rig.servers[1] = server_open(0);
    server_script(rig.servers[0], &hang, 1);
    rig_open();
    rig_write_batch(0);
    assert_true(server_await(rig.servers[0], 1));
    rig_close();
    rig.sinks[0] = server_url(rig.servers[1]);
    rig_open();
    assert_true(
        server_await(rig.servers[0], 2)); /* another rig.sink, but the same rig.folder of spools */
    rig_await_sent();
    assert_int_equal(server_seen(rig.servers[0], 1)->head.sequence, 1);
    assert_int_equal(server_count(rig.servers[1]), 0);
}

static void the_user_s_key_signs_and_others_cannot_read_it(void **state)
{
    (void)state;
    struct stat about;
    char config[96];
    rig_open();
    assert_int_equal(stat(rig.key, &about), 0);
    assert_int_equal(about.st_mode & 07777, 0600);
    (void)snprintf(config, sizeof config, "%s/config", rig.folder);
    assert_int_equal(stat(config, &about), 0);
    assert_int_equal(about.st_mode & 07777, 0700);
    rig_close();
    assert_int_equal(chmod(rig.key, 0640), 0);
    assert_int_equal(forward_open(&rig.options, &rig.sink, rig.what, &rig.error), ETWAS_DENIED);
    assert_null(rig.sink);
    assert_non_null(strstr(rig.what, "next: chmod 600"));
}

static void the_books_go_on_where_the_session_does(void **state)
{
    (void)state;
    rig.position = (struct source_position){.session = 9, .lane_count = 1};
    rig.options.session = "S";
    rig_open();
    rig.accounts.produced = 5; /* the kernel is ahead of us */
    rig_write_batch(0);
    rig_await_sent();
    rig_close();
    rig.accounts = (struct source_accounts){.produced = 5}; /* these, counted by the source anew */
    rig_open();
    rig_write_batch(1);
    rig_await_sent();
    const struct batch_head *last = &server_seen(rig.servers[0], 1)->head;
    assert_int_equal(last->books.produced, 7);
    assert_int_equal(last->books.lost_monitor, 0);
}

static void what_a_session_that_is_gone_had_left_is_lost(void **state)
{
    (void)state;
    rig.position = (struct source_position){.session = 9, .lane_count = 1};
    rig.options.session = "S";
    rig_open();
    rig.accounts.produced = 5;
    rig_write_batch(0);
    rig_await_sent();
    rig_close();
    rig.accounts = (struct source_accounts){0};
    rig.position.session = 10;
    rig_open();
    rig_write_batch(1);
    rig_await_sent();
    const struct batch_head *last = &server_seen(rig.servers[0], 1)->head;
    assert_int_equal(last->books.produced, 7);
    assert_int_equal(last->books.lost_monitor, 5);
}

static void write_file(const char *path, const char *text)
{
    char next[128];
    (void)snprintf(next, sizeof next, "%s.next", path);
    FILE *file = fopen(next, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(rename(next, path), 0);
}

static void all_instances_of_a_role_get_everything(void **state)
{
    (void)state;
    char path[96];
    char text[512];
    rig.servers[1] = server_open(0);
    (void)snprintf(path, sizeof path, "%s/discovery.json", rig.folder);
    (void)snprintf(text, sizeof text, "{\"roles\":{\"web\":{\"in\":[\"%s\"]}}}",
                   server_url(rig.servers[0]));
    write_file(path, text);
    rig.options.discovery = path;
    rig.sinks[0] = "role:web:in";
    rig_open();
    rig_write_batch(0);
    rig_await_sent();
    assert_int_equal(server_count(rig.servers[0]), 1);
    (void)snprintf(text, sizeof text, "{\"roles\":{\"web\":{\"in\":[\"%s\",\"%s\"]}}}",
                   server_url(rig.servers[0]), server_url(rig.servers[1]));
    write_file(path, text);
    for (uint64_t i = 1; server_count(rig.servers[1]) == 0 && i < 1000; i++) {
        rig_write_batch(i);
        rig_pause_ms(10);
    }
    rig_await_sent();
    assert_true(server_count(rig.servers[1]) > 0);
    const struct seen *last = server_seen(rig.servers[1], server_count(rig.servers[1]) - 1);
    const struct seen *other = server_seen(rig.servers[0], server_count(rig.servers[0]) - 1);
    assert_int_equal(last->head.sequence, other->head.sequence);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(what_is_written_arrives_once_and_in_order),
        CLAIM(a_batch_says_which_it_is_and_what_the_books_are),
        CLAIM(a_batch_waits_until_it_is_old_enough),
        CLAIM(silence_is_broken_by_heartbeats),
        CLAIM(no_heartbeat_waits_behind_another),
        CLAIM(several_are_under_way_once_one_has_arrived),
        CLAIM(a_slow_sink_holds_no_other_up),
        CLAIM(a_relay_that_comes_later_gets_everything),
        CLAIM(the_next_run_goes_on_with_the_stream),
        CLAIM(what_others_left_is_sent_too),
        CLAIM(the_user_s_key_signs_and_others_cannot_read_it),
        CLAIM(the_books_go_on_where_the_session_does),
        CLAIM(what_a_session_that_is_gone_had_left_is_lost),
        CLAIM(all_instances_of_a_role_get_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

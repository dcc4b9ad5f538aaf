/* SPDX-License-Identifier: MIT */

/* How long sessions live: lingering, shutdown, and controllers that come after. */
#include "tests/system/client.h"
#include "tests/system/harness.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static const char policy[] = "allow * *\n";
static struct client alice;
static struct client bob;

static int begin(void **state)
{
    alice.fd = bob.fd = alice.handle = bob.handle = -1;
    return harness_begin(state);
}

static int end(void **state)
{
    client_close(&alice);
    client_close(&bob);
    return harness_end(state);
}

static void open_lingering(struct client *client, const char *name, uint32_t linger_s)
{
    struct message_open open = {
        .uid = MESSAGE_UID_SELF, .subbuffer_kib = 4, .ring_kib = 256, .linger_s = linger_s};
    (void)snprintf(open.name, sizeof open.name, "%s", name);
    assert_int_equal(client_open_as(client, &open).status, ETWAS_OK);
}

static void a_session_lingers_and_goes(void **state)
{
    (void)state;
    harness_start(policy);
    client_connect(&alice, HARNESS_ALICE);
    client_connect(&bob, HARNESS_BOB);
    open_lingering(&alice, "short", 1);
    open_lingering(&bob, "kept", 1);
    assert_int_equal(client_enable(&alice, "sched", "sched_wakeup").status, ETWAS_OK);
    const int64_t left_ms = harness_now_ms();
    client_close(&alice);
    while (strstr(harness_traces(), "etwas_61001_short: ") != NULL) {
        assert_true(harness_now_ms() - left_ms < 5000);
        harness_sleep_ms(5);
    }
    assert_true(harness_now_ms() - left_ms >= 990);
    /* A session with a client stays, even of one that never started. */
    assert_non_null(strstr(harness_traces(), "etwas_61002_kept: "));
    (void)client_stop(&bob, "", MESSAGE_UID_SELF);
}

static void who_comes_back_in_time_finds_his_session(void **state)
{
    (void)state;
    harness_start("allow * *\nlimit linger 2\n");
    client_trace(&alice, HARNESS_ALICE, "again", "sched:sched_switch");
    client_await_round(&alice);
    client_close(&alice);
    client_connect(&alice, HARNESS_ALICE);
    const struct message_answer answer = client_open(&alice, "again", MESSAGE_UID_SELF);
    assert_int_equal(answer.status, ETWAS_OK);
    assert_int_equal(answer.value[3], ORIGIN_JOINED);
    harness_sleep_ms(2500); /* longer than it would linger */
    assert_non_null(strstr(harness_traces(), "etwas_61001_again: sched:sched_switch\n"));
    (void)client_stop(&alice, "", MESSAGE_UID_SELF);
}

static void shutdown_ends_every_stream_and_leaves_nothing(void **state)
{
    (void)state;
    struct stat status;
    harness_start(policy);
    client_trace(&alice, HARNESS_ALICE, "one", "sched:sched_switch");
    client_trace(&bob, HARNESS_BOB, "two", "sched:sched_wakeup");
    client_await_round(&alice);
    client_await_round(&bob);
    harness_stop();
    assert_true(client_is_closed(&alice, HARNESS_PATIENCE_MS));
    assert_true(client_is_closed(&bob, HARNESS_PATIENCE_MS));
    assert_true(alice.ended && bob.ended);
    assert_int_equal(alice.end.reason, END_SHUTDOWN);
    assert_int_equal(bob.end.reason, END_SHUTDOWN);
    client_check_counters(&alice);
    client_check_counters(&bob);
    assert_string_equal(harness_traces(), "");
    (void)stat(harness_path("socket"), &status);
}

static void a_stop_tells_every_client_who_stopped_it(void **state)
{
    (void)state;
    struct client other = {.fd = -1, .handle = -1};
    harness_start(policy);
    client_trace(&alice, HARNESS_ALICE, "mine", "sched:sched_switch");
    client_trace(&other, HARNESS_ALICE, "mine", "sched:sched_switch");
    client_connect(&bob, 0);
    const struct message_answer answer = client_stop(&bob, "mine", HARNESS_ALICE);
    assert_int_equal(answer.status, ETWAS_OK);
    assert_int_equal(answer.value[0], 1);
    client_await_end(&alice);
    client_await_end(&other);
    client_close(&other);
    assert_int_equal(alice.end.reason, END_STOPPED);
    assert_int_equal(alice.end.uid, 0);
    client_check_counters(&alice);
    harness_await_no_traces();
}

static void send_request(const struct client *client, uint16_t type, const void *body, size_t size)
{
    uint8_t packet[MESSAGE_MAX_REQUEST];
    struct bytes_writer writer = bytes_writer_of(packet, sizeof packet);
    message_put_header(&writer, type, size);
    if (size != 0) {
        bytes_put(&writer, body, size);
    }
    assert_false(writer.bad);
    const size_t whole = sizeof packet - writer.left;
    assert_int_equal(send(client->fd, packet, whole, MSG_NOSIGNAL), whole);
}

/* The controller finds both requests at once, and serves who came last first. */
static void a_start_after_a_stop_is_told_that_nothing_is_there(void **state)
{
    (void)state;
    const struct message_stop stop = {.uid = HARNESS_ALICE, .name = "gone"};
    uint8_t packet[MESSAGE_MAX_REQUEST];
    struct message_answer answer;
    struct bytes_reader body;
    uint16_t type = 0;
    harness_start(policy);
    client_connect(&alice, HARNESS_ALICE);
    client_connect(&bob, 0);
    assert_int_equal(client_open(&alice, "gone", MESSAGE_UID_SELF).status, ETWAS_OK);
    assert_int_equal(client_enable(&alice, "sched", "sched_switch").status, ETWAS_OK);
    (void)kill(harness_pid(), SIGSTOP);
    send_request(&bob, MESSAGE_STOP, &stop, sizeof stop);
    send_request(&alice, MESSAGE_START, NULL, 0);
    (void)kill(harness_pid(), SIGCONT);
    const ssize_t got = recv(alice.fd, packet, sizeof packet, 0);
    assert_true(got > 0);
    assert_int_equal(message_decode(packet, (size_t)got, sizeof packet, &type, &body), ETWAS_OK);
    assert_int_equal(type, MESSAGE_START + 1);
    message_get_answer(&body, &answer);
    assert_int_equal(answer.status, ETWAS_NOT_FOUND);
    assert_int_equal(answer.detail, ENOENT);
    client_close(&alice);
    harness_await_no_traces();
}

static void a_new_controller_adopts_what_a_killed_one_left(void **state)
{
    (void)state;
    harness_start(policy);
    client_trace(&alice, HARNESS_ALICE, "left", "sched:sched_switch");
    client_await_round(&alice);
    harness_kill();
    assert_true(client_is_closed(&alice, HARNESS_PATIENCE_MS));
    client_close(&alice);
    assert_non_null(strstr(harness_traces(), "etwas_61001_left: sched:sched_switch\n"));
    harness_start("allow * *\nlimit linger 1\n");
    assert_int_equal(harness_logged("left", "adopted", NULL), 1);
    client_connect(&alice, HARNESS_ALICE);
    assert_int_equal(client_open(&alice, "left", MESSAGE_UID_SELF).value[3], ORIGIN_JOINED);
    assert_int_equal(client_enable(&alice, "sched", "sched_switch").status, ETWAS_OK);
    assert_int_equal(client_ask(&alice, MESSAGE_START, NULL, 0, -1).status, ETWAS_OK);
    client_await_round(&alice);
    assert_true(client_events(&alice) > 0);
    client_close(&alice);
    harness_await_no_traces(); /* the linger clock runs for it, too */
}

static void a_session_that_a_new_policy_forbids_is_removed(void **state)
{
    (void)state;
    harness_start(policy);
    client_trace(&alice, HARNESS_ALICE, "left", "sched:sched_switch");
    client_trace(&bob, HARNESS_BOB, "left", "sched:sched_wakeup");
    harness_kill();
    harness_start("deny * sched:sched_switch\nallow * sched:*\n");
    assert_int_equal(harness_logged("left of uid 61001", "removed", NULL) > 0, 1);
    assert_int_equal(harness_logged("left of uid 61002", "adopted", NULL), 1);
    const int64_t limit_ms = harness_now_ms() + HARNESS_PATIENCE_MS;
    while (strstr(harness_traces(), "etwas_61001_") != NULL && harness_now_ms() < limit_ms) {
        harness_sleep_ms(5);
    }
    assert_null(strstr(harness_traces(), "etwas_61001_"));
    assert_non_null(strstr(harness_traces(), "etwas_61002_left: sched:sched_wakeup\n"));
}

static void a_second_controller_leaves_the_first_ones_sessions(void **state)
{
    (void)state;
    char output[2048];
    char copy[400];
    harness_start(policy);
    client_trace(&alice, HARNESS_ALICE, "kept", "sched:sched_switch");
    harness_copy(harness_path("policy"), harness_path("policy2"), 0600);
    (void)snprintf(copy, sizeof copy, "%s", harness_path("socket2"));
    const char *const arguments[] = {
        "/usr/bin/timeout", "2",        ETWAS_CONTROLLER,        "--socket", copy, "--group",
        "nogroup",          "--policy", harness_path("policy2"), NULL};
    assert_int_not_equal(harness_execute(0, arguments, output, sizeof output), 1);
    assert_non_null(strstr(output, "ready"));
    client_await_round(&alice);
    client_check_counters(&alice);
    assert_false(alice.ended);
    assert_non_null(strstr(harness_traces(), "etwas_61001_kept: sched:sched_switch\n"));
    (void)client_stop(&alice, "", MESSAGE_UID_SELF);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_session_lingers_and_goes),
        CASE(who_comes_back_in_time_finds_his_session),
        CASE(shutdown_ends_every_stream_and_leaves_nothing),
        CASE(a_stop_tells_every_client_who_stopped_it),
        CASE(a_start_after_a_stop_is_told_that_nothing_is_there),
        CASE(a_new_controller_adopts_what_a_killed_one_left),
        CASE(a_session_that_a_new_policy_forbids_is_removed),
        CASE(a_second_controller_leaves_the_first_ones_sessions),
    };
    return harness_is_able() ? cmocka_run_group_tests(tests, NULL, NULL) : 77;
}

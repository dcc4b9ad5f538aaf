/* SPDX-License-Identifier: MIT */

/* Two users with different rights, and policy files that are no administrator's word. */
#include "tests/system/client.h"
#include "tests/system/harness.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char policy[] = "deny uid:61001 sched:sched_switch\n"
                             "allow uid:61001 sched:*\n"
                             "allow uid:61002 irq:*\n"
                             "allow uid:0 *\n";

static struct client alice;
static struct client bob;
static struct client root;

static void assert_answer(struct message_answer answer, uint32_t status, uint32_t detail)
{
    assert_int_equal(answer.status, status);
    assert_int_equal(answer.detail, detail);
}

static int begin(void **state)
{
    alice.fd = bob.fd = root.fd = -1;
    alice.handle = bob.handle = root.handle = -1;
    return harness_begin(state);
}

static int end(void **state)
{
    client_close(&alice);
    client_close(&bob);
    client_close(&root);
    return harness_end(state);
}

static void each_user_gets_what_his_rules_say(void **state)
{
    (void)state;
    harness_start(policy);
    client_connect(&alice, HARNESS_ALICE);
    client_connect(&bob, HARNESS_BOB);
    assert_answer(client_open(&alice, "mine", MESSAGE_UID_SELF), ETWAS_OK, 0);
    assert_answer(client_open(&bob, "mine", HARNESS_BOB), ETWAS_OK, 0);
    assert_answer(client_enable(&alice, "sched", "sched_switch"), ETWAS_DENIED, 1);
    assert_answer(client_enable(&alice, "irq", "irq_handler_entry"), ETWAS_DENIED, 0);
    assert_answer(client_enable(&bob, "sched", "sched_wakeup"), ETWAS_DENIED, 0);
    assert_null(strstr(harness_traces(), ":sched_")); /* nothing is enabled */
    assert_null(strstr(harness_traces(), "irq:"));
    assert_answer(client_enable(&alice, "sched", "sched_wakeup"), ETWAS_OK, 0);
    assert_answer(client_enable(&bob, "irq", "irq_handler_entry"), ETWAS_OK, 0);
    assert_non_null(strstr(harness_traces(), "etwas_61001_mine: sched:sched_wakeup\n"));
    assert_non_null(strstr(harness_traces(), "etwas_61002_mine: irq:irq_handler_entry\n"));
    assert_int_equal(harness_logged("uid 61001 ", "sched:sched_switch: refused, line 1", NULL), 1);
    assert_int_equal(harness_logged("uid 61001 ", "irq:irq_handler_entry: refused, line 0", NULL),
                     1);
    assert_int_equal(harness_logged("uid 61001 ", "sched:sched_wakeup: allowed, line 2", NULL), 1);
    assert_int_equal(harness_logged("uid 61002 ", "irq:irq_handler_entry: allowed, line 3", NULL),
                     1);
}

static void a_session_of_somebody_else_is_refused(void **state)
{
    (void)state;
    harness_start(policy);
    client_connect(&alice, HARNESS_ALICE);
    client_connect(&bob, HARNESS_BOB);
    client_connect(&root, 0);
    assert_answer(client_open(&bob, "his", MESSAGE_UID_SELF), ETWAS_OK, 0);
    assert_int_equal(client_open(&alice, "his", HARNESS_BOB).status, ETWAS_DENIED);
    assert_int_equal(client_open(&alice, HARNESS_ROOT_NAME, 0).status, ETWAS_DENIED);
    /* To read it would take its events away: not even root. */
    assert_int_equal(client_open(&root, "his", HARNESS_BOB).status, ETWAS_DENIED);
    assert_int_equal(harness_logged("uid 61001 ", "session of uid 61002", "refused", NULL), 1);
    assert_int_equal(harness_logged("uid 0 ", "session of uid 61002", "refused", NULL), 1);
    assert_null(strstr(harness_traces(), "etwas_61001_"));
    /* A name of its own is another session. */
    assert_answer(client_open(&alice, "his", MESSAGE_UID_SELF), ETWAS_OK, 0);
    assert_non_null(strstr(harness_traces(), "etwas_61001_his: "));
}

static void who_may_nothing_gets_no_session(void **state)
{
    (void)state;
    harness_start("allow uid:61001 sched:*\n");
    client_connect(&bob, HARNESS_BOB);
    assert_int_equal(client_open(&bob, "his", MESSAGE_UID_SELF).status, ETWAS_DENIED);
    assert_string_equal(harness_traces(), "");
}

static void only_the_owner_and_root_stop_a_session(void **state)
{
    (void)state;
    harness_start(policy);
    client_connect(&alice, HARNESS_ALICE);
    client_connect(&bob, HARNESS_BOB);
    client_connect(&root, 0);
    assert_answer(client_open(&bob, "his", MESSAGE_UID_SELF), ETWAS_OK, 0);
    assert_answer(client_open(&root, HARNESS_ROOT_NAME, MESSAGE_UID_SELF), ETWAS_OK, 0);
    assert_int_equal(client_stop(&alice, "his", HARNESS_BOB).status, ETWAS_DENIED);
    assert_int_equal(client_stop(&alice, "", HARNESS_BOB).status, ETWAS_DENIED);
    assert_int_equal(client_stop(&alice, HARNESS_ROOT_NAME, 0).status, ETWAS_DENIED);
    assert_int_equal(client_stop(&alice, "his", MESSAGE_UID_SELF).status, ETWAS_NOT_FOUND);
    const struct message_answer none = client_stop(&alice, "", MESSAGE_UID_SELF);
    assert_answer(none, ETWAS_OK, 0);
    assert_int_equal(none.value[0], 0);
    assert_true(harness_logged("uid 61001 ", "stop", "refused", NULL) >= 3);
    assert_non_null(strstr(harness_traces(), "etwas_61002_his: "));
    assert_non_null(strstr(harness_traces(), "etwas_0_" HARNESS_ROOT_NAME ": "));
    const struct message_answer other = client_stop(&root, "his", HARNESS_BOB);
    assert_answer(other, ETWAS_OK, 0);
    assert_int_equal(other.value[0], 1);
    assert_answer(client_stop(&root, HARNESS_ROOT_NAME, 0), ETWAS_OK, 0);
    harness_await_no_traces();
}

static void a_user_sees_his_own_sessions_only(void **state)
{
    (void)state;
    const uint32_t index = 0;
    uint8_t packet[MESSAGE_HEADER_SIZE + sizeof index];
    harness_start(policy);
    client_connect(&alice, HARNESS_ALICE);
    client_connect(&bob, HARNESS_BOB);
    assert_answer(client_open(&bob, "his", MESSAGE_UID_SELF), ETWAS_OK, 0);
    for (uint32_t i = 0; i < 40; i++) {
        uint8_t answer[256];
        struct message_session session;
        struct bytes_reader body;
        uint16_t type = 0;
        struct bytes_writer writer = bytes_writer_of(packet, sizeof packet);
        message_put_header(&writer, MESSAGE_STATUS, sizeof index);
        bytes_put_u32(&writer, i);
        assert_true(client_send(&alice, packet, sizeof packet, -1));
        const ssize_t got = read(alice.fd, answer, sizeof answer);
        assert_int_equal(
            message_decode(answer, got > 0 ? (size_t)got : 0, sizeof answer, &type, &body),
            ETWAS_OK);
        message_get_session(&body, &session);
        assert_int_equal(bytes_end(&body), ETWAS_OK);
        assert_int_not_equal(session.status, ETWAS_OK);
        assert_string_equal(session.name, "");
    }
}

/* Runs a copy of the monitor, which lies where every user reaches it. */
static int monitor_as(uint32_t uid, const char *source, char *output, size_t size)
{
    const char *program = harness_path("etwas");
    harness_copy(ETWAS_MONITOR, program, 0755);
    const char *const arguments[] = {
        program,  "--controller", harness_path("socket"), "--source", source,
        "--sink", "null",         "--duration",           "200ms",    NULL};
    return harness_execute(uid, arguments, output, size);
}

static void the_monitor_says_what_was_refused_and_ends_with_3(void **state)
{
    (void)state;
    char output[4096];
    harness_start(policy);
    assert_int_equal(monitor_as(HARNESS_ALICE, "sched:sched_switch", output, sizeof output), 3);
    assert_non_null(strstr(output, "sched_switch"));
    assert_non_null(strstr(output, "line 1"));
    assert_int_equal(monitor_as(HARNESS_BOB, "sched:sched_switch", output, sizeof output), 3);
    assert_non_null(strstr(output, "sched"));
    assert_int_equal(harness_logged("uid 61001 ", "sched:sched_switch: refused, line 1", NULL), 1);
    /* The refused event is off; the session may linger. */
    assert_null(strstr(harness_traces(), "sched_switch"));
    assert_int_equal(monitor_as(HARNESS_ALICE, "sched:sched_wakeup", output, sizeof output), 0);
}

static void strangers_do_not_reach_the_socket(void **state)
{
    (void)state;
    struct stat status;
    harness_start(policy);
    assert_int_equal(stat(harness_path("socket"), &status), 0);
    assert_int_equal(status.st_mode & 0777, 0660);
    assert_int_equal(status.st_uid, 0);
    assert_int_equal(status.st_gid, 65534);
}

static void assert_policy_refused(const char *text)
{
    const int before = harness_logged(text, NULL);
    assert_int_not_equal(harness_run(), 0);
    if (harness_logged(text, NULL) != before + 1) {
        char log[4096];
        (void)harness_read(harness_path("log"), log, sizeof log);
        fail_msg("not said: %s, but: %s", text, log);
    }
    assert_int_equal(harness_logged("ready", NULL), 0);
}

static void a_policy_that_others_can_write_is_refused(void **state)
{
    (void)state;
    static const mode_t modes[] = {0620, 0602, 0666, 0664};
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        harness_policy(policy);
        assert_int_equal(chmod(harness_path("policy"), modes[i]), 0);
        assert_policy_refused("can write");
    }
    harness_policy(policy);
    assert_int_equal(chown(harness_path("policy"), HARNESS_ALICE, 0), 0);
    assert_policy_refused("can write");
}

static void a_policy_that_is_no_file_is_refused(void **state)
{
    (void)state;
    assert_policy_refused("No such file");
    assert_int_equal(mkdir(harness_path("policy"), 0700), 0);
    assert_policy_refused("policy");
    assert_int_equal(rmdir(harness_path("policy")), 0);
    assert_int_equal(mkfifo(harness_path("policy"), 0600), 0);
    assert_policy_refused("policy");
    assert_int_equal(unlink(harness_path("policy")), 0);
    harness_policy(policy);
    assert_int_equal(rename(harness_path("policy"), harness_path("real")), 0);
    assert_int_equal(symlink(harness_path("real"), harness_path("policy")), 0);
    assert_policy_refused("symbolic links");
}

static void a_malformed_policy_is_refused_with_line_and_column(void **state)
{
    (void)state;
    harness_policy("# who\nallow uid:1 *\nallow uid:x *\n");
    assert_policy_refused("policy:3:11: ");
    harness_policy("allow user:no-such-user-here *\n");
    assert_policy_refused("policy:1:12: ");
    harness_policy("limit ring 4t\n");
    assert_policy_refused("policy:1:12: ");
    harness_policy("allow * *");
    assert_policy_refused("policy:1:1: ");
}

static void an_oversized_policy_is_refused(void **state)
{
    (void)state;
    static char text[64 * 1024 + 2];
    memset(text, '\n', sizeof text - 1);
    harness_policy(text);
    assert_policy_refused("larger than 64 KiB");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_user_gets_what_his_rules_say, begin, end),
        cmocka_unit_test_setup_teardown(a_session_of_somebody_else_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(who_may_nothing_gets_no_session, begin, end),
        cmocka_unit_test_setup_teardown(only_the_owner_and_root_stop_a_session, begin, end),
        cmocka_unit_test_setup_teardown(a_user_sees_his_own_sessions_only, begin, end),
        cmocka_unit_test_setup_teardown(the_monitor_says_what_was_refused_and_ends_with_3, begin,
                                        end),
        cmocka_unit_test_setup_teardown(strangers_do_not_reach_the_socket, begin, end),
        cmocka_unit_test_setup_teardown(a_policy_that_others_can_write_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(a_policy_that_is_no_file_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(a_malformed_policy_is_refused_with_line_and_column, begin,
                                        end),
        cmocka_unit_test_setup_teardown(an_oversized_policy_is_refused, begin, end),
    };
    return harness_is_able() ? cmocka_run_group_tests(tests, NULL, NULL) : 77;
}

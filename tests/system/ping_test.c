/* SPDX-License-Identifier: MIT */

/* Root's etwas-ping, traced by an ordinary user through the rule that `etwas` prints. */
#include "tests/system/harness.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t sender;

static int end(void **state)
{
    if (sender > 0) {
        (void)kill(sender, SIGTERM);
        (void)waitpid(sender, NULL, 0);
        sender = 0;
    }
    return harness_end(state);
}

static void copy_programs(void)
{
    harness_copy(ETWAS_MONITOR, harness_path("etwas"), 0755);
    harness_copy(ETWAS_PING, harness_path("etwas-ping"), 0755);
}

/* What `etwas --usdt-rule` prints, comments and all, is the policy. */
static void printed_policy(const char *who, char *policy, size_t size)
{
    const char *const arguments[] = {
        harness_path("etwas"), "--usdt-rule", harness_path("etwas-ping"), "--who", who, NULL};
    assert_int_equal(harness_execute(0, arguments, policy, size), 0);
}

static void start_sender(void)
{
    const char *path = harness_path("etwas-ping");
    sender = fork();
    assert_true(sender >= 0);
    if (sender == 0) {
        const int null = open("/dev/null", O_WRONLY);
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)dup2(null, 1);
        (void)dup2(null, 2);
        (void)execl(path, path, "--rate", "100", (char *)NULL);
        _exit(127);
    }
}

static int trace_ping(uint32_t uid, char *output, size_t size)
{
    const char *const arguments[] = {harness_path("etwas"),
                                     "--controller",
                                     harness_path("socket"),
                                     "--source",
                                     "Ping",
                                     "--quiet",
                                     "--format",
                                     "json",
                                     "--max-events",
                                     "3",
                                     "--duration",
                                     "20",
                                     NULL};
    return harness_execute(uid, arguments, output, size);
}

static void the_printed_rule_lets_its_user_trace_ping_with_the_text(void **state)
{
    (void)state;
    static char policy[4096];
    static char output[16 * 1024];
    copy_programs();
    printed_policy("uid:61001", policy, sizeof policy);
    harness_start(policy);
    start_sender();
    const int status = trace_ping(HARNESS_ALICE, output, sizeof output);
    if (status != 0) {
        fail_msg("ended with %d: %s by %s", status, output, policy);
    }
    assert_non_null(strstr(output, "\"EventId\":2000"));
    assert_non_null(strstr(output, "\"Number\":"));
    assert_non_null(strstr(output, "\"Text\":\""));
    assert_non_null(strstr(harness_traces(), ":string"));
}

static void the_printed_rule_lets_nobody_else(void **state)
{
    (void)state;
    static char policy[4096];
    static char output[4096];
    copy_programs();
    printed_policy("uid:61001", policy, sizeof policy);
    harness_start(policy);
    assert_int_equal(trace_ping(HARNESS_BOB, output, sizeof output), 3);
    assert_null(strstr(harness_traces(), "p:"));
}

static void a_rule_by_which_the_text_is_a_number_does_not_do(void **state)
{
    (void)state;
    static char policy[4096];
    static char output[4096];
    copy_programs();
    printed_policy("uid:61001", policy, sizeof policy);
    char *text = strstr(policy, "arg3=");
    assert_non_null(text);
    (void)snprintf(text, sizeof policy - (size_t)(text - policy), "arg3=%%dx:u64\n");
    harness_start(policy);
    assert_int_equal(trace_ping(HARNESS_ALICE, output, sizeof output), 3);
    assert_null(strstr(harness_traces(), "p:"));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, harness_begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(the_printed_rule_lets_its_user_trace_ping_with_the_text),
        CASE(the_printed_rule_lets_nobody_else),
        CASE(a_rule_by_which_the_text_is_a_number_does_not_do),
    };
    return harness_is_able() ? cmocka_run_group_tests(tests, NULL, NULL) : 77;
}

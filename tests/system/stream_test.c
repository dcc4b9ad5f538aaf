/* SPDX-License-Identifier: MIT */

/* What streams: every event counted, on both paths of draining, beside slow readers. */
#include "tests/system/client.h"
#include "tests/system/harness.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SLOW_LIMIT_MS = 30 * 1000 };

static const char policy[] = "allow * *\n";
static struct client alice;
static struct client bob;
static pid_t loader;

static int begin(void **state)
{
    alice.fd = bob.fd = alice.handle = bob.handle = -1;
    loader = 0;
    return harness_begin(state);
}

static void end_load(void)
{
    if (loader > 0) {
        (void)kill(loader, SIGKILL);
        (void)waitpid(loader, NULL, 0);
    }
    loader = 0;
}

static int end(void **state)
{
    end_load();
    client_close(&alice);
    client_close(&bob);
    return harness_end(state);
}

/* A process that makes system calls: `count` of them (0: until it is ended), then pauses. */
static void begin_load(uint64_t count)
{
    loader = fork();
    assert_true(loader >= 0);
    if (loader == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (uint64_t i = 0; count == 0 || i < count; i++) {
            (void)syscall(SYS_getppid);
        }
        _exit(0);
    }
}

static void trace_calls(struct client *client, uint32_t uid, uint32_t subbuffer_kib,
                        uint32_t ring_kib)
{
    const struct message_open open = {.uid = MESSAGE_UID_SELF,
                                      .name = "calls",
                                      .subbuffer_kib = subbuffer_kib,
                                      .ring_kib = ring_kib,
                                      .linger_s = UINT32_MAX};
    client_connect(client, uid);
    assert_int_equal(client_open_as(client, &open).status, ETWAS_OK);
    assert_int_equal(client_enable(client, "raw_syscalls", "sys_enter").status, ETWAS_OK);
    assert_int_equal(client_ask(client, MESSAGE_START, NULL, 0, -1).status, ETWAS_OK);
}

/* Half a million calls: all come, or the kernel says how many it overwrote. */
static void drain_exactly(uint32_t subbuffer_kib, size_t page_size)
{
    enum { CALLS = 500 * 1000 };
    harness_start(policy);
    trace_calls(&alice, HARNESS_ALICE, subbuffer_kib, 16 * 1024);
    assert_int_equal(alice.page_size, page_size);
    begin_load(CALLS);
    int status = -1;
    while (waitpid(loader, &status, WNOHANG) == 0) {
        (void)client_pump(&alice, 1);
    }
    loader = 0;
    const struct message_answer answer = client_stop(&alice, "", MESSAGE_UID_SELF);
    assert_int_equal(answer.status, ETWAS_OK);
    client_await_end(&alice);
    client_check_counters(&alice);
    for (uint32_t i = 0; i < alice.cpus; i++) {
        assert_int_equal(alice.counters[i].entries, 0);
    }
    printf("%zu KiB: %" PRIu64 " events, %" PRIu64 " lost\n", page_size / 1024,
           client_events(&alice), client_lost(&alice));
    assert_true(client_events(&alice) + client_lost(&alice) >= CALLS);
    harness_await_no_traces();
}

static void sub_buffers_of_64_kib_deliver_exactly(void **state)
{
    (void)state;
    drain_exactly(64, 65536);
}

static void sub_buffers_of_4_kib_deliver_exactly(void **state)
{
    (void)state;
    drain_exactly(4, 4096);
}

static void two_clients_of_a_session_get_the_same(void **state)
{
    (void)state;
    harness_start(policy);
    client_trace(&alice, HARNESS_ALICE, "shared", "sched:sched_switch");
    client_await_round(&alice);
    client_trace(&bob, HARNESS_ALICE, "shared", "sched:sched_wakeup");
    client_await_round(&bob);
    client_await_round(&alice);
    const struct message_answer answer = client_stop(&alice, "", MESSAGE_UID_SELF);
    assert_int_equal(answer.status, ETWAS_OK);
    client_await_end(&alice);
    client_await_end(&bob);
    client_check_counters(&alice);
    assert_memory_equal(alice.sequence, bob.sequence, sizeof alice.sequence);
    harness_await_no_traces();
}

static void the_controllers_own_calls_are_not_traced(void **state)
{
    (void)state;
    harness_start(policy);
    trace_calls(&alice, HARNESS_ALICE, 4, 1024);
    char path[128];
    char text[256];
    char thread[32];
    (void)snprintf(path, sizeof path,
                   HARNESS_TRACEFS "/instances/etwas_61001_calls/set_event_notrace_pid");
    assert_true(harness_read(path, text, sizeof text));
    (void)snprintf(thread, sizeof thread, "%d\n", harness_pid());
    assert_non_null(strstr(text, thread));
    assert_int_equal(harness_status("Threads:"), 2);
    assert_true(strlen(text) > strlen(thread)); /* the other thread's, too */
    (void)client_stop(&alice, "", MESSAGE_UID_SELF);
}

/* Bob's session under a client of alice's that takes nothing, for `ms`. */
static void watch_bob(int ms)
{
    const int64_t limit_ms = harness_now_ms() + ms;
    while (harness_now_ms() < limit_ms) {
        const uint64_t rounds = bob.rounds;
        client_await_round(&bob);
        assert_true(bob.rounds > rounds);
        client_check_counters(&bob);
        assert_int_equal(client_lost(&bob), 0);
        harness_sleep_ms(20);
    }
}

static uint64_t overrun_of(const char *instance, int cpu)
{
    char path[160];
    char text[1024];
    (void)snprintf(path, sizeof path, HARNESS_TRACEFS "/instances/%s/per_cpu/cpu%d/stats", instance,
                   cpu);
    assert_true(harness_read(path, text, sizeof text));
    const char *found = strstr(text, "\noverrun: ");
    assert_non_null(found);
    return strtoull(found + strlen("\noverrun: "), NULL, 10);
}

/* It takes its time: the limit is 30 s, by the controller's own clock. */
static void a_client_that_never_reads_costs_only_itself(void **state)
{
    (void)state;
    uint64_t overrun = 0;
    harness_start(policy);
    client_trace(&bob, HARNESS_BOB, "steady", "sched:sched_switch");
    trace_calls(&alice, HARNESS_ALICE, 64, 1024);
    begin_load(0);
    const int64_t began_ms = harness_now_ms();
    watch_bob(3000);
    const long rss_kib = harness_status("VmRSS:");
    for (int i = 0; i < (int)alice.cpus; i++) {
        overrun += overrun_of("etwas_61001_calls", i);
    }
    assert_true(overrun > 0); /* the kernel counts what nobody takes */
    while (harness_logged("uid 61001 ", "does not read", NULL) == 0) {
        assert_true(harness_now_ms() - began_ms < SLOW_LIMIT_MS + HARNESS_PATIENCE_MS);
        watch_bob(500);
    }
    assert_true(harness_now_ms() - began_ms >= SLOW_LIMIT_MS - 1000);
    assert_true(harness_status("VmRSS:") <= rss_kib + 256);
    end_load();
    (void)client_stop(&bob, "", MESSAGE_UID_SELF);
    client_close(&alice);
    client_connect(&alice, HARNESS_ALICE);
    (void)client_stop(&alice, "", MESSAGE_UID_SELF);
    harness_await_no_traces();
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(sub_buffers_of_64_kib_deliver_exactly),
        CASE(sub_buffers_of_4_kib_deliver_exactly),
        CASE(two_clients_of_a_session_get_the_same),
        CASE(the_controllers_own_calls_are_not_traced),
        CASE(a_client_that_never_reads_costs_only_itself),
    };
    return harness_is_able() ? cmocka_run_group_tests(tests, NULL, NULL) : 77;
}

/* SPDX-License-Identifier: MIT */

/* Probes in programs: whose, where, and what no rule makes good. */
#include "tests/system/client.h"
#include "tests/system/harness.h"
#include "tests/system/ping.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static struct client alice;
static struct message_usdt good; /* the probe of etwas-ping, without arguments */

static int begin(void **state)
{
    alice.fd = alice.handle = -1;
    return harness_begin(state);
}

static int end(void **state)
{
    client_close(&alice);
    return harness_end(state);
}

static void begin_session(const char *policy, uint32_t uid)
{
    harness_start(policy);
    client_connect(&alice, uid);
    assert_int_equal(client_open(&alice, "probes", MESSAGE_UID_SELF).status, ETWAS_OK);
}

static struct message_answer ask_for(const struct message_usdt *usdt, int file)
{
    return client_ask(&alice, MESSAGE_USDT, usdt, sizeof *usdt, file);
}

static void assert_denied(const struct message_usdt *usdt, int file, const char *what)
{
    const struct message_answer answer = ask_for(usdt, file);
    if (answer.status != ETWAS_DENIED) {
        fail_msg("%s: status %" PRIu32 ", detail %" PRIu32, what, answer.status, answer.detail);
    }
    if (strstr(harness_traces(), "p:etwas_") != NULL) {
        fail_msg("%s: %s", what, harness_traces());
    }
}

static void assert_file_denied(const char *path, const char *what)
{
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    assert_true(file >= 0);
    assert_denied(&good, file, what);
    (void)close(file);
}

static void a_program_of_ones_own_can_be_probed(void **state)
{
    (void)state;
    const char *path = ping_copy("ping", HARNESS_ALICE, 0755);
    ping_probe(&good);
    begin_session("deny * printk\nallow uid:61001 usdt:own\n", HARNESS_ALICE);
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    const struct message_answer answer = ask_for(&good, file);
    (void)close(file);
    assert_int_equal(answer.status, ETWAS_OK);
    assert_true(alice.handle >= 0);
    assert_non_null(strstr(harness_traces(), "p:etwas_61001/"));
    assert_int_equal(harness_logged("uid 61001 ", "probe etwas_61001:own_", ", line 2", NULL), 1);
    assert_int_equal(client_ask(&alice, MESSAGE_START, NULL, 0, -1).status, ETWAS_OK);
    char output[1024];
    const char *const ping[] = {path, "--count", "7", "--rate", "0", NULL};
    assert_int_equal(harness_execute(HARNESS_ALICE, ping, output, sizeof output), 0);
    client_await_round(&alice);
    client_check_counters(&alice);
    assert_int_equal(client_events(&alice), 7);
    /* With the session goes its probe. */
    (void)client_stop(&alice, "", MESSAGE_UID_SELF);
    client_await_end(&alice);
    harness_await_no_traces();
}

static void a_program_of_roots_needs_the_exact_rule(void **state)
{
    (void)state;
    char rule[1024];
    char output[4096];
    ping_rule(ping_copy("etwas-ping", 0, 0755), rule, sizeof rule);
    harness_start(rule);
    const char *monitor = harness_path("etwas");
    harness_copy(ETWAS_MONITOR, monitor, 0755);
    /* It takes the etwas-ping that lies beside it. */
    const char *const arguments[] = {
        monitor,  "--controller", harness_path("socket"), "--source", "Ping",
        "--sink", "null",         "--duration",           "200ms",    NULL};
    const int status = harness_execute(HARNESS_BOB, arguments, output, sizeof output);
    if (status != 0) {
        fail_msg("ended with %d: %s by %s", status, output, rule);
    }
    assert_non_null(strstr(harness_traces(), "p:etwas_61002/rule_"));
}

static void a_rule_for_other_arguments_is_none(void **state)
{
    (void)state;
    char rule[1024];
    const char *path = ping_copy("ping", 0, 0755);
    ping_rule(path, rule, sizeof rule);
    ping_probe(&good);
    begin_session(rule, HARNESS_ALICE);
    assert_file_denied(path, "no arguments");
}

static void a_rule_for_another_file_is_none(void **state)
{
    (void)state;
    char rule[256];
    struct stat status;
    const char *path = ping_copy("ping", 0, 0755);
    const char *other = ping_copy("other", 0, 0755);
    ping_probe(&good);
    assert_int_equal(stat(path, &status), 0);
    (void)snprintf(rule, sizeof rule, "allow * usdt:%" PRIu64 ":0x%" PRIx64 ":0x%" PRIx64 ":-\n",
                   (uint64_t)status.st_ino, good.offset, good.semaphore);
    begin_session(rule, HARNESS_ALICE);
    assert_file_denied(other, "another inode");
    struct message_usdt changed = good;
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    changed.semaphore += 2;
    assert_denied(&changed, file, "another semaphore");
    changed.semaphore = 0;
    assert_denied(&changed, file, "no semaphore");
    assert_int_equal(ask_for(&good, file).status, ETWAS_OK);
    (void)close(file);
}

static void files_of_others_are_denied(void **state)
{
    (void)state;
    (void)ping_copy("ping", HARNESS_BOB, 0755);
    ping_probe(&good);
    begin_session("allow * usdt:own\nallow * *\n", HARNESS_ALICE);
    assert_file_denied(harness_path("ping"), "bob's file");
    assert_file_denied(ping_copy("roots", 0, 0755), "root's file without a rule");
}

static void files_that_others_can_write_are_denied(void **state)
{
    (void)state;
    (void)ping_copy("ping", HARNESS_ALICE, 0775);
    ping_probe(&good);
    begin_session("allow * usdt:own\n", HARNESS_ALICE);
    assert_file_denied(harness_path("ping"), "group-writable");
    assert_file_denied(ping_copy("ping2", HARNESS_ALICE, 0757), "world-writable");
}

static void set_id_files_are_denied(void **state)
{
    (void)state;
    (void)ping_copy("ping", HARNESS_ALICE, 04755);
    ping_probe(&good);
    begin_session("allow * usdt:own\n", HARNESS_ALICE);
    assert_file_denied(harness_path("ping"), "set-uid");
    assert_file_denied(ping_copy("ping2", HARNESS_ALICE, 02755), "set-gid");
}

static void a_swapped_file_counts_as_what_was_opened(void **state)
{
    (void)state;
    (void)ping_copy("ping", HARNESS_BOB, 0755);
    ping_probe(&good);
    begin_session("allow * usdt:own\n", HARNESS_ALICE);
    /* Opened, then alice's own file takes its place: the descriptor is still bob's. */
    const int file = open(harness_path("ping"), O_RDONLY | O_CLOEXEC);
    const char *own = ping_copy("own", HARNESS_ALICE, 0755);
    assert_int_equal(rename(own, harness_path("ping")), 0);
    assert_denied(&good, file, "bob's file, swapped");
    (void)close(file);
    /* And the other way round. */
    const int mine = open(harness_path("ping"), O_RDONLY | O_CLOEXEC);
    const char *his = ping_copy("his", HARNESS_BOB, 0755);
    assert_int_equal(rename(his, harness_path("ping")), 0);
    assert_int_equal(ask_for(&good, mine).status, ETWAS_OK);
    (void)close(mine);
}

static void what_is_no_nop_is_denied(void **state)
{
    (void)state;
    const char *path = ping_copy("ping", HARNESS_ALICE, 0755);
    struct stat status;
    ping_probe(&good);
    assert_int_equal(stat(path, &status), 0);
    begin_session("allow * usdt:own\n", HARNESS_ALICE);
    const uint64_t offsets[] = {good.offset + 1,
                                good.offset - 1,
                                0,
                                1,
                                good.semaphore,
                                (uint64_t)status.st_size,
                                (uint64_t)status.st_size + 4096,
                                INT64_MAX,
                                (uint64_t)INT64_MAX + 1,
                                UINT64_MAX};
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
        char what[64];
        struct message_usdt changed = good;
        uint8_t code[5] = {0};
        changed.offset = offsets[i];
        (void)snprintf(what, sizeof what, "offset 0x%" PRIx64, offsets[i]);
        if (offsets[i] <= INT64_MAX && pread(file, code, sizeof code, (off_t)offsets[i]) > 0 &&
            code[0] == 0x90) {
            continue; /* by chance it is one */
        }
        assert_denied(&changed, file, what);
    }
    (void)close(file);
}

static void a_semaphore_outside_the_file_is_denied(void **state)
{
    (void)state;
    const char *path = ping_copy("ping", HARNESS_ALICE, 0755);
    struct stat status;
    ping_probe(&good);
    assert_int_equal(stat(path, &status), 0);
    begin_session("allow * usdt:own\n", HARNESS_ALICE);
    const uint64_t semaphores[] = {(uint64_t)status.st_size, (uint64_t)status.st_size + 1,
                                   INT64_MAX, UINT64_MAX};
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    for (size_t i = 0; i < sizeof semaphores / sizeof semaphores[0]; i++) {
        struct message_usdt changed = good;
        changed.semaphore = semaphores[i];
        assert_denied(&changed, file, "a semaphore beyond the end");
    }
    (void)close(file);
}

static void hostile_arguments_reach_no_probe(void **state)
{
    (void)state;
    const char *path = ping_copy("ping", HARNESS_ALICE, 0755);
    ping_probe(&good);
    begin_session("allow * usdt:own\n", HARNESS_ALICE);
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    struct message_usdt changed = good;
    changed.argument_count = USDT_MAX_ARGUMENTS + 1;
    assert_denied(&changed, file, "too many arguments");
    changed.argument_count = UINT32_MAX;
    assert_denied(&changed, file, "as many arguments as a number holds");
    /* Registers, sizes and operands that there are not: left out, or refused. */
    changed.argument_count = 3;
    memset(changed.arguments, 0xff, sizeof changed.arguments);
    changed.text_mask = UINT32_MAX;
    (void)ask_for(&changed, file);
    assert_null(strstr(harness_traces(), "arg"));
    (void)close(file);
}

static void what_is_no_program_is_denied(void **state)
{
    (void)state;
    (void)ping_copy("ping", HARNESS_ALICE, 0755);
    ping_probe(&good);
    begin_session("allow * usdt:own\nallow * *\n", 0);
    assert_file_denied("/", "a directory");
    assert_file_denied("/dev/null", "a device");
    assert_file_denied("/proc/self/status", "a file of proc");
    assert_int_equal(mkfifo(harness_path("fifo"), 0600), 0);
    assert_file_denied(harness_path("fifo"), "a fifo");
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_denied(&good, ends[0], "a pipe");
    (void)close(ends[0]);
    (void)close(ends[1]);
    assert_denied(&good, alice.fd, "a socket");
    const int memory = memfd_create("ping", MFD_CLOEXEC);
    assert_denied(&good, memory, "an empty memory file");
    assert_int_equal(ftruncate(memory, 1 << 20), 0);
    assert_denied(&good, memory, "a memory file without a nop");
    (void)close(memory);
    const int path_only = open(harness_path("ping"), O_PATH | O_CLOEXEC);
    assert_denied(&good, path_only, "a path that was not opened");
    (void)close(path_only);
}

static void no_descriptor_is_denied(void **state)
{
    (void)state;
    ping_probe(&good);
    begin_session("allow * usdt:own\nallow * *\n", 0);
    assert_denied(&good, -1, "no descriptor");
}

static void a_probe_is_no_event_to_be_asked_for(void **state)
{
    (void)state;
    char event[64];
    const char *path = ping_copy("ping", HARNESS_ALICE, 0755);
    ping_probe(&good);
    begin_session("allow * *\nallow uid:61001 usdt:own\n", HARNESS_ALICE);
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(ask_for(&good, file).status, ETWAS_OK);
    (void)close(file);
    const char *line = strstr(harness_traces(), "p:etwas_61001/");
    assert_non_null(line);
    (void)snprintf(event, sizeof event, "%.*s", (int)strcspn(line + 14, " "), line + 14);
    struct {
        struct message_head head;
        struct message_enable enable;
    } packet = {
        {.type = MESSAGE_ENABLE, .size = sizeof packet.enable},
        {.system = "etwas_61001"                     }
    };
    (void)snprintf(packet.enable.event, sizeof packet.enable.event, "%s", event);
    struct client bob;
    client_connect(&bob, HARNESS_BOB);
    assert_int_equal(client_open(&bob, "spy", MESSAGE_UID_SELF).status, ETWAS_OK);
    assert_true(client_send(&bob, &packet, sizeof packet, -1));
    harness_sleep_ms(100);
    assert_non_null(strstr(harness_traces(), "etwas_61002_spy: \n"));
    client_close(&bob);
}

static void the_probes_of_a_client_are_counted(void **state)
{
    (void)state;
    const char *path = ping_copy("ping", HARNESS_ALICE, 0755);
    ping_probe(&good);
    begin_session("allow * usdt:own\n", HARNESS_ALICE);
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    struct message_answer answer = {0};
    int count = 0;
    for (; count < 200 && answer.status == ETWAS_OK; count++) {
        answer = ask_for(&good, file);
    }
    (void)close(file);
    assert_int_equal(answer.status, ETWAS_BUSY);
    assert_int_equal(answer.detail, LIMIT_PROBES);
    assert_int_equal(count, 65);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_program_of_ones_own_can_be_probed),
        CASE(a_program_of_roots_needs_the_exact_rule),
        CASE(a_rule_for_other_arguments_is_none),
        CASE(a_rule_for_another_file_is_none),
        CASE(files_of_others_are_denied),
        CASE(files_that_others_can_write_are_denied),
        CASE(set_id_files_are_denied),
        CASE(a_swapped_file_counts_as_what_was_opened),
        CASE(what_is_no_nop_is_denied),
        CASE(a_semaphore_outside_the_file_is_denied),
        CASE(hostile_arguments_reach_no_probe),
        CASE(what_is_no_program_is_denied),
        CASE(no_descriptor_is_denied),
        CASE(a_probe_is_no_event_to_be_asked_for),
        CASE(the_probes_of_a_client_are_counted),
    };
    return harness_is_able() ? cmocka_run_group_tests(tests, NULL, NULL) : 77;
}

/* SPDX-License-Identifier: MIT */

/* The controller is killed, whatever it does; the next one leaves nothing behind. */
#include "tests/system/client.h"
#include "tests/system/harness.h"
#include "tests/system/ping.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { KILLS = 200, CLIENTS = 3, PATIENCE_MS = 200 };

static const char policy[] = "deny * sched:sched_stat_runtime\n"
                             "allow * *\nallow * usdt:own\n"
                             "limit sessions 4\nlimit linger 1\nlimit requests 1m\n";
static pid_t children[CLIENTS];
static struct message_usdt probe;

static void end_clients(void)
{
    for (size_t i = 0; i < CLIENTS; i++) {
        if (children[i] > 0) {
            (void)kill(children[i], SIGKILL);
            (void)waitpid(children[i], NULL, 0);
        }
        children[i] = 0;
    }
}

static int end(void **state)
{
    end_clients();
    return harness_end(state);
}

/* Takes packets until this answer comes (0: for a while). False: nothing more comes. */
static bool take(int fd, uint16_t type)
{
    static uint64_t packet[STREAM_MAX_FRAME / 8];
    for (int i = 0; i < 1000; i++) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        struct message_head head = {0};
        if (poll(&wait, 1, type != 0 ? PATIENCE_MS : 5) <= 0) {
            return type == 0;
        }
        const ssize_t got = recv(fd, packet, sizeof packet, MSG_DONTWAIT);
        if (got < (ssize_t)sizeof head) {
            return false;
        }
        memcpy(&head, packet, sizeof head);
        if (head.type == type) {
            return true;
        }
    }
    return type == 0;
}

/* One request, and its answer: whatever it says. */
static bool ask(int fd, uint16_t type, const void *body, size_t size, int file)
{
    struct client client = {.fd = fd, .handle = -1};
    uint8_t packet[MESSAGE_MAX_REQUEST];
    struct bytes_writer writer = bytes_writer_of(packet, sizeof packet);
    message_put_header(&writer, type, size);
    if (size != 0) {
        bytes_put(&writer, body, size);
    }
    return client_send(&client, packet, sizeof packet - writer.left, file) &&
           take(fd, (uint16_t)(type + 1));
}

/* One life of a client, as far as the controller lives. */
static void live(int fd, unsigned turn, int file)
{
    const uint32_t version = MESSAGE_VERSION;
    struct message_open open = {
        .uid = MESSAGE_UID_SELF, .subbuffer_kib = 4, .ring_kib = 256, .linger_s = 1};
    struct message_enable enable = {.system = "sched", .event = "sched_switch"};
    const struct message_enable wakeup = {.system = "sched", .event = "sched_wakeup"};
    const struct message_stop stop = {.uid = MESSAGE_UID_SELF};
    (void)snprintf(open.name, sizeof open.name, "crash%u", turn % 3);
    const bool tracing = ask(fd, MESSAGE_HELLO, &version, sizeof version, -1) &&
                         ask(fd, MESSAGE_OPEN, &open, sizeof open, -1) &&
                         ask(fd, MESSAGE_ENABLE, &enable, sizeof enable, -1) &&
                         ask(fd, MESSAGE_USDT, &probe, sizeof probe, file) &&
                         ask(fd, MESSAGE_ENABLE, &wakeup, sizeof wakeup, -1) &&
                         ask(fd, MESSAGE_START, NULL, 0, -1) && take(fd, 0);
    if (tracing && turn % 2 == 0) {
        (void)ask(fd, MESSAGE_STOP, &stop, sizeof stop, -1);
        (void)take(fd, 0);
    }
}

static void be_client(uint32_t uid, const char *socket_path, const char *program)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const gid_t group = 65534;
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", socket_path);
    if (setgroups(1, &group) != 0 || setgid(group) != 0 || setuid(uid) != 0) {
        return;
    }
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int file = open(program, O_RDONLY | O_CLOEXEC);
    for (unsigned turn = 0;; turn++) {
        const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0) {
            live(fd, turn, file);
        } else {
            harness_sleep_ms(1);
        }
        (void)close(fd);
    }
}

static void start_clients(void)
{
    const char *program = ping_copy("ping", HARNESS_ALICE, 0755);
    const char *path = harness_path("socket");
    ping_probe(&probe);
    for (size_t i = 0; i < CLIENTS; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] == 0) {
            be_client(i == 0 ? HARNESS_BOB : HARNESS_ALICE, path, program);
            _exit(1);
        }
    }
}

static unsigned seed_of(void)
{
    const char *given = getenv("ETWAS_SEED");
    const unsigned seed = given != NULL ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);
    printf("ETWAS_SEED=%u\n", seed);
    return seed;
}

/* Ends all sessions, and looks whether that worked. */
static void clear_and_look(void)
{
    struct client root;
    client_connect(&root, 0);
    (void)client_stop(&root, "", HARNESS_ALICE);
    (void)client_stop(&root, "", HARNESS_BOB);
    client_close(&root);
    harness_await_no_traces();
}

static void a_kill_at_any_moment_leaves_nothing_to_the_next(void **state)
{
    (void)state;
    unsigned seed = seed_of();
    int left = 0;
    harness_policy(policy);
    start_clients();
    for (int i = 0; i < KILLS; i++) {
        if (i % 4 == 0) { /* now and then it must come up */
            harness_start(NULL);
        } else {
            harness_spawn();
        }
        harness_sleep_ms(rand_r(&seed) % 60);
        harness_kill();
        left += harness_traces()[0] != '\0';
    }
    assert_true(left > KILLS / 10); /* else it was not killed at work */
    end_clients();
    harness_start(NULL);
    clear_and_look();
    assert_true(harness_logged("left by a predecessor: adopted", NULL) > 0);
    printf("%d of %d kills left something; adopted %d, removed %d\n", left, KILLS,
           harness_logged("left by a predecessor: adopted", NULL),
           harness_logged("left by a predecessor: removed", NULL));
}

static void a_new_policy_clears_what_a_kill_left(void **state)
{
    (void)state;
    harness_start(policy);
    start_clients();
    harness_await_traces("p:etwas_61001/");
    harness_await_traces("sched_switch");
    harness_kill();
    end_clients();
    assert_string_not_equal(harness_traces(), "");
    /* What had no event enabled yet may linger. */
    harness_start("deny * *\nlimit linger 1\n");
    harness_await_no_traces();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_kill_at_any_moment_leaves_nothing_to_the_next,
                                        harness_begin, end),
        cmocka_unit_test_setup_teardown(a_new_policy_clears_what_a_kill_left, harness_begin, end),
    };
    return harness_is_able() ? cmocka_run_group_tests(tests, NULL, NULL) : 77;
}

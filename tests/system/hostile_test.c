/* SPDX-License-Identifier: MIT */

/* Clients that mean harm: garbage, descriptors, floods. Nothing of it costs anybody else. */
#include "tests/system/client.h"
#include "tests/system/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char policy[] = "allow uid:61001 *\n"
                             "allow uid:61002 *\n"
                             "allow uid:0 *\n";

enum { MANY = 64 };
static struct client clients[MANY];

static int begin(void **state)
{
    for (size_t i = 0; i < MANY; i++) {
        clients[i].fd = clients[i].handle = -1;
    }
    return harness_begin(state);
}

static int end(void **state)
{
    for (size_t i = 0; i < MANY; i++) {
        client_close(&clients[i]);
    }
    return harness_end(state);
}

static void frame_of(uint8_t *packet, uint16_t type, uint32_t size)
{
    const struct message_head head = {.type = type, .size = size};
    memcpy(packet, &head, sizeof head);
}

/* Takes a client as far as it goes: 0 connected, 1 said hello, 2 opened, 3 started. */
static void advance(struct client *client, int state)
{
    if (state == 0) {
        client_connect_silently(client, HARNESS_ALICE);
        return;
    }
    client_connect(client, HARNESS_ALICE);
    if (state >= 2) {
        assert_int_equal(client_open(client, "hostile", MESSAGE_UID_SELF).status, ETWAS_OK);
    }
    if (state >= 3) {
        assert_int_equal(client_ask(client, MESSAGE_START, NULL, 0, -1).status, ETWAS_OK);
    }
}

static void assert_thrown_out(struct client *client, const char *doing, int value)
{
    if (!client_is_closed(client, 5000)) {
        fail_msg("not closed after %s %d", doing, value);
    }
    client_close(client);
}

/* The controller holds what it held, and serves. */
static void assert_unharmed(int descriptors)
{
    struct client client;
    const int64_t limit_ms = harness_now_ms() + HARNESS_PATIENCE_MS;
    client_connect(&client, 0);
    (void)client_stop(&client, "", HARNESS_ALICE);
    client_close(&client);
    harness_await_no_traces();
    while (harness_descriptors() > descriptors) {
        harness_insist(limit_ms, "descriptors to be closed");
        harness_sleep_ms(5);
    }
}

/* Sends a request with a body of zeros to a client that stands there. */
static void send_and_be_thrown_out(int state, uint16_t type, uint32_t size)
{
    static uint8_t packet[MESSAGE_MAX_REQUEST];
    const size_t sent = size > 2040 ? 16 : size;
    frame_of(packet, type, size);
    advance(&clients[0], state);
    assert_true(client_send(&clients[0], packet, sizeof(struct message_head) + sent, -1));
    assert_thrown_out(&clients[0], "a request of type", type);
}

static void frames_of_wrong_sizes_are_thrown_out(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {0, 1, 3, 5, 67, 69, 128, 1288, 1287, 2040, 0xffffffff};
    harness_start(policy);
    const int descriptors = harness_descriptors();
    for (uint16_t type = 0; type < 22; type++) {
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            send_and_be_thrown_out(0, type, sizes[i]);
        }
    }
    assert_unharmed(descriptors);
}

static void truncated_and_oversized_frames_are_thrown_out(void **state)
{
    (void)state;
    static uint8_t packet[64 * 1024];
    harness_start(policy);
    const int descriptors = harness_descriptors();
    for (size_t size = 1; size < sizeof(struct message_head) + 4; size++) {
        advance(&clients[0], 0);
        frame_of(packet, MESSAGE_HELLO, 4);
        assert_true(client_send(&clients[0], packet, size, -1));
        assert_thrown_out(&clients[0], "a frame cut to", (int)size);
    }
    static const size_t sizes[] = {13, 16, 2047, 2048, 2049, 4096, 65536};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        advance(&clients[0], 1);
        frame_of(packet, MESSAGE_OPEN, (uint32_t)(sizes[i] - sizeof(struct message_head)));
        assert_true(client_send(&clients[0], packet, sizes[i], -1));
        assert_thrown_out(&clients[0], "a frame of", (int)sizes[i]);
    }
    assert_unharmed(descriptors);
}

static void random_bytes_are_thrown_out(void **state)
{
    (void)state;
    uint8_t packet[MESSAGE_MAX_REQUEST];
    harness_start(policy);
    const int descriptors = harness_descriptors();
    unsigned seed = 2;
    for (int i = 0; i < 400; i++) {
        const size_t size = 1 + (size_t)rand_r(&seed) % (sizeof packet - 1);
        for (size_t j = 0; j < size; j++) {
            packet[j] = (uint8_t)rand_r(&seed);
        }
        advance(&clients[0], i % 4);
        assert_true(client_send(&clients[0], packet, size, -1));
        assert_thrown_out(&clients[0], "random bytes, number", i);
    }
    assert_unharmed(descriptors);
}

static void send_what_is_not_due(int state, uint32_t due)
{
    static const uint32_t sizes[] = {0,
                                     4,
                                     sizeof(struct message_open),
                                     sizeof(struct message_enable),
                                     sizeof(struct message_usdt),
                                     0,
                                     0,
                                     sizeof(struct message_stop),
                                     4,
                                     sizeof(struct message_metadata)};
    for (uint16_t i = 1; i <= 9; i++) {
        if ((due >> i & 1) == 0) {
            send_and_be_thrown_out(state, (uint16_t)(2 * i), sizes[i]);
        }
    }
}

static void a_request_out_of_turn_is_thrown_out(void **state)
{
    (void)state;
    harness_start(policy);
    const int descriptors = harness_descriptors();
    /* By state: the requests that may come, as bits of type / 2. */
    send_what_is_not_due(0, 1U << 1);
    send_what_is_not_due(1, 1U << 2 | 7U << 7);
    send_what_is_not_due(2, 7U << 3 | 7U << 7);
    send_what_is_not_due(3, 7U << 7);
    assert_unharmed(descriptors);
}

static void descriptors_nobody_asked_for_are_closed(void **state)
{
    (void)state;
    static uint8_t packet[MESSAGE_MAX_REQUEST];
    const int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
    const struct message_metadata metadata = {.system = "sched", .event = "sched_switch"};
    const struct message_stop stop = {.uid = MESSAGE_UID_SELF};
    harness_start(policy);
    const int descriptors = harness_descriptors();
    for (int i = 0; i < 50; i++) {
        struct message_answer answer;
        advance(&clients[0], 1);
        answer = client_ask(&clients[0], MESSAGE_METADATA, &metadata, sizeof metadata, file);
        assert_int_equal(answer.status, ETWAS_OK);
        assert_true(clients[0].handle >= 0);
        answer = client_ask(&clients[0], MESSAGE_STOP, &stop, sizeof stop, file);
        assert_int_equal(answer.status, ETWAS_OK);
        frame_of(packet, 99, 0);
        assert_true(client_send(&clients[0], packet, sizeof(struct message_head), file));
        assert_thrown_out(&clients[0], "a descriptor, number", i);
    }
    (void)close(file);
    assert_unharmed(descriptors);
}

static void many_descriptors_at_once_are_closed(void **state)
{
    (void)state;
    enum { COUNT = 200 };
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(COUNT * sizeof(int))];
    } control;
    int files[COUNT];
    struct message_head head = {.type = 99};
    struct iovec part = {&head, sizeof head};
    const struct msghdr message = {.msg_iov = &part,
                                   .msg_iovlen = 1,
                                   .msg_control = &control,
                                   .msg_controllen = sizeof control};
    memset(&control, 0, sizeof control);
    files[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    for (size_t i = 1; i < COUNT; i++) {
        files[i] = files[0];
    }
    control.header.cmsg_level = SOL_SOCKET;
    control.header.cmsg_type = SCM_RIGHTS;
    control.header.cmsg_len = CMSG_LEN(sizeof files);
    memcpy(CMSG_DATA(&control.header), files, sizeof files);
    harness_start(policy);
    const int descriptors = harness_descriptors();
    for (int i = 0; i < 20; i++) {
        advance(&clients[0], i % 4);
        assert_true(sendmsg(clients[0].fd, &message, MSG_NOSIGNAL) > 0);
        assert_thrown_out(&clients[0], "many descriptors, number", i);
    }
    (void)close(files[0]);
    assert_unharmed(descriptors);
}

static void names_that_are_paths_are_thrown_out(void **state)
{
    (void)state;
    static const char *const names[] = {"..", "a/b", "../0", "a b",     "a\n",
                                        ".",  "*",   "",     "\xc3\xa4"};
    harness_start(policy);
    const int descriptors = harness_descriptors();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct {
            struct message_head head;
            struct message_open open;
        } packet = {
            {.type = MESSAGE_OPEN, .size = sizeof packet.open},
            { .uid = MESSAGE_UID_SELF, .subbuffer_kib = 64,           .ring_kib = 1024}
        };
        (void)snprintf(packet.open.name, sizeof packet.open.name, "%s", names[i]);
        advance(&clients[0], 1);
        assert_true(client_send(&clients[0], &packet, sizeof packet, -1));
        assert_thrown_out(&clients[0], "a session's name, number", (int)i);
        struct {
            struct message_head head;
            struct message_enable enable;
        } event = {
            {.type = MESSAGE_ENABLE, .size = sizeof event.enable},
            {.system = "sched"                     }
        };
        (void)snprintf(event.enable.event, sizeof event.enable.event, "%s", names[i]);
        advance(&clients[0], 2);
        assert_true(client_send(&clients[0], &event, sizeof event, -1));
        assert_thrown_out(&clients[0], "an event's name, number", (int)i);
    }
    assert_unharmed(descriptors);
}

static void a_user_has_so_many_sessions_and_no_more(void **state)
{
    (void)state;
    harness_start("limit sessions 2\nallow * *\n");
    for (size_t i = 0; i < 4; i++) {
        client_connect(&clients[i], i < 3 ? HARNESS_ALICE : HARNESS_BOB);
    }
    assert_int_equal(client_open(&clients[0], "one", MESSAGE_UID_SELF).status, ETWAS_OK);
    assert_int_equal(client_open(&clients[1], "two", MESSAGE_UID_SELF).status, ETWAS_OK);
    const struct message_answer third = client_open(&clients[2], "three", MESSAGE_UID_SELF);
    assert_int_equal(third.status, ETWAS_BUSY);
    assert_int_equal(third.detail, LIMIT_SESSIONS);
    assert_null(strstr(harness_traces(), "three"));
    assert_int_equal(client_open(&clients[2], "two", MESSAGE_UID_SELF).status, ETWAS_OK);
    assert_int_equal(client_open(&clients[3], "one", MESSAGE_UID_SELF).status, ETWAS_OK);
}

static struct message_answer open_ring(struct client *client, const char *name, uint32_t kib)
{
    struct message_open open = {
        .uid = MESSAGE_UID_SELF, .subbuffer_kib = 4, .ring_kib = kib, .linger_s = UINT32_MAX};
    (void)snprintf(open.name, sizeof open.name, "%s", name);
    return client_open_as(client, &open);
}

static void rings_stay_within_the_user_and_the_total(void **state)
{
    (void)state;
    harness_start("limit ring 8m\nlimit ring-total 12m\nallow * *\n");
    for (size_t i = 0; i < 3; i++) {
        client_connect(&clients[i], i < 2 ? HARNESS_ALICE : HARNESS_BOB);
    }
    const uint32_t user_kib = 8 * 1024 / clients[0].cpus;
    const uint32_t total_kib = 12 * 1024 / clients[0].cpus;
    struct message_answer answer = open_ring(&clients[0], "one", user_kib + 4);
    assert_int_equal(answer.status, ETWAS_TOO_BIG);
    assert_int_equal(answer.detail, LIMIT_RING);
    assert_int_equal(answer.value[0], user_kib);
    assert_string_equal(harness_traces(), "");
    assert_int_equal(open_ring(&clients[0], "one", user_kib / 4 * 3).status, ETWAS_OK);
    answer = open_ring(&clients[1], "two", user_kib / 2);
    assert_int_equal(answer.status, ETWAS_TOO_BIG);
    assert_in_range(answer.value[0], user_kib / 8, user_kib / 4);
    answer = open_ring(&clients[2], "one", user_kib);
    assert_int_equal(answer.status, ETWAS_TOO_BIG);
    assert_in_range(answer.value[0], user_kib / 2, total_kib / 2);
    answer = open_ring(&clients[2], "one", 1024 * 1024);
    assert_int_equal(answer.status, ETWAS_TOO_BIG);
}

static void requests_beyond_the_rate_are_refused_for_a_while(void **state)
{
    (void)state;
    const struct message_stop stop = {.uid = MESSAGE_UID_SELF};
    struct message_answer answer = {0};
    int granted = 0;
    harness_start("limit requests 5\nallow * *\n");
    client_connect(&clients[0], HARNESS_ALICE);
    client_connect(&clients[1], HARNESS_BOB);
    for (; granted < 200; granted++) {
        answer = client_ask(&clients[0], MESSAGE_STOP, &stop, sizeof stop, -1);
        if (answer.status != ETWAS_OK) {
            break;
        }
    }
    assert_in_range(granted, 5, 60);
    assert_int_equal(answer.status, ETWAS_BUSY);
    assert_int_equal(answer.detail, LIMIT_RATE);
    /* The others have buckets of their own. */
    answer = client_ask(&clients[1], MESSAGE_STOP, &stop, sizeof stop, -1);
    assert_int_equal(answer.status, ETWAS_OK);
    harness_sleep_ms(1100);
    answer = client_ask(&clients[0], MESSAGE_STOP, &stop, sizeof stop, -1);
    assert_int_equal(answer.status, ETWAS_OK);
}

static void the_seventeenth_client_of_a_user_is_refused(void **state)
{
    (void)state;
    struct message_answer answer = {0};
    struct {
        struct message_head head;
        struct message_answer answer;
    } packet;
    harness_start(policy);
    for (size_t i = 0; i < 16; i++) {
        client_connect(&clients[i], HARNESS_ALICE);
    }
    client_connect_silently(&clients[16], HARNESS_ALICE);
    assert_int_equal(recv(clients[16].fd, &packet, sizeof packet, 0), sizeof packet);
    memcpy(&answer, &packet.answer, sizeof answer);
    assert_int_equal(answer.status, ETWAS_BUSY);
    assert_int_equal(answer.detail, LIMIT_CLIENTS);
    assert_thrown_out(&clients[16], "one client too many,", 17);
    client_connect(&clients[17], HARNESS_BOB);
    client_close(&clients[0]);
    client_connect(&clients[18], 0);
    /* Once the controller has noticed who left, there is room again. */
    harness_await_log("disconnected");
    client_connect(&clients[19], HARNESS_ALICE);
}

static void root_gets_in_when_all_others_are(void **state)
{
    (void)state;
    size_t count = 0;
    uint8_t packet[256];
    harness_start(policy);
    for (; count < 60; count++) { /* users of many numbers */
        client_connect_silently(&clients[count], HARNESS_ALICE + (uint32_t)count / 15);
        if (recv(clients[count].fd, packet, sizeof packet, MSG_DONTWAIT) > 0) {
            break;
        }
    }
    client_connect(&clients[62], 0);
    client_close(&clients[62]);
}

/* A session of bob's goes on as if nothing happened while alice does `harm`. */
static void beside_a_stream(void (*harm)(void))
{
    struct client *bob = &clients[MANY - 1];
    harness_start(policy);
    client_trace(bob, HARNESS_BOB, "steady", "sched:sched_switch");
    client_await_round(bob);
    const uint64_t events = client_events(bob);
    const int descriptors = harness_descriptors();
    const long rss_kib = harness_status("VmRSS:");
    harm();
    client_await_round(bob);
    client_check_counters(bob);
    assert_true(client_events(bob) > events);
    assert_int_equal(client_lost(bob), 0);
    const int64_t limit_ms = harness_now_ms() + HARNESS_PATIENCE_MS;
    while (harness_descriptors() > descriptors && harness_now_ms() < limit_ms) {
        harness_sleep_ms(5);
    }
    assert_int_equal(harness_descriptors(), descriptors);
    /* No more than bob's own ring, as it fills for the first time. */
    assert_in_range(harness_status("VmRSS:"), 0, (uintmax_t)rss_kib + 32 * STREAM_MAX_FRAME / 1024);
    assert_non_null(strstr(harness_traces(), "etwas_61002_steady: sched:sched_switch\n"));
    assert_null(strstr(harness_traces(), "etwas_61001_"));
    const struct message_answer answer = client_stop(bob, "", MESSAGE_UID_SELF);
    assert_int_equal(answer.status, ETWAS_OK);
    client_await_end(bob);
}

static void connect_a_thousand_times(void)
{
    struct client *bob = &clients[MANY - 1];
    for (int i = 0; i < 1000; i++) {
        struct client *client = &clients[i % 48];
        client_close(client);
        client_connect_silently(client, HARNESS_ALICE);
        if (i % 3 == 0) {
            (void)client_send(client, "garbage!garbage!", 1 + (size_t)i % 16, -1);
        }
        while (client_pump(bob, 0)) {
        }
    }
    for (size_t i = 0; i < 48; i++) {
        client_close(&clients[i]);
    }
}

static void a_thousand_connections_cost_nobody_anything(void **state)
{
    (void)state;
    beside_a_stream(connect_a_thousand_times);
}

static void ask_as_fast_as_it_goes(void)
{
    struct client *bob = &clients[MANY - 1];
    const struct message_stop stop = {.uid = MESSAGE_UID_SELF};
    for (int i = 0; i < 4; i++) {
        client_connect(&clients[i], HARNESS_ALICE);
    }
    for (int i = 0; i < 8000; i++) {
        (void)client_ask(&clients[i % 4], MESSAGE_STOP, &stop, sizeof stop, -1);
        while (i % 16 == 0 && client_pump(bob, 0)) {
        }
    }
    for (int i = 0; i < 4; i++) {
        client_close(&clients[i]);
    }
}

static void a_flood_of_requests_costs_nobody_anything(void **state)
{
    (void)state;
    beside_a_stream(ask_as_fast_as_it_goes);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(frames_of_wrong_sizes_are_thrown_out),
        CASE(truncated_and_oversized_frames_are_thrown_out),
        CASE(random_bytes_are_thrown_out),
        CASE(a_request_out_of_turn_is_thrown_out),
        CASE(descriptors_nobody_asked_for_are_closed),
        CASE(many_descriptors_at_once_are_closed),
        CASE(names_that_are_paths_are_thrown_out),
        CASE(a_user_has_so_many_sessions_and_no_more),
        CASE(rings_stay_within_the_user_and_the_total),
        CASE(requests_beyond_the_rate_are_refused_for_a_while),
        CASE(the_seventeenth_client_of_a_user_is_refused),
        CASE(root_gets_in_when_all_others_are),
        CASE(a_thousand_connections_cost_nobody_anything),
        CASE(a_flood_of_requests_costs_nobody_anything),
    };
    return harness_is_able() ? cmocka_run_group_tests(tests, NULL, NULL) : 77;
}

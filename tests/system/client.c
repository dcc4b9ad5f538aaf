/* SPDX-License-Identifier: MIT */
#include "tests/system/client.h"

#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "tests/system/harness.h"

static uint64_t frame[STREAM_MAX_FRAME / 8];

union control {
    struct cmsghdr header;
    char room[CMSG_SPACE(sizeof(int))];
};

/* The kernel notes who connects when he connects: one process can play all users. */
static void connect_as(int fd, uint32_t uid)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const gid_t group = 65534;
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", harness_path("socket"));
    assert_int_equal(setgroups(uid != 0, &group), 0);
    assert_int_equal(setegid(uid != 0 ? group : 0), 0);
    assert_int_equal(seteuid(uid), 0);
    const int failed = connect(fd, (const struct sockaddr *)&address, sizeof address);
    const int why = errno;
    assert_int_equal(seteuid(0), 0);
    assert_int_equal(setegid(0), 0);
    if (failed != 0) {
        fail_msg("connecting as %" PRIu32 ": %s", uid, strerror(why));
    }
}

void client_connect_silently(struct client *client, uint32_t uid)
{
    memset(client, 0, sizeof *client);
    client->handle = -1;
    client->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    assert_true(client->fd >= 0);
    connect_as(client->fd, uid);
}

void client_connect(struct client *client, uint32_t uid)
{
    const uint32_t version = MESSAGE_VERSION;
    client_connect_silently(client, uid);
    const struct message_answer answer =
        client_ask(client, MESSAGE_HELLO, &version, sizeof version, -1);
    assert_int_equal(answer.status, ETWAS_OK);
    assert_int_equal(answer.value[0], MESSAGE_VERSION);
    client->cpus = (uint32_t)answer.value[1];
    assert_in_range(client->cpus, 1, CLIENT_CPUS);
}

static void close_handle(struct client *client)
{
    if (client->handle >= 0) {
        (void)close(client->handle);
    }
    client->handle = -1;
}

void client_close(struct client *client)
{
    close_handle(client);
    if (client->fd >= 0) {
        (void)close(client->fd);
    }
    client->fd = -1;
}

bool client_send(struct client *client, const void *packet, size_t size, int file)
{
    union {
        const void *given;
        void *base;
    } bytes = {.given = packet};
    struct iovec part = {.iov_base = bytes.base, .iov_len = size};
    union control control;
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    memset(&control, 0, sizeof control);
    if (file >= 0) {
        message.msg_control = &control;
        message.msg_controllen = sizeof control;
        control.header.cmsg_level = SOL_SOCKET;
        control.header.cmsg_type = SCM_RIGHTS;
        control.header.cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(&control.header), &file, sizeof file);
    }
    return sendmsg(client->fd, &message, MSG_NOSIGNAL) == (ssize_t)size;
}

/* One packet to `frame`; its size, 0: closed, -1: nothing came. */
static ssize_t receive(struct client *client, int timeout_ms)
{
    struct pollfd wait = {.fd = client->fd, .events = POLLIN};
    struct iovec part = {frame, sizeof frame};
    union control control;
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    if (poll(&wait, 1, timeout_ms) <= 0) {
        return -1;
    }
    const ssize_t got = recvmsg(client->fd, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (got < 0) {
        return errno == ECONNRESET ? 0 : -1;
    }
    assert_int_equal(message.msg_flags & (MSG_TRUNC | MSG_CTRUNC), 0);
    if (message.msg_controllen >= CMSG_LEN(sizeof(int))) {
        close_handle(client);
        memcpy(&client->handle, CMSG_DATA(&control.header), sizeof(int));
    }
    return got;
}

/* Events in one page's data (Documentation/trace/ring-buffer-design, ring_buffer.h). */
static uint64_t count_events(const uint8_t *data, size_t size)
{
    uint64_t count = 0;
    for (size_t at = 0; at + 4 <= size;) {
        uint32_t word = 0;
        uint32_t length = 0;
        memcpy(&word, data + at, 4);
        const uint32_t type = word & 31;
        if (type == 30 || type == 31) { /* time extend, time stamp */
            at += 8;
            continue;
        }
        if (type == 0 || type == 29) { /* the length follows */
            assert_true(at + 8 <= size);
            memcpy(&length, data + at + 4, 4);
            at += 4 + (size_t)length;
            count += type == 0;
            continue;
        }
        at += 4 + (size_t)type * 4;
        count++;
    }
    return count;
}

static void count_pages(struct client *client, uint32_t cpu, const uint8_t *data, size_t size)
{
    while (size != 0) {
        uint64_t commit = 0;
        assert_true(size >= 16);
        memcpy(&commit, data + 8, sizeof commit);
        const size_t length = (size_t)(commit & ((UINT64_C(1) << 30) - 1));
        size_t used = (16 + length + ((commit >> 30 & 1) != 0 ? 8 : 0) + 7) & ~(size_t)7;
        used = used < client->page_size ? used : client->page_size;
        assert_true(16 + length <= size && used <= size);
        client->records[cpu] += count_events(data + 16, length);
        data += used;
        size -= used;
    }
}

static void take_stream(struct client *client, uint16_t type, struct bytes_reader *body)
{
    struct stream_records records;
    struct stream_round round;
    if (type == STREAM_RECORDS) {
        stream_get_records(body, &records);
        assert_true(!body->bad && records.cpu < client->cpus);
        client->sequence[records.cpu] = records.sequence + 1;
        count_pages(client, records.cpu, body->at, body->left);
    } else if (type == STREAM_ROUND) {
        stream_get_round(body, &round);
        assert_int_equal(round.cpus, client->cpus);
        for (uint32_t i = 0; i < round.cpus; i++) {
            stream_get_counters(body, &client->counters[i]);
        }
        assert_int_equal(bytes_end(body), ETWAS_OK);
        client->rounds++;
        client->started_ns = round.started_ns;
    } else {
        assert_int_equal(type, STREAM_END);
        stream_get_end(body, &client->end);
        client->ended = true;
    }
}

bool client_pump(struct client *client, int timeout_ms)
{
    struct bytes_reader body;
    uint16_t type = 0;
    const ssize_t got = receive(client, timeout_ms);
    if (got <= 0) {
        return false;
    }
    assert_int_equal(message_decode(frame, (size_t)got, sizeof frame, &type, &body), ETWAS_OK);
    take_stream(client, type, &body);
    return true;
}

/* The next packet; there must be one. */
static uint16_t await_packet(struct client *client, uint16_t request, struct bytes_reader *body)
{
    uint16_t type = 0;
    const ssize_t got = receive(client, HARNESS_PATIENCE_MS);
    if (got <= 0) {
        fail_msg("no answer to request %d: %s", request, got == 0 ? "closed" : "silence");
    }
    assert_int_equal(message_decode(frame, (size_t)got, sizeof frame, &type, body), ETWAS_OK);
    return type;
}

struct message_answer client_ask(struct client *client, uint16_t type, const void *body,
                                 size_t size, int file)
{
    uint8_t packet[MESSAGE_MAX_REQUEST];
    struct message_answer answer = {0};
    struct bytes_reader reader;
    struct bytes_writer writer = bytes_writer_of(packet, sizeof packet);
    message_put_header(&writer, type, size);
    if (size != 0) {
        bytes_put(&writer, body, size);
    }
    assert_false(writer.bad);
    close_handle(client);
    assert_true(client_send(client, packet, sizeof packet - writer.left, file));
    for (uint16_t got = 0; (got = await_packet(client, type, &reader)) != type + 1;) {
        take_stream(client, got, &reader);
    }
    message_get_answer(&reader, &answer);
    assert_int_equal(bytes_end(&reader), ETWAS_OK);
    return answer;
}

struct message_answer client_open_as(struct client *client, const struct message_open *open)
{
    const struct message_answer answer = client_ask(client, MESSAGE_OPEN, open, sizeof *open, -1);
    if (answer.status == ETWAS_OK) {
        client->page_size = (size_t)answer.value[1];
    }
    return answer;
}

struct message_answer client_open(struct client *client, const char *name, uint32_t owner)
{
    struct message_open open = {
        .uid = owner, .subbuffer_kib = 64, .ring_kib = 1024, .linger_s = UINT32_MAX};
    (void)snprintf(open.name, sizeof open.name, "%s", name);
    return client_open_as(client, &open);
}

struct message_answer client_enable(struct client *client, const char *system, const char *event)
{
    struct message_enable enable = {.filter_count = 0};
    (void)snprintf(enable.system, sizeof enable.system, "%s", system);
    (void)snprintf(enable.event, sizeof enable.event, "%s", event);
    return client_ask(client, MESSAGE_ENABLE, &enable, sizeof enable, -1);
}

struct message_answer client_stop(struct client *client, const char *name, uint32_t owner)
{
    struct message_stop stop = {.uid = owner};
    (void)snprintf(stop.name, sizeof stop.name, "%s", name);
    return client_ask(client, MESSAGE_STOP, &stop, sizeof stop, -1);
}

void client_trace(struct client *client, uint32_t uid, const char *name, const char *event)
{
    char system[MESSAGE_NAME_SIZE];
    (void)snprintf(system, sizeof system, "%.*s", (int)strcspn(event, ":"), event);
    client_connect(client, uid);
    assert_int_equal(client_open(client, name, MESSAGE_UID_SELF).status, ETWAS_OK);
    assert_int_equal(client_enable(client, system, event + strlen(system) + 1).status, ETWAS_OK);
    assert_int_equal(client_ask(client, MESSAGE_START, NULL, 0, -1).status, ETWAS_OK);
}

void client_await_round(struct client *client)
{
    struct timespec now = {0};
    const int64_t limit_ms = harness_now_ms() + HARNESS_PATIENCE_MS;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    const uint64_t now_ns = (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
    while (client->started_ns < now_ns) {
        assert_true(client_pump(client, HARNESS_PATIENCE_MS));
        harness_insist(limit_ms, "a round");
    }
}

void client_await_end(struct client *client)
{
    const int64_t limit_ms = harness_now_ms() + HARNESS_PATIENCE_MS;
    while (!client->ended) {
        assert_true(client_pump(client, HARNESS_PATIENCE_MS));
        harness_insist(limit_ms, "the end of a session");
    }
}

bool client_is_closed(struct client *client, int timeout_ms)
{
    const int64_t limit_ms = harness_now_ms() + timeout_ms;
    while (harness_now_ms() < limit_ms) {
        struct bytes_reader body;
        uint16_t type = 0;
        const ssize_t got = receive(client, (int)(limit_ms - harness_now_ms()));
        if (got == 0) {
            return true;
        }
        if (got > 0 && message_decode(frame, (size_t)got, sizeof frame, &type, &body) == ETWAS_OK &&
            type >= STREAM_RECORDS) {
            take_stream(client, type, &body);
        }
    }
    return false;
}

void client_check_counters(const struct client *client)
{
    for (uint32_t i = 0; i < client->cpus; i++) {
        assert_int_equal(client->records[i], client->counters[i].read);
    }
}

uint64_t client_events(const struct client *client)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < client->cpus; i++) {
        sum += client->records[i];
    }
    return sum;
}

uint64_t client_lost(const struct client *client)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < client->cpus; i++) {
        const struct stream_counters *counters = &client->counters[i];
        sum += counters->overrun + counters->commit_overrun + counters->dropped;
    }
    return sum;
}

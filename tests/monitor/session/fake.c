/* SPDX-License-Identifier: MIT */
#include "tests/monitor/session/fake.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "monitor/session/session.h"

static const char format_head[] =
    "format:\n"
    "\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
    "\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"
    "\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n"
    "\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"
    "\tfield:unsigned long __probe_ip;\toffset:8;\tsize:8;\tsigned:0;\n"
    "\tfield:u64 number;\toffset:8;\tsize:8;\tsigned:0;\n"
    "\tfield:char text[8];\toffset:16;\tsize:8;\tsigned:0;\n\n"
    "print fmt: \"%llu\", REC->number\n";

/* The fake does not go on when it is broken. */
static void must(bool holds, const char *what)
{
    if (!holds) {
        (void)fprintf(stderr, "fake controller: %s: %s\n", what, strerror(errno));
        abort();
    }
}

void fake_init(struct fake *fake)
{
    *fake = (struct fake){.listener = -1, .socket = -1, .ring_size = 1 << 20};
    (void)snprintf(fake->folder, sizeof fake->folder, "/tmp/etwas-fake-XXXXXX");
    must(mkdtemp(fake->folder) != NULL, "making a folder");
    (void)snprintf(fake->path, sizeof fake->path, "%s/socket", fake->folder);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, fake->path, strlen(fake->path));
    fake->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    must(bind(fake->listener, (const struct sockaddr *)&address, sizeof address) == 0, "binding");
    must(listen(fake->listener, 1) == 0, "listening");
}

static void send_bytes(struct fake *fake, const void *packet, size_t size, int handle)
{
    union {
        const void *given;
        void *base;
    } bytes = {.given = packet};
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control;
    memset(&control, 0, sizeof control);
    struct iovec part = {.iov_base = bytes.base, .iov_len = size};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (handle >= 0) {
        message.msg_control = &control;
        message.msg_controllen = sizeof control;
        control.header.cmsg_level = SOL_SOCKET;
        control.header.cmsg_type = SCM_RIGHTS;
        control.header.cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(&control.header), &handle, sizeof handle);
    }
    (void)sendmsg(fake->socket, &message, MSG_NOSIGNAL); /* the client may have left */
}

void fake_packet(struct fake *fake, uint16_t type, const void *body, size_t size)
{
    static uint8_t packet[STREAM_MAX_FRAME];
    struct bytes_writer writer = bytes_writer_of(packet, sizeof packet);
    message_put_header(&writer, type, size);
    if (size != 0) {
        bytes_put(&writer, body, size);
    }
    must(!writer.bad, "a packet too big");
    send_bytes(fake, packet, MESSAGE_HEADER_SIZE + size, -1);
}

static void answer(struct fake *fake, uint16_t type, const struct message_answer *answer,
                   int handle)
{
    uint8_t packet[MESSAGE_HEADER_SIZE + MESSAGE_ANSWER_SIZE];
    struct bytes_writer writer = bytes_writer_of(packet, sizeof packet);
    message_put_header(&writer, (uint16_t)(type + 1), MESSAGE_ANSWER_SIZE);
    message_put_answer(&writer, answer);
    send_bytes(fake, packet, sizeof packet, handle);
}

static int document(const char *text)
{
    const int fd = memfd_create("document", MFD_CLOEXEC);
    must(write(fd, text, strlen(text)) == (ssize_t)strlen(text), "writing a document");
    return fd;
}

static void answer_format(struct fake *fake, uint16_t type, const char *event, uint32_t id)
{
    char text[2048];
    (void)snprintf(text, sizeof text, "name: %s\nID: %u\n%s", event, id, format_head);
    const struct message_answer good = {.status = ETWAS_OK, .value = {id}};
    const int fd = document(text);
    answer(fake, type, &good, fd);
    (void)close(fd);
}

static void on_enable(struct fake *fake, struct bytes_reader *body)
{
    struct message_enable enable;
    message_get_enable(body, &enable);
    must(bytes_end(body) == ETWAS_OK, "reading ENABLE");
    if (fake->rate_refusals != 0) {
        fake->rate_refusals--;
        answer(fake, MESSAGE_ENABLE,
               &(struct message_answer){.status = ETWAS_BUSY, .detail = LIMIT_RATE}, -1);
    } else if (strcmp(enable.event, "tick") == 0 || strcmp(enable.event, "tock") == 0) {
        fake->enabled[fake->enabled_count++ % 8] = enable;
        answer_format(fake, MESSAGE_ENABLE, enable.event,
                      enable.event[1] == 'i' ? FAKE_TICK : FAKE_TOCK);
    } else if (strcmp(enable.event, "secret") == 0) {
        answer(fake, MESSAGE_ENABLE, &(struct message_answer){.status = ETWAS_DENIED, .detail = 7},
               -1);
    } else {
        answer(fake, MESSAGE_ENABLE,
               &(struct message_answer){.status = ETWAS_NOT_FOUND, .detail = ENOENT}, -1);
    }
}

static void on_usdt(struct fake *fake, struct bytes_reader *body)
{
    message_get_usdt(body, &fake->usdt);
    must(bytes_end(body) == ETWAS_OK, "reading USDT");
    fake->usdt_count++;
    answer_format(fake, MESSAGE_USDT, "probe", FAKE_TICK);
}

static void on_metadata(struct fake *fake)
{
    const int fd = document("fake:tick\nfake:secret\nfakes:tick\nfake:tock\nother:event\n");
    answer(fake, MESSAGE_METADATA, &(struct message_answer){.status = ETWAS_OK}, fd);
    (void)close(fd);
}

/* False: that was the last. */
static bool serve_one(struct fake *fake)
{
    uint8_t packet[MESSAGE_MAX_REQUEST];
    const ssize_t got = recv(fake->socket, packet, sizeof packet, 0);
    uint16_t type = 0;
    struct bytes_reader body;
    if (got <= 0) {
        return false;
    }
    must(message_decode(packet, (size_t)got, sizeof packet, &type, &body) == ETWAS_OK, "decoding");
    struct message_answer good = {.status = ETWAS_OK};
    if (type == MESSAGE_HELLO) {
        good.value[0] = MESSAGE_VERSION;
        good.value[1] = FAKE_CPUS;
    } else if (type == MESSAGE_OPEN) {
        good = (struct message_answer){
            .value = {FAKE_SESSION, 65536, fake->ring_size, fake->origin}
        };
    } else if (type == MESSAGE_ENABLE) {
        if (fake->end_after_open) {
            return false;
        }
        on_enable(fake, &body);
        return true;
    } else if (type == MESSAGE_USDT) {
        on_usdt(fake, &body);
        return true;
    } else if (type == MESSAGE_METADATA) {
        on_metadata(fake);
        return true;
    }
    if (type == MESSAGE_START && fake->early_round) {
        fake_ticks(fake, 0, 10, 3);
        fake_round(fake, 100);
    }
    answer(fake, type, &good, -1);
    return type != MESSAGE_START;
}

static void *serve(void *given)
{
    struct fake *fake = given;
    fake->socket = accept(fake->listener, NULL, NULL);
    while (fake->socket >= 0 && serve_one(fake)) {
    }
    if (fake->end_after_open) {
        fake_hang_up(fake);
    }
    return NULL;
}

void fake_serve(struct fake *fake)
{
    must(pthread_create(&fake->thread, NULL, serve, fake) == 0, "starting a thread");
    fake->running = true;
}

void fake_join(struct fake *fake)
{
    if (fake->running) {
        must(pthread_join(fake->thread, NULL) == 0, "joining the thread");
        fake->running = false;
    }
}

void fake_hang_up(struct fake *fake)
{
    if (fake->socket >= 0) {
        (void)close(fake->socket);
        fake->socket = -1;
    }
}

void fake_clear(struct fake *fake)
{
    fake_join(fake);
    fake_hang_up(fake);
    (void)close(fake->listener);
    (void)unlink(fake->path);
    (void)rmdir(fake->folder);
}

struct source *fake_source(struct fake *fake)
{
    const struct session_options options = {.controller = fake->path, .linger_s = UINT32_MAX};
    const struct message_enable tick = {.system = "fake", .event = "tick"};
    struct session *session = NULL;
    struct source *source = NULL;
    struct session_outcome outcome;
    struct refusal refusal;
    fake_serve(fake);
    must(session_open(&options, &session, &refusal) == ETWAS_OK, "opening");
    must(session_enable(session, &tick, &outcome, &refusal) == ETWAS_OK, "enabling");
    must(session_start(session, &source, &refusal) == ETWAS_OK, "starting");
    fake_join(fake);
    return source;
}

static void put_record(struct pages *pages, uint32_t delta, uint32_t head, uint32_t thread,
                       uint64_t number)
{
    pages_header(pages, 24 / 4, delta);
    pages_put(pages, head, 4);
    pages_put(pages, thread, 4);
    pages_put(pages, number, 8);
    pages_put(pages, number % 2 == 0 ? 0x6e657665 : 0x64646f, 8); /* "even" or "odd" */
}

void fake_record(struct pages *pages, uint32_t delta, uint16_t id, uint64_t number)
{
    put_record(pages, delta, id, FAKE_PID, number);
}

void fake_record_of(struct pages *pages, uint32_t delta, uint16_t id, uint32_t thread)
{
    put_record(pages, delta, id, thread, 0);
}

void fake_send(struct fake *fake, uint32_t cpu, const struct pages *pages)
{
    uint8_t body[STREAM_RECORDS_SIZE + sizeof pages->data];
    const struct stream_records head = {
        .session = FAKE_SESSION, .sequence = fake->sequences[cpu]++, .cpu = cpu};
    memcpy(body, &head, sizeof head);
    memcpy(body + sizeof head, pages->data, pages->size);
    fake_packet(fake, STREAM_RECORDS, body, sizeof head + pages->size);
}

void fake_ticks(struct fake *fake, uint32_t cpu, uint64_t first, uint32_t count)
{
    static struct pages pages;
    pages = (struct pages){.size = 0};
    pages_start(&pages, first);
    for (uint32_t i = 0; i < count; i++) {
        fake_record(&pages, i == 0 ? 0 : 10, FAKE_TICK, first + i * UINT64_C(10));
    }
    pages_end(&pages, 0);
    fake_send(fake, cpu, &pages);
    fake->counters[cpu].read += count;
}

void fake_round(struct fake *fake, uint64_t started_ns)
{
    uint8_t body[STREAM_ROUND_SIZE + sizeof fake->counters];
    const struct stream_round round = {
        .session = FAKE_SESSION, .started_ns = started_ns, .cpus = FAKE_CPUS};
    memcpy(body, &round, sizeof round);
    memcpy(body + sizeof round, fake->counters, sizeof fake->counters);
    fake_packet(fake, STREAM_ROUND, body, sizeof body);
}

void fake_end(struct fake *fake, enum stream_reason reason, uint32_t uid)
{
    const struct stream_end end = {.session = FAKE_SESSION, .reason = reason, .uid = uid};
    fake_packet(fake, STREAM_END, &end, sizeof end);
}

static enum etwas_status take(struct event_handler *handler, const struct event *events,
                              size_t count)
{
    struct taken *taken = (struct taken *)(void *)handler;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(events[i].schema->event_name, "Lost") == 0) {
            taken->losses++;
            taken->lost += event_field(&events[i], 2, NULL).as.u;
            taken->lost_first = event_field(&events[i], 3, NULL).as.i;
            taken->lost_last = event_field(&events[i], 4, NULL).as.i;
            continue;
        }
        must(taken->count < 4096, "too many events for the test");
        memcpy(&taken->numbers[taken->count], events[i].payload + 8, 8);
        taken->times[taken->count] = events[i].time;
        taken->cpus[taken->count++] = events[i].cpu;
    }
    return taken->limit != 0 && taken->count >= taken->limit ? ETWAS_CLOSED : ETWAS_OK;
}

void taken_init(struct taken *taken)
{
    memset(taken, 0, sizeof *taken);
    taken->handler.handle = take;
}

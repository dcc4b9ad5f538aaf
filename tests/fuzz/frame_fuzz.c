/* SPDX-License-Identifier: MIT */

/*
 * Packets of a client, first through the codec, then to the controller's request
 * table, with a controller that has no tracefs. Input: for each packet one byte (bits
 * 0-1 the client's state, 2 a descriptor comes along, 3 root asks), u16 size, bytes.
 */
#include <fcntl.h>

#include "controller/controller.h"
#include "ipc/codec.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Each begins anew, so that more of them in one input find nothing more. */
enum { MAX_PACKETS = 16 };

static struct controller controller;
static int client_end = -1;
static int program = -1;

static void require(bool good)
{
    if (!good) {
        abort();
    }
}

static bool resolve(const char *name, bool is_group, uint32_t *id)
{
    (void)is_group;
    *id = 1;
    return name[0] != '\0';
}

/* The controller logs what it refuses: libFuzzer must take stderr for itself. */
static void silence(int *argc, char ***argv)
{
    static char flag[] = "-close_fd_mask=2";
    static char *arguments[64];
    int count = 0;
    for (; count < *argc && count < 62; count++) {
        arguments[count] = (*argv)[count];
    }
    arguments[count++] = flag;
    *argc = count;
    *argv = arguments;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    char policy[] = "deny * sched:sched_stat*\nallow * *\nallow * usdt:own\nlimit requests 1g\n";
    struct access_fault fault;
    int pair[2];
    silence(argc, argv);
    require(access_parse(&controller.policy, policy, sizeof policy - 1, resolve, &fault));
    require(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair) == 0);
    program = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    client_end = pair[1];
    controller.host = (struct session_host){.tracefs = -1, .instances = -1, .cpu_count = 2};
    controller.listener = -1;
    controller.ring_total = UINT64_C(1) << 30;
    (void)pthread_mutex_init(&controller.lock, NULL);
    for (size_t i = 0; i < MAX_CLIENTS; i++) {
        controller.clients[i].socket = -1;
    }
    controller.clients[0].socket = pair[0];
    return 0;
}

/*
 * Nothing stays of the packet before. What it cannot have written is left alone, for
 * clearing all was most of the time: the slots of sessions that were not taken, and the
 * events asked for, as there are none (looked at once for each input).
 */
static void reset(unsigned control)
{
    struct client *client = &controller.clients[0];
    for (size_t i = 0; i < MAX_SESSIONS; i++) {
        struct session *session = &controller.sessions[i];
        if (session->state != SESSION_FREE || session->info.name[0] != '\0') {
            memset(session, 0, offsetof(struct session, counters));
        }
        session->directory = -1;
    }
    client->session = NULL;
    client->streaming = false;
    client->cursor = 0;
    client->blocked_ms = 0;
    memset(&client->subject, 0, sizeof client->subject);
    client->state = (enum client_state)(1U << (control & 3));
    client->subject.uid = (control & 8) != 0 ? 0 : 1000;
    if (client->state == CLIENT_OPEN || client->state == CLIENT_TRACING) {
        client->session = &controller.sessions[0];
        client->session->state = SESSION_ACTIVE;
        client->session->info.clients = 1;
        client->session->info.uid = client->subject.uid;
        memcpy(client->session->info.name, "a", 2);
    }
}

/* What the controller answers is a whole message of the kind asked for. */
static void check_answer(uint16_t request)
{
    uint8_t packet[256];
    struct bytes_reader body;
    struct message_answer answer;
    struct message_session session;
    uint16_t type = 0;
    const ssize_t got = recv(client_end, packet, sizeof packet, 0);
    require(got > 0 &&
            message_decode(packet, (size_t)got, sizeof packet, &type, &body) == ETWAS_OK &&
            type == request + 1);
    if (body.left == MESSAGE_SESSION_INFO_SIZE) {
        message_get_session(&body, &session);
    } else {
        message_get_answer(&body, &answer);
    }
    require(bytes_end(&body) == ETWAS_OK);
}

static void control_one(const uint8_t *packet, size_t size, unsigned control)
{
    struct message_head head = {0};
    memcpy(&head, packet, size < sizeof head ? size : sizeof head);
    reset(control);
    if (request_handle(&controller, &controller.clients[0], packet, size,
                       (control & 4) != 0 ? program : -1)) {
        check_answer(head.type);
    }
}

/* Each body as each structure: what is read is inside, or the reader is bad. */
static void decode_one(const uint8_t *packet, size_t size)
{
    struct bytes_reader body;
    uint16_t type = 0;
    if (message_decode(packet, size, STREAM_MAX_FRAME, &type, &body) == ETWAS_OK) {
        union {
            struct message_open open;
            struct message_enable enable;
            struct message_usdt usdt;
            struct message_stop stop;
            struct message_metadata metadata;
            struct message_answer answer;
            struct message_session session;
            struct stream_records records;
            struct stream_round round;
            struct stream_counters counters;
            struct stream_end end;
        } as;
        struct bytes_reader reader = body;
#define READ(get, member) (reader = body, get(&reader, &as.member))
        READ(message_get_open, open);
        require(reader.bad || strlen(as.open.name) < MESSAGE_SESSION_SIZE);
        READ(message_get_enable, enable);
        require(reader.bad || as.enable.filter_count <= MESSAGE_MAX_FILTERS);
        READ(message_get_usdt, usdt);
        require(reader.bad || as.usdt.argument_count <= USDT_MAX_ARGUMENTS);
        READ(message_get_stop, stop);
        require(reader.bad || strlen(as.stop.name) < MESSAGE_SESSION_SIZE);
        READ(message_get_metadata, metadata);
        require(reader.bad || strlen(as.metadata.event) < MESSAGE_NAME_SIZE);
        READ(message_get_answer, answer);
        READ(message_get_session, session);
        require(reader.bad || strlen(as.session.name) < MESSAGE_SESSION_SIZE);
        READ(stream_get_records, records);
        READ(stream_get_round, round);
        for (uint32_t i = 0; !reader.bad && i < as.round.cpus; i++) {
            struct stream_counters counters;
            stream_get_counters(&reader, &counters);
        }
        READ(stream_get_counters, counters);
        READ(stream_get_end, end);
#undef READ
    }
}

/* In memory of just its size, so that each byte read too many is seen. */
static void take_packet(const uint8_t *bytes, size_t size, unsigned control)
{
    uint8_t *packet = malloc(size != 0 ? size : 1);
    require(packet != NULL);
    memcpy(packet, bytes, size);
    decode_one(packet, size);
    control_one(packet, size, control);
    free(packet);
}

/* What was refused was not answered, and no event was switched on: there are none. */
static void check_silence(void)
{
    static const uint8_t none[sizeof controller.clients[0].wants];
    uint8_t byte = 0;
    require(recv(client_end, &byte, 1, 0) < 0);
    require(memcmp(controller.clients[0].wants, none, sizeof none) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (int packets = 0; size >= 3 && packets < MAX_PACKETS; packets++) {
        const unsigned control = data[0];
        const size_t wanted = (size_t)data[1] | (size_t)data[2] << 8;
        data += 3;
        size -= 3;
        const size_t packet = wanted < size ? wanted : size;
        take_packet(data, packet, control);
        data += packet;
        size -= packet;
    }
    check_silence();
    return 0;
}

/* SPDX-License-Identifier: MIT */
#include <sys/stat.h>
#include <sys/un.h>

#include "controller/lifetime.h"

enum {
    TICK_MS = 100,
    BUSY_TICK_MS = 2, /* while sessions are on their way out */
    ACCEPTS = 16,     /* at a time, so that a flood of them holds nobody up */
    LISTEN_FD = 3,    /* sd_listen_fds(3) */
    SEND_BUFFER = 212992,
};

/* A socket file on which nobody listens is what a killed predecessor left. */
static void remove_stale(int fd, const struct sockaddr_un *address)
{
    if (connect(fd, (const struct sockaddr *)address, sizeof *address) != 0 &&
        errno == ECONNREFUSED) {
        (void)unlink(address->sun_path);
    }
}

int server_listen(const char *path, uint32_t gid)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *pid = getenv("LISTEN_PID");
    if (pid != NULL && strtol(pid, NULL, 10) == getpid()) {
        return LISTEN_FD; /* systemd's, who has set who may connect */
    }
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    remove_stale(fd, &address);
    /* Owner and mode are right before anybody can connect. */
    const mode_t before = umask(0177);
    const bool bound = strlen(path) < sizeof address.sun_path &&
                       bind(fd, (const struct sockaddr *)&address, sizeof address) == 0;
    (void)umask(before);
    if (!bound || (gid != 0 && (chown(path, 0, gid) != 0 || chmod(path, 0660) != 0)) ||
        listen(fd, 128) != 0) {
        LOG("<3>", "listening on %s: %s\n", path, strerror(errno));
        return -1;
    }
    return fd;
}

static void close_client(struct controller *controller, struct client *client, const char *why)
{
    LOG("<6>", "uid %" PRIu32 " pid %" PRIu32 ": %s\n", client->subject.uid, client->pid, why);
    lifetime_leave(controller, client);
    controller_lock(controller);
    (void)close(client->socket);
    client->socket = -1;
    controller_unlock(controller);
}

/* One packet of the client's. False: close it. */
static bool serve(struct controller *controller, struct client *client)
{
    alignas(8) uint8_t packet[MESSAGE_MAX_REQUEST];
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec part = {packet, sizeof packet};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    int file = -1;
    const ssize_t got = recvmsg(client->socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (got <= 0) {
        return got < 0 && (errno == EAGAIN || errno == EINTR);
    }
    /* There is room for one descriptor: the kernel has discarded any others. */
    if (message.msg_controllen >= CMSG_LEN(sizeof(int)) && control.header.cmsg_type == SCM_RIGHTS) {
        memcpy(&file, CMSG_DATA(&control.header), sizeof file);
    }
    const bool good = (message.msg_flags & MSG_TRUNC) == 0 &&
                      request_handle(controller, client, packet, (size_t)got, file);
    if (file >= 0) {
        (void)close(file);
    }
    if (!good) {
        LOG("<4>", "uid %" PRIu32 " pid %" PRIu32 ": a request out of order or malformed\n",
            client->subject.uid, client->pid);
    }
    return good;
}

/* The slot for a new client of `uid`, or NULL: some are the administrator's own. */
static struct client *find_slot(struct controller *controller, uint32_t uid)
{
    struct client *slot = NULL;
    int own = 0;
    int taken = 0;
    for (size_t i = 0; i < MAX_CLIENTS; i++) {
        struct client *client = &controller->clients[i];
        slot = client->socket < 0 ? client : slot;
        taken += client->socket >= 0;
        own += client->socket >= 0 && client->subject.uid == uid;
    }
    const bool full = taken >= MAX_CLIENTS - ROOT_CLIENTS || own >= MAX_CLIENTS_PER_USER;
    return uid != 0 && full ? NULL : slot;
}

static void set_up_client(struct client *client, int fd, const struct ucred *peer)
{
    const int size = SEND_BUFFER;
    socklen_t groups_size = sizeof client->groups;
    memset(client, 0, sizeof *client);
    client->state = CLIENT_NEW;
    client->pid = (uint32_t)peer->pid;
    client->connected_ms = controller_now_ms();
    client->subject.uid = peer->uid;
    client->subject.gid = peer->gid;
    client->subject.groups = client->groups;
    /* Of more than MAX_GROUPS none counts. */
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, client->groups, &groups_size) == 0) {
        client->subject.group_count = groups_size / sizeof(uint32_t);
    }
    /* As large as any kernel allows without privilege. */
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    client->socket = fd;
}

static void accept_clients(struct controller *controller)
{
    static const struct {
        struct message_head head;
        struct message_answer answer;
    } full = {
        {.type = MESSAGE_HELLO + 1, .size = sizeof full.answer},
        {.status = ETWAS_BUSY,      .detail = LIMIT_CLIENTS   }
    };
    for (int i = 0; i < ACCEPTS; i++) {
        struct ucred peer;
        socklen_t size = sizeof peer;
        const int fd = accept4(controller->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0) {
            return;
        }
        const bool known = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0;
        struct client *client = known ? find_slot(controller, peer.uid) : NULL;
        if (client == NULL) {
            (void)send(fd, &full, sizeof full, MSG_DONTWAIT | MSG_NOSIGNAL);
            (void)close(fd);
            continue;
        }
        controller_lock(controller);
        set_up_client(client, fd, &peer);
        controller_unlock(controller);
    }
}

/* Closes the clients whose time is over. */
static void tick_clients(struct controller *controller)
{
    const int64_t now_ms = controller_now_ms();
    for (size_t i = 0; i < MAX_CLIENTS; i++) {
        struct client *client = &controller->clients[i];
        controller_lock(controller);
        const bool broken = client->broken;
        const int64_t blocked_ms = client->blocked_ms;
        controller_unlock(controller);
        if (client->socket < 0) {
            continue;
        }
        if (broken) {
            close_client(controller, client, "gone, or its session is");
        } else if (blocked_ms != 0 && now_ms - blocked_ms > STUCK_LIMIT_MS) {
            close_client(controller, client, "did not read for 30 s");
        } else if (client->state == CLIENT_NEW && now_ms - client->connected_ms > HELLO_LIMIT_MS) {
            close_client(controller, client, "said nothing for 10 s");
        }
    }
}

static void serve_ready(struct controller *controller, const struct pollfd *waits)
{
    for (size_t i = 0; i < MAX_CLIENTS; i++) {
        struct client *client = &controller->clients[i];
        if (client->socket >= 0 && waits[i].revents != 0 && !serve(controller, client)) {
            close_client(controller, client, "disconnected");
        }
    }
}

static void end_everything(struct controller *controller)
{
    for (size_t i = 0; i < MAX_SESSIONS; i++) {
        if (controller->sessions[i].state == SESSION_ACTIVE) {
            lifetime_end(controller, &controller->sessions[i], 0, END_SHUTDOWN);
        }
    }
    const int64_t limit_ms = controller_now_ms() + 2 * ENDING_LIMIT_MS;
    while (!lifetime_tick(controller) && controller_now_ms() < limit_ms) {
        (void)poll(NULL, 0, BUSY_TICK_MS);
    }
}

void server_run(struct controller *controller, const volatile sig_atomic_t *told)
{
    struct pollfd waits[MAX_CLIENTS + 1];
    while (*told == 0) {
        for (size_t i = 0; i < MAX_CLIENTS; i++) {
            waits[i] = (struct pollfd){.fd = controller->clients[i].socket, .events = POLLIN};
        }
        waits[MAX_CLIENTS] = (struct pollfd){.fd = controller->listener, .events = POLLIN};
        const bool settled = lifetime_tick(controller);
        if (poll(waits, MAX_CLIENTS + 1, settled ? TICK_MS : BUSY_TICK_MS) > 0) {
            serve_ready(controller, waits);
            accept_clients(controller);
        }
        tick_clients(controller);
    }
    LOG("<5>", "told to end: sessions are stopped\n");
    end_everything(controller);
}

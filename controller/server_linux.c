/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "controller/controller.h"

enum {
    TICK_MS = 100,
    BUSY_TICK_MS = 2, /* while sessions are on their way out */
    LISTEN_FD = 3,    /* sd_listen_fds(3) */
    SEND_BUFFER = 212992,
};

int server_listen(const char *path, uint32_t gid)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const struct sockaddr *where = (const struct sockaddr *)&address;
    const char *pid = getenv("LISTEN_PID");
    if (pid != NULL && strtol(pid, NULL, 10) == getpid()) {
        /* systemd's, who has set who may connect */
        return fcntl(LISTEN_FD, F_SETFL, O_NONBLOCK) == 0 ? LISTEN_FD : -1;
    }
    const int size = snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    /* A file on which nobody listens is what a killed predecessor left. */
    if (size < (int)sizeof address.sun_path && connect(fd, where, sizeof address) != 0 &&
        errno == ECONNREFUSED) {
        (void)unlink(path);
    }
    /* Owner and mode are right before anybody can connect. */
    (void)umask(0177);
    if (size >= (int)sizeof address.sun_path || bind(fd, where, sizeof address) != 0 ||
        (gid != 0 && (chown(path, 0, gid) != 0 || chmod(path, 0660) != 0)) ||
        listen(fd, 128) != 0) {
        LOG("<3>", "listening on %s: %s\n", path, strerror(errno));
        return -1;
    }
    return fd;
}

static void close_client(struct controller *controller, struct client *client, const char *why)
{
    LOG_CLIENT("<6>", client, "%s", why);
    lifetime_leave(controller, client);
    (void)pthread_mutex_lock(&controller->lock);
    (void)close(client->socket);
    client->socket = -1;
    (void)pthread_mutex_unlock(&controller->lock);
}

/* Takes one packet of the client's. Why it is to be closed, or NULL. */
static const char *serve(struct controller *controller, struct client *client)
{
    _Alignas(8) uint8_t packet[MESSAGE_MAX_REQUEST];
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec part = {packet, sizeof packet};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = CMSG_LEN(sizeof(int))};
    int file = -1;
    const ssize_t got = recvmsg(client->socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (got <= 0) {
        return got < 0 && (errno == EAGAIN || errno == EINTR) ? NULL : "disconnected";
    }
    /* There is room for one descriptor: the kernel has discarded any others. */
    if (message.msg_controllen >= CMSG_LEN(sizeof(int)) && control.header.cmsg_type == SCM_RIGHTS) {
        memcpy(&file, CMSG_DATA(&control.header), sizeof file);
    }
    const bool good = (message.msg_flags & MSG_TRUNC) == 0 &&
                      request_handle(controller, client, packet, (size_t)got, file);
    (void)close(file);
    return good ? NULL : "a request out of order or malformed";
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

static void accept_client(struct controller *controller)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    const int fd = accept4(controller->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    const int unknown = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size);
    struct client *client = unknown == 0 ? find_slot(controller, peer.uid) : NULL;
    if (client != NULL) {
        (void)pthread_mutex_lock(&controller->lock);
        set_up_client(client, fd, &peer);
        (void)pthread_mutex_unlock(&controller->lock);
    } else if (fd >= 0) {
        const struct {
            struct message_head head;
            struct message_answer answer;
        } full = {
            {MESSAGE_HELLO + 1, 0,             sizeof full.answer},
            {ETWAS_BUSY,        LIMIT_CLIENTS, {0}               }
        };
        (void)send(fd, &full, sizeof full, MSG_DONTWAIT | MSG_NOSIGNAL);
        (void)close(fd);
    }
}

static void serve_clients(struct controller *controller, const struct pollfd *waits)
{
    for (size_t i = 0; i < MAX_CLIENTS; i++) {
        struct client *client = &controller->clients[i];
        (void)pthread_mutex_lock(&controller->lock);
        const int64_t stuck_ms =
            client->blocked_ms != 0 ? controller_now_ms() - client->blocked_ms : 0;
        (void)pthread_mutex_unlock(&controller->lock);
        const char *why = stuck_ms > STUCK_LIMIT_MS ? "does not read" : NULL;
        why = waits[i].revents != 0 ? serve(controller, client) : why;
        if (waits[i].fd >= 0 && why != NULL) {
            close_client(controller, client, why);
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
    const int64_t limit_ms = controller_now_ms() + INT64_C(2) * ENDING_LIMIT_MS;
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
        if (poll(waits, MAX_CLIENTS + 1, settled ? TICK_MS : BUSY_TICK_MS) >= 0) {
            serve_clients(controller, waits);
        }
        if (waits[MAX_CLIENTS].revents != 0) {
            accept_client(controller);
        }
    }
    LOG("<5>", "told to end: sessions are stopped\n");
    end_everything(controller);
}

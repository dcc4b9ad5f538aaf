/* SPDX-License-Identifier: MIT */
#include "ipc/channel.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct channel {
    int socket;
};

static enum etwas_status fail(struct etwas_error *error, enum etwas_status status,
                              const char *doing)
{
    *error = (struct etwas_error){.status = status, .os_code = (uint32_t)errno, .doing = doing};
    return status;
}

static enum etwas_status connect_to(int fd, const char *path, struct etwas_error *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const size_t length = strlen(path);
    if (length >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return fail(error, ETWAS_NOT_FOUND, "connecting to the controller");
    }
    memcpy(address.sun_path, path, length);
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0) {
        return ETWAS_OK;
    }
    enum etwas_status status = ETWAS_SYSTEM;
    if (errno == ENOENT || errno == ECONNREFUSED || errno == ENOTDIR) {
        status = ETWAS_NOT_FOUND;
    } else if (errno == EACCES || errno == EPERM) {
        status = ETWAS_DENIED;
    }
    return fail(error, status, "connecting to the controller");
}

/* Anyone may listen on a path of his; only the administrator's word counts. */
static enum etwas_status check_server(int fd, bool own, struct etwas_error *error)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
        return fail(error, ETWAS_SYSTEM, "asking who the controller is");
    }
    if (peer.uid == 0 || (own && peer.uid == geteuid())) {
        return ETWAS_OK;
    }
    errno = 0;
    return fail(error, ETWAS_DENIED, "checking that the controller is the administrator's");
}

enum etwas_status channel_connect(const char *path, bool own, struct channel **channel,
                                  struct etwas_error *error)
{
    *channel = NULL;
    struct channel *made = malloc(sizeof *made);
    if (made == NULL) {
        return fail(error, ETWAS_NO_MEMORY, "connecting to the controller");
    }
    made->socket = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    enum etwas_status status = ETWAS_OK;
    if (made->socket < 0) {
        status = fail(error, ETWAS_SYSTEM, "making a socket");
    } else {
        status = connect_to(made->socket, path, error);
    }
    if (status == ETWAS_OK) {
        status = check_server(made->socket, own, error);
    }
    if (status != ETWAS_OK) {
        channel_close(made);
        return status;
    }
    *channel = made;
    return ETWAS_OK;
}

void channel_close(struct channel *channel)
{
    if (channel == NULL) {
        return;
    }
    if (channel->socket >= 0) {
        (void)close(channel->socket);
    }
    free(channel);
}

void channel_stop(struct channel *channel)
{
    (void)shutdown(channel->socket, SHUT_RD);
}

int channel_descriptor(const struct channel *channel)
{
    return channel->socket;
}

/* Room for one descriptor, aligned as a control message must be. */
union control {
    struct cmsghdr header;
    char room[CMSG_SPACE(sizeof(int))];
};

enum etwas_status channel_send(struct channel *channel, const void *packet, size_t size, int handle)
{
    /* struct iovec has no const; the kernel only reads what is sent. */
    union {
        const void *given;
        void *base;
    } bytes = {.given = packet};
    struct iovec part = {.iov_base = bytes.base, .iov_len = size};
    union control control;
    memset(&control, 0, sizeof control);
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (handle >= 0) {
        message.msg_control = &control;
        message.msg_controllen = sizeof control;
        control.header.cmsg_level = SOL_SOCKET;
        control.header.cmsg_type = SCM_RIGHTS;
        control.header.cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(&control.header), &handle, sizeof handle);
    }
    ssize_t sent = -1;
    do {
        sent = sendmsg(channel->socket, &message, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent >= 0) {
        return ETWAS_OK;
    }
    return errno == EPIPE || errno == ECONNRESET ? ETWAS_CLOSED : ETWAS_SYSTEM;
}

/* Keeps the first descriptor of a control message for the caller and closes any others. */
static void take_part(struct cmsghdr *part, int *handle)
{
    const size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; i++) {
        int fd = -1;
        memcpy(&fd, CMSG_DATA(part) + i * sizeof fd, sizeof fd);
        if (handle != NULL && *handle < 0) {
            *handle = fd;
        } else {
            (void)close(fd);
        }
    }
}

static void take_handles(struct msghdr *message, int *handle)
{
    for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part != NULL;
         part = CMSG_NXTHDR(message, part)) {
        if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_RIGHTS) {
            take_part(part, handle);
        }
    }
}

enum etwas_status channel_receive(struct channel *channel, struct channel_room *room, int *handle,
                                  int timeout_ms)
{
    if (handle != NULL) {
        *handle = -1;
    }
    struct iovec part = {.iov_base = room->data, .iov_len = room->capacity};
    union control control;
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    /* Most often a packet is there already: ask before waiting. */
    ssize_t got = recvmsg(channel->socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (got < 0 && errno == EAGAIN && timeout_ms != 0) {
        struct pollfd waiting = {.fd = channel->socket, .events = POLLIN};
        if (poll(&waiting, 1, timeout_ms) <= 0) {
            return ETWAS_AGAIN;
        }
        got = recvmsg(channel->socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    }
    if (got < 0) {
        return errno == EAGAIN || errno == EINTR ? ETWAS_AGAIN : ETWAS_CLOSED;
    }
    take_handles(&message, handle);
    if (got == 0) {
        return ETWAS_CLOSED; /* no message of ours is empty */
    }
    if ((message.msg_flags & MSG_TRUNC) != 0) {
        return ETWAS_TOO_BIG;
    }
    room->size = (size_t)got;
    return ETWAS_OK;
}

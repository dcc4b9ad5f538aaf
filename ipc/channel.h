/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_IPC_CHANNEL_H
#define ETWAS_IPC_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/status.h"

/*
 * The client's end of the controller's channel: whole packets, in order, each
 * with at most one descriptor. On Linux a SOCK_SEQPACKET socket, on Windows a
 * named pipe in message mode.
 */
#define CHANNEL_DEFAULT_PATH "/run/etwas/controller.sock"

struct channel;

/*
 * Connects to `path`, and makes sure that the other side is run by the
 * administrator or, when `own` is set (the user named the path himself), by this
 * user. NOT_FOUND: nobody listens there. DENIED: this user may not connect
 * (os_code EACCES), or the other side is somebody else (os_code 0).
 */
ETWAS_MUST_CHECK enum etwas_status
channel_connect(const char *path, bool own, struct channel **channel, struct etwas_error *error);
void channel_close(struct channel *channel); /* NULL is fine */

/*
 * Sends one packet, waiting while the other side is full. `handle` (a descriptor;
 * -1 for none) is lent. CLOSED when the other side is gone.
 */
ETWAS_MUST_CHECK enum etwas_status channel_send(struct channel *channel, const void *packet,
                                                size_t size, int handle);

/* Room for a packet, and what of it was filled. */
struct channel_room {
    void *data;
    size_t capacity; /* bytes */
    size_t size;     /* of the packet received */
};

/*
 * Receives one packet. Waits up to `timeout_ms` (-1: for ever, 0: not at all): AGAIN
 * when nothing came or a signal did; TOO_BIG: there was no room. A handle that came
 * along belongs to the caller (-1: none did); pass NULL to refuse them.
 */
ETWAS_MUST_CHECK enum etwas_status
channel_receive(struct channel *channel, struct channel_room *room, int *handle, int timeout_ms);

/*
 * From now on the other side can send nothing; it learns that when it tries, and what it sent
 * before can still be received, up to CLOSED.
 */
void channel_stop(struct channel *channel);

/* What poll() waits on, for programs that wait on more than this channel. */
int channel_descriptor(const struct channel *channel);

#endif

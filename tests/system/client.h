/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_TESTS_SYSTEM_CLIENT_H
#define ETWAS_TESTS_SYSTEM_CLIENT_H

#include <stdbool.h>

#include "ipc/codec.h"

/*
 * A client of the controller that a test plays byte for byte, and what streams to it,
 * counted by other code than the monitor's. What must not happen fails the test.
 */
enum { CLIENT_CPUS = 64 };

struct client {
    int fd;     /* -1: not connected */
    int handle; /* the descriptor of the last answer, -1 for none; closed with the next */
    size_t page_size;
    struct stream_end end;
    uint64_t rounds;
    uint64_t started_ns;            /* of the last round */
    uint64_t records[CLIENT_CPUS];  /* events walked through */
    uint64_t sequence[CLIENT_CPUS]; /* of the next frame */
    struct stream_counters counters[CLIENT_CPUS];
    uint32_t cpus;
    bool ended; /* `end` came */
};

/* Connects as this user, in the group that may; says hello unless `silent`. */
void client_connect(struct client *client, uint32_t uid);
void client_connect_silently(struct client *client, uint32_t uid);
void client_close(struct client *client);

/* Sends these bytes and a descriptor (-1: none). False: the other end has closed. */
bool client_send(struct client *client, const void *packet, size_t size, int file);

/* Sends a request, and waits for its answer; what streams in between is counted. */
struct message_answer client_ask(struct client *client, uint16_t type, const void *body,
                                 size_t size, int file);

/* OPEN of 64 KiB sub-buffers and a ring of 1 MiB a CPU, as `owner` or MESSAGE_UID_SELF. */
struct message_answer client_open(struct client *client, const char *name, uint32_t owner);
struct message_answer client_open_as(struct client *client, const struct message_open *open);
struct message_answer client_enable(struct client *client, const char *system, const char *event);
struct message_answer client_stop(struct client *client, const char *name, uint32_t owner);

/* Connects, opens and starts with one event; all must succeed. */
void client_trace(struct client *client, uint32_t uid, const char *name, const char *event);

/* Takes one packet that streams. False: nothing came within the time, or it was closed. */
bool client_pump(struct client *client, int timeout_ms);

/* Pumps until a round came that began after this call; all written before is counted then. */
void client_await_round(struct client *client);

/* Waits for the other end to close; what still comes is counted. */
bool client_is_closed(struct client *client, int timeout_ms);

/* Waits for the end of the session; what still comes is counted. */
void client_await_end(struct client *client);

/* Per CPU: all that the kernel says was read has been counted. */
void client_check_counters(const struct client *client);

/* Events of all CPUs that came, and that the kernel lost. */
uint64_t client_events(const struct client *client);
uint64_t client_lost(const struct client *client);

#endif

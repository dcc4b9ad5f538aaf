/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_TESTS_RELAY_RELAY_KIT_H
#define ETWAS_TESTS_RELAY_RELAY_KIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "ipc/batch.h"
#include "policy/key.h"

/*
 * The real program on a free port with a folder of its own, and what talks to it: requests as
 * text over a socket, and batches that are signed, or not quite. What goes wrong on the way
 * fails the test.
 */
struct relay {
    pid_t pid; /* 0: does not run */
    uint16_t port;
    char token[64];
    char folder[64];
    char said[8192]; /* on standard output, while it started */
};

/* A folder without a relay. */
void relay_make(struct relay *relay);
/* `more`: further arguments, NULL at the end; may be NULL. */
void relay_start(struct relay *relay, const char *const *more);
/* Sends the signal and waits; its exit status, -1 if a signal ended it. */
int relay_end(struct relay *relay, int signal);
/* Kills it if it runs, and removes the folder. */
void relay_remove(struct relay *relay);
/* Runs etwass with these arguments to its end; what it said on both outputs. Its exit status. */
int relay_run(const char *const *arguments, char *said, size_t room);
void relay_path(const struct relay *relay, const char *name, char path[128]);

/* Begins as zeros; who asks again with it need not clear it first. */
struct reply {
    int status; /* 0: the connection ended without one */
    char head[4096];
    char *body; /* with a zero behind it */
    size_t size;
};
void reply_clear(struct reply *reply);
/* Is this header there, with this text in its value? */
bool reply_has(const struct reply *reply, const char *name, const char *text);
/* Is it a problem document of this type? */
bool reply_is_problem(const struct reply *reply, int status, const char *type);

/* A connection to the relay; it times out after half a minute. */
int relay_connect(const struct relay *relay);
void send_text(int connection, const char *text, size_t size);
/* One answer; chunks are put together. */
void read_reply(int connection, struct reply *reply);

/* Sends the text on a connection of its own and reads the answer. */
void ask(const struct relay *relay, const char *text, struct reply *reply);
/* "GET path", with Host and the token. */
void get(const struct relay *relay, const char *path, struct reply *reply);

/* A publisher with one stream. */
struct sender {
    struct key_pair pair;
    char computer[KEY_COMPUTER_SIZE];
    struct batch_head head; /* of the next batch; goes on by itself */
    uint64_t number;        /* of the next event */
};
void sender_make(struct sender *sender, unsigned seed, const char *computer);
/* Adds it to the relay's file of keys. */
void sender_trust(const struct sender *sender, const struct relay *relay, bool revoked);

/* A request as it will be sent; tests spoil what they like before post_text(). */
struct post {
    const char *method;
    const char *path;
    char authority[256]; /* as signed */
    char host[256];      /* as sent */
    char content_type[64];
    char content_encoding[64];
    char digest[256];
    char batch[512];
    char key[256]; /* "": not sent */
    char input[2048];
    char signature[256];
    char more[256]; /* further headers, each with its end of line */
    char *body;
    size_t size;
};

/* Lines of a batch: `count` events numbered on, at about `bytes` each. */
char *sender_lines(struct sender *sender, size_t count, size_t bytes);
/* Packs the text and makes the request, signed now for this relay. */
void post_make(struct post *post, struct sender *sender, const struct relay *relay,
               const char *text);
/* Signs what is there now, as if it were `offset_s` later. */
void post_sign(struct post *post, const struct sender *sender, int64_t offset_s);
void post_clear(struct post *post);
/* The headers as text. */
size_t post_head(const struct post *post, char *text, size_t room);
void post_send(const struct post *post, const struct relay *relay, struct reply *reply);
void post_send_on(const struct post *post, int connection, struct reply *reply);

/* The next batch of `count` events, which must be stored. */
void sender_post(struct sender *sender, const struct relay *relay, size_t count);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_RELAY_PUBLISHERS_H
#define ETWAS_RELAY_PUBLISHERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/key.h"
#include "relay/http.h"
#include "relay/nonce.h"

/*
 * What the relay keeps in mind of each key that has sent something of late: its nonces, how fast it
 * sends and how much of it is under way. There is an end to how many it keeps in mind: then those
 * are forgotten that sent nothing for the longest, strangers (keys that nobody has named) before
 * others. For a stranger no other is forgotten that sent something within PUBLISHERS_IDLE_MS.
 *
 * Memory for bodies is shared out: a publisher may have half of what is left free then, so alone a
 * third of all, two a quarter each, and something is left for whoever comes. Strangers have half
 * of all together. Any thread may call.
 */
enum {
    PUBLISHERS_MAX = 8192,
    PUBLISHERS_MAX_UNDER_WAY = 64,            /* batches of one publisher */
    PUBLISHERS_MAX_MEMORY = 96 * 1024 * 1024, /* of bodies under way */
    PUBLISHERS_RATE_S = 10,                   /* what its rate is taken over */
    PUBLISHERS_IDLE_MS = 10 * 60 * 1000,      /* no nonce counts for so long */
};

struct publishers;
struct publisher;

/* 0: no limit; at most PUBLISHERS_MAX_RATE. */
#define PUBLISHERS_MAX_RATE UINT64_C(1000000000000)
struct publishers_limits {
    uint64_t batches_per_s;
    uint64_t bytes_per_s;
};

struct publishers *publishers_open(const struct publishers_limits *limits); /* NULL: no memory */
void publishers_close(struct publishers *publishers);

/*
 * The one with this key, made if need be; it stays where it is until it is left again. NULL: there
 * are too many.
 */
struct publisher *publishers_find(struct publishers *publishers,
                                  const uint8_t public_key[KEY_PUBLIC_SIZE], bool stranger,
                                  int64_t now_ms);
void publishers_leave(struct publishers *publishers, struct publisher *publisher);

/* False: the nonce came before. */
bool publishers_take_nonce(struct publishers *publishers, struct publisher *publisher,
                           const char *nonce, int64_t until_s, int64_t now_s);

/* A batch of `size` bytes begins: how many seconds it must wait, 0: go on. */
unsigned publishers_begin(struct publishers *publishers, struct publisher *publisher, size_t size,
                          int64_t now_ms);
/* It has ended. */
void publishers_end(struct publishers *publishers, struct publisher *publisher);

/* Memory for a body; false: this publisher, or all, have as much as they may. */
bool publishers_take_memory(struct publishers *publishers, struct publisher *publisher,
                            size_t size);
void publishers_give_memory(struct publishers *publishers, struct publisher *publisher,
                            size_t size);
uint64_t publishers_memory(struct publishers *publishers); /* that is taken */

/* It was stored, with so many lines. */
void publishers_stored(struct publishers *publishers, struct publisher *publisher, uint64_t events,
                       int64_t now_ms);

/* Events a second of the last seconds; of all with NULL. */
double publishers_rate(struct publishers *publishers, const uint8_t *public_key, int64_t now_ms);

#endif

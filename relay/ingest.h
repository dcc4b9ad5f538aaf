/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_RELAY_INGEST_H
#define ETWAS_RELAY_INGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/status.h"
#include "relay/committer.h"
#include "relay/http.h"
#include "relay/keys.h"
#include "relay/publishers.h"

/*
 * POST /v1/batches: whether a batch is what a trusted key signed, asked in the order that
 * docs/http.md gives. Everything but the digest and the lines is known before a byte of the
 * body is read, and only then is memory taken for it.
 */
struct ingest;
struct upload;

struct ingest_options {
    struct keys *keys;
    struct publishers *publishers;
    struct committer *committer;
    bool trust_local; /* unknown keys from this machine are trusted */
};

ETWAS_MUST_CHECK enum etwas_status ingest_open(const struct ingest_options *options,
                                               struct ingest **ingest, struct etwas_error *error);
void ingest_close(struct ingest *ingest);
bool ingest_trusts_local(const struct ingest *ingest);
/* What a key of this machine that nobody has named is called, by its fingerprint. */
void ingest_local_name(const char *key_id, char name[KEY_COMPUTER_SIZE]);

/* `authority`: Host in lower case, the default port left out. False: `answer` says why not. */
bool ingest_begin(struct ingest *ingest, const struct http_request *request, const char *authority,
                  struct upload **upload, struct http_answer *answer);
/* Bytes of the body as they come. More than announced are passed over and refused at the end. */
void upload_add(struct upload *upload, const void *data, size_t size);
/*
 * The body is complete. True: wait for `done`, which may be called before this returns, from
 * another thread. False: `answer` holds.
 */
bool upload_end(struct upload *upload, void (*done)(void *context), void *context,
                struct http_answer *answer);
/* After `done`. */
void upload_answer(struct upload *upload, struct http_answer *answer);
void upload_close(struct upload *upload); /* NULL is fine; not between upload_end and done */

struct ingest_numbers {
    uint64_t batches;    /* stored */
    uint64_t repeated;   /* had already */
    uint64_t heartbeats; /* stored, without lines */
    uint64_t events;
    uint64_t bytes;
    uint64_t refused[PROBLEM_COUNT];
    uint64_t memory; /* of bodies under way */
};
void ingest_numbers(struct ingest *ingest, struct ingest_numbers *numbers);

#endif

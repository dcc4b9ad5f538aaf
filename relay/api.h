/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_RELAY_API_H
#define ETWAS_RELAY_API_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "relay/committer.h"
#include "relay/hosts.h"
#include "relay/http.h"
#include "relay/ingest.h"
#include "relay/keys.h"
#include "relay/live.h"
#include "relay/publishers.h"
#include "relay/store.h"
#include "relay/token.h"

/*
 * What is answered to whom: every request goes through here, its Host, its Origin and its
 * token first. The parts are owned by whoever made them.
 */
enum { API_MAX_HISTORIES = 32 /* answers of /v1/events at once */ };

struct api {
    struct hosts hosts;
    struct token token;
    struct store *store;
    struct keys *keys;
    struct publishers *publishers;
    struct committer *committer;
    struct ingest *ingest;
    struct live *live;
    int64_t started_ms; /* UTC */
    int64_t started_clock_ms;
    atomic_uint histories;
    atomic_ullong answers[6]; /* by the first digit of their status */
    atomic_uint connections;
    atomic_ulong too_slow; /* connections that were cut for it */
    atomic_bool stopping;
};

/*
 * Answers; or, if it is a batch whose body is wanted, makes an upload and returns false. The
 * answer is initialised already.
 */
bool api_answer(struct api *api, const struct http_request *request, struct upload **upload,
                struct http_answer *answer);

/* The answers that are pages of their own: api_publishers.c, api_history.c, metrics.c. */
void api_publishers(struct api *api, const struct http_request *request,
                    struct http_answer *answer);
void api_events(struct api *api, const struct http_request *request, struct http_answer *answer);
void api_metrics(struct api *api, const struct http_request *request, struct http_answer *answer);

#endif

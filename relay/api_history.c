/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "relay/api.h"
#include "relay/history.h"
#include "relay/parameters.h"

/* GET /v1/events as a body that comes in pieces. */
struct history_stream {
    struct http_stream stream; /* first */
    struct api *api;
    struct history *history;
};

static struct history_stream *of(struct http_stream *stream)
{
    return (struct history_stream *)(void *)stream;
}

static long read_history(struct http_stream *stream, char *to, size_t room)
{
    size_t written = 0;
    struct etwas_error error;
    const struct history_stream *history = of(stream);
    if (atomic_load(&history->api->stopping)) {
        return HTTP_STREAM_FAILED;
    }
    const enum etwas_status status = history_next(history->history, to, room, &written, &error);
    if (status != ETWAS_OK) {
        return status == ETWAS_NOT_FOUND ? HTTP_STREAM_END : HTTP_STREAM_FAILED;
    }
    return (long)written;
}

static void close_history(struct http_stream *stream)
{
    struct history_stream *history = of(stream);
    history_close(history->history);
    (void)atomic_fetch_sub(&history->api->histories, 1);
    free(history);
}

static struct http_stream *open_stream(struct api *api, const struct parameters *parameters)
{
    struct etwas_error error;
    struct history_stream *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return NULL;
    }
    const struct history_range range = history_range_of(parameters);
    made->stream = (struct http_stream){.read = read_history, .close = close_history};
    made->api = api;
    if (history_open(api->store, &range, &made->history, &error) != ETWAS_OK) {
        free(made);
        return NULL;
    }
    return &made->stream;
}

void api_events(struct api *api, const struct http_request *request, struct http_answer *answer)
{
    struct parameters parameters;
    struct parameters_fault fault;
    if (parameters_parse(&parameters, PARAMETERS_EVENTS, request->query, strlen(request->query),
                         &fault) != ETWAS_OK) {
        http_problem(answer, PROBLEM_PARAMETER, fault.text);
        return;
    }
    answer->type = "application/x-ndjson";
    if (strcmp(request->method, "HEAD") == 0) {
        return;
    }
    const bool crowded = atomic_fetch_add(&api->histories, 1) >= API_MAX_HISTORIES;
    if (!crowded) {
        answer->stream = open_stream(api, &parameters);
    }
    if (answer->stream == NULL) {
        (void)atomic_fetch_sub(&api->histories, 1);
        http_problem(answer, crowded ? PROBLEM_BUSY : PROBLEM_FAILED,
                     crowded ? "Too many ask for history at once" : "The store cannot be read");
    }
}

/* SPDX-License-Identifier: MIT */
#include "relay/api.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "relay/clock.h"
#include "relay/page.h"
#include "relay/parameters.h"

static void answer_health(struct api *api, const struct http_request *request,
                          struct http_answer *answer)
{
    struct committer_numbers numbers;
    (void)request;
    committer_numbers(api->committer, &numbers);
    if (!numbers.healthy || atomic_load(&api->stopping)) {
        http_problem(answer, PROBLEM_BUSY, "The store cannot be written");
        return;
    }
    text_print(&answer->body, "ok\n");
    http_answer_text(answer, "text/plain; charset=utf-8");
}

static void answer_stats(struct api *api, const struct http_request *request,
                         struct http_answer *answer)
{
    struct text *body = &answer->body;
    struct store_totals totals;
    struct live_numbers viewers;
    (void)request;
    store_totals(api->store, &totals);
    live_numbers(api->live, &viewers);
    text_print(body, "{\"Version\":\"%s\",\"Started\":", ETWAS_VERSION);
    text_add_time_ms(body, api->started_ms);
    text_print(body, ",\"Events\":%" PRIu64 ",\"Batches\":%" PRIu64 ",\"Bytes\":%" PRIu64,
               totals.events, totals.batches, totals.bytes);
    text_print(body, ",\"First\":");
    text_add_time(body, totals.first);
    text_print(body, ",\"Last\":");
    text_add_time(body, totals.last);
    text_print(body, ",\"Viewers\":%" PRIu64 ",\"Rate\":%.1f}\n", viewers.viewers,
               publishers_rate(api->publishers, NULL, clock_ms()));
    http_answer_text(answer, "application/json");
}

/* Where it goes on: `after`, or what a browser that lost the connection says. */
static bool take_place(const struct http_request *request, struct parameters *parameters)
{
    const char *last = request->headers[HTTP_LAST_EVENT_ID];
    if (last != NULL && last[0] != '\0') {
        return identity_parse(last, strlen(last), &parameters->after);
    }
    return true;
}

static void answer_live(struct api *api, const struct http_request *request,
                        struct http_answer *answer)
{
    struct parameters parameters;
    struct parameters_fault fault;
    if (parameters_parse(&parameters, PARAMETERS_LIVE, request->query, strlen(request->query),
                         &fault) != ETWAS_OK) {
        http_problem(answer, PROBLEM_PARAMETER, fault.text);
        return;
    }
    if (!take_place(request, &parameters)) {
        http_problem(answer, PROBLEM_PARAMETER, "Last-Event-ID");
        return;
    }
    answer->type = "text/event-stream";
    if (strcmp(request->method, "HEAD") == 0) {
        return;
    }
    if (live_view(api->live, parameters.after, parameters.sample, &answer->stream) != ETWAS_OK) {
        http_problem(answer, PROBLEM_BUSY, "Too many viewers: etwass --max-viewers");
        answer->retry_after_s = 5;
    }
}

static bool accepts_gzip(const struct http_request *request)
{
    const char *accepted = request->headers[HTTP_ACCEPT_ENCODING];
    return accepted != NULL && strstr(accepted, "gzip") != NULL &&
           strstr(accepted, "gzip;q=0") == NULL;
}

static bool answer_page(const struct http_request *request, struct http_answer *answer)
{
    const struct page_file *file = page_files;
    while (file->path != NULL && strcmp(file->path, request->path) != 0) {
        file++;
    }
    if (file->path == NULL) {
        return false;
    }
    const char *known = request->headers[HTTP_IF_NONE_MATCH];
    answer->type = file->type;
    answer->etag = file->etag;
    answer->cacheable = true;
    if (known != NULL && strstr(known, file->etag) != NULL) {
        answer->status = 304;
        return true;
    }
    const bool packed = file->gzip != NULL && accepts_gzip(request);
    answer->fixed = packed ? file->gzip : file->data;
    answer->fixed_size = packed ? file->gzip_size : file->size;
    answer->encoding = packed ? "gzip" : NULL;
    return true;
}

static void answer_root(struct api *api, const struct http_request *request,
                        struct http_answer *answer)
{
    (void)api;
    if (!answer_page(request, answer)) {
        text_print(&answer->body, "This build has no page. The API is there: /v1/events, /v1/live, "
                                  "/v1/publishers, /v1/stats, /metrics.\n");
        http_answer_text(answer, "text/plain; charset=utf-8");
    }
}

static const struct route {
    const char *path;
    void (*answer)(struct api *api, const struct http_request *request, struct http_answer *answer);
} routes[] = {
    {"/",              answer_root   },
    {"/v1/events",     api_events    },
    {"/v1/live",       answer_live   },
    {"/v1/publishers", api_publishers},
    {"/v1/stats",      answer_stats  },
    {"/metrics",       api_metrics   },
};

/* GET and HEAD of it, told apart by whoever writes the answer. */
static void answer_route(struct api *api, const struct http_request *request,
                         struct http_answer *answer)
{
    const char *allow = "GET, HEAD, OPTIONS";
    const struct route *route = NULL;
    struct http_answer page = *answer;
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        route = strcmp(routes[i].path, request->path) == 0 ? &routes[i] : route;
    }
    const bool is_page = route == NULL && answer_page(request, &page);
    if (route == NULL && !is_page) {
        http_problem(answer, PROBLEM_NOT_FOUND, NULL);
    } else if (strcmp(request->method, "OPTIONS") == 0) {
        answer->status = 204;
        answer->allow = allow;
    } else if (strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0) {
        http_problem(answer, PROBLEM_METHOD, NULL);
        answer->allow = allow;
    } else if (is_page) {
        *answer = page;
    } else {
        route->answer(api, request, answer);
    }
}

/* The address that etwass printed: the token becomes a cookie and leaves the address. */
static bool take_token(struct api *api, const struct http_request *request,
                       struct http_answer *answer)
{
    char given[128];
    if (strcmp(request->path, "/") != 0 || strcmp(request->method, "GET") != 0 ||
        http_argument(request, "token", given, sizeof given) != ETWAS_OK) {
        return false;
    }
    if (!token_is(&api->token, given, strlen(given))) {
        http_problem(answer, PROBLEM_TOKEN, NULL);
        return true;
    }
    answer->status = 303;
    answer->location = "/";
    token_cookie(&api->token, api->hosts.tls, answer->cookie, sizeof answer->cookie);
    return true;
}

/* True: it is answered. */
static bool answer_batches(struct api *api, const struct http_request *request,
                           const char *authority, struct upload **upload,
                           struct http_answer *answer)
{
    if (strcmp(request->method, "POST") == 0) {
        return !ingest_begin(api->ingest, request, authority, upload, answer);
    }
    if (strcmp(request->method, "OPTIONS") == 0) {
        answer->status = 204;
    } else {
        http_problem(answer, PROBLEM_METHOD, NULL);
    }
    answer->allow = "POST, OPTIONS";
    return true;
}

bool api_answer(struct api *api, const struct http_request *request, struct upload **upload,
                struct http_answer *answer)
{
    char authority[HOSTS_NAME_SIZE];
    *upload = NULL;
    if (strcmp(request->path, "/healthz") == 0 &&
        (strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0)) {
        answer_health(api, request, answer);
        return true;
    }
    if (request->repeated) {
        http_problem(answer, PROBLEM_MALFORMED, "A header came twice");
        return true;
    }
    if (!hosts_know(&api->hosts, request, authority)) {
        http_problem(answer, PROBLEM_HOST, NULL);
        return true;
    }
    if (!hosts_own_origin(&api->hosts, request, authority)) {
        http_problem(answer, PROBLEM_ORIGIN, NULL);
        return true;
    }
    if (strcmp(request->path, "/v1/batches") == 0) {
        return answer_batches(api, request, authority, upload, answer);
    }
    if (!take_token(api, request, answer)) {
        if (token_admits(&api->token, request)) {
            answer_route(api, request, answer);
        } else {
            http_problem(answer, PROBLEM_TOKEN, NULL);
        }
    }
    return true;
}

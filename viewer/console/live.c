/* SPDX-License-Identifier: MIT */
#include "viewer/console/live.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "viewer/console/console.h"
#include "viewer/console/http.h"
#include "viewer/console/retry.h"
#include "viewer/console/show.h"
#include "viewer/console/sse.h"
#include "viewer/console/token.h"

enum { PATH_SIZE = 1024, MAX_FIRST_LINE = 128 };

struct live {
    const struct options *options;
    struct http *http;
    struct sse sse;
    struct show show;
    struct retry retry;
    char token_path[PATH_SIZE]; /* "": there is none */
    bool lost;                  /* the connection, and that was said */
};

static bool on_tick(void *context)
{
    struct live *live = context;
    return show_tick(&live->show);
}

static bool on_bytes(void *context, const char *bytes, size_t size)
{
    struct live *live = context;
    if (live->lost) {
        live->lost = false;
        live->show.reconnects++;
        if (!live->options->quiet) {
            say("connected again");
        }
    }
    retry_worked(&live->retry);
    const enum sse_result result = sse_feed(&live->sse, bytes, size);
    if (result == SSE_NO_MEMORY) {
        live->show.output.status = ETWAS_NO_MEMORY;
        live->show.output.error.doing = "reading an event";
    }
    return result == SSE_MORE;
}

/* The token may change while we wait for a relay: it is read each time. False: it was said why. */
static bool get_token(struct live *live, char token[TOKEN_SIZE], const char **found, int *result)
{
    struct etwas_error error;
    *found = NULL;
    if (live->token_path[0] == 0) {
        return true;
    }
    const enum etwas_status status = token_read(live->token_path, token, &error);
    if (status == ETWAS_OK) {
        *found = token;
        return true;
    }
    if (status == ETWAS_NOT_FOUND && live->options->token == NULL) {
        return true; /* the relay will say whether it wants one */
    }
    say("%s: %s: %s", live->token_path, error.doing,
        error.os_code != 0 ? strerror((int)error.os_code) : "it holds no token");
    *result = status == ETWAS_NOT_FOUND ? LIVE_NOT_FOUND
              : status == ETWAS_DENIED  ? LIVE_DENIED
                                        : LIVE_FAILED;
    return false;
}

static void say_token(const struct live *live)
{
    if (live->token_path[0] == 0) {
        say("%s: the relay wants its viewer token.\n"
            "  It is in the file viewer-token of the relay's data folder; a copy of it that you\n"
            "  may read is given with --token FILE",
            live->options->server);
        return;
    }
    say("%s: the relay wants its viewer token: the one in %s is not it, or is not there.\n"
        "  It is in the file viewer-token of the relay's data folder; a copy of it that you\n"
        "  may read is given with --token FILE",
        live->options->server, live->token_path);
}

/* A status that will not change by itself, or that may. */
static bool may_pass(long status)
{
    return status == 408 || status == 429 || status >= 500;
}

static int give_up(const struct live *live, const struct http_answer *answer)
{
    const char *server = live->options->server;
    switch (answer->outcome) {
    case HTTP_UNREACHABLE:
        say("%s: no relay there: %s", server, answer->problem);
        return LIVE_NOT_FOUND;
    case HTTP_UNTRUSTED:
        say("%s: not trusted: %s (--ca FILE)", server, answer->problem);
        return LIVE_DENIED;
    case HTTP_FOREIGN:
        say("%s: something answers there that is no relay", server);
        return LIVE_NOT_FOUND;
    case HTTP_REFUSED:
        if (answer->status == 401) {
            say_token(live);
            return LIVE_DENIED;
        }
        say("%s: the relay refused with status %ld%s%s", server, answer->status,
            answer->problem[0] == 0 ? "" : ": ", answer->problem);
        return answer->status == 403   ? LIVE_DENIED
               : answer->status == 404 ? LIVE_NOT_FOUND
                                       : LIVE_FAILED;
    case HTTP_ENDED:
        return LIVE_FINE;
    case HTTP_STOPPED:
    case HTTP_BROKEN:
    case HTTP_UNUSABLE:
    default:
        say("%s: %s", server, answer->problem);
        return LIVE_FAILED;
    }
}

static bool is_final(const struct live *live, const struct http_answer *answer)
{
    switch (answer->outcome) {
    case HTTP_ENDED:
    case HTTP_UNREACHABLE:
    case HTTP_BROKEN:
        return live->options->no_reconnect;
    case HTTP_REFUSED:
        return live->options->no_reconnect || !may_pass(answer->status);
    case HTTP_STOPPED:
    case HTTP_FOREIGN:
    case HTTP_UNTRUSTED:
    case HTTP_UNUSABLE:
    default:
        return true;
    }
}

static void say_trying(const struct live *live, const struct http_answer *answer)
{
    const char *server = live->options->server;
    const char *problem = answer->problem;
    if (answer->outcome == HTTP_REFUSED) {
        say("%s: status %ld%s%s; trying again", server, answer->status, problem[0] == 0 ? "" : ": ",
            problem);
    } else {
        say("%s: %s; trying again", server,
            problem[0] == 0 ? "the relay ended the connection" : problem);
    }
}

static void wait_to_try(struct live *live, int64_t asked_s)
{
    const int64_t asked_ms = asked_s > RETRY_MAX_MS / 1000 ? RETRY_MAX_MS : asked_s * 1000;
    int64_t left_ms = retry_delay_ms(&live->retry, live->sse.retry_ms);
    left_ms = asked_ms > left_ms ? asked_ms : left_ms;
    const int64_t end_ms = console_now_ms() + left_ms;
    while (left_ms > 0 && on_tick(live)) {
        console_wait(left_ms < 1000 ? left_ms : 1000);
        left_ms = end_ms - console_now_ms();
    }
}

/* Waits until it is worth trying again; false when it is not. */
static bool try_again(struct live *live, const struct http_answer *answer, int *result)
{
    if (answer->outcome == HTTP_STOPPED || !show_goes_on(&live->show)) {
        return false;
    }
    if (is_final(live, answer)) {
        *result = give_up(live, answer);
        return false;
    }
    if (!live->lost && !live->options->quiet) {
        say_trying(live, answer);
    }
    live->lost = true;
    output_flush(&live->show.output);
    wait_to_try(live, answer->retry_after_s);
    return show_goes_on(&live->show);
}

static int follow(struct live *live)
{
    char token[TOKEN_SIZE];
    int result = LIVE_FINE;
    struct http_answer answer;
    struct http_request request = {.path = "/v1/live",
                                   .type = "text/event-stream",
                                   .context = live,
                                   .bytes = on_bytes,
                                   .tick = on_tick};
    do {
        if (!get_token(live, token, &request.token, &result)) {
            break;
        }
        sse_restart(&live->sse);
        request.last_event_id = live->show.last_id[0] == 0 ? NULL : live->show.last_id;
        http_get(live->http, &request, &answer);
    } while (try_again(live, &answer, &result));
    return result;
}

/* The beginning of a JSON line: {"Id":"17:3", ... */
struct first_line {
    struct live *live;
    size_t size;
    char text[MAX_FIRST_LINE];
};

static bool on_line_bytes(void *context, const char *bytes, size_t size)
{
    struct first_line *line = context;
    const size_t room = sizeof line->text - 1 - line->size;
    const size_t part = size < room ? size : room;
    memcpy(line->text + line->size, bytes, part);
    line->size += part;
    return true;
}

static bool on_line_tick(void *context)
{
    const struct first_line *line = context;
    return show_goes_on(&line->live->show);
}

/* Row and index of the Id that begins a line. */
static bool id_of(struct first_line *line, uint64_t *row, uint64_t *index)
{
    static const char BEGIN[] = "{\"Id\":\"";
    line->text[line->size] = 0;
    if (strncmp(line->text, BEGIN, sizeof BEGIN - 1) != 0) {
        return false;
    }
    const char *id = line->text + sizeof BEGIN - 1;
    const size_t size = strcspn(id, "\"");
    if (!since_is_id(id, size)) {
        return false;
    }
    char *colon = NULL;
    *row = strtoull(id, &colon, 10);
    *index = strtoull(colon + 1, NULL, 10);
    return true;
}

/* Asks for one event of the history: the line's beginning is in `line`, which is empty for none. */
static bool ask_history(struct live *live, const char *path, struct first_line *line, int *result)
{
    char token[TOKEN_SIZE];
    struct http_answer answer;
    struct http_request request = {.path = path,
                                   .type = "application/x-ndjson",
                                   .context = line,
                                   .bytes = on_line_bytes,
                                   .tick = on_line_tick};
    do {
        *line = (struct first_line){.live = live};
        if (!get_token(live, token, &request.token, result)) {
            return false;
        }
        http_get(live->http, &request, &answer);
        if (answer.outcome == HTTP_ENDED) {
            return true;
        }
    } while (try_again(live, &answer, result));
    return false;
}

/* Sets last_id right before the first stored event of that time or later, or behind all there are.
 */
static bool begin_at_time(struct live *live, int *result)
{
    char path[128];
    struct first_line line;
    uint64_t row = 0;
    uint64_t index = 0;
    live->show.not_before = live->options->since.text;
    (void)snprintf(path, sizeof path, "/v1/events?order=asc&limit=1&from=%s",
                   live->show.not_before);
    if (!ask_history(live, path, &line, result)) {
        return false;
    }
    if (!id_of(&line, &row, &index)) {
        /* Nothing so new is stored: behind all there is, be it nothing at all. */
        if (!ask_history(live, "/v1/events?limit=1", &line, result)) {
            return false;
        }
        if (id_of(&line, &row, &index)) {
            index++;
        }
    }
    since_before(row, index, live->show.last_id);
    return true;
}

static bool begin(struct live *live, int *result)
{
    switch (live->options->since.kind) {
    case SINCE_TIME:
        return begin_at_time(live, result);
    case SINCE_ID:
        (void)snprintf(live->show.last_id, sizeof live->show.last_id, "%s",
                       live->options->since.text);
        return true;
    case SINCE_NOW:
        break;
    }
    return true;
}

static bool open_all(struct live *live, const struct options *options)
{
    live->options = options;
    sse_init(&live->sse);
    live->sse.handle = show_event;
    live->sse.context = &live->show;
    show_init(&live->show, options);
    retry_init(&live->retry, (uint64_t)console_now_ms());
    if (options->token != NULL) {
        (void)snprintf(live->token_path, sizeof live->token_path, "%s", options->token);
    } else if (!options_is_loopback(options->server) ||
               !console_token_path(live->token_path, sizeof live->token_path)) {
        /* The token of a relay here is not for whoever answers elsewhere. */
        live->token_path[0] = 0;
    }
    if (console_signals_open() != ETWAS_OK) {
        return false;
    }
    const struct http_options http = {
        .server = options->server, .ca = options->ca, .wake = console_wake_descriptor()};
    return http_open(&http, &live->http) == ETWAS_OK;
}

int live_run(const struct options *options)
{
    struct live *live = calloc(1, sizeof *live);
    int result = LIVE_FAILED;
    if (live != NULL && open_all(live, options)) {
        result = LIVE_FINE;
        if (begin(live, &result)) {
            result = follow(live);
        }
        result = show_end(&live->show, result);
    } else {
        say("cannot start: no memory or descriptors are left");
    }
    if (live != NULL) {
        http_close(live->http);
        sse_clear(&live->sse);
    }
    free(live);
    return result;
}

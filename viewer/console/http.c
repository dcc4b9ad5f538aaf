/* SPDX-License-Identifier: MIT */
#include "viewer/console/http.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipc/json.h"
#include "viewer/console/options.h"

enum { BUFFER_SIZE = 256 * 1024, MAX_URL = 2048, MAX_HEADER = 600, MAX_DOCUMENT = 4096 };

struct http {
    CURLM *multi;
    CURL *easy;
    const char *server;
    size_t server_size; /* without the slashes at its end */
    int wake;
    char why[CURL_ERROR_SIZE];
    /* of the request under way */
    const struct http_request *request;
    bool stopped;
    bool foreign;
    char document[MAX_DOCUMENT]; /* of an answer that is no 200 */
    size_t document_size;
};

static bool begins_with(const char *text, const char *part)
{
    return text != NULL && strncmp(text, part, strlen(part)) == 0;
}

static size_t on_body(char *bytes, size_t one, size_t size, void *context)
{
    struct http *http = context;
    (void)one; /* always 1 */
    long status = 0;
    const char *type = NULL;
    (void)curl_easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200) {
        const size_t room = sizeof http->document - http->document_size;
        const size_t part = size < room ? size : room;
        memcpy(http->document + http->document_size, bytes, part);
        http->document_size += part;
        return size;
    }
    (void)curl_easy_getinfo(http->easy, CURLINFO_CONTENT_TYPE, &type);
    http->foreign = !begins_with(type, http->request->type);
    if (http->foreign || !http->request->bytes(http->request->context, bytes, size)) {
        http->stopped = true;
        return CURL_WRITEFUNC_ERROR;
    }
    return size;
}

static bool set_up(struct http *http, const struct http_options *options)
{
    CURL *easy = http->easy;
    bool good = curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK;
    good = good && curl_easy_setopt(easy, CURLOPT_WRITEDATA, http) == CURLE_OK;
    good = good && curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, http->why) == CURLE_OK;
    good = good && curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK;
    good = good && curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK;
    good = good && curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)BUFFER_SIZE) == CURLE_OK;
    good = good && curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, (long)HTTP_CONNECT_S) == CURLE_OK;
    good = good && curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L) == CURLE_OK;
    good = good && curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)HTTP_SILENCE_S) == CURLE_OK;
    good = good && curl_easy_setopt(easy, CURLOPT_USERAGENT, "etwasc/" ETWAS_VERSION) == CURLE_OK;
    /* A relay on this machine is never behind the proxy of the environment. */
    good = good && (!options_is_loopback(options->server) ||
                    curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK);
    return good &&
           (options->ca == NULL || curl_easy_setopt(easy, CURLOPT_CAINFO, options->ca) == CURLE_OK);
}

enum etwas_status http_open(const struct http_options *options, struct http **opened)
{
    struct http *http = calloc(1, sizeof *http);
    *opened = http;
    if (http == NULL) {
        return ETWAS_NO_MEMORY;
    }
    http->server = options->server;
    http->server_size = strlen(options->server);
    while (http->server_size != 0 && http->server[http->server_size - 1] == '/') {
        http->server_size--;
    }
    http->wake = options->wake;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK) {
        http->multi = curl_multi_init();
        http->easy = curl_easy_init();
        if (http->multi != NULL && http->easy != NULL && set_up(http, options)) {
            return ETWAS_OK;
        }
    }
    http_close(http);
    *opened = NULL;
    return ETWAS_NO_MEMORY;
}

void http_close(struct http *http)
{
    if (http == NULL) {
        return;
    }
    curl_easy_cleanup(http->easy);
    (void)curl_multi_cleanup(http->multi);
    curl_global_cleanup();
    free(http);
}

/* Adds "NAME: VALUE"; false, and nothing is left, when there is no memory or no room. */
static bool add_header(struct curl_slist **headers, const char *name, const char *value)
{
    char line[MAX_HEADER];
    const int size = snprintf(line, sizeof line, "%s: %s", name, value);
    struct curl_slist *longer = NULL;
    if (size > 0 && (size_t)size < sizeof line) {
        longer = curl_slist_append(*headers, line);
    }
    if (longer == NULL) {
        curl_slist_free_all(*headers);
        *headers = NULL;
        return false;
    }
    *headers = longer;
    return true;
}

static bool make_headers(const struct http_request *request, struct curl_slist **headers)
{
    char authorization[MAX_HEADER];
    if (request->token != NULL) {
        (void)snprintf(authorization, sizeof authorization, "Bearer %s", request->token);
    }
    return add_header(headers, "Accept", request->type) &&
           (request->token == NULL || add_header(headers, "Authorization", authorization)) &&
           (request->last_event_id == NULL ||
            add_header(headers, "Last-Event-ID", request->last_event_id));
}

/* Until the transfer is done or somebody wants its end. */
static CURLcode transfer(struct http *http)
{
    int running = 1;
    while (!http->stopped) {
        if (curl_multi_perform(http->multi, &running) != CURLM_OK) {
            return CURLE_OUT_OF_MEMORY;
        }
        if (running == 0) {
            break;
        }
        http->stopped = http->stopped || !http->request->tick(http->request->context);
        struct curl_waitfd wake = {.fd = http->wake, .events = CURL_WAIT_POLLIN};
        if (!http->stopped &&
            curl_multi_poll(http->multi, &wake, 1, HTTP_TICK_MS, NULL) != CURLM_OK) {
            return CURLE_OUT_OF_MEMORY;
        }
    }
    int left = 0;
    const CURLMsg *message = curl_multi_info_read(http->multi, &left);
    return message == NULL ? CURLE_WRITE_ERROR : message->data.result;
}

static enum http_outcome outcome_of(const struct http *http, CURLcode code, long status)
{
    if (http->foreign) {
        return HTTP_FOREIGN;
    }
    if (http->stopped) {
        return HTTP_STOPPED;
    }
    switch ((int)code) {
    case CURLE_OK:
        return status == 200 ? HTTP_ENDED : HTTP_REFUSED;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
        return HTTP_UNREACHABLE;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
        return HTTP_UNTRUSTED;
    case CURLE_OUT_OF_MEMORY:
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_NOT_BUILT_IN:
        return HTTP_UNUSABLE;
    default:
        return HTTP_BROKEN;
    }
}

/* What a problem document (RFC 9457) says of it. */
static void read_problem(const struct http *http, char problem[HTTP_PROBLEM_SIZE])
{
    struct json_walker walker = json_walk_object(http->document, http->document_size);
    struct json_piece name;
    struct json_piece value;
    while (json_member(&walker, &name, &value)) {
        const bool detail = json_is(&name, "detail");
        if (value.type != JSON_IS_STRING || !(detail || json_is(&name, "title"))) {
            continue;
        }
        const size_t size = json_unescape(&value, problem, HTTP_PROBLEM_SIZE - 1);
        problem[size < HTTP_PROBLEM_SIZE ? size : HTTP_PROBLEM_SIZE - 1] = 0;
        if (detail) {
            break;
        }
    }
    for (char *at = problem; *at != 0; at++) {
        if ((unsigned char)*at < 0x20 || (unsigned char)*at >= 0x7f) {
            *at = '?'; /* goes to a terminal */
        }
    }
}

static void explain(struct http *http, CURLcode code, struct http_answer *answer)
{
    answer->problem[0] = 0;
    if (answer->outcome == HTTP_REFUSED) {
        read_problem(http, answer->problem);
    } else if (code != CURLE_OK) {
        (void)snprintf(answer->problem, HTTP_PROBLEM_SIZE, "%s",
                       http->why[0] != 0 ? http->why : curl_easy_strerror(code));
    }
}

void http_get(struct http *http, const struct http_request *request, struct http_answer *answer)
{
    char url[MAX_URL];
    struct curl_slist *headers = NULL;
    *answer = (struct http_answer){.outcome = HTTP_UNUSABLE};
    http->request = request;
    http->stopped = false;
    http->foreign = false;
    http->document_size = 0;
    http->why[0] = 0;
    const int size =
        snprintf(url, sizeof url, "%.*s%s", (int)http->server_size, http->server, request->path);
    CURLcode code = CURLE_OUT_OF_MEMORY;
    if (size < 0 || (size_t)size >= sizeof url) {
        code = CURLE_URL_MALFORMAT;
    } else if (make_headers(request, &headers) &&
               curl_easy_setopt(http->easy, CURLOPT_URL, url) == CURLE_OK &&
               curl_easy_setopt(http->easy, CURLOPT_HTTPHEADER, headers) == CURLE_OK &&
               curl_multi_add_handle(http->multi, http->easy) == CURLM_OK) {
        code = transfer(http);
        (void)curl_multi_remove_handle(http->multi, http->easy);
    }
    curl_off_t retry_after = 0;
    (void)curl_easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &answer->status);
    (void)curl_easy_getinfo(http->easy, CURLINFO_RETRY_AFTER, &retry_after);
    answer->retry_after_s = retry_after;
    answer->outcome = outcome_of(http, code, answer->status);
    explain(http, code, answer);
    curl_slist_free_all(headers);
}

/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "relay/hosts.h"
#include "relay/token.h"

/*
 * What a stranger says in a request to the relay: lines of Host, Origin, Cookie, Authorization
 * and the query. Names stay within their room, and only the right token is let in.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char right[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG";

static void check_host(const struct http_request *request, bool tls)
{
    char authority[HOSTS_NAME_SIZE];
    struct hosts hosts = {.port = 8080, .tls = tls};
    if (!hosts_add(&hosts, "relay.example") || !hosts_add(&hosts, "[fe80::1]:443")) {
        abort();
    }
    if (!hosts_know(&hosts, request, authority)) {
        return;
    }
    /* What is known is one of these names, and said in one way only. */
    if (strncmp(authority, "localhost", 9) != 0 && strncmp(authority, "127.0.0.1", 9) != 0 &&
        strncmp(authority, "[::1]", 5) != 0 && strncmp(authority, "relay.example", 13) != 0 &&
        strncmp(authority, "[fe80::1]", 9) != 0) {
        abort();
    }
    const bool own = hosts_own_origin(&hosts, request, authority);
    const char *origin = request->headers[HTTP_ORIGIN];
    if (own && origin != NULL && strstr(origin, authority) == NULL) {
        abort();
    }
    /* A page that came without TLS is not that of a relay that has it. */
    if (own && origin != NULL && tls && strncmp(origin, "https://", 8) != 0) {
        abort();
    }
}

/* A name of ours from the command line is text, too. */
static void check_name(const char *text)
{
    struct hosts hosts = {.port = 8080};
    char authority[HOSTS_NAME_SIZE];
    struct http_request request = {.local = "[::1]"};
    request.headers[HTTP_HOST] = text;
    if (hosts_add(&hosts, text) && strlen(hosts.hosts[0].name) >= sizeof hosts.hosts[0].name) {
        abort();
    }
    if (hosts.count == 1 && hosts.hosts[0].port != 0 && !hosts_know(&hosts, &request, authority)) {
        abort();
    }
}

static void check_token(const struct http_request *request)
{
    struct token token = {.cookie_name = "etwas-token-8080"};
    memcpy(token.text, right, sizeof token.text);
    const char *cookie = request->headers[HTTP_COOKIE];
    const char *authorization = request->headers[HTTP_AUTHORIZATION];
    if (token_admits(&token, request) && (cookie == NULL || strstr(cookie, right) == NULL) &&
        (authorization == NULL || strstr(authorization, right) == NULL)) {
        abort();
    }
}

static void check_query(const struct http_request *request)
{
    char value[64];
    if (http_argument(request, "token", value, sizeof value) == ETWAS_OK &&
        strlen(value) >= sizeof value) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum http_header lines[] = {HTTP_HOST, HTTP_ORIGIN, HTTP_COOKIE,
                                             HTTP_AUTHORIZATION};
    struct http_request request = {.method = "GET", .path = "/", .query = "", .local = "[::1]"};
    char *text = calloc(1, size + 1);
    if (text == NULL) {
        return 0;
    }
    if (size > 0) {
        memcpy(text, data, size);
    }
    char *at = text;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0] && at != NULL; i++) {
        char *end = strchr(at, '\n');
        request.headers[lines[i]] = at;
        if (end != NULL) {
            *end++ = '\0';
        }
        at = end;
    }
    request.query = at == NULL ? "" : at;
    check_host(&request, false);
    check_host(&request, true);
    check_name(request.headers[HTTP_HOST]);
    check_token(&request);
    check_query(&request);
    free(text);
    return 0;
}

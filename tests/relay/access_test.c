/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/check.h"
#include "tests/relay/relay_kit.h"

/* Who sees what: the token, names of the relay, pages of others. */
static struct relay relay;
static struct reply reply;

static int set_up(void **state)
{
    static const char *const named[] = {"--host", "relay.example", "--host", "proxied.example:443",
                                        NULL};
    (void)state;
    relay_make(&relay);
    relay_start(&relay, named);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    reply_clear(&reply);
    relay_remove(&relay);
    return 0;
}

/* "METHOD PATH" with these header lines; in them $P is the port, $T the token. */
static void request(const char *line, const char *headers)
{
    char text[2048];
    size_t size = (size_t)snprintf(text, sizeof text, "%s HTTP/1.1\r\n", line);
    for (const char *at = headers; *at != '\0' && size + 128 < sizeof text; at++) {
        if (at[0] == '$' && at[1] == 'P') {
            size += (size_t)snprintf(text + size, sizeof text - size, "%u", relay.port);
            at++;
        } else if (at[0] == '$' && at[1] == 'T') {
            size += (size_t)snprintf(text + size, sizeof text - size, "%s", relay.token);
            at++;
        } else if (at[0] == '\n') {
            size += (size_t)snprintf(text + size, sizeof text - size, "\r\n");
        } else {
            text[size++] = *at;
        }
    }
    (void)snprintf(text + size, sizeof text - size, "\r\n");
    ask(&relay, text, &reply);
}

#define HOST   "Host: 127.0.0.1:$P\n"
#define BEARER "Authorization: Bearer $T\n"

static const char *const protected_paths[] = {
    "/", "/v1/events", "/v1/live", "/v1/publishers", "/v1/stats", "/metrics", "/nothing"};
enum { PROTECTED = sizeof protected_paths / sizeof protected_paths[0] };

static void a_viewer_without_a_token_sees_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < PROTECTED; i++) {
        char line[64];
        (void)snprintf(line, sizeof line, "GET %s", protected_paths[i]);
        request(line, HOST);
        assert_true(reply_is_problem(&reply, 401, "token"));
        request(line, HOST "Authorization: Bearer wrong\n");
        assert_true(reply_is_problem(&reply, 401, "token"));
        request(line, HOST "Authorization: Basic $T\n");
        assert_true(reply_is_problem(&reply, 401, "token"));
        request(line, HOST "Cookie: etwas-token-1=$T\n");
        assert_true(reply_is_problem(&reply, 401, "token"));
        assert_null(strstr(reply.body, relay.token));
    }
}

static void a_token_that_is_almost_right_is_wrong(void **state)
{
    (void)state;
    char headers[256];
    (void)snprintf(headers, sizeof headers, HOST "Authorization: Bearer %.42s\n", relay.token);
    request("GET /v1/stats", headers);
    assert_int_equal(reply.status, 401);
    (void)snprintf(headers, sizeof headers, HOST "Authorization: Bearer %sA\n", relay.token);
    request("GET /v1/stats", headers);
    assert_int_equal(reply.status, 401);
    (void)snprintf(headers, sizeof headers, HOST "Authorization: Bearer %.42s%c\n", relay.token,
                   relay.token[42] == 'A' ? 'B' : 'A');
    request("GET /v1/stats", headers);
    assert_int_equal(reply.status, 401);
}

static void the_token_opens_as_a_header_and_as_a_cookie(void **state)
{
    (void)state;
    request("GET /v1/stats", HOST BEARER);
    assert_int_equal(reply.status, 200);
    request("GET /v1/stats", HOST "Cookie: a=b; etwas-token-$P=$T; c=d\n");
    assert_int_equal(reply.status, 200);
}

static void the_printed_address_becomes_a_cookie(void **state)
{
    (void)state;
    char line[128];
    char name[32];
    (void)snprintf(line, sizeof line, "GET /?token=%s", relay.token);
    request(line, HOST);
    assert_int_equal(reply.status, 303);
    (void)snprintf(name, sizeof name, "etwas-token-%u=", relay.port);
    assert_true(reply_has(&reply, "Location", "/"));
    assert_false(reply_has(&reply, "Location", "token"));
    assert_true(reply_has(&reply, "Set-Cookie", name));
    assert_true(reply_has(&reply, "Set-Cookie", "HttpOnly"));
    assert_true(reply_has(&reply, "Set-Cookie", "SameSite=Strict"));
    request("GET /?token=wrong", HOST);
    assert_true(reply_is_problem(&reply, 401, "token"));
    assert_false(reply_has(&reply, "Set-Cookie", ""));
}

static void the_token_is_for_its_owner_only(void **state)
{
    (void)state;
    char path[128];
    char text[64] = "";
    relay_path(&relay, "viewer-token", path);
    assert_int_equal(access(path, R_OK), 0);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    assert_non_null(fgets(text, sizeof text, file));
    (void)fclose(file);
    text[strcspn(text, "\n")] = '\0';
    assert_string_equal(text, relay.token);
    assert_int_equal(relay_end(&relay, SIGTERM), 0);
    relay_start(&relay, NULL); /* and it stays the same */
    assert_string_equal(text, relay.token);
}

static void dns_rebinding_leads_nowhere(void **state)
{
    (void)state;
    static const char *const hosts[] = {
        "Host: evil.example:$P\n",
        "Host: evil.example\n",
        "Host: localhost.evil.example:$P\n",
        "Host: 127.0.0.1.evil.example\n",
        "Host: 127.0.0.2:$P\n",
        "Host: localhost:1\n",
        "Host: localhost\n",
        "Host: 127.0.0.1:$P:1\n",
        "Host: \n",
        "Host: user@127.0.0.1:$P\n",
        "Host: [::1\n",
        "Host: relay.example:99\n",
    };
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        char headers[256];
        (void)snprintf(headers, sizeof headers, "%s" BEARER, hosts[i]);
        request("GET /v1/stats", headers);
        if (reply.status != 400) { /* what the library itself does not understand */
            assert_true(reply_is_problem(&reply, 421, "host"));
        }
    }
}

static void the_relay_goes_by_its_names(void **state)
{
    (void)state;
    static const char *const hosts[] = {
        "Host: localhost:$P\n",        "Host: LocalHost:$P\n",  "Host: [::1]:$P\n",
        "Host: relay.example:$P\n",    "Host: relay.example\n", "Host: proxied.example\n",
        "Host: proxied.example:443\n",
    };
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        char headers[256];
        (void)snprintf(headers, sizeof headers, "%s" BEARER, hosts[i]);
        request("GET /v1/stats", headers);
        assert_int_equal(reply.status, 200);
    }
}

static void a_page_on_another_origin_is_refused(void **state)
{
    (void)state;
    static const char *const origins[] = {
        "Origin: http://evil.example\n",      "Origin: null\n",
        "Origin: http://127.0.0.1:1\n",       "Origin: http://localhost:$P\n",
        "Origin: http://127.0.0.1:$P.evil\n", "Origin: \n",
    };
    for (size_t i = 0; i < sizeof origins / sizeof origins[0]; i++) {
        char headers[256];
        (void)snprintf(headers, sizeof headers, HOST BEARER "%s", origins[i]);
        request("GET /v1/events", headers);
        assert_true(reply_is_problem(&reply, 403, "origin"));
        assert_false(reply_has(&reply, "Access-Control-Allow-Origin", ""));
    }
    request("GET /v1/events", HOST BEARER "Origin: http://127.0.0.1:$P\n");
    assert_int_equal(reply.status, 200);
}

static void every_answer_is_careful(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "GET /",           "GET /v1/stats",      "GET /nothing",
        "DELETE /v1/live", "GET /v1/events?x=y", "POST /v1/batches"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        request(lines[i], HOST BEARER);
        assert_true(reply_has(&reply, "Content-Security-Policy", "default-src 'none'"));
        assert_true(reply_has(&reply, "Content-Security-Policy", "frame-ancestors 'none'"));
        assert_true(reply_has(&reply, "X-Content-Type-Options", "nosniff"));
        assert_true(reply_has(&reply, "Referrer-Policy", "no-referrer"));
        assert_true(reply_has(&reply, "Cache-Control", "no-"));
        assert_true(reply_has(&reply, "Date", "GMT"));
    }
}

static void what_cannot_be_done_is_said(void **state)
{
    (void)state;
    request("GET /nothing", HOST BEARER);
    assert_true(reply_is_problem(&reply, 404, "not-found"));
    request("PUT /v1/events", HOST BEARER);
    assert_true(reply_is_problem(&reply, 405, "method"));
    assert_true(reply_has(&reply, "Allow", "GET"));
    request("GET /v1/batches", HOST BEARER);
    assert_true(reply_is_problem(&reply, 405, "method"));
    assert_true(reply_has(&reply, "Allow", "POST"));
    request("BREW /v1/stats", HOST BEARER);
    assert_true(reply_is_problem(&reply, 405, "method"));
    request("OPTIONS /v1/events", HOST BEARER);
    assert_int_equal(reply.status, 204);
    assert_true(reply_has(&reply, "Allow", "GET"));
    request("GET /v1/events?query=Events", HOST BEARER);
    assert_true(reply_is_problem(&reply, 400, "parameter"));
    request("GET /v1/live?sample=0", HOST BEARER);
    assert_true(reply_is_problem(&reply, 400, "parameter"));
    request("GET /v1/live", HOST BEARER "Last-Event-ID: x\n");
    assert_true(reply_is_problem(&reply, 400, "parameter"));
}

static void head_is_get_without_a_body(void **state)
{
    (void)state;
    static const char *const paths[] = {"/v1/stats", "/v1/events", "/v1/live", "/healthz",
                                        "/metrics"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        char text[512];
        (void)snprintf(text, sizeof text,
                       "HEAD %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nAuthorization: Bearer %s\r\n"
                       "Connection: close\r\n\r\n",
                       paths[i], relay.port, relay.token);
        char answer[4096];
        size_t size = 0;
        const int connection = relay_connect(&relay);
        send_text(connection, text, strlen(text));
        for (ssize_t got = 1; got > 0 && size + 1 < sizeof answer; size += (size_t)got) {
            got = read(connection, answer + size, sizeof answer - 1 - size);
            assert_true(got >= 0);
        }
        (void)close(connection);
        answer[size] = '\0';
        assert_int_equal(strncmp(answer, "HTTP/1.1 200", 12), 0);
        assert_string_equal(strstr(answer, "\r\n\r\n"), "\r\n\r\n");
    }
}

static void health_is_for_everybody(void **state)
{
    (void)state;
    request("GET /healthz", "Host: anything.example\n");
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply.body, "ok\n");
}

static void the_page_is_kept_until_it_changes(void **state)
{
    (void)state;
    char headers[512];
    char etag[128];
    request("GET /", HOST BEARER);
    assert_int_equal(reply.status, 200);
    if (!reply_has(&reply, "Content-Type", "text/html")) {
        assert_non_null(strstr(reply.body, "no page")); /* built without one */
        skip();
    }
    const char *value = strstr(reply.head, "ETag: ");
    assert_non_null(value);
    (void)snprintf(etag, sizeof etag, "%.*s", (int)strcspn(value + 6, "\r"), value + 6);
    (void)snprintf(headers, sizeof headers, HOST BEARER "If-None-Match: %s\n", etag);
    request("GET /", headers);
    assert_int_equal(reply.status, 304);
    request("GET /", HOST BEARER "Accept-Encoding: gzip\n");
    assert_true(reply_has(&reply, "Content-Encoding", "gzip"));
    assert_int_equal((unsigned char)reply.body[0], 0x1f);
}

static void a_connection_is_used_again(void **state)
{
    (void)state;
    char text[512];
    (void)snprintf(text, sizeof text,
                   "GET /v1/stats HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nAuthorization: Bearer "
                   "%s\r\n\r\n",
                   relay.port, relay.token);
    const int connection = relay_connect(&relay);
    for (int i = 0; i < 20; i++) {
        send_text(connection, text, strlen(text));
        read_reply(connection, &reply);
        assert_int_equal(reply.status, 200);
    }
    (void)close(connection);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(a_viewer_without_a_token_sees_nothing),
        CLAIM(a_token_that_is_almost_right_is_wrong),
        CLAIM(the_token_opens_as_a_header_and_as_a_cookie),
        CLAIM(the_printed_address_becomes_a_cookie),
        CLAIM(the_token_is_for_its_owner_only),
        CLAIM(dns_rebinding_leads_nowhere),
        CLAIM(the_relay_goes_by_its_names),
        CLAIM(a_page_on_another_origin_is_refused),
        CLAIM(every_answer_is_careful),
        CLAIM(what_cannot_be_done_is_said),
        CLAIM(head_is_get_without_a_body),
        CLAIM(health_is_for_everybody),
        CLAIM(the_page_is_kept_until_it_changes),
        CLAIM(a_connection_is_used_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

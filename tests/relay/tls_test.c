/* SPDX-License-Identifier: MIT */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/check.h"
#include "tests/relay/viewer_kit.h"

/* A relay with a certificate that it was given. */
static struct relay relay;
static struct sender sender;
static char certificate[128];
static char key[128];

/* A key and a certificate for this machine's own names, made by openssl. */
static bool make_certificate(void)
{
    const pid_t pid = fork();
    int status = 0;
    if (pid == 0) {
        if (freopen("/dev/null", "w", stderr) == NULL) {
            _exit(127);
        }
        (void)execlp("openssl", "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                     "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                     "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out",
                     certificate, (char *)NULL);
        _exit(127);
    }
    return waitpid(pid, &status, 0) == pid && status == 0;
}

static int set_up(void **state)
{
    (void)state;
    relay_make(&relay);
    relay_path(&relay, "tls.crt", certificate);
    relay_path(&relay, "tls.key", key);
    sender_make(&sender, 7, "web1");
    sender_trust(&sender, &relay, false);
    if (!make_certificate()) {
        return 1;
    }
    relay_start(&relay, (const char *const[]){"--bind", "0.0.0.0", "--tls-cert", certificate,
                                              "--tls-key", key, NULL});
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    relay_remove(&relay);
    return 0;
}

static void what_is_no_certificate_is_named(void **state)
{
    (void)state;
    char said[1024];
    char data[128];
    relay_path(&relay, "other", data);
    const char *const missing[] = {"etwass",     "--port",     "0",         "--data", data,
                                   "--tls-cert", "/nowhere/c", "--tls-key", key,      NULL};
    assert_int_equal(relay_run(missing, said, sizeof said), 4);
    assert_non_null(strstr(said, "--tls-cert: No such file"));
    const char *const swapped[] = {"etwass",     "--port", "0",         "--data",    data,
                                   "--tls-cert", key,      "--tls-key", certificate, NULL};
    assert_int_equal(relay_run(swapped, said, sizeof said), 2);
    assert_non_null(strstr(said, "--tls-cert and --tls-key name is no certificate"));
}

static size_t keep(char *data, size_t size, size_t count, void *context)
{
    char *text = context;
    const size_t there = strlen(text);
    const size_t room = 4096 - there - 1;
    const size_t taken = size * count < room ? size * count : room;
    memcpy(text + there, data, taken);
    text[there + taken] = '\0';
    return size * count;
}

struct asked {
    CURLcode code;
    long status;
    char text[4096]; /* headers and body */
};

static CURL *open_curl(const char *path, struct asked *asked)
{
    char url[256];
    CURL *curl = curl_easy_init();
    assert_non_null(curl);
    *asked = (struct asked){.status = 0};
    (void)snprintf(url, sizeof url, "https://127.0.0.1:%u%s", relay.port, path);
    (void)curl_easy_setopt(curl, CURLOPT_URL, url);
    (void)curl_easy_setopt(curl, CURLOPT_CAINFO, certificate);
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT, 20L);
    (void)curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, asked->text);
    (void)curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, keep);
    (void)curl_easy_setopt(curl, CURLOPT_HEADERDATA, asked->text);
    return curl;
}

static void perform(CURL *curl, struct asked *asked)
{
    asked->code = curl_easy_perform(curl);
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &asked->status);
    curl_easy_cleanup(curl);
}

static void who_trusts_the_certificate_gets_in(void **state)
{
    (void)state;
    struct asked asked;
    char path[128];
    perform(open_curl("/healthz", &asked), &asked);
    assert_int_equal(asked.code, CURLE_OK);
    assert_int_equal(asked.status, 200);
    (void)snprintf(path, sizeof path, "/?token=%s", relay.token);
    perform(open_curl(path, &asked), &asked);
    assert_int_equal(asked.status, 303);
    assert_non_null(strstr(asked.text, "; Secure"));
}

static void who_does_not_trust_it_does_not(void **state)
{
    (void)state;
    struct asked asked;
    CURL *curl = open_curl("/healthz", &asked);
    (void)curl_easy_setopt(curl, CURLOPT_CAINFO, "/dev/null");
    perform(curl, &asked);
    assert_int_not_equal(asked.code, CURLE_OK);
}

static void plain_text_is_not_answered(void **state)
{
    (void)state;
    struct reply reply = {.status = 0};
    get(&relay, "/healthz", &reply);
    assert_int_equal(reply.status, 0);
    reply_clear(&reply);
}

static struct curl_slist *headers_of(const struct post *post)
{
    char head[8192];
    struct curl_slist *list = curl_slist_append(NULL, "Expect:");
    (void)post_head(post, head, sizeof head);
    for (char *line = strstr(head, "\r\n") + 2; line[0] != '\r';) {
        char *end = strstr(line, "\r\n");
        *end = '\0';
        list = curl_slist_append(list, line);
        line = end + 2;
    }
    return list;
}

static void a_batch_comes_through(void **state)
{
    (void)state;
    struct asked asked;
    struct post post;
    char *text = sender_lines(&sender, 5, 20);
    post_make(&post, &sender, &relay, text);
    struct curl_slist *headers = headers_of(&post);
    CURL *curl = open_curl("/v1/batches", &asked);
    (void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, post.body);
    (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)post.size);
    perform(curl, &asked);
    assert_int_equal(asked.status, 200);
    assert_non_null(strstr(asked.text, "{\"Status\":\"stored\"}"));
    curl_slist_free_all(headers);
    post_clear(&post);
    free(text);
}

static void off_loopback_nobody_is_trusted_unasked(void **state)
{
    (void)state;
    struct asked asked;
    struct post post;
    struct sender stranger;
    assert_null(strstr(relay.said, "--no-trust-local"));
    sender_make(&stranger, 9, "stranger");
    char *text = sender_lines(&stranger, 5, 20);
    post_make(&post, &stranger, &relay, text);
    struct curl_slist *headers = headers_of(&post);
    CURL *curl = open_curl("/v1/batches", &asked);
    (void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, post.body);
    (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)post.size);
    perform(curl, &asked);
    assert_int_equal(asked.status, 401);
    assert_non_null(strstr(asked.text, "urn:etwas:problem:pending"));
    curl_slist_free_all(headers);
    post_clear(&post);
    free(text);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(who_trusts_the_certificate_gets_in),
        CLAIM(who_does_not_trust_it_does_not),
        CLAIM(plain_text_is_not_answered),
        CLAIM(a_batch_comes_through),
        CLAIM(off_loopback_nobody_is_trusted_unasked),
        CLAIM(what_is_no_certificate_is_named),
    };
    if (access("/usr/bin/openssl", X_OK) != 0) {
        (void)printf("skipped: no openssl to make a certificate\n");
        return 77;
    }
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    curl_global_cleanup();
    return failed;
}

/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/check.h"
#include "tests/relay/viewer_kit.h"

/* A relay from its start to its end: keys that come and go, signals, what it needs. */
static struct relay relay;
static struct sender sender;
static struct post post;
static struct reply reply;

static int set_up(void **state)
{
    (void)state;
    relay_make(&relay);
    sender_make(&sender, 7, "web1");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    post_clear(&post);
    reply_clear(&reply);
    relay_remove(&relay);
    return 0;
}

static void post_again(void)
{
    if (post.body == NULL) {
        char *text = sender_lines(&sender, 5, 20);
        post_make(&post, &sender, &relay, text);
        free(text);
    }
    post_sign(&post, &sender, 0);
    post_send(&post, &relay, &reply);
}

/* Until it is answered like that, as it must be soon. */
static void post_until(int status)
{
    for (int i = 0; i < 400; i++) {
        post_again();
        if (reply.status == status) {
            return;
        }
        (void)usleep(20000);
    }
    assert_int_equal(reply.status, status);
}

static void sender_id(char id[KEY_ID_SIZE])
{
    key_id(sender.pair.public_key, id);
}

static int approve(const char *fingerprint, char *said, size_t room)
{
    const char *const arguments[] = {"etwass",    "--data",    relay.folder,
                                     "--approve", fingerprint, NULL};
    return relay_run(arguments, said, room);
}

static void an_approved_key_is_trusted_at_once(void **state)
{
    (void)state;
    char id[KEY_ID_SIZE];
    char said[512];
    relay_start(&relay, (const char *const[]){"--no-trust-local", NULL});
    post_again();
    assert_true(reply_is_problem(&reply, 401, "pending"));
    sender_id(id);
    get(&relay, "/v1/publishers", &reply);
    assert_non_null(strstr(reply.body, id));
    assert_non_null(strstr(reply.body, "\"State\":\"pending\""));
    /* Another process may approve it as soon as it is written down. */
    for (int i = 0; i < 400 && approve(id, said, sizeof said) != 0; i++) {
        (void)usleep(20000);
    }
    assert_non_null(strstr(said, "web1"));
    post_until(200);
    get(&relay, "/v1/publishers", &reply);
    assert_non_null(strstr(reply.body, "\"State\":\"trusted\""));
    assert_null(strstr(reply.body, "\"State\":\"pending\""));
}

static void a_key_is_approved_by_another_name(void **state)
{
    (void)state;
    char id[KEY_ID_SIZE];
    char wanted[128];
    char said[512];
    relay_start(&relay, (const char *const[]){"--no-trust-local", NULL});
    post_again();
    sender_id(id);
    (void)snprintf(wanted, sizeof wanted, "%.12s=db.2", id + 7); /* the beginning suffices */
    for (int i = 0; i < 400 && approve(wanted, said, sizeof said) != 0; i++) {
        (void)usleep(20000);
    }
    post_until(200);
    get(&relay, "/v1/events", &reply);
    assert_non_null(strstr(reply.body, "\"Computer\":\"db.2\""));
}

static void only_what_asked_can_be_approved(void **state)
{
    (void)state;
    char said[512];
    relay_start(&relay, NULL);
    assert_int_equal(approve("SHA256:nobody", said, sizeof said), 4);
    assert_non_null(strstr(said, "pending"));
}

static void a_local_key_is_named_by_its_fingerprint(void **state)
{
    (void)state;
    char id[KEY_ID_SIZE];
    char name[64];
    relay_start(&relay, NULL);
    assert_non_null(strstr(relay.said, "--no-trust-local"));
    post_again();
    assert_int_equal(reply.status, 200);
    sender_id(id);
    (void)snprintf(name, sizeof name, "\"Computer\":\"local-%.12s\"", id + 7);
    for (char *at = name; *at != '\0'; at++) {
        *at = (char)(*at == '+' ? '-' : *at == '/' ? '_' : *at);
    }
    get(&relay, "/v1/publishers", &reply);
    assert_non_null(strstr(reply.body, name));
    assert_non_null(strstr(reply.body, "\"State\":\"local\""));
}

static void a_folder_that_is_everybodys_is_refused(void **state)
{
    (void)state;
    char said[512];
    const char *const arguments[] = {"etwass", "--port", "0", "--data", relay.folder, NULL};
    assert_int_equal(chmod(relay.folder, 01777), 0);
    assert_int_equal(relay_run(arguments, said, sizeof said), 3);
    assert_non_null(strstr(said, "chmod o-w"));
}

static size_t count_text(const char *text, const char *part)
{
    size_t count = 0;
    for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part)) {
        count++;
    }
    return count;
}

static void streams_without_end_make_no_answer_without_end(void **state)
{
    (void)state;
    relay_start(&relay, NULL);
    for (uint8_t i = 0; i < 103; i++) {
        sender.head.stream[0] = i;
        sender.head.sequence = 1;
        sender.head.books.before = 0;
        sender_post(&sender, &relay, 2);
    }
    get(&relay, "/v1/publishers", &reply);
    assert_int_equal(count_text(reply.body, "\"Stream\":\""), 100);
    assert_non_null(strstr(reply.body, "\"Streams\":[{\"Stream\":\"66")); /* the newest */
    assert_non_null(strstr(reply.body, "\"Events\":206,"));
}

static void what_a_proxy_passes_on_is_not_local(void **state)
{
    (void)state;
    relay_start(&relay, NULL);
    static const char *const said[] = {"X-Forwarded-For: 192.0.2.1\r\n", "via: 1.1 proxy\r\n",
                                       "Forwarded: for=192.0.2.1\r\n", "X-Real-IP: 192.0.2.1\r\n"};
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
        post_again();
        (void)snprintf(post.more, sizeof post.more, "%s", said[i]);
        post_again();
        assert_true(reply_is_problem(&reply, 401, "pending"));
        post.more[0] = '\0';
    }
    post_again();
    assert_int_equal(reply.status, 200);
}

static void a_relay_with_a_name_trusts_only_whom_it_knows(void **state)
{
    (void)state;
    relay_start(&relay, (const char *const[]){"--host", "relay.example", NULL});
    assert_null(strstr(relay.said, "--no-trust-local"));
    post_again();
    assert_true(reply_is_problem(&reply, 401, "pending"));
    assert_int_equal(relay_end(&relay, SIGTERM), 0);
    post_clear(&post);
    relay_start(&relay, (const char *const[]){"--host", "relay.example", "--trust-local", NULL});
    post_again();
    assert_int_equal(reply.status, 200);
}

/* Sends batches until the relay is gone, and counts those that it said it stored. */
struct stubborn {
    struct sender sender;
    atomic_ulong events;
};

static void *post_on(void *context)
{
    struct stubborn *stubborn = context;
    struct reply answer = {.status = 200};
    const int connection = relay_connect(&relay);
    while (answer.status == 200) {
        struct post next;
        char *text = sender_lines(&stubborn->sender, 10, 50);
        post_make(&next, &stubborn->sender, &relay, text);
        post_send_on(&next, connection, &answer);
        (void)atomic_fetch_add(&stubborn->events, answer.status == 200 ? 10 : 0);
        post_clear(&next);
        free(text);
    }
    reply_clear(&answer);
    (void)close(connection);
    return NULL;
}

static unsigned long stored(void)
{
    get(&relay, "/v1/stats", &reply);
    assert_int_equal(reply.status, 200);
    return (unsigned long)number_of(reply.body, "Events");
}

/* What was acknowledged is there after the relay was ended by this signal. */
static void end_amid(int signal, int expected)
{
    enum { SENDERS = 4 };
    static struct stubborn senders[SENDERS];
    pthread_t threads[SENDERS];
    unsigned long acknowledged = 0;
    relay_start(&relay, NULL);
    for (unsigned i = 0; i < SENDERS; i++) {
        sender_make(&senders[i].sender, 100 + i, "web");
        atomic_store(&senders[i].events, 0);
        assert_int_equal(pthread_create(&threads[i], NULL, post_on, &senders[i]), 0);
    }
    while (atomic_load(&senders[0].events) < 200) {
        (void)usleep(1000);
    }
    assert_int_equal(relay_end(&relay, signal), expected);
    for (unsigned i = 0; i < SENDERS; i++) {
        (void)pthread_join(threads[i], NULL);
        acknowledged += atomic_load(&senders[i].events);
    }
    relay_start(&relay, NULL);
    const unsigned long there = stored();
    assert_true(there >= acknowledged);
    /* At most one batch of each was on its way when the answer could no longer be sent. */
    assert_true(there <= acknowledged + (unsigned long)SENDERS * 10);
}

static void a_signal_loses_nothing_that_was_acknowledged(void **state)
{
    (void)state;
    end_amid(SIGTERM, 0);
}

static void a_kill_loses_nothing_that_was_acknowledged(void **state)
{
    (void)state;
    end_amid(SIGKILL, -1);
}

static void ctrl_c_is_an_end_like_any_other(void **state)
{
    (void)state;
    relay_start(&relay, NULL);
    assert_int_equal(relay_end(&relay, SIGINT), 0);
}

static void what_retention_removed_does_not_come_again(void **state)
{
    (void)state;
    struct post first;
    relay_start(&relay, (const char *const[]){"--retain-size", "1M", NULL});
    char *text = sender_lines(&sender, 5, 20);
    post_make(&first, &sender, &relay, text);
    free(text);
    post_send(&first, &relay, &reply);
    assert_int_equal(reply.status, 200);
    /* Noise, which does not pack, until the first batch is gone. */
    bool gone = false;
    for (int i = 0; i < 400 && !gone; i++) {
        static char noise[200001];
        FILE *random = fopen("/dev/urandom", "re");
        assert_non_null(random);
        assert_int_equal(fread(noise, 1, sizeof noise - 1, random), sizeof noise - 1);
        (void)fclose(random);
        for (size_t at = 0; at + 1 < sizeof noise; at++) {
            noise[at] = (char)('a' + (noise[at] & 15));
        }
        char *line = malloc(sizeof noise + 32);
        assert_non_null(line);
        (void)snprintf(line, sizeof noise + 32, "{\"Text\":\"%s\"}\n", noise);
        post_make(&post, &sender, &relay, line);
        post_send(&post, &relay, &reply);
        assert_int_equal(reply.status, 200);
        post_clear(&post);
        free(line);
        get(&relay, "/v1/events?order=asc&limit=1", &reply);
        gone = strncmp(reply.body, "{\"Id\":\"1:1\"", 11) != 0;
        (void)usleep(50000);
    }
    assert_true(gone);
    post_sign(&first, &sender, 0);
    post_send(&first, &relay, &reply);
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply.body, "{\"Status\":\"have\"}\n");
    get(&relay, "/v1/events?order=asc&limit=1", &reply);
    assert_int_not_equal(strncmp(reply.body, "{\"Id\":\"1:1\"", 11), 0);
    post_clear(&first);
}

/* Of /proc/PID/status, in KiB. */
static unsigned long resident(void)
{
    char path[64];
    char line[256];
    unsigned long kib = 0;
    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)relay.pid);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "VmRSS:", 6) == 0) {
            kib = strtoul(line + 6, NULL, 10);
        }
    }
    (void)fclose(file);
    return kib;
}

static void an_idle_relay_is_small(void **state)
{
    (void)state;
    if (RELAY_IS_INSTRUMENTED) {
        skip();
    }
    relay_start(&relay, NULL);
    sender_post(&sender, &relay, 100);
    print_message("%lu KiB\n", resident());
    assert_true(resident() <= 20UL * 1024);
}

static void a_relay_that_was_busy_becomes_small_again(void **state)
{
    (void)state;
    struct viewer viewer;
    if (RELAY_IS_INSTRUMENTED) {
        skip();
    }
    relay_start(&relay, NULL);
    viewer_open(&viewer, &relay, "/v1/live", NULL);
    for (int i = 0; i < 200; i++) {
        sender_post(&sender, &relay, 800);
    }
    viewer_close(&viewer);
    unsigned long kib = 0;
    /* That the viewer has gone is noticed by what is written each 15 s, the second at the latest.
     */
    for (int i = 0; i < 1000; i++) {
        kib = resident();
        if (kib <= 20UL * 1024) {
            break;
        }
        (void)usleep(50000);
    }
    print_message("%lu KiB\n", kib);
    assert_true(kib <= 20UL * 1024);
}

static void bad_arguments_are_told_and_end_in_1(void **state)
{
    (void)state;
    char said[8192];
    static const struct {
        const char *option;
        const char *value;
    } lines[] = {
        {"--nothing",     NULL   },
        {"word",          NULL   },
        {"--port",        NULL   },
        {"--port",        "70000"},
        {"--retain-age",  "x"    },
        {"--tls-cert",    "x"    },
        {"--quiet=1",     NULL   },
        {"--max-viewers", "-1"   },
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        const char *const arguments[] = {"etwass", lines[i].option, lines[i].value, NULL};
        assert_int_equal(relay_run(arguments, said, sizeof said), 1);
        assert_non_null(strstr(said, "Usage: etwass"));
    }
    assert_int_equal(relay_run((const char *const[]){"etwass", "--port", "0", "--data",
                                                     relay.folder, "--bind", "0.0.0.0", NULL},
                               said, sizeof said),
                     1);
    assert_non_null(strstr(said, "--insecure"));
    static const char *const helps[] = {"--help", "-h", "/h", "/help", "/?"};
    for (size_t i = 0; i < sizeof helps / sizeof helps[0]; i++) {
        assert_int_equal(
            relay_run((const char *const[]){"etwass", helps[i], NULL}, said, sizeof said), 0);
        assert_non_null(strstr(said, "--trust-local"));
    }
    assert_int_equal(
        relay_run((const char *const[]){"etwass", "--version", NULL}, said, sizeof said), 0);
}

static void a_folder_serves_one_relay(void **state)
{
    (void)state;
    char said[8192];
    char port[16];
    relay_start(&relay, NULL);
    assert_int_equal(
        relay_run((const char *const[]){"etwass", "--port", "0", "--data", relay.folder, NULL},
                  said, sizeof said),
        2);
    (void)snprintf(port, sizeof port, "%u", relay.port);
    assert_int_equal(
        relay_run((const char *const[]){"etwass", "--port", port, "--data", "/tmp", NULL}, said,
                  sizeof said),
        2);
    assert_non_null(strstr(said, "taken"));
}

/* Runs it to its end, which says what of its arguments is wrong, and what to do. */
static void fails(const char *const *arguments, int code, const char *names, const char *advises)
{
    char said[8192];
    assert_int_equal(relay_run(arguments, said, sizeof said), code);
    if (strstr(said, names) == NULL || strstr(said, advises) == NULL) {
        fail_msg("%s", said);
    }
}

static void what_went_wrong_comes_with_what_to_do(void **state)
{
    (void)state;
    char port[16];
    relay_start(&relay, NULL);
    (void)snprintf(port, sizeof port, "%u", relay.port);
    char unserved[128];
    relay_path(&relay, "other", unserved);
    const char *const taken[] = {"etwass", "--port", port, "--data", "/nowhere", NULL};
    fails(taken, 2, port, "as in --port ");
    const char *const bound[] = {"etwass",    "--port", "0",         "--bind",
                                 "127.0.0.1", "--bind", "192.0.2.1", NULL};
    fails(bound, 4, "192.0.2.1", "ip -brief address");
    const char *const named[] = {"etwass", "--port", "0", "--bind", "no.such.invalid", NULL};
    fails(named, 4, "no.such.invalid", "ip -brief address");
    const char *const served[] = {"etwass", "--port", "0", "--data", relay.folder, NULL};
    fails(served, 2, relay.folder, "another folder with --data");
    const char *const unmade[] = {"etwass", "--port", "0", "--data", "/dev/null/here", NULL};
    fails(unmade, 2, "/dev/null/here", "with --data");
    const char *const nowhere[] = {"etwass", "--verify", "--data", "/nowhere", NULL};
    fails(nowhere, 4, "/nowhere", "the folder of the relay with --data");
    char token[128];
    relay_path(&relay, "viewer-token", token);
    assert_int_equal(relay_end(&relay, SIGTERM), 0);
    assert_int_equal(chmod(token, 0622), 0);
    fails(served, 3, relay.folder, "everybody may write in viewer-token");
    const char *const unread[] = {"etwass",     "--port",     "0",         "--data",     unserved,
                                  "--tls-cert", "/nowhere/c", "--tls-key", "/nowhere/k", NULL};
    fails(unread, 4, "TLS: ", "--tls-cert: No such file");
}

static void a_running_relay_is_verified_and_copied(void **state)
{
    (void)state;
    char said[4096];
    char copy[128];
    struct stat about;
    relay_start(&relay, NULL);
    sender_post(&sender, &relay, 5);
    sender_post(&sender, &relay, 5);
    assert_int_equal(
        relay_run((const char *const[]){"etwass", "--data", relay.folder, "--verify", NULL}, said,
                  sizeof said),
        0);
    assert_non_null(strstr(said, "2 batches, 0 of them altered\nChecked: "));
    relay_path(&relay, "copy.db", copy);
    assert_int_equal(
        relay_run((const char *const[]){"etwass", "--data", relay.folder, "--backup", copy, NULL},
                  said, sizeof said),
        0);
    assert_int_equal(stat(copy, &about), 0);
    assert_true(about.st_size > 0);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(an_approved_key_is_trusted_at_once),
        CLAIM(a_key_is_approved_by_another_name),
        CLAIM(only_what_asked_can_be_approved),
        CLAIM(a_local_key_is_named_by_its_fingerprint),
        CLAIM(a_folder_that_is_everybodys_is_refused),
        CLAIM(streams_without_end_make_no_answer_without_end),
        CLAIM(what_a_proxy_passes_on_is_not_local),
        CLAIM(a_relay_with_a_name_trusts_only_whom_it_knows),
        CLAIM(a_signal_loses_nothing_that_was_acknowledged),
        CLAIM(a_kill_loses_nothing_that_was_acknowledged),
        CLAIM(ctrl_c_is_an_end_like_any_other),
        CLAIM(what_retention_removed_does_not_come_again),
        CLAIM(an_idle_relay_is_small),
        CLAIM(a_relay_that_was_busy_becomes_small_again),
        CLAIM(bad_arguments_are_told_and_end_in_1),
        CLAIM(a_folder_serves_one_relay),
        CLAIM(what_went_wrong_comes_with_what_to_do),
        CLAIM(a_running_relay_is_verified_and_copied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

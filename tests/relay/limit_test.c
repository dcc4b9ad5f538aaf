/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/check.h"
#include "tests/relay/viewer_kit.h"

/* Too much, too often, too slow: what is refused so that others are served. */
static struct relay relay;
static struct sender sender;
static struct post post;
static struct reply reply;

static int set_up(void **state)
{
    (void)state;
    relay_make(&relay);
    sender_make(&sender, 7, "web1");
    sender_trust(&sender, &relay, false);
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

static void next_post(void)
{
    post_clear(&post);
    char *text = sender_lines(&sender, 5, 20);
    post_make(&post, &sender, &relay, text);
    free(text);
}

static void a_publisher_has_its_rate(void **state)
{
    (void)state;
    int refused = 0;
    struct sender other;
    sender_make(&other, 8, "web2");
    sender_trust(&other, &relay, false);
    relay_start(&relay, (const char *const[]){"--rate-limit", "5", NULL});
    for (int i = 0; i < 40 && refused == 0; i++) {
        next_post();
        post_send(&post, &relay, &reply);
        refused += reply.status == 429 ? 1 : 0;
    }
    assert_true(reply_is_problem(&reply, 429, "busy"));
    assert_true(reply_has(&reply, "Retry-After", "1"));
    sender_post(&other, &relay, 5); /* which does not touch another */
}

/* The headers of a batch whose body does not come; several of them stay open. */
static void announce(int *connection, struct sender *who, size_t size)
{
    char head[8192];
    struct sender copy = *who; /* the number does not matter */
    struct post big;
    char *text = sender_lines(&copy, 1, 20);
    post_make(&big, &copy, &relay, text);
    free(text);
    big.size = size;
    *connection = relay_connect(&relay);
    send_text(*connection, head, post_head(&big, head, sizeof head));
    post_clear(&big);
}

/* Has the relay answered already? */
static bool has_answered(int connection, int time_ms)
{
    struct pollfd wanted = {.fd = connection, .events = POLLIN};
    return poll(&wanted, 1, time_ms) == 1;
}

/* Until the relay has seen the headers of all bodies that it takes. */
static void wait_for_memory(unsigned long bytes)
{
    static const char name[] = "\netwas_ingest_memory_bytes ";
    unsigned long taken = 0;
    for (int i = 0; i < 400 && taken < bytes; i++) {
        get(&relay, "/metrics", &reply);
        const char *found = strstr(reply.body, name);
        assert_non_null(found);
        taken = strtoul(found + sizeof name - 1, NULL, 10);
        (void)usleep(20000);
    }
    assert_int_equal(taken, bytes);
}

static void one_publisher_cannot_take_all_there_is(void **state)
{
    (void)state;
    enum { MANY = 70 };
    int connections[MANY];
    int refused = 0;
    struct sender other;
    sender_make(&other, 8, "web2");
    sender_trust(&other, &relay, false);
    relay_start(&relay, NULL);
    for (int i = 0; i < MANY; i++) {
        announce(&connections[i], &sender, 1000);
    }
    wait_for_memory(64000);
    sender_post(&other, &relay, 5);
    for (int i = 0; i < MANY; i++) {
        const char zeros[1000] = {0};
        send_text(connections[i], zeros, sizeof zeros);
        read_reply(connections[i], &reply);
        refused += reply.status == 429 ? 1 : 0;
        (void)close(connections[i]);
    }
    assert_true(refused == MANY - 64);
}

/* Two who take all they can, and a third: the first has a third of all, the second of the rest. */
static void memory_for_bodies_is_shared(void **state)
{
    (void)state;
    enum { MANY = 100, EACH = 50, FIRST = 32, SECOND = 21 };
    int connections[MANY];
    struct sender senders[2];
    int refused = 0;
    for (unsigned i = 0; i < 2; i++) {
        sender_make(&senders[i], 20 + i, "web");
        sender_trust(&senders[i], &relay, false);
    }
    relay_start(&relay, NULL);
    for (int i = 0; i < MANY; i++) {
        announce(&connections[i], &senders[i / EACH], (size_t)1024 * 1024);
        if (i == EACH - 1) {
            wait_for_memory(FIRST * 1024UL * 1024);
        }
    }
    wait_for_memory((FIRST + SECOND) * 1024UL * 1024);
    sender_post(&sender, &relay, 5);
    char *zeros = calloc(1, (size_t)1024 * 1024);
    assert_non_null(zeros);
    for (int i = MANY - 1; i >= 0; i--) {
        send_text(connections[i], zeros, (size_t)1024 * 1024);
        read_reply(connections[i], &reply);
        if (reply.status == 503) {
            assert_true(reply_has(&reply, "Retry-After", "1"));
            refused++;
        }
        (void)close(connections[i]);
    }
    free(zeros);
    assert_true(refused == MANY - FIRST - SECOND);
    wait_for_memory(0); /* it was given back */
}

/* As if so many more had been begun, by the sender ("key"), or each by a key of its own. */
static void add_streams(unsigned count, const char *key)
{
    char path[128];
    char sql[512];
    sqlite3 *connection = NULL;
    relay_path(&relay, "etwas.db", path);
    (void)snprintf(sql, sizeof sql,
                   "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %u)"
                   " INSERT INTO streams SELECT NULL, randomblob(16), %s, computer, 1, 0, 0, 0, 0,"
                   " 0, 0, 0, 0, 0, 0, 0, 0, first_seen_ms, last_seen_ms FROM streams, n",
                   count, key);
    assert_int_equal(sqlite3_open(path, &connection), SQLITE_OK);
    assert_int_equal(sqlite3_exec(connection, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(connection), SQLITE_OK);
}

static unsigned count_of(const char *text, const char *what)
{
    unsigned count = 0;
    for (const char *at = strstr(text, what); at != NULL; at = strstr(at + 1, what)) {
        count++;
    }
    return count;
}

static void a_key_begins_no_streams_without_end(void **state)
{
    (void)state;
    enum { ALLOWED = 1024 };
    relay_start(&relay, NULL);
    sender_post(&sender, &relay, 5);
    assert_int_equal(relay_end(&relay, SIGTERM), 0);
    add_streams(ALLOWED - 1, "key");
    relay_start(&relay, NULL);
    sender_post(&sender, &relay, 5);
    sender.head = (struct batch_head){.stream = {42}};
    next_post();
    post_send(&post, &relay, &reply);
    assert_true(reply_is_problem(&reply, 429, "busy"));
    assert_non_null(strstr(reply.body, "a key may have 1024"));
    assert_true(reply_has(&reply, "Retry-After", "60"));
    get(&relay, "/v1/publishers", &reply);
    assert_int_equal(count_of(reply.body, "\"Stream\":"), 100);
}

static void a_list_of_strangers_has_an_end(void **state)
{
    (void)state;
    enum { SHOWN = 1000, MORE = 500 };
    relay_start(&relay, NULL);
    sender_post(&sender, &relay, 5);
    assert_int_equal(relay_end(&relay, SIGTERM), 0);
    add_streams(SHOWN + MORE, "randomblob(32)");
    relay_start(&relay, NULL);
    get(&relay, "/v1/publishers", &reply);
    assert_int_equal(reply.status, 200);
    assert_int_equal(count_of(reply.body, "\"State\":\"local\""), SHOWN);
    assert_int_equal(count_of(reply.body, "\"State\":\"trusted\""), 1);
    assert_non_null(strstr(reply.body, "}],\"Omitted\":500}\n"));
}

/* A connection from another address of this machine. */
static int connect_from(uint32_t address)
{
    const struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(address)};
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_port = htons(relay.port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int made = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(made >= 0);
    assert_int_equal(bind(made, (const struct sockaddr *)&from, sizeof from), 0);
    assert_int_equal(connect(made, (const struct sockaddr *)&to, sizeof to), 0);
    return made;
}

static void one_address_cannot_take_all_connections(void **state)
{
    (void)state;
    enum { ALLOWED = 1024, MANY = ALLOWED + 20 };
    static int connections[MANY];
    struct rlimit files = {.rlim_cur = 0};
    int closed = 0;
    (void)getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    if (files.rlim_max < MANY + 100 || setrlimit(RLIMIT_NOFILE, &files) != 0) {
        skip();
    }
    relay_start(&relay, NULL);
    for (int i = 0; i < MANY; i++) {
        connections[i] = relay_connect(&relay);
    }
    for (int i = ALLOWED; i < MANY; i++) {
        char byte = 0;
        closed += recv(connections[i], &byte, 1, 0) <= 0 ? 1 : 0;
    }
    assert_int_equal(closed, MANY - ALLOWED);
    const int other = connect_from(INADDR_LOOPBACK + 1);
    static const char health[] = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    send_text(other, health, sizeof health - 1);
    read_reply(other, &reply);
    assert_int_equal(reply.status, 200);
    (void)close(other);
    for (int i = 0; i < MANY; i++) {
        (void)close(connections[i]);
    }
}

static int64_t now_ms(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Sends a byte each half second, as long as the relay bears it; how long that was. */
static int64_t trickle(const int *connections, size_t count, int64_t *until_ms)
{
    const int64_t began_ms = now_ms();
    size_t open = count;
    for (size_t i = 0; i < count; i++) {
        until_ms[i] = 0;
    }
    while (open > 0 && now_ms() - began_ms < 50000) {
        for (size_t i = 0; i < count; i++) {
            char byte = 'x';
            if (until_ms[i] != 0) {
                continue;
            }
            if (send(connections[i], &byte, 1, MSG_NOSIGNAL) != 1 ||
                (has_answered(connections[i], 0) &&
                 recv(connections[i], &byte, 1, MSG_DONTWAIT) <= 0)) {
                until_ms[i] = now_ms() - began_ms;
                open--;
            }
        }
        (void)usleep(500000);
    }
    return now_ms() - began_ms;
}

static void slow_headers_and_slow_bodies_are_cut_off(void **state)
{
    (void)state;
    static const char half[] = "GET /v1/stats HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ";
    int connections[3];
    int64_t until_ms[3];
    struct viewer viewer;
    struct viewed viewed = {.data = NULL};
    relay_start(&relay, NULL);
    connections[0] = relay_connect(&relay); /* not even a first line */
    connections[1] = relay_connect(&relay);
    send_text(connections[1], half, sizeof half - 1);
    announce(&connections[2], &sender, 100000);
    viewer_open(&viewer, &relay, "/v1/live", NULL);
    (void)trickle(connections, 3, until_ms);
    assert_true(until_ms[0] > 8000 && until_ms[0] < 14000);
    assert_true(until_ms[1] > 8000 && until_ms[1] < 14000);
    assert_true(until_ms[2] > 28000 && until_ms[2] < 36000);
    /* A viewer that has nothing to see is told that the relay lives. */
    assert_true(viewer_next(&viewer, &viewed));
    assert_string_equal(viewed.name, "retry");
    assert_true(viewer_next(&viewer, &viewed));
    assert_string_equal(viewed.name, ":");
    viewer_close(&viewer);
    for (size_t i = 0; i < 3; i++) {
        (void)close(connections[i]);
    }
    sender_post(&sender, &relay, 1);
}

static void a_batch_waits_for_the_one_before(void **state)
{
    (void)state;
    struct post second;
    struct reply later = {.status = 0};
    relay_start(&relay, NULL);
    sender_post(&sender, &relay, 1);
    next_post(); /* number 2, kept back */
    char *text = sender_lines(&sender, 1, 20);
    sender.head.after = 2;
    post_make(&second, &sender, &relay, text); /* number 3 */
    free(text);
    char head[8192];
    const int connection = relay_connect(&relay);
    send_text(connection, head, post_head(&second, head, sizeof head));
    send_text(connection, second.body, second.size);
    assert_false(has_answered(connection, 300));
    post_send(&post, &relay, &reply);
    assert_int_equal(reply.status, 200);
    read_reply(connection, &later);
    assert_int_equal(later.status, 200);
    (void)close(connection);
    post_clear(&second);
    reply_clear(&later);
}

static void a_batch_does_not_wait_for_ever(void **state)
{
    (void)state;
    relay_start(&relay, NULL);
    sender_post(&sender, &relay, 1);
    sender.head.sequence++;
    sender.head.after = 2;
    const int64_t began_ms = now_ms();
    next_post();
    post_send(&post, &relay, &reply);
    assert_true(reply_is_problem(&reply, 503, "busy"));
    assert_true(now_ms() - began_ms >= 1900);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(a_publisher_has_its_rate),
        CLAIM(one_publisher_cannot_take_all_there_is),
        CLAIM(memory_for_bodies_is_shared),
        CLAIM(a_key_begins_no_streams_without_end),
        CLAIM(a_list_of_strangers_has_an_end),
        CLAIM(one_address_cannot_take_all_connections),
        CLAIM(slow_headers_and_slow_bodies_are_cut_off),
        CLAIM(a_batch_waits_for_the_one_before),
        CLAIM(a_batch_does_not_wait_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

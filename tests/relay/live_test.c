/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/check.h"
#include "tests/relay/viewer_kit.h"

/* What viewers of /v1/live get: everything once and in order, or a sample with exact counts. */
static struct relay relay;
static struct sender sender;
static struct viewer viewer;
static struct reply reply;

static int set_up(void **state)
{
    (void)state;
    relay_make(&relay);
    sender_make(&sender, 7, "web1");
    sender_trust(&sender, &relay, false);
    relay_start(&relay, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    viewer_close(&viewer);
    reply_clear(&reply);
    relay_remove(&relay);
    return 0;
}

/* The stream is there when its first words are. */
static void open_from_now(const char *path)
{
    struct viewed viewed;
    viewer_open(&viewer, &relay, path, NULL);
    assert_true(viewer_next(&viewer, &viewed));
    assert_string_equal(viewed.name, "retry");
}

static void expect(uint64_t first, uint64_t last, char id[32])
{
    for (uint64_t number = first; number <= last; number++) {
        assert_int_equal(viewer_number(&viewer, id), number);
    }
}

static void a_viewer_gets_what_comes_from_now_on(void **state)
{
    (void)state;
    struct viewed viewed;
    sender_post(&sender, &relay, 3);
    open_from_now("/v1/live");
    sender_post(&sender, &relay, 2);
    assert_true(viewer_next(&viewer, &viewed));
    assert_string_equal(viewed.id, "2:1");
    assert_int_equal(
        strncmp(viewed.data, "{\"Id\":\"2:1\",\"Computer\":\"web1\",\"TimeCreated\":", 44), 0);
    assert_int_equal(number_of(viewed.data, "Number"), 4);
    expect(5, 5, NULL);
}

static void a_viewer_resumes_behind_its_last_event(void **state)
{
    (void)state;
    char id[32];
    open_from_now("/v1/live");
    sender_post(&sender, &relay, 10);
    expect(1, 4, id);
    assert_string_equal(id, "1:4");
    viewer_close(&viewer);
    sender_post(&sender, &relay, 10);
    viewer_open(&viewer, &relay, "/v1/live", id);
    expect(5, 20, NULL);
    sender_post(&sender, &relay, 5);
    expect(21, 25, NULL);
}

static void the_parameter_after_resumes_too(void **state)
{
    (void)state;
    sender_post(&sender, &relay, 5);
    sender_post(&sender, &relay, 5);
    viewer_open(&viewer, &relay, "/v1/live?after=1:5", NULL);
    expect(6, 10, NULL);
}

static void a_viewer_resumes_at_a_relay_that_was_killed(void **state)
{
    (void)state;
    char id[32];
    char port[16];
    open_from_now("/v1/live");
    sender_post(&sender, &relay, 10);
    expect(1, 7, id);
    viewer_close(&viewer);
    assert_int_equal(relay_end(&relay, SIGKILL), -1);
    (void)snprintf(port, sizeof port, "%u", relay.port);
    relay_start(&relay, (const char *const[]){"--port", port, NULL});
    viewer_open(&viewer, &relay, "/v1/live", id);
    expect(8, 10, NULL);
    sender_post(&sender, &relay, 3);
    expect(11, 13, NULL);
}

static void *post_many(void *context)
{
    const unsigned *count = context;
    for (unsigned i = 0; i < *count; i++) {
        sender_post(&sender, &relay, 20);
    }
    return NULL;
}

static void from_the_store_to_what_is_new_nothing_is_lost_or_twice(void **state)
{
    (void)state;
    pthread_t thread;
    unsigned count = 100;
    (void)post_many(&count);
    assert_int_equal(pthread_create(&thread, NULL, post_many, &count), 0);
    viewer_open(&viewer, &relay, "/v1/live?after=1:1", NULL);
    expect(2, UINT64_C(2) * 100 * 20, NULL);
    (void)pthread_join(thread, NULL);
}

static void a_viewer_that_is_slow_loses_nothing(void **state)
{
    (void)state;
    enum { LINES = 2000, BATCHES = 40 };
    struct post post;
    struct reply numbers = {.status = 0};
    open_from_now("/v1/live");
    for (int i = 0; i < BATCHES; i++) { /* 80 MB: more than relay and sockets keep */
        char *text = sender_lines(&sender, LINES, 900);
        post_make(&post, &sender, &relay, text);
        post_send(&post, &relay, &reply);
        assert_int_equal(reply.status, 200);
        post_clear(&post);
        free(text);
    }
    expect(1, (uint64_t)LINES * BATCHES, NULL);
    get(&relay, "/metrics", &numbers);
    const char *reads = strstr(numbers.body, "\netwas_viewer_store_reads_total ");
    assert_non_null(reads);
    assert_true(strtoul(reads + 32, NULL, 10) > 0);
    reply_clear(&numbers);
}

static void a_gap_is_an_event_of_its_own(void **state)
{
    (void)state;
    struct viewed viewed;
    open_from_now("/v1/live");
    sender_post(&sender, &relay, 2);
    expect(1, 2, NULL);
    sender.head.sequence++; /* a batch of 7 never came */
    sender.head.books.before += 7;
    sender.number += 7;
    sender_post(&sender, &relay, 1);
    assert_true(viewer_next(&viewer, &viewed));
    assert_string_equal(viewed.id, "2:0");
    assert_non_null(strstr(viewed.data, "\"EventName\":\"Lost\""));
    assert_int_equal(number_of(viewed.data, "Count"), 7);
    expect(10, 10, NULL);
}

/* Reads until so many events went by in what the rates say. */
static void add_rates(uint64_t events, uint64_t *received, uint64_t *shown, uint64_t *most)
{
    struct viewed viewed;
    uint64_t passed = 0;
    *received = 0;
    *shown = 0;
    *most = 0;
    while (passed < events) {
        assert_true(viewer_next(&viewer, &viewed));
        if (strcmp(viewed.name, "rate") == 0) {
            const uint64_t now = number_of(viewed.data, "Shown");
            passed += number_of(viewed.data, "Events");
            *shown += now;
            *most = now > *most ? now : *most;
        } else if (viewed.name[0] == '\0' && viewed.data != NULL) {
            (*received)++;
        }
    }
    assert_int_equal(passed, events);
}

static void a_sample_is_counted_exactly(void **state)
{
    (void)state;
    uint64_t received = 0;
    uint64_t shown = 0;
    uint64_t most = 0;
    open_from_now("/v1/live?sample=100");
    for (int i = 0; i < 20; i++) {
        sender_post(&sender, &relay, 500);
    }
    add_rates(10000, &received, &shown, &most);
    assert_int_equal(received, shown);
    assert_true(most <= 100);
    assert_true(shown >= 20);
}

static void what_fits_into_the_sample_is_all_shown(void **state)
{
    (void)state;
    uint64_t received = 0;
    uint64_t shown = 0;
    uint64_t most = 0;
    open_from_now("/v1/live?sample=2000");
    sender_post(&sender, &relay, 400);
    add_rates(400, &received, &shown, &most);
    assert_int_equal(received, 400);
    assert_int_equal(shown, 400);
}

static void what_a_monitor_says_of_itself_is_always_shown(void **state)
{
    (void)state;
    struct post post;
    struct viewed viewed;
    unsigned own = 0;
    static const char line[] = "{\"TimeCreated\":\"2026-11-25T10:00:00.0000000Z\","
                               "\"Provider\":\"Etwas\",\"EventName\":\"Lost\"}\n";
    open_from_now("/v1/live?sample=1");
    char *text = sender_lines(&sender, 500, 20);
    char *both = malloc(strlen(text) + 5 * sizeof line);
    assert_non_null(both);
    (void)snprintf(both, strlen(text) + 5 * sizeof line, "%s%s%s%s", line, text, line, line);
    sender.head.own = 3;
    post_make(&post, &sender, &relay, both);
    post_send(&post, &relay, &reply);
    assert_int_equal(reply.status, 200);
    while (own < 3) {
        assert_true(viewer_next(&viewer, &viewed));
        own += viewed.data != NULL && strstr(viewed.data, "\"Provider\":\"Etwas\"") != NULL ? 1 : 0;
    }
    post_clear(&post);
    free(text);
    free(both);
}

static void there_are_as_many_viewers_as_was_said(void **state)
{
    (void)state;
    struct viewer second;
    assert_int_equal(relay_end(&relay, SIGTERM), 0);
    relay_start(&relay, (const char *const[]){"--max-viewers", "2", NULL});
    viewer_open(&viewer, &relay, "/v1/live", NULL);
    viewer_open(&second, &relay, "/v1/live", NULL);
    get(&relay, "/v1/live", &reply);
    assert_true(reply_is_problem(&reply, 503, "busy"));
    assert_true(reply_has(&reply, "Retry-After", "5"));
    get(&relay, "/v1/stats", &reply);
    assert_int_equal(number_of(reply.body, "Viewers"), 2);
    viewer_close(&second);
}

static void the_end_of_the_relay_is_the_end_of_the_stream(void **state)
{
    (void)state;
    struct viewed viewed;
    open_from_now("/v1/live");
    assert_int_equal(relay_end(&relay, SIGTERM), 0);
    assert_false(viewer_next(&viewer, &viewed));
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(a_viewer_gets_what_comes_from_now_on),
        CLAIM(a_viewer_resumes_behind_its_last_event),
        CLAIM(the_parameter_after_resumes_too),
        CLAIM(a_viewer_resumes_at_a_relay_that_was_killed),
        CLAIM(from_the_store_to_what_is_new_nothing_is_lost_or_twice),
        CLAIM(a_viewer_that_is_slow_loses_nothing),
        CLAIM(a_gap_is_an_event_of_its_own),
        CLAIM(a_sample_is_counted_exactly),
        CLAIM(what_fits_into_the_sample_is_all_shown),
        CLAIM(what_a_monitor_says_of_itself_is_always_shown),
        CLAIM(there_are_as_many_viewers_as_was_said),
        CLAIM(the_end_of_the_relay_is_the_end_of_the_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

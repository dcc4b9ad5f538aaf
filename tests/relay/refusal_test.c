/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "tests/check.h"
#include "tests/relay/relay_kit.h"

/* Each way in which a batch or a question may be stolen, forged or spoilt is refused. */
static struct relay relay;
static struct sender sender;
static struct post post;
static struct reply reply;

static const char *const strict[] = {"--no-trust-local", NULL};

static int set_up(void **state)
{
    (void)state;
    relay_make(&relay);
    sender_make(&sender, 7, "web1");
    sender_trust(&sender, &relay, false);
    relay_start(&relay, strict);
    char *text = sender_lines(&sender, 5, 20);
    post_make(&post, &sender, &relay, text);
    free(text);
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

/* How many lines the relay holds. */
static unsigned long stored(void)
{
    struct reply events = {.status = 0};
    unsigned long count = 0;
    get(&relay, "/v1/events?limit=1000000", &events);
    assert_int_equal(events.status, 200);
    for (size_t i = 0; i < events.size; i++) {
        count += events.body[i] == '\n' ? 1 : 0;
    }
    reply_clear(&events);
    return count;
}

static void send_it(void)
{
    post_send(&post, &relay, &reply);
}

static void refused(int status, const char *type)
{
    send_it();
    assert_true(reply_is_problem(&reply, status, type));
    assert_true(reply_has(&reply, "Date", "GMT"));
    assert_true(reply_has(&reply, "Cache-Control", "no-store"));
    assert_int_equal(stored(), 0);
}

static void what_is_signed_is_stored(void **state)
{
    (void)state;
    send_it();
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply.body, "{\"Status\":\"stored\"}\n");
    assert_int_equal(stored(), 5);
}

static void an_altered_body_is_refused(void **state)
{
    (void)state;
    post.body[post.size / 2] ^= 1;
    refused(401, "signature");
}

static void a_body_that_is_cut_off_stores_nothing(void **state)
{
    (void)state;
    char head[8192];
    const int connection = relay_connect(&relay);
    send_text(connection, head, post_head(&post, head, sizeof head));
    send_text(connection, post.body, post.size / 2);
    (void)close(connection);
    assert_int_equal(stored(), 0);
}

static void an_altered_header_is_refused(void **state)
{
    (void)state;
    char *number = strstr(post.batch, "n=5");
    assert_non_null(number);
    number[2] = '6';
    refused(401, "signature");
}

static void an_altered_digest_is_refused(void **state)
{
    (void)state;
    char *letter = &post.digest[20];
    *letter = *letter == 'A' ? 'B' : 'A';
    refused(401, "signature");
}

static void a_header_that_comes_twice_is_refused(void **state)
{
    (void)state;
    (void)snprintf(post.more, sizeof post.more, "Etwas-Batch: stream=\"00\", seq=1, n=1\r\n");
    refused(400, "malformed");
}

static void a_signature_over_less_is_refused(void **state)
{
    (void)state;
    char *part = strstr(post.input, "\"content-digest\" ");
    assert_non_null(part);
    memmove(part, part + 17, strlen(part + 17) + 1);
    refused(400, "malformed");
}

static void another_path_is_refused(void **state)
{
    (void)state;
    post.path = "/v1/other";
    post_sign(&post, &sender, 0);
    post.path = "/v1/batches";
    refused(401, "signature");
}

static void a_query_is_refused(void **state)
{
    (void)state;
    post.path = "/v1/batches?a=1";
    refused(400, "malformed");
}

static void another_authority_is_refused(void **state)
{
    (void)state;
    /* Signed for another relay, and sent here under our own name. */
    (void)snprintf(post.authority, sizeof post.authority, "other.example:8080");
    post_sign(&post, &sender, 0);
    refused(401, "signature");
}

static void the_name_of_another_relay_is_refused(void **state)
{
    (void)state;
    /* Signed for another relay, and sent here as it is. */
    (void)snprintf(post.authority, sizeof post.authority, "other.example:8080");
    (void)snprintf(post.host, sizeof post.host, "other.example:8080");
    post_sign(&post, &sender, 0);
    refused(421, "host");
}

static void a_nonce_counts_once(void **state)
{
    (void)state;
    send_it();
    assert_int_equal(reply.status, 200);
    send_it();
    assert_true(reply_is_problem(&reply, 401, "replay"));
    assert_int_equal(stored(), 5);
}

static void an_old_signature_is_refused(void **state)
{
    (void)state;
    post_sign(&post, &sender, -400);
    refused(401, "clock");
}

static void a_signature_from_the_future_is_refused(void **state)
{
    (void)state;
    post_sign(&post, &sender, 120);
    refused(401, "clock");
}

static void another_key_is_refused(void **state)
{
    (void)state;
    struct sender thief;
    sender_make(&thief, 8, "web1");
    char input[sizeof post.input];
    (void)snprintf(input, sizeof input, "%s", post.input);
    post_sign(&post, &thief, 0);
    (void)snprintf(post.input, sizeof post.input, "%s", input);
    refused(401, "signature");
}

static void a_key_that_nobody_approved_waits(void **state)
{
    (void)state;
    struct sender stranger;
    sender_make(&stranger, 9, "stranger");
    post_clear(&post);
    char *text = sender_lines(&stranger, 5, 20);
    post_make(&post, &stranger, &relay, text);
    free(text);
    refused(401, "pending");
}

static void a_key_that_is_not_shown_is_not_known(void **state)
{
    (void)state;
    struct sender stranger;
    sender_make(&stranger, 9, "stranger");
    post_sign(&post, &stranger, 0);
    post.key[0] = '\0';
    refused(401, "pending");
}

static void a_shown_key_must_be_the_one_that_signed(void **state)
{
    (void)state;
    struct sender stranger;
    sender_make(&stranger, 9, "stranger");
    post_sign(&post, &stranger, 0); /* and the header shows the other one */
    refused(400, "malformed");
}

static void a_revoked_key_is_refused(void **state)
{
    (void)state;
    sender_trust(&sender, &relay, true);
    for (int i = 0; i < 200; i++) {
        post_sign(&post, &sender, 0);
        send_it();
        if (reply.status == 403) {
            break;
        }
        (void)usleep(20000);
    }
    assert_true(reply_is_problem(&reply, 403, "key"));
}

static void the_stream_of_another_key_is_refused(void **state)
{
    (void)state;
    struct sender other;
    sender_make(&other, 8, "web2");
    sender_trust(&other, &relay, false);
    send_it();
    assert_int_equal(reply.status, 200);
    memcpy(other.head.stream, sender.head.stream, sizeof other.head.stream);
    other.head.sequence = 1;
    post_clear(&post);
    char *text = sender_lines(&other, 3, 20);
    for (int i = 0; i < 200; i++) { /* until the file of keys was read again */
        other.head.sequence = 1;
        post_make(&post, &other, &relay, text);
        send_it();
        if (reply.status == 403) {
            break;
        }
        post_clear(&post);
        (void)usleep(20000);
    }
    free(text);
    assert_true(reply_is_problem(&reply, 403, "key"));
    assert_int_equal(stored(), 5);
}

static void a_number_is_given_once(void **state)
{
    (void)state;
    send_it();
    assert_int_equal(reply.status, 200);
    sender.head.sequence = 0;
    sender.head.books = (struct batch_books){.before = 0};
    post_clear(&post);
    char *text = sender_lines(&sender, 4, 20);
    post_make(&post, &sender, &relay, text);
    free(text);
    send_it();
    assert_true(reply_is_problem(&reply, 409, "conflict"));
    assert_int_equal(stored(), 5);
}

static void a_replay_after_a_restart_is_known(void **state)
{
    (void)state;
    send_it();
    assert_int_equal(reply.status, 200);
    assert_int_equal(relay_end(&relay, SIGKILL), -1);
    /* The relay comes back under the same name, or the signature would not hold. */
    char port[16];
    (void)snprintf(port, sizeof port, "%u", relay.port);
    const char *const again[] = {"--no-trust-local", "--port", port, NULL};
    relay_start(&relay, again);
    send_it();
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply.body, "{\"Status\":\"have\"}\n");
    assert_int_equal(stored(), 5);
}

/* Text that packs well: `size` bytes of one line. */
static void make_bomb(size_t size)
{
    static const char begin[] = {'{', '"', 'a', '"', ':', '1'};
    char *text = calloc(1, size + 1);
    assert_non_null(text);
    memset(text, ' ', size);
    memcpy(text, begin, sizeof begin);
    text[size - 2] = '}';
    text[size - 1] = '\n';
    post_clear(&post);
    sender.head.sequence = 0;
    sender.head.books = (struct batch_books){.before = 0};
    post_make(&post, &sender, &relay, text);
    free(text);
    assert_true(post.size < 100000);
}

static void what_unpacks_to_too_much_is_refused(void **state)
{
    (void)state;
    make_bomb((size_t)64 * 1024 * 1024);
    refused(413, "too-big");
}

static void a_line_that_is_too_long_is_refused(void **state)
{
    (void)state;
    make_bomb((size_t)2 * 1024 * 1024);
    send_it();
    assert_true(reply.status == 413 || reply.status == 400);
    assert_int_equal(stored(), 0);
}

static void too_much_as_sent_is_refused_before_it_is_read(void **state)
{
    (void)state;
    char head[8192];
    const size_t before = post.size;
    post.size = (size_t)2 * 1024 * 1024;
    const int connection = relay_connect(&relay);
    send_text(connection, head, post_head(&post, head, sizeof head));
    read_reply(connection, &reply);
    (void)close(connection);
    post.size = before;
    assert_true(reply_is_problem(&reply, 413, "too-big"));
}

static void a_body_without_a_length_is_refused(void **state)
{
    (void)state;
    char head[8192];
    (void)snprintf(post.more, sizeof post.more, "Transfer-Encoding: chunked\r\n");
    const size_t size = post_head(&post, head, sizeof head);
    char *length = strstr(head, "Content-Length");
    char *end = strstr(length, "\r\n") + 2;
    memmove(length, end, strlen(end) + 1);
    const int connection = relay_connect(&relay);
    send_text(connection, head, size - (size_t)(end - length));
    send_text(connection, "1\r\nx\r\n0\r\n\r\n", 11);
    read_reply(connection, &reply);
    (void)close(connection);
    assert_true(reply_is_problem(&reply, 400, "malformed"));
}

static void spoil_lines(const char *text)
{
    post_clear(&post);
    sender.head.sequence = 0;
    sender.head.books = (struct batch_books){.before = 0};
    post_make(&post, &sender, &relay, text);
    refused(400, "malformed");
}

static void lines_that_are_no_events_are_refused(void **state)
{
    (void)state;
    spoil_lines("{\"a\":1}\n{\"a\":}\n");
    spoil_lines("[1]\n");
    spoil_lines("{\"a\":\"\xff\"}\n");
}

static void an_event_may_not_say_where_it_is_from(void **state)
{
    (void)state;
    spoil_lines("{\"Computer\":\"web2\",\"a\":1}\n");
    spoil_lines("{\"a\":1,\"Id\":\"1:1\"}\n");
}

static void a_batch_counts_its_lines_right(void **state)
{
    (void)state;
    (void)snprintf(post.batch, sizeof post.batch, "%s", "");
    sender.head.sequence = 1;
    sender.head.count = 6;
    assert_int_equal(batch_head_format(&sender.head, post.batch, sizeof post.batch), ETWAS_OK);
    post_sign(&post, &sender, 0);
    refused(400, "malformed");
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(what_is_signed_is_stored),
        CLAIM(an_altered_body_is_refused),
        CLAIM(a_body_that_is_cut_off_stores_nothing),
        CLAIM(an_altered_header_is_refused),
        CLAIM(an_altered_digest_is_refused),
        CLAIM(a_header_that_comes_twice_is_refused),
        CLAIM(a_signature_over_less_is_refused),
        CLAIM(another_path_is_refused),
        CLAIM(a_query_is_refused),
        CLAIM(another_authority_is_refused),
        CLAIM(the_name_of_another_relay_is_refused),
        CLAIM(a_nonce_counts_once),
        CLAIM(an_old_signature_is_refused),
        CLAIM(a_signature_from_the_future_is_refused),
        CLAIM(another_key_is_refused),
        CLAIM(a_key_that_nobody_approved_waits),
        CLAIM(a_key_that_is_not_shown_is_not_known),
        CLAIM(a_shown_key_must_be_the_one_that_signed),
        CLAIM(a_revoked_key_is_refused),
        CLAIM(the_stream_of_another_key_is_refused),
        CLAIM(a_number_is_given_once),
        CLAIM(a_replay_after_a_restart_is_known),
        CLAIM(what_unpacks_to_too_much_is_refused),
        CLAIM(a_line_that_is_too_long_is_refused),
        CLAIM(too_much_as_sent_is_refused_before_it_is_read),
        CLAIM(a_body_without_a_length_is_refused),
        CLAIM(lines_that_are_no_events_are_refused),
        CLAIM(an_event_may_not_say_where_it_is_from),
        CLAIM(a_batch_counts_its_lines_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "tests/check.h"
#include "tests/viewer/console/scripted.h"

/* Without a length: the body ends with the connection. */
#define STREAM                                                                                     \
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"              \
    "retry: 20\n\n"
#define EVENT(id) "id: " id "\ndata: {\"Id\":\"" id "\",\"EventId\":7}\n\n"
#define LINE(id)  "{\"Id\":\"" id "\",\"EventId\":7}\n"

static int set_up(void **state)
{
    (void)state;
    scripted_open();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    scripted_close();
    return 0;
}

static void json_lines_are_printed_as_they_come(void **state)
{
    (void)state;
    START("--format", "json", "--max-events", "2", "--quiet");
    const char *request = scripted_request();
    assert_non_null(strstr(request, "GET /v1/live HTTP/1.1\r\n"));
    assert_non_null(strstr(request, "Accept: text/event-stream\r\n"));
    assert_null(strstr(request, "Last-Event-ID"));
    assert_null(strstr(request, "Authorization"));
    scripted_send(STREAM ": hello\n\nevent: rate\ndata: {}\n\n" EVENT("1:1") EVENT("1:2")
                      EVENT("1:3"));
    assert_int_equal(scripted_status(), 0);
    assert_string_equal(scripted_out(), LINE("1:1") LINE("1:2"));
    assert_string_equal(scripted_err(), "");
}

static void text_has_the_layout_of_etwas(void **state)
{
    (void)state;
    START("--max-events", "1", "--quiet");
    (void)scripted_request();
    scripted_send(STREAM "id: 1:1\ndata: {\"Provider\":\"Ping\",\"EventId\":0,\"EventData\":"
                         "{\"Number\":5}}\n\n");
    assert_int_equal(scripted_status(), 0);
    assert_string_equal(scripted_out(), "Event: 0 (Ping)\nProvider: Ping\nNumber = 5\n\n");
}

static void it_may_come_in_single_bytes(void **state)
{
    (void)state;
    static const char all[] = STREAM EVENT("1:1") EVENT("1:2");
    START("--format=json", "--max-events=2", "--quiet");
    (void)scripted_request();
    for (size_t i = 0; i < sizeof all - 1; i++) {
        scripted_send_bytes(all + i, 1);
    }
    assert_int_equal(scripted_status(), 0);
    assert_string_equal(scripted_out(), LINE("1:1") LINE("1:2"));
}

static void it_goes_on_behind_the_last_whole_event(void **state)
{
    (void)state;
    static const char second[] = EVENT("1:2");
    START("--format", "json", "--max-events", "3", "--stats");
    /* Cut at each place within the second event: only the first one was said whole. */
    for (size_t cut = 0; cut < sizeof second - 2; cut += 7) {
        const char *request = scripted_request();
        assert_true((strstr(request, "Last-Event-ID: 1:1\r\n") != NULL) == (cut != 0));
        scripted_send(STREAM);
        if (cut == 0) {
            scripted_send(EVENT("1:1"));
        }
        scripted_send_bytes(second, cut);
        scripted_hang_up();
    }
    assert_non_null(strstr(scripted_request(), "Last-Event-ID: 1:1\r\n"));
    scripted_send(STREAM EVENT("1:2") EVENT("2:1"));
    assert_int_equal(scripted_status(), 0);
    assert_string_equal(scripted_out(), LINE("1:1") LINE("1:2") LINE("2:1"));
    assert_non_null(strstr(scripted_err(), "trying again"));
    assert_non_null(strstr(scripted_err(), "connected again"));
    assert_non_null(strstr(scripted_err(), "printed 3, missed 0"));
}

static void what_was_missed_is_said_exactly(void **state)
{
    (void)state;
    START("--format", "json", "--max-events", "2", "--stats");
    (void)scripted_request();
    scripted_send(STREAM EVENT("17:3") "event: missed\ndata: {\"Count\":20000,\"After\":\"17:3\","
                                       "\"Until\":\"40:12\"}\n\n");
    scripted_wait_err("missed 20000 events behind 17:3, before 40:12");
    scripted_hang_up();
    assert_non_null(strstr(scripted_request(), "Last-Event-ID: 40:11\r\n"));
    scripted_send(STREAM "event: missed\ndata: {\"Count\":null,\"After\":\"40:11\","
                         "\"Until\":\"60:0\"}\n\n");
    scripted_wait_err("missed an unknown number of events behind 40:11, before 60:0");
    scripted_hang_up();
    assert_non_null(strstr(scripted_request(), "Last-Event-ID: 59:999999999\r\n"));
    scripted_send(STREAM EVENT("60:1"));
    assert_int_equal(scripted_status(), 0);
    assert_non_null(strstr(scripted_err(), "printed 2, missed more than 20000,"));
}

static void a_relay_that_is_busy_is_asked_again(void **state)
{
    (void)state;
    START("--format", "json", "--max-events", "1");
    (void)scripted_request();
    scripted_send("HTTP/1.1 503 Busy\r\nRetry-After: 1\r\nContent-Length: 41\r\n"
                  "Connection: close\r\n\r\n{\"title\":\"t\",\"detail\":\"too many\\u001b[m\"}");
    scripted_hang_up();
    (void)scripted_request();
    scripted_send(STREAM EVENT("1:1"));
    assert_int_equal(scripted_status(), 0);
    assert_string_equal(scripted_out(), LINE("1:1"));
    assert_non_null(strstr(scripted_err(), "status 503: too many?[m; trying again"));
}

static void refuse(const char *status)
{
    (void)scripted_request();
    scripted_send("HTTP/1.1 ");
    scripted_send(status);
    scripted_send("\r\nContent-Length: 0\r\n\r\n");
}

static void without_the_token_it_says_where_that_comes_from(void **state)
{
    (void)state;
    START("--quiet");
    refuse("401 Unauthorized");
    assert_int_equal(scripted_status(), 3);
    assert_non_null(strstr(scripted_err(), scripted_folder()));
    assert_non_null(strstr(scripted_err(), "/etwas/relay/viewer-token"));
    assert_non_null(strstr(scripted_err(), "--token FILE"));
    scripted_hang_up();
    START("--quiet", "--token", scripted_file("other", "abc\n"));
    assert_non_null(strstr(scripted_request(), "Authorization: Bearer abc\r\n"));
    scripted_hang_up();
    refuse("401 Unauthorized");
    assert_int_equal(scripted_status(), 3);
    assert_non_null(strstr(scripted_err(), "/other"));
}

static void the_users_own_token_is_found(void **state)
{
    (void)state;
    (void)scripted_file("etwas/relay/viewer-token", "s3cret-Token_\n");
    START("--max-events", "1", "--quiet");
    assert_non_null(strstr(scripted_request(), "Authorization: Bearer s3cret-Token_\r\n"));
    scripted_send(STREAM EVENT("1:1"));
    assert_int_equal(scripted_status(), 0);
}

static void a_token_file_that_holds_none_is_said(void **state)
{
    (void)state;
    START("--token", scripted_file("bad", "two words\n"));
    assert_int_equal(scripted_status(), 2);
    assert_non_null(strstr(scripted_err(), "/bad: reading the viewer token: it holds no token"));
    START("--token", "/nonexistent/token");
    assert_int_equal(scripted_status(), 4);
}

static void other_refusals_end_it(void **state)
{
    (void)state;
    static const struct refusal {
        const char *status;
        int exit;
    } refusals[] = {
        {"403 Forbidden",   3},
        {"404 Not Found",   4},
        {"400 Bad",         2},
        {"421 Misdirected", 2}
    };
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        START("--quiet");
        refuse(refusals[i].status);
        assert_int_equal(scripted_status(), refusals[i].exit);
        scripted_hang_up();
    }
    START("--quiet");
    (void)scripted_request();
    scripted_send("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\nhiya");
    assert_int_equal(scripted_status(), 4);
    assert_non_null(strstr(scripted_err(), "no relay"));
    assert_string_equal(scripted_out(), "");
}

static void without_reconnecting_the_end_is_the_end(void **state)
{
    (void)state;
    START("--no-reconnect", "--format", "json");
    (void)scripted_request();
    scripted_send(STREAM EVENT("1:1"));
    scripted_hang_up();
    assert_int_equal(scripted_status(), 0);
    assert_string_equal(scripted_out(), LINE("1:1"));
    START("--no-reconnect", "--server", "http://127.0.0.1:1");
    assert_int_equal(scripted_status(), 4);
    START("--no-reconnect", "--server", "http://there-is-no.such-host.invalid:8080");
    assert_int_equal(scripted_status(), 4);
}

static void send_line(size_t size)
{
    char *letters = malloc(size);
    assert_non_null(letters);
    memset(letters, 'x', size);
    scripted_send("data: {\"Message\":\"");
    scripted_send_bytes(letters, size);
    scripted_send("\"}\n\n");
    free(letters);
}

static void a_huge_line_comes_whole_and_one_beyond_reason_is_left_out(void **state)
{
    (void)state;
    const size_t huge = (size_t)3 * 1024 * 1024;
    START("--format", "json", "--max-events", "2", "--stats");
    (void)scripted_request();
    scripted_send(STREAM "id: 1:1\n");
    send_line(huge);
    scripted_send("id: 1:2\n");
    send_line(2 * huge);
    scripted_hang_up();
    assert_non_null(strstr(scripted_request(), "Last-Event-ID: 1:2\r\n"));
    scripted_send(STREAM EVENT("1:3"));
    assert_int_equal(scripted_status(), 0);
    assert_int_equal(strlen(scripted_out()), huge + strlen("{\"Message\":\"\"}\n" LINE("1:3")));
    assert_non_null(strstr(scripted_err(), "left out 1"));
}

static void a_reader_that_leaves_is_no_failure(void **state)
{
    (void)state;
    scripted_start_unread((const char *[]){"--quiet", NULL});
    (void)scripted_request();
    scripted_send(STREAM EVENT("1:1"));
    assert_int_equal(scripted_status(), 0);
    assert_string_equal(scripted_err(), "");
}

static void an_interrupt_ends_it_with_all_that_came(void **state)
{
    (void)state;
    static const int signals[] = {SIGINT, SIGTERM};
    for (size_t i = 0; i < 2; i++) {
        START("--format", "json", "--quiet");
        (void)scripted_request();
        scripted_send(STREAM EVENT("1:1"));
        scripted_wait_out(LINE("1:1")); /* what is held back comes after a moment */
        scripted_send(EVENT("1:2"));
        scripted_signal(signals[i]);
        assert_int_equal(scripted_status(), 0);
        scripted_hang_up();
    }
    /* While it waits to try again, too. */
    START("--server", "http://127.0.0.1:1");
    scripted_wait_err("trying again");
    scripted_signal(SIGINT);
    assert_int_equal(scripted_status(), 0);
}

#define HISTORY "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nConnection: close\r\n\r\n"

static void since_a_time_begins_in_the_store(void **state)
{
    (void)state;
    START("--since", "2026-11-25T10:00Z", "--format", "json", "--max-events", "1", "--quiet");
    assert_non_null(strstr(scripted_request(), "GET /v1/events?order=asc&limit=1&"
                                               "from=2026-11-25T10:00:00.0000000Z HTTP/1.1\r\n"));
    scripted_send(HISTORY LINE("17:3"));
    scripted_hang_up();
    assert_non_null(strstr(scripted_request(), "Last-Event-ID: 17:2\r\n"));
    scripted_send(STREAM "id: 17:3\ndata: {\"TimeCreated\":\"2026-11-25T09:59:59.9999999Z\"}\n\n"
                         "id: 17:4\ndata: {\"TimeCreated\":\"2026-11-25T10:00:00.0000000Z\"}\n\n");
    assert_int_equal(scripted_status(), 0);
    assert_string_equal(scripted_out(), "{\"TimeCreated\":\"2026-11-25T10:00:00.0000000Z\"}\n");
}

static void since_a_time_that_is_not_stored_begins_behind_all(void **state)
{
    (void)state;
    static const char *const newest[][2] = {
        {LINE("9:7"), "Last-Event-ID: 9:7\r\n"},
        {"",          "Last-Event-ID: 1:0\r\n"}
    };
    for (size_t i = 0; i < 2; i++) {
        START("--since", "10m", "--format", "json", "--max-events", "1", "--quiet");
        (void)scripted_request();
        scripted_send(HISTORY);
        scripted_hang_up();
        assert_non_null(strstr(scripted_request(), "GET /v1/events?limit=1 HTTP/1.1\r\n"));
        scripted_send(HISTORY);
        scripted_send(newest[i][0]);
        scripted_hang_up();
        assert_non_null(strstr(scripted_request(), newest[i][1]));
        scripted_send(STREAM EVENT("10:1"));
        assert_int_equal(scripted_status(), 0);
        scripted_hang_up();
    }
}

static void since_an_event_begins_behind_it(void **state)
{
    (void)state;
    START("--since", "17:3", "--max-events", "1", "--quiet");
    assert_non_null(strstr(scripted_request(), "Last-Event-ID: 17:3\r\n"));
    scripted_send(STREAM EVENT("17:4"));
    assert_int_equal(scripted_status(), 0);
}

static void bad_arguments_print_the_usage(void **state)
{
    (void)state;
    START("--bogus");
    assert_int_equal(scripted_status(), 1);
    assert_non_null(strstr(scripted_err(), "Usage: etwasc"));
    START("/?");
    assert_int_equal(scripted_status(), 0);
    assert_non_null(strstr(scripted_out(), "Usage: etwasc"));
    assert_string_equal(scripted_err(), "");
    START("--version");
    assert_int_equal(scripted_status(), 0);
    assert_non_null(strstr(scripted_out(), "etwasc "));
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(json_lines_are_printed_as_they_come),
        CLAIM(text_has_the_layout_of_etwas),
        CLAIM(it_may_come_in_single_bytes),
        CLAIM(it_goes_on_behind_the_last_whole_event),
        CLAIM(what_was_missed_is_said_exactly),
        CLAIM(a_relay_that_is_busy_is_asked_again),
        CLAIM(without_the_token_it_says_where_that_comes_from),
        CLAIM(the_users_own_token_is_found),
        CLAIM(a_token_file_that_holds_none_is_said),
        CLAIM(other_refusals_end_it),
        CLAIM(without_reconnecting_the_end_is_the_end),
        CLAIM(a_huge_line_comes_whole_and_one_beyond_reason_is_left_out),
        CLAIM(a_reader_that_leaves_is_no_failure),
        CLAIM(an_interrupt_ends_it_with_all_that_came),
        CLAIM(since_a_time_begins_in_the_store),
        CLAIM(since_a_time_that_is_not_stored_begins_behind_all),
        CLAIM(since_an_event_begins_behind_it),
        CLAIM(bad_arguments_print_the_usage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

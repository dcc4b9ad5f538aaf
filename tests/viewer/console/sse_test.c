/* SPDX-License-Identifier: MIT */
#include "viewer/console/sse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/check.h"

/* What came, one event after the other: "TYPE|ID|DATA;". */
static char heard[4096];
static size_t heard_size;
static size_t too_large;
static size_t limit; /* of events; then the handler wants an end */

static bool hear(void *context, const struct sse_event *event)
{
    (void)context;
    if (event->data == NULL) {
        too_large++;
        return true;
    }
    heard_size += (size_t)snprintf(heard + heard_size, sizeof heard - heard_size, "%s|%s|%.*s;",
                                   event->type, event->id, (int)event->size, event->data);
    return --limit != 0;
}

static struct sse sse;

static int set_up(void **state)
{
    (void)state;
    sse_init(&sse);
    sse.handle = hear;
    heard[0] = 0;
    heard_size = 0;
    too_large = 0;
    limit = SIZE_MAX;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sse_clear(&sse);
    return 0;
}

static void feed(const char *text)
{
    assert_int_equal(sse_feed(&sse, text, strlen(text)), SSE_MORE);
}

static void an_event_is_what_comes_before_an_empty_line(void **state)
{
    (void)state;
    feed("id: 1:1\ndata: {\"a\":1}\n");
    assert_string_equal(heard, "");
    feed("\n");
    assert_string_equal(heard, "message|1:1|{\"a\":1};");
}

static void types_and_comments_and_lines_of_data(void **state)
{
    (void)state;
    feed(":hello\n\nevent: rate\ndata: 1\ndata:2\ndata\n\nevent: gone\n\ndata: x\n\n");
    assert_string_equal(heard, "rate||1\n2\n;message||x;");
}

static void the_id_stays_until_another_is_said(void **state)
{
    (void)state;
    feed("id: 1:1\ndata: a\n\ndata: b\n\nid: 1:2\n\ndata: c\n\nid\ndata: d\n\n");
    assert_string_equal(heard, "message|1:1|a;message|1:1|b;message|1:2|c;message||d;");
}

static void a_new_stream_knows_nothing_of_the_one_before(void **state)
{
    (void)state;
    feed("id: 1:1\nevent: rate\ndata: half");
    sse_restart(&sse);
    feed("data: whole\n\n");
    assert_string_equal(heard, "message||whole;");
}

static void every_end_of_line_is_known_wherever_it_is_cut(void **state)
{
    (void)state;
    static const char stream[] = "\xef\xbb\xbfid: 7:1\r\ndata: one\r\n\r\ndata: two\rdata: 2\r\r"
                                 "retry: 250\n:\nevent: rate\ndata: three\n\nid: 7:2\ndata:\n\n";
    static const char expected[] =
        "message|7:1|one;message|7:1|two\n2;rate|7:1|three;message|7:2|;";
    const size_t size = sizeof stream - 1;
    for (size_t first = 0; first <= size; first++) {
        for (size_t second = first; second <= size; second++) {
            sse_restart(&sse);
            heard_size = 0;
            heard[0] = 0;
            assert_int_equal(sse_feed(&sse, stream, first), SSE_MORE);
            assert_int_equal(sse_feed(&sse, stream + first, second - first), SSE_MORE);
            assert_int_equal(sse_feed(&sse, stream + second, size - second), SSE_MORE);
            assert_string_equal(heard, expected);
            assert_int_equal(sse.retry_ms, 250);
        }
    }
}

static void names_that_do_not_fit_are_nobodys(void **state)
{
    (void)state;
    char text[(size_t)2 * SSE_MAX_NAME];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = 0;
    feed("id: 1:1\nid: ");
    feed(text);
    feed("\nevent: ");
    feed(text);
    feed("\nretry: 12345678901\nretry: -1\nunknown: 1\ndata: a\n\n");
    assert_string_equal(heard, "message|1:1|a;");
    assert_int_equal(sse.retry_ms, 0);
    static const char with_zero[] = "id: 1:2\0\ndata: b\n\n";
    assert_int_equal(sse_feed(&sse, with_zero, sizeof with_zero - 1), SSE_MORE);
    assert_string_equal(heard, "message|1:1|a;message|1:1|b;");
}

/* Feeds `size` letters in pieces of at most `piece`. */
static void feed_letters(size_t size, size_t piece)
{
    char *letters = malloc(piece);
    assert_non_null(letters);
    memset(letters, 'x', piece);
    while (size != 0) {
        const size_t part = size < piece ? size : piece;
        assert_int_equal(sse_feed(&sse, letters, part), SSE_MORE);
        size -= part;
    }
    free(letters);
}

static void what_is_too_large_is_left_out_and_the_next_is_not(void **state)
{
    (void)state;
    static const size_t pieces[] = {1000, (size_t)8 * 1024 * 1024};
    for (size_t i = 0; i < 2; i++) {
        feed("id: 1:1\ndata: ");
        feed_letters(SSE_MAX_DATA + 1, pieces[i]);
        feed("\n\ndata: ");
        feed_letters(SSE_MAX_DATA - 1, pieces[i]);
        feed("\ndata: four, with the end of the line\n\n");
        feed(": ");
        feed_letters((size_t)2 * SSE_MAX_DATA, pieces[i]);
        feed("\ndata: small\n\n");
        assert_int_equal(too_large, 2 * (i + 1));
    }
    assert_string_equal(heard, "message|1:1|small;message|1:1|small;");
}

static void the_handler_ends_it(void **state)
{
    (void)state;
    static const char stream[] = "data: 1\n\ndata: 2\n\ndata: 3\n\n";
    limit = 2;
    assert_int_equal(sse_feed(&sse, stream, sizeof stream - 1), SSE_STOPPED);
    assert_string_equal(heard, "message||1;message||2;");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_event_is_what_comes_before_an_empty_line, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(types_and_comments_and_lines_of_data, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_id_stays_until_another_is_said, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_new_stream_knows_nothing_of_the_one_before, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(every_end_of_line_is_known_wherever_it_is_cut, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(names_that_do_not_fit_are_nobodys, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_too_large_is_left_out_and_the_next_is_not, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_handler_ends_it, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

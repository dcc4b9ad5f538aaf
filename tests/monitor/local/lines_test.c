/* SPDX-License-Identifier: MIT */
#include "monitor/local/lines.h"

#include <string.h>

#include "tests/check.h"

static struct line_buffer buffer;

static int start(void **state)
{
    (void)state;
    memset(&buffer, 0, sizeof buffer);
    return 0;
}

static void add(const char *text, size_t size)
{
    line_buffer_compact(&buffer);
    assert_true(size <= sizeof buffer.data - buffer.size);
    memcpy(buffer.data + buffer.size, text, size);
    buffer.size += size;
}

static void add_many(char c, size_t count)
{
    line_buffer_compact(&buffer);
    assert_true(count <= sizeof buffer.data - buffer.size);
    memset(buffer.data + buffer.size, c, count);
    buffer.size += count;
}

static void expect(const char *text, bool last)
{
    const char *line = NULL;
    size_t size = 0;
    assert_true(line_buffer_take(&buffer, last, &line, &size));
    assert_int_equal(size, strlen(text));
    assert_memory_equal(line, text, size);
}

static void expect_size(size_t expected, bool last)
{
    const char *line = NULL;
    size_t size = 0;
    assert_true(line_buffer_take(&buffer, last, &line, &size));
    assert_int_equal(size, expected);
}

static void expect_none(bool last)
{
    const char *line = NULL;
    size_t size = 0;
    assert_false(line_buffer_take(&buffer, last, &line, &size));
}

static void lines_lose_their_ends(void **state)
{
    (void)state;
    add("a\n\nbc\n", 6);
    expect("a", false);
    expect("", false);
    expect("bc", false);
    expect_none(false);
    expect_none(true);
}

static void a_line_may_come_in_pieces(void **state)
{
    (void)state;
    add("a\nb", 3);
    expect("a", false);
    expect_none(false);
    add("c\n", 2);
    expect("bc", false);
    expect_none(true);
}

static void the_last_line_needs_no_end(void **state)
{
    (void)state;
    add("a\nb", 3);
    expect("a", true);
    expect("b", true);
    expect_none(true);
}

static void a_line_of_the_limit_stays_whole(void **state)
{
    (void)state;
    add_many('x', LINES_MAX_LINE);
    expect_none(false);
    add("\ny\n", 3);
    expect_size(LINES_MAX_LINE, false);
    expect("y", false);
    expect_none(true);
    assert_int_equal(buffer.split, 0);
}

static void longer_lines_are_split_and_counted_once(void **state)
{
    (void)state;
    add_many('x', (size_t)2 * LINES_MAX_LINE);
    expect_size(LINES_MAX_LINE, false);
    expect_none(false);
    add("x\ny\n", 4);
    expect_size(LINES_MAX_LINE, false);
    expect("x", false);
    expect("y", false);
    assert_int_equal(buffer.split, 1);
}

static void a_split_line_that_ends_at_the_limit_leaves_no_empty_one(void **state)
{
    (void)state;
    add_many('x', LINES_MAX_LINE + 1);
    expect_size(LINES_MAX_LINE, false);
    add_many('x', LINES_MAX_LINE - 1);
    expect_none(false);
    add("\n\nz\n", 4);
    expect_size(LINES_MAX_LINE, false);
    expect("", false);
    expect("z", false);
    expect_none(true);
    assert_int_equal(buffer.split, 1);
}

static void an_event_holds_the_line_as_it_is(void **state)
{
    (void)state;
    static const char line[] = "a\0b\x1b[0m";
    struct event event;
    line_event(&event, line, sizeof line - 1, 5);
    assert_string_equal(event.schema->provider, "stdout");
    assert_string_equal(event.schema->event_name, "Line");
    assert_int_equal(event_field_index(event.schema, "Line"), 0);
    const struct value value = event_field(&event, 0, NULL);
    assert_int_equal(value.type, VALUE_TEXT);
    assert_int_equal(value.as.text.size, sizeof line - 1);
    assert_memory_equal(value.as.text.data, line, sizeof line - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(lines_lose_their_ends, start),
        cmocka_unit_test_setup(a_line_may_come_in_pieces, start),
        cmocka_unit_test_setup(the_last_line_needs_no_end, start),
        cmocka_unit_test_setup(a_line_of_the_limit_stays_whole, start),
        cmocka_unit_test_setup(longer_lines_are_split_and_counted_once, start),
        cmocka_unit_test_setup(a_split_line_that_ends_at_the_limit_leaves_no_empty_one, start),
        cmocka_unit_test_setup(an_event_holds_the_line_as_it_is, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

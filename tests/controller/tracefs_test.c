/* SPDX-License-Identifier: MIT */
#include "tests/check.h"

#include <stdlib.h>
#include <string.h>

#include "controller/tracefs.h"

static struct message_enable request;
static char text[TRACEFS_FILTER_SIZE];

/* The i-th filter, of numbers. */
static struct message_filter *add(const char *field, uint32_t operation, int64_t number)
{
    struct message_filter *filter = &request.filters[request.filter_count++];
    memset(filter, 0, sizeof *filter);
    memcpy(filter->field, field, strlen(field));
    filter->operation = operation;
    filter->number = number;
    return filter;
}

static struct message_filter *add_text(const char *field, uint32_t operation, const char *constant)
{
    struct message_filter *filter = add(field, operation, 0);
    filter->is_text = 1;
    memcpy(filter->text, constant, strlen(constant));
    return filter;
}

static int begin(void **state)
{
    (void)state;
    memset(&request, 0, sizeof request);
    memset(text, 'x', sizeof text);
    return 0;
}

static void assert_filter(const char *expected)
{
    assert_true(tracefs_filter(&request, text));
    assert_string_equal(text, expected);
}

static void no_filter_is_zero(void **state)
{
    (void)state;
    assert_filter("0");
}

static void numbers_are_compared(void **state)
{
    (void)state;
    static const char *const expected[] = {"f == -1", "f != -1", "f < -1", "f <= -1",
                                           "f > -1",  "f >= -1", "f & -1"};
    for (uint32_t i = OPERATOR_EQ; i <= OPERATOR_BITS; i++) {
        (void)begin(NULL);
        (void)add("f", i, -1);
        assert_filter(expected[i]);
    }
}

static void all_filters_must_hold(void **state)
{
    (void)state;
    (void)add("prev_prio", OPERATOR_LT, 100);
    (void)add_text("next_comm", OPERATOR_GLOB, "a*b?");
    (void)add_text("prev_comm", OPERATOR_NE, "kworker/0:1 [x]");
    assert_filter("prev_prio < 100 && next_comm ~ \"a*b?\" && prev_comm != \"kworker/0:1 [x]\"");
}

static void the_longest_request_has_room(void **state)
{
    (void)state;
    char field[MESSAGE_NAME_SIZE] = "";
    memset(field, 'f', sizeof field - 1);
    for (int i = 0; i < MESSAGE_MAX_FILTERS; i++) {
        (void)add_text(field, OPERATOR_GLOB, field);
    }
    assert_true(tracefs_filter(&request, text));
    assert_int_equal(strlen(text), MESSAGE_MAX_FILTERS * (63 + 3 + 2 + 63) + 7 * 4);
    (void)begin(NULL);
    for (int i = 0; i < MESSAGE_MAX_FILTERS; i++) {
        (void)add(field, OPERATOR_LE, INT64_MIN);
    }
    assert_true(tracefs_filter(&request, text));
    assert_non_null(strstr(text, "-9223372036854775808"));
}

static void a_count_out_of_range_is_malformed(void **state)
{
    (void)state;
    static const uint32_t counts[] = {MESSAGE_MAX_FILTERS + 1, 1000, INT32_MAX, UINT32_MAX};
    for (int i = 0; i < MESSAGE_MAX_FILTERS; i++) {
        (void)add("f", OPERATOR_EQ, 0);
    }
    assert_true(tracefs_filter(&request, text));
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        request.filter_count = counts[i];
        assert_false(tracefs_filter(&request, text));
    }
}

static void a_count_without_filters_is_malformed(void **state)
{
    (void)state;
    request.filter_count = 1; /* its field is "" */
    assert_false(tracefs_filter(&request, text));
}

static void an_operator_out_of_range_is_malformed(void **state)
{
    (void)state;
    struct message_filter *filter = add("f", OPERATOR_GLOB + 1, 0);
    assert_false(tracefs_filter(&request, text));
    filter->operation = UINT32_MAX;
    assert_false(tracefs_filter(&request, text));
    filter->is_text = 1;
    assert_false(tracefs_filter(&request, text));
    filter->operation = 0x80000000U;
    assert_false(tracefs_filter(&request, text));
}

static void what_makes_no_sense_is_left_to_the_kernel(void **state)
{
    (void)state;
    struct message_filter *filter = add_text("f", OPERATOR_LT, "a");
    assert_true(tracefs_filter(&request, text));
    assert_string_equal(text, "f < \"a\"");
    filter->operation = OPERATOR_GLOB + 1;
    assert_false(tracefs_filter(&request, text));
}

static void text_that_would_end_the_quotes_is_malformed(void **state)
{
    (void)state;
    static const char *const hostile[] = {
        "a\" || common_pid != \"0", "\"", "'", "\\", "a\\", "a\nb", "\t", "\x7f", "\x80", "\xff"};
    for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
        (void)begin(NULL);
        (void)add_text("f", OPERATOR_EQ, hostile[i]);
        assert_false(tracefs_filter(&request, text));
    }
}

static void a_field_that_is_no_name_is_malformed(void **state)
{
    (void)state;
    static const char *const hostile[] = {"",   " ",   "a b", "a==", "a\"", "a/b",
                                          "..", "a.b", "a\n", "(a",  "a|b", "\xc3\xa4"};
    for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
        (void)begin(NULL);
        (void)add(hostile[i], OPERATOR_EQ, 0);
        assert_false(tracefs_filter(&request, text));
    }
}

/* On a page of its own in the heap, so that a byte read behind it is noticed. */
static void text_without_end_is_malformed(void **state)
{
    (void)state;
    struct message_enable *whole = malloc(sizeof *whole);
    assert_non_null(whole);
    memset(whole, 'a', sizeof *whole);
    whole->filter_count = MESSAGE_MAX_FILTERS;
    for (int i = 0; i < MESSAGE_MAX_FILTERS; i++) {
        whole->filters[i].operation = OPERATOR_EQ;
        whole->filters[i].is_text = 1;
        memcpy(whole->filters[i].field, "f", 2);
    }
    assert_false(tracefs_filter(whole, text));
    for (int i = 0; i < MESSAGE_MAX_FILTERS - 1; i++) {
        memcpy(whole->filters[i].text, "t", 2);
    }
    assert_false(tracefs_filter(whole, text));
    memcpy(whole->filters[MESSAGE_MAX_FILTERS - 1].text, "t", 2);
    assert_true(tracefs_filter(whole, text));
    memset(whole->filters[7].field, 'f', sizeof whole->filters[7].field);
    assert_false(tracefs_filter(whole, text));
    free(whole);
}

static void names_are_plain_and_end(void **state)
{
    (void)state;
    char *name = malloc(8);
    assert_non_null(name);
    memcpy(name, "aZ0_-zz", 8);
    assert_true(tracefs_name_is_plain(name, 8));
    assert_false(tracefs_name_is_plain(name, 7));
    name[7] = 'z';
    assert_false(tracefs_name_is_plain(name, 8));
    memcpy(name, "", 1);
    assert_false(tracefs_name_is_plain(name, 8));
    for (int c = 1; c < 256; c++) {
        memcpy(name, "a?b", 4);
        name[1] = (char)c;
        const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                           (c >= 'a' && c <= 'z') || c == '_' || c == '-';
        assert_int_equal(tracefs_name_is_plain(name, 8), plain);
    }
    free(name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(no_filter_is_zero, begin),
        cmocka_unit_test_setup(numbers_are_compared, begin),
        cmocka_unit_test_setup(all_filters_must_hold, begin),
        cmocka_unit_test_setup(the_longest_request_has_room, begin),
        cmocka_unit_test_setup(a_count_out_of_range_is_malformed, begin),
        cmocka_unit_test_setup(a_count_without_filters_is_malformed, begin),
        cmocka_unit_test_setup(an_operator_out_of_range_is_malformed, begin),
        cmocka_unit_test_setup(what_makes_no_sense_is_left_to_the_kernel, begin),
        cmocka_unit_test_setup(text_that_would_end_the_quotes_is_malformed, begin),
        cmocka_unit_test_setup(a_field_that_is_no_name_is_malformed, begin),
        cmocka_unit_test_setup(text_without_end_is_malformed, begin),
        cmocka_unit_test(names_are_plain_and_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

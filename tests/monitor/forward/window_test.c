/* SPDX-License-Identifier: MIT */
#include "monitor/forward/window.h"

#include "tests/check.h"

static struct window window;

static void send_from(uint64_t first, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_true(window_has_room(&window));
        window_sent(&window, first + i);
    }
}

static void the_first_goes_alone(void **state)
{
    (void)state;
    window_init(&window, 4);
    assert_int_equal(window_last(&window), 4);
    assert_int_equal(window_after(&window), 0);
    send_from(5, 1);
    assert_false(window_has_room(&window));
    window_stored(&window, 5);
    send_from(6, WINDOW_MAX);
    assert_false(window_has_room(&window));
    assert_int_equal(window_after(&window), 5 + WINDOW_MAX);
}

static void done_is_what_all_before_are(void **state)
{
    (void)state;
    window_init(&window, 0);
    send_from(1, 1);
    window_stored(&window, 1);
    send_from(2, 4);
    window_stored(&window, 4);
    window_stored(&window, 3);
    assert_int_equal(window.done, 1);
    window_stored(&window, 2);
    assert_int_equal(window.done, 4);
    assert_int_equal(window_last(&window), 5);
}

static void a_failure_takes_back_what_came_behind_and_goes_alone(void **state)
{
    (void)state;
    window_init(&window, 0);
    send_from(1, 1);
    window_stored(&window, 1);
    send_from(2, 4);
    window_failed(&window, 3);
    assert_int_equal(window_last(&window), 2);
    assert_false(window_has_room(&window)); /* the second is under way still */
    window_stored(&window, 5);              /* the caller was to forget it */
    assert_int_equal(window.done, 1);
    window_failed(&window, 2);
    assert_true(window_has_room(&window));
    assert_int_equal(window_last(&window), 1);
    assert_int_equal(window_after(&window), 0);
}

static void what_is_given_up_counts_as_done(void **state)
{
    (void)state;
    window_init(&window, 0);
    send_from(1, 1);
    window_stored(&window, 1);
    send_from(2, 3);
    window_given_up(&window, 3);
    assert_int_equal(window.done, 1);
    window_stored(&window, 2);
    assert_int_equal(window.done, 3);
    assert_int_equal(window_last(&window), 3);
}

static void sequences_may_have_gaps(void **state)
{
    (void)state;
    window_init(&window, 10);
    window_sent(&window, 100);
    window_stored(&window, 100);
    assert_int_equal(window.done, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_goes_alone),
        cmocka_unit_test(done_is_what_all_before_are),
        cmocka_unit_test(a_failure_takes_back_what_came_behind_and_goes_alone),
        cmocka_unit_test(what_is_given_up_counts_as_done),
        cmocka_unit_test(sequences_may_have_gaps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "tests/ping/schedule.h"

#include "tests/check.h"

static void the_first_burst_is_due_at_once(void **state)
{
    (void)state;
    const struct schedule single = {.rate = 1, .burst = 1, .limit = SCHEDULE_NO_LIMIT};
    assert_int_equal(schedule_due(&single, 0), 1);
    assert_int_equal(schedule_due(&single, SCHEDULE_SECOND - 1), 1);
    assert_int_equal(schedule_due(&single, SCHEDULE_SECOND), 2);
    const struct schedule tens = {.rate = 100, .burst = 10, .limit = SCHEDULE_NO_LIMIT};
    assert_int_equal(schedule_due(&tens, 0), 10);
    assert_int_equal(schedule_due(&tens, SCHEDULE_SECOND / 10 - 1), 10);
    assert_int_equal(schedule_due(&tens, SCHEDULE_SECOND / 10), 20);
}

static void a_duration_holds_exactly_its_events(void **state)
{
    (void)state;
    const uint64_t rates[] = {1, 3, 7, 1000, 50000, 400000, 999983, SCHEDULE_SECOND};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        const struct schedule schedule = {rates[i], 1, SCHEDULE_NO_LIMIT};
        for (uint64_t seconds = 1; seconds < 100000; seconds = seconds * 3 + 1) {
            assert_true(schedule_due(&schedule, seconds * SCHEDULE_SECOND - 1) ==
                        seconds * rates[i]);
        }
    }
}

static void check_times(const struct schedule *schedule)
{
    for (uint64_t index = 0; index < 1000000; index = index * 2 + 1) {
        uint64_t time = schedule_time(schedule, index);
        assert_true(schedule_due(schedule, time) > index);
        assert_true(time == 0 || schedule_due(schedule, time - 1) <= index);
    }
}

static void an_event_is_counted_from_its_time_on(void **state)
{
    (void)state;
    const uint64_t rates[] = {1, 3, 7, 1024, 50000, 999983, 123456789};
    const uint64_t bursts[] = {1, 2, 10, 1000};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        for (size_t j = 0; j < sizeof bursts / sizeof *bursts; j++) {
            check_times(&(struct schedule){rates[i], bursts[j], SCHEDULE_NO_LIMIT});
        }
    }
}

static void the_limit_holds_for_ever(void **state)
{
    (void)state;
    const struct schedule schedule = {.rate = SCHEDULE_SECOND, .burst = 7, .limit = 5};
    assert_int_equal(schedule_due(&schedule, 0), 5);
    assert_int_equal(schedule_due(&schedule, UINT64_C(1) << 60), 5);
    assert_true(schedule_time(&schedule, UINT64_MAX) > 0);
    const struct schedule slow = {.rate = 1, .burst = 1, .limit = 5};
    assert_int_equal(schedule_due(&slow, UINT64_C(1) << 60), 5);
    assert_true(schedule_time(&slow, UINT64_MAX) == UINT64_MAX / 2);
}

static uint64_t sum_of_shares(uint64_t count, uint32_t threads)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < threads; i++) {
        sum += schedule_share(count, i, threads);
    }
    return sum;
}

static void shares_add_up_at_any_time(void **state)
{
    (void)state;
    for (uint32_t threads = 1; threads <= 64; threads++) {
        for (uint64_t count = 0; count < 200; count++) {
            assert_int_equal(sum_of_shares(count, threads), count);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_burst_is_due_at_once),
        cmocka_unit_test(a_duration_holds_exactly_its_events),
        cmocka_unit_test(an_event_is_counted_from_its_time_on),
        cmocka_unit_test(the_limit_holds_for_ever),
        cmocka_unit_test(shares_add_up_at_any_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

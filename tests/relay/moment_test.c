/* SPDX-License-Identifier: MIT */
#include "relay/moment.h"

#include <string.h>

#include "tests/check.h"

static void times_are_exact_to_a_tick(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t time;
    } moments[] = {
        {"1601-01-01T00:00:00.0000000Z", 0                           },
        {"1601-01-01T00:00:00.0000001Z", 1                           },
        {"1970-01-01T00:00:00.0000000Z", INT64_C(116444736000000000) },
        {"2000-02-29T23:59:59.9999999Z", INT64_C(125963423999999999) },
        {"2000-03-01T00:00:00.0000000Z", INT64_C(125963424000000000) },
        {"2100-02-28T00:00:00.0000000Z", INT64_C(157519296000000000) },
        {"2100-03-01T00:00:00.0000000Z", INT64_C(157520160000000000) },
        {"2026-11-20T22:54:30.1234567Z", INT64_C(134396888701234567) },
        {"9999-12-31T23:59:59.9999999Z", INT64_C(2650467743999999999)},
    };
    for (size_t i = 0; i < sizeof moments / sizeof moments[0]; i++) {
        int64_t time = -1;
        char text[MOMENT_SIZE];
        assert_true(moment_parse(moments[i].text, strlen(moments[i].text), &time));
        assert_int_equal(time, moments[i].time);
        moment_format(moments[i].time, text);
        assert_string_equal(text, moments[i].text);
    }
}

static void each_day_of_four_centuries_comes_back(void **state)
{
    (void)state;
    for (int64_t day = 0; day < INT64_C(2) * 146097; day++) {
        char text[MOMENT_SIZE];
        int64_t time = -1;
        const int64_t tick = day * INT64_C(864000000000) + 1;
        moment_format(tick, text);
        assert_true(moment_parse(text, MOMENT_SIZE - 1, &time));
        assert_int_equal(time, tick);
    }
}

static void a_fraction_may_be_shorter_or_end_in_zeros(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ticks;
    } moments[] = {
        {"1601-01-01T00:00:01Z",           10000000},
        {"1601-01-01T00:00:01.5Z",         15000000},
        {"1601-01-01T00:00:01.123456Z",    11234560},
        {"1601-01-01T00:00:01.123456700Z", 11234567},
    };
    for (size_t i = 0; i < sizeof moments / sizeof moments[0]; i++) {
        int64_t time = -1;
        assert_true(moment_parse(moments[i].text, strlen(moments[i].text), &time));
        assert_int_equal(time, moments[i].ticks);
    }
}

static void what_is_no_such_time_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "Z",
        "2026-11-20",
        "2026-11-20T22:54:30",
        "2026-11-20T22:54:30.Z",
        "2026-11-20T22:54:30.12345678Z",
        "2026-11-20T22:54:30.1234567000Z",
        "2026-11-20T22:54:30.12a4567Z",
        "2026-11-20 22:54:30Z",
        "2026-11-20t22:54:30Z",
        "2026-11-20T22:54:30z",
        "2026-11-20T22:54:30+00:00",
        "2026-11-20T22:54:30,5Z",
        "2026-11-20T22:54:60Z",
        "2026-11-20T22:60:30Z",
        "2026-11-20T24:54:30Z",
        "2026-11-31T22:54:30Z",
        "2026-11-00T22:54:30Z",
        "2026-02-29T22:54:30Z",
        "2026-00-20T22:54:30Z",
        "2026-13-20T22:54:30Z",
        "1600-12-31T22:54:30Z",
        "02026-1-20T22:54:30Z",
        "-026-11-20T22:54:30Z",
        "2026/11-20T22:54:30Z",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t time = 0;
        assert_false(moment_parse(bad[i], strlen(bad[i]), &time));
    }
}

static void what_cannot_be_shown_becomes_the_nearest(void **state)
{
    (void)state;
    char text[MOMENT_SIZE];
    moment_format(INT64_MIN, text);
    assert_string_equal(text, "1601-01-01T00:00:00.0000000Z");
    moment_format(INT64_MAX, text);
    assert_string_equal(text, "9999-12-31T23:59:59.9999999Z");
    assert_int_equal(moment_from_unix_ms(0), INT64_C(116444736000000000));
    assert_int_equal(moment_from_unix_ms(-1), INT64_C(116444736000000000) - 10000);
    assert_int_equal(moment_from_unix_ms(INT64_MIN), 0);
    assert_true(moment_from_unix_ms(INT64_MAX) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_exact_to_a_tick),
        cmocka_unit_test(each_day_of_four_centuries_comes_back),
        cmocka_unit_test(a_fraction_may_be_shorter_or_end_in_zeros),
        cmocka_unit_test(what_is_no_such_time_is_refused),
        cmocka_unit_test(what_cannot_be_shown_becomes_the_nearest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

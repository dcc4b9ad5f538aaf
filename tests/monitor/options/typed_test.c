/* SPDX-License-Identifier: MIT */
#include "monitor/options/typed.h"

#include <string.h>

#include "tests/check.h"

static bool decimal(const char *text, uint64_t maximum, uint64_t *number)
{
    return typed_decimal(text, strlen(text), maximum, number);
}

static void a_decimal_number_stays_within_its_maximum(void **state)
{
    (void)state;
    uint64_t number = 0;
    assert_true(decimal("100", 100, &number));
    assert_int_equal(number, 100);
    assert_false(decimal("101", 100, &number));
    assert_true(decimal("18446744073709551615", UINT64_MAX, &number));
    assert_true(number == UINT64_MAX);
    assert_false(decimal("18446744073709551616", UINT64_MAX, &number));
    assert_false(decimal("5", 3, &number));
}

static void what_is_not_wholly_a_number_is_none(void **state)
{
    (void)state;
    static const char *const wrong[] = {"", " 1", "1 ", "-1", "+1", "1x", "0x1", "x"};
    uint64_t number = 0;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(decimal(wrong[i], UINT64_MAX, &number));
    }
}

static void signs_and_hex_are_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t number;
    } cases[] = {
        {"0",                    0        },
        {"-0",                   0        },
        {"-1",                   -1       },
        {"0x1f",                 31       },
        {"0XfF",                 255      },
        {"-0x10",                -16      },
        {"9223372036854775807",  INT64_MAX},
        {"-9223372036854775808", INT64_MIN},
        {"0xffffffffffffffff",   -1       },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t number = 7;
        assert_true(typed_number(cases[i].text, strlen(cases[i].text), &number));
        assert_true(number == cases[i].number);
    }
}

static void numbers_beyond_64_bits_are_none(void **state)
{
    (void)state;
    static const char *const wrong[] = {"9223372036854775808",
                                        "-9223372036854775809",
                                        "0x",
                                        "0x10000000000000000",
                                        "-0xffffffffffffffff",
                                        "-",
                                        "--1",
                                        "0xg",
                                        ""};
    int64_t number = 0;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(typed_number(wrong[i], strlen(wrong[i]), &number));
    }
}

static void times_have_units(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t time_ms;
    } cases[] = {
        {"10",    10000  },
        {"10s",   10000  },
        {"200ms", 200    },
        {"5m",    300000 },
        {"1h",    3600000},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint32_t time_ms = 0;
        assert_true(typed_time_ms(cases[i].text, strlen(cases[i].text), 1000, &time_ms));
        assert_int_equal(time_ms, cases[i].time_ms);
    }
    static const char *const wrong[] = {"", "s", "-1s", "1.5s", "1d", "1 s", "1sec", "1194h"};
    uint32_t time_ms = 0;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(typed_time_ms(wrong[i], strlen(wrong[i]), 1000, &time_ms));
    }
}

static void sizes_have_units(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t bytes;
    } cases[] = {
        {"0",         0                   },
        {"4096",      4096                },
        {"4K",        4096                },
        {"4kB",       4096                },
        {"500MB",     UINT64_C(524288000) },
        {"2G",        UINT64_C(2147483648)},
        {"1048576GB", UINT64_C(1) << 50   },
    };
    uint64_t bytes = 0;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_true(typed_size(cases[i].text, strlen(cases[i].text), &bytes));
        assert_true(bytes == cases[i].bytes);
    }
    static const char *const wrong[] = {"",    "K",   "-1", "1B",   "1.5G",
                                        "1 G", "1KK", "1T", "1MBs", "1048577GB"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(typed_size(wrong[i], strlen(wrong[i]), &bytes));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_decimal_number_stays_within_its_maximum),
        cmocka_unit_test(what_is_not_wholly_a_number_is_none),
        cmocka_unit_test(signs_and_hex_are_numbers),
        cmocka_unit_test(numbers_beyond_64_bits_are_none),
        cmocka_unit_test(times_have_units),
        cmocka_unit_test(sizes_have_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

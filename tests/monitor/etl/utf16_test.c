/* SPDX-License-Identifier: MIT */
#include "monitor/etl/utf16.h"

#include <string.h>

#include "tests/check.h"

/* Without the zero that C puts behind. */
#define EXPECT(units, text) expect((const uint8_t *)(units), sizeof(units) - 1, (text))

static void expect(const uint8_t *data, size_t size, const char *text)
{
    char out[256];
    assert_true(size / 2 * UTF8_A_UNIT <= sizeof out);
    const size_t used = utf16_to_utf8(data, size, out);
    assert_int_equal(used, strlen(text));
    assert_memory_equal(out, text, used);
}

static void ascii_is_copied_up_to_the_zero(void **state)
{
    (void)state;
    EXPECT("", "");
    EXPECT("a\0", "a");
    EXPECT("a\0b\0c\0d\0e\0f\0g\0h\0i\0", "abcdefghi");
    EXPECT("a\0b\0c\0\0\0e\0f\0g\0h\0", "abc");
    EXPECT("a\0b\0c\0d\0\0\0f\0", "abcd");
    EXPECT("a\0b", "a"); /* half a unit is none */
}

static void every_length_of_utf8_is_met(void **state)
{
    (void)state;
    EXPECT("\x7f\0\x80\0\xff\x07\0\x08\xff\xff", "\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf");
    EXPECT("a\0b\0c\0\xe9\0d\0", "abc\xc3\xa9"
                                 "d");
    EXPECT("\0\xd8\0\xdc\xff\xdb\xff\xdf", "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf");
}

static void halves_of_pairs_are_no_characters(void **state)
{
    (void)state;
    EXPECT("\0\xd8", "\xef\xbf\xbd");
    EXPECT("\0\xd8"
           "a\0",
           "\xef\xbf\xbd"
           "a");
    EXPECT("\0\xdc\0\xd8", "\xef\xbf\xbd\xef\xbf\xbd");
    EXPECT("\0\xd8\0\xd8\0\xdc", "\xef\xbf\xbd\xf0\x90\x80\x80");
    EXPECT("\0\xd8\0\0", "\xef\xbf\xbd");
}

static void the_size_ends_behind_the_zero(void **state)
{
    (void)state;
    static const uint8_t text[] = "a\0b\0c\0d\0e\0\0\0f\0\0\0";
    assert_int_equal(utf16_size(text, 16), 12);
    assert_int_equal(utf16_size(text, 11), 11);
    assert_int_equal(utf16_size(text, 10), 10);
    assert_int_equal(utf16_size(text, 0), 0);
    /* Zeros of two units, or of no aligned one, are no end. */
    assert_int_equal(utf16_size((const uint8_t *)"\0a\0\0\x01\0", 6), 4);
    assert_int_equal(utf16_size((const uint8_t *)"\x01\x80\0\0", 4), 4);
    assert_int_equal(utf16_size((const uint8_t *)"a\0\0b\0c\0d\0e", 10), 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ascii_is_copied_up_to_the_zero),
        cmocka_unit_test(every_length_of_utf8_is_met),
        cmocka_unit_test(halves_of_pairs_are_no_characters),
        cmocka_unit_test(the_size_ends_behind_the_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

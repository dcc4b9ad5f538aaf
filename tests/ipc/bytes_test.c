/* SPDX-License-Identifier: MIT */
#include "ipc/bytes.h"

#include "tests/check.h"

static void reads_little_endian(void **state)
{
    (void)state;
    const uint8_t data[] = {0x34, 0x12, 0x78, 0x56, 0x34, 0x12, 8, 7, 6, 5, 4, 3, 2, 1, 9};
    struct bytes_reader reader = bytes_reader_of(data, sizeof data);
    assert_int_equal(bytes_u16(&reader), 0x1234);
    assert_int_equal(bytes_u32(&reader), 0x12345678);
    assert_true(bytes_u64(&reader) == UINT64_C(0x0102030405060708));
    assert_int_equal(bytes_u8(&reader), 9);
    assert_int_equal(bytes_end(&reader), ETWAS_OK);
}

static void a_short_read_stays_bad(void **state)
{
    (void)state;
    const uint8_t data[] = {1, 2, 3};
    struct bytes_reader reader = bytes_reader_of(data, sizeof data);
    assert_int_equal(bytes_u32(&reader), 0);
    assert_int_equal(bytes_u16(&reader), 0);
    assert_int_equal(bytes_end(&reader), ETWAS_MALFORMED);
}

static void a_huge_size_does_not_wrap(void **state)
{
    (void)state;
    const uint8_t data[] = {1};
    struct bytes_reader reader = bytes_reader_of(data, sizeof data);
    assert_null(bytes_view(&reader, SIZE_MAX));
}

static void trailing_bytes_are_malformed(void **state)
{
    (void)state;
    const uint8_t data[] = {1, 2, 3};
    struct bytes_reader reader = bytes_reader_of(data, sizeof data);
    assert_int_equal(bytes_u16(&reader), 0x0201);
    assert_int_equal(bytes_end(&reader), ETWAS_MALFORMED);
}

static void text_must_end_within_its_field(void **state)
{
    (void)state;
    char text[4];
    const uint8_t good[] = {'a', 'b', 0, 0};
    struct bytes_reader reader = bytes_reader_of(good, sizeof good);
    bytes_text(&reader, text, sizeof text);
    assert_string_equal(text, "ab");
    assert_int_equal(bytes_end(&reader), ETWAS_OK);

    const uint8_t unterminated[] = {'a', 'b', 'c', 'd'};
    reader = bytes_reader_of(unterminated, sizeof unterminated);
    bytes_text(&reader, text, sizeof text);
    assert_string_equal(text, "");
    assert_int_equal(bytes_end(&reader), ETWAS_MALFORMED);

    const uint8_t hidden[] = {'a', 0, 'c', 0};
    reader = bytes_reader_of(hidden, sizeof hidden);
    bytes_text(&reader, text, sizeof text);
    assert_int_equal(bytes_end(&reader), ETWAS_MALFORMED);
}

static void what_is_written_is_read_back(void **state)
{
    (void)state;
    uint8_t data[1 + 2 + 4 + 8 + 5];
    struct bytes_writer writer = bytes_writer_of(data, sizeof data);
    bytes_put_u8(&writer, 1);
    bytes_put_u16(&writer, 2);
    bytes_put_u32(&writer, 3);
    bytes_put_u64(&writer, UINT64_MAX);
    bytes_put_text(&writer, "four", 5);
    assert_false(writer.bad);
    assert_int_equal(writer.left, 0);
    struct bytes_reader reader = bytes_reader_of(data, sizeof data);
    char text[5];
    assert_int_equal(bytes_u8(&reader), 1);
    assert_int_equal(bytes_u16(&reader), 2);
    assert_int_equal(bytes_u32(&reader), 3);
    assert_true(bytes_u64(&reader) == UINT64_MAX);
    bytes_text(&reader, text, sizeof text);
    assert_string_equal(text, "four");
    assert_int_equal(bytes_end(&reader), ETWAS_OK);
}

static void a_full_writer_stays_bad(void **state)
{
    (void)state;
    uint8_t data[3] = {7, 7, 7};
    struct bytes_writer writer = bytes_writer_of(data, sizeof data);
    bytes_put_u32(&writer, 1);
    bytes_put_u8(&writer, 1);
    assert_true(writer.bad);
    assert_int_equal(data[0], 7);
    writer = bytes_writer_of(data, sizeof data);
    bytes_put_text(&writer, "abc", 3);
    assert_true(writer.bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_little_endian),
        cmocka_unit_test(a_short_read_stays_bad),
        cmocka_unit_test(a_huge_size_does_not_wrap),
        cmocka_unit_test(trailing_bytes_are_malformed),
        cmocka_unit_test(text_must_end_within_its_field),
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(a_full_writer_stays_bad),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

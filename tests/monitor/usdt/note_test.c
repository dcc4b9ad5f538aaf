/* SPDX-License-Identifier: MIT */
#include "monitor/usdt/argument.h"
#include "monitor/usdt/note.h"

#include <stdlib.h>
#include <string.h>

#include "tests/check.h"
#include "tests/monitor/usdt/image.h"

static struct image image; /* too big for a stack */

static const struct image_probe good = {
    .location = IMAGE_CODE_ADDRESS + 0x10,
    .base = IMAGE_BASE,
    .semaphore = IMAGE_DATA_ADDRESS + 2,
    .provider = "shop",
    .name = "sale",
    .arguments = "8@%rdi -4@-20(%rbp)",
};

/* Offsets of fields in the header of a 64-bit file. */
enum {
    AT_CLASS = 4,
    AT_ORDER = 5,
    AT_TYPE = 16,
    AT_MACHINE = 18,
    AT_SEGMENTS = 32,
    AT_SECTIONS = 40,
    AT_SEGMENT_SIZE = 54,
    AT_SEGMENT_COUNT = 56,
    AT_SECTION_SIZE = 58,
    AT_SECTION_COUNT = 60,
    AT_NAMES_INDEX = 62,
};

static void make(uint8_t word, const struct image_probe *probe)
{
    image_begin(&image, word);
    image_add_probe(&image, probe);
    image_end(&image);
}

/* Reads to the end; the status that ended it. The bytes are a block of their own,
 * so that a sanitizer sees every read past them. */
static enum etwas_status read_all(const uint8_t *data, size_t size, uint32_t *found)
{
    struct note_reader reader;
    struct usdt_probe probe;
    uint8_t *copy = malloc(size > 0 ? size : 1);
    assert_non_null(copy);
    memcpy(copy, data, size);
    *found = 0;
    enum etwas_status status = note_reader_init(&reader, copy, size);
    while (status == ETWAS_OK) {
        status = note_next(&reader, &probe);
        if (status == ETWAS_OK) {
            (*found)++;
            assert_true(probe.offset < size && probe.semaphore < size);
            assert_true(probe.argument_count <= USDT_MAX_ARGUMENTS);
        } else {
            assert_int_equal(note_next(&reader, &probe), status);
        }
    }
    free(copy);
    return status;
}

static enum etwas_status end_of_image(void)
{
    uint32_t found;
    return read_all(image.data, image.size, &found);
}

static void a_probe_is_found_where_it_lies(void **state)
{
    (void)state;
    for (uint8_t word = 4; word <= 8; word += 4) {
        struct note_reader reader;
        struct usdt_probe probe;
        make(word, &good);
        assert_int_equal(note_reader_init(&reader, image.data, image.size), ETWAS_OK);
        assert_int_equal(note_next(&reader, &probe), ETWAS_OK);
        assert_string_equal(probe.provider, "shop");
        assert_string_equal(probe.name, "sale");
        assert_int_equal(probe.offset, IMAGE_CODE_OFFSET + 0x10);
        assert_int_equal(probe.semaphore, IMAGE_DATA_OFFSET + 2);
        assert_int_equal(probe.argument_count, 2);
        assert_int_equal(probe.arguments[0].reg, USDT_DI);
        assert_int_equal(probe.arguments[1].size, 4);
        assert_int_equal(note_next(&reader, &probe), ETWAS_CLOSED);
        assert_int_equal(note_next(&reader, &probe), ETWAS_CLOSED);
    }
}

static void a_probe_may_have_no_semaphore_and_no_arguments(void **state)
{
    (void)state;
    struct note_reader reader;
    struct usdt_probe probe;
    struct image_probe bare = good;
    bare.semaphore = 0;
    bare.arguments = "";
    make(8, &bare);
    assert_int_equal(note_reader_init(&reader, image.data, image.size), ETWAS_OK);
    assert_int_equal(note_next(&reader, &probe), ETWAS_OK);
    assert_int_equal(probe.semaphore, 0);
    assert_int_equal(probe.argument_count, 0);
}

static void a_program_without_probes_ends_at_once(void **state)
{
    (void)state;
    uint32_t found;
    image_begin(&image, 8);
    image_end(&image);
    assert_int_equal(read_all(image.data, image.size, &found), ETWAS_CLOSED);
    assert_int_equal(found, 0);
    make(8, &good);
    image_patch(&image, AT_SECTIONS, 0, 8); /* stripped of its sections */
    assert_int_equal(read_all(image.data, image.size, &found), ETWAS_CLOSED);
    assert_int_equal(found, 0);
}

static void notes_of_others_are_passed_over(void **state)
{
    (void)state;
    uint32_t found;
    image_begin(&image, 8);
    image_add_note(&image, "GNU", 3, "abc", 3);
    image_add_note(&image, "stapsdt", 2, "old", 3);
    image_add_note(&image, "", 0, "", 0);
    image_add_probe(&image, &good);
    image_end(&image);
    assert_int_equal(read_all(image.data, image.size, &found), ETWAS_CLOSED);
    assert_int_equal(found, 1);
}

static void the_same_probe_may_come_twice(void **state)
{
    (void)state;
    uint32_t found;
    image_begin(&image, 8);
    image_add_probe(&image, &good);
    image_add_probe(&image, &good);
    image_end(&image);
    assert_int_equal(read_all(image.data, image.size, &found), ETWAS_CLOSED);
    assert_int_equal(found, 2);
}

static void a_prelinked_file_is_told_by_its_base(void **state)
{
    (void)state;
    for (uint8_t word = 4; word <= 8; word += 4) {
        struct note_reader reader;
        struct usdt_probe probe;
        struct image_probe before = good; /* as linked at 0x1000 higher */
        before.location += 0x1000;
        before.semaphore += 0x1000;
        before.base += 0x1000;
        make(word, &before);
        assert_int_equal(note_reader_init(&reader, image.data, image.size), ETWAS_OK);
        assert_int_equal(note_next(&reader, &probe), ETWAS_OK);
        assert_int_equal(probe.offset, IMAGE_CODE_OFFSET + 0x10);
        assert_int_equal(probe.semaphore, IMAGE_DATA_OFFSET + 2);
    }
}

static void what_cannot_be_probed_is_skipped(void **state)
{
    (void)state;
    static const char long_name[] =
        "n234567890123456789012345678901234567890123456789012345678901234";
    struct image_probe bad[8];
    for (size_t i = 0; i < 8; i++) {
        bad[i] = good;
    }
    bad[0].location = 0;
    bad[1].location = IMAGE_DATA_ADDRESS;
    bad[2].location = IMAGE_CODE_ADDRESS + 0x40;
    bad[3].semaphore = IMAGE_CODE_ADDRESS;
    bad[4].semaphore = IMAGE_DATA_ADDRESS + 0xf; /* its second byte is outside */
    bad[5].name = long_name;
    bad[6].provider = "a b";
    bad[7].arguments = "1 2 3 4 5 6 7 8 9 10 11 12 13";
    image_begin(&image, 8);
    for (size_t i = 0; i < 8; i++) {
        image_add_probe(&image, &bad[i]);
    }
    image_add_probe(&image, &good);
    image_end(&image);
    struct note_reader reader;
    struct usdt_probe probe;
    assert_int_equal(note_reader_init(&reader, image.data, image.size), ETWAS_OK);
    assert_int_equal(note_next(&reader, &probe), ETWAS_OK);
    assert_string_equal(probe.name, "sale");
    assert_int_equal(reader.skipped, 8);
}

static void names_of_63_characters_fit(void **state)
{
    (void)state;
    uint32_t found;
    struct image_probe longest = good;
    longest.name = "n23456789012345678901234567890123456789012345678901234567890123";
    make(8, &longest);
    assert_int_equal(read_all(image.data, image.size, &found), ETWAS_CLOSED);
    assert_int_equal(found, 1);
}

static void every_truncation_is_malformed(void **state)
{
    (void)state;
    for (uint8_t word = 4; word <= 8; word += 4) {
        make(word, &good);
        for (size_t size = 0; size < image.size; size++) {
            uint32_t found;
            assert_int_equal(read_all(image.data, size, &found), ETWAS_MALFORMED);
        }
    }
}

static void change_byte(size_t at)
{
    static const uint8_t values[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
    uint8_t before = image.data[at];
    for (size_t i = 0; i < sizeof values; i++) {
        image.data[at] = values[i];
        assert_int_not_equal(end_of_image(), ETWAS_OK);
    }
    image.data[at] = before;
}

static void any_changed_byte_is_survived(void **state)
{
    (void)state;
    for (uint8_t word = 4; word <= 8; word += 4) {
        make(word, &good);
        for (size_t at = 0; at < image.size; at++) {
            change_byte(at);
        }
    }
}

static void a_note_that_lies_about_its_size_is_malformed(void **state)
{
    (void)state;
    static const uint32_t lies[] = {UINT32_MAX, UINT32_MAX - 3, 0x7fffffff, 4096};
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        make(8, &good);
        image_patch(&image, IMAGE_NOTES_OFFSET, lies[i], 4);
        assert_int_equal(end_of_image(), ETWAS_MALFORMED);
        make(8, &good);
        image_patch(&image, IMAGE_NOTES_OFFSET + 4, lies[i], 4);
        assert_int_equal(end_of_image(), ETWAS_MALFORMED);
    }
    /* Too short for its addresses, or for its three texts. */
    for (uint32_t size = 0; size < 24 + 5 + 5 + 20; size++) {
        const uint8_t body[64] = {0};
        image_begin(&image, 8);
        image_add_note(&image, "stapsdt", 3, body, size < 27 ? size : 26);
        image_end(&image);
        assert_int_equal(end_of_image(), ETWAS_MALFORMED);
    }
}

static void a_header_that_lies_is_refused(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        size_t size;
        uint64_t value;
        enum etwas_status expected;
    } lies[] = {
        {0,                1, 0x7e,       ETWAS_MALFORMED},
        {AT_CLASS,         1, 3,          ETWAS_MALFORMED},
        {AT_ORDER,         1, 2,          ETWAS_MALFORMED},
        {AT_TYPE,          2, 1,          ETWAS_MALFORMED},
        {AT_SEGMENTS,      8, UINT64_MAX, ETWAS_MALFORMED},
        {AT_SECTIONS,      8, UINT64_MAX, ETWAS_MALFORMED},
        {AT_SEGMENT_SIZE,  2, 32,         ETWAS_MALFORMED},
        {AT_SECTION_SIZE,  2, 40,         ETWAS_MALFORMED},
        {AT_NAMES_INDEX,   2, 4,          ETWAS_MALFORMED},
        {AT_NAMES_INDEX,   2, 0xffff,     ETWAS_TOO_BIG  },
        {AT_SECTION_COUNT, 2, 0xfeff,     ETWAS_MALFORMED},
        {AT_SECTION_COUNT, 2, 0,          ETWAS_TOO_BIG  },
        {AT_SEGMENT_COUNT, 2, 128,        ETWAS_MALFORMED},
        {AT_SEGMENT_COUNT, 2, 129,        ETWAS_TOO_BIG  },
    };
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        make(8, &good);
        image_patch(&image, lies[i].at, lies[i].value, lies[i].size);
        assert_int_equal(end_of_image(), lies[i].expected);
    }
}

static void registers_of_other_processors_are_not_ours(void **state)
{
    (void)state;
    struct note_reader reader;
    struct usdt_probe probe;
    make(8, &good);
    image_patch(&image, AT_MACHINE, 183, 2);
    assert_int_equal(note_reader_init(&reader, image.data, image.size), ETWAS_OK);
    assert_int_equal(note_next(&reader, &probe), ETWAS_OK);
    assert_int_equal(probe.argument_count, 2);
    assert_int_equal(probe.arguments[0].operand, USDT_UNSUPPORTED);
}

static void more_probes_than_the_limit_are_too_big(void **state)
{
    (void)state;
    uint32_t found;
    image_begin(&image, 8);
    for (size_t i = 0; i < NOTE_MAX_PROBES; i++) {
        image_add_probe(&image, &good);
    }
    image_end(&image);
    assert_int_equal(read_all(image.data, image.size, &found), ETWAS_CLOSED);
    assert_int_equal(found, NOTE_MAX_PROBES);
    image_begin(&image, 8);
    for (size_t i = 0; i <= NOTE_MAX_PROBES; i++) {
        image_add_probe(&image, &good);
    }
    image_end(&image);
    assert_int_equal(read_all(image.data, image.size, &found), ETWAS_TOO_BIG);
    assert_int_equal(found, NOTE_MAX_PROBES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_probe_is_found_where_it_lies),
        cmocka_unit_test(a_probe_may_have_no_semaphore_and_no_arguments),
        cmocka_unit_test(a_program_without_probes_ends_at_once),
        cmocka_unit_test(notes_of_others_are_passed_over),
        cmocka_unit_test(the_same_probe_may_come_twice),
        cmocka_unit_test(a_prelinked_file_is_told_by_its_base),
        cmocka_unit_test(what_cannot_be_probed_is_skipped),
        cmocka_unit_test(names_of_63_characters_fit),
        cmocka_unit_test(every_truncation_is_malformed),
        cmocka_unit_test(any_changed_byte_is_survived),
        cmocka_unit_test(a_note_that_lies_about_its_size_is_malformed),
        cmocka_unit_test(a_header_that_lies_is_refused),
        cmocka_unit_test(registers_of_other_processors_are_not_ours),
        cmocka_unit_test(more_probes_than_the_limit_are_too_big),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

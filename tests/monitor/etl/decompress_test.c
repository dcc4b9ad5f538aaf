/* SPDX-License-Identifier: MIT */
#include "monitor/etl/decompress.h"

#include <stdlib.h>
#include <string.h>

#include "tests/check.h"

/* The worked examples of [MS-XCA] 3.1 (plain), 3.2 (with Huffman codes) and 3.3 (LZNT1). */

typedef enum etwas_status decompressor(const uint8_t *data, size_t size, uint8_t *out, size_t room,
                                       size_t *written);

enum { ROOM = 1024 };

static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz";
static const char tune[] =
    "F# F# G A A G F# E D D E F# F# E E F# F# G A A G F# E D D E F# E D D E E "
    "F# D E F# G F# D E F# G F# E D E A F# F# G A A G F# E D D E F# E D D";

static const uint8_t lz77_abc[] = {0xff, 0xff, 0xff, 0x1f, 0x61, 0x62, 0x63,
                                   0x17, 0x00, 0x0f, 0xff, 0x26, 0x01};
static const uint8_t lznt1_tune[] = {
    0x38, 0xb0, 0x88, 0x46, 0x23, 0x20, 0x00, 0x20, 0x47, 0x20, 0x41, 0x00, 0x10, 0xa2, 0x47,
    0x01, 0xa0, 0x45, 0x20, 0x44, 0x00, 0x08, 0x45, 0x01, 0x50, 0x79, 0x00, 0xc0, 0x45, 0x20,
    0x05, 0x24, 0x13, 0x88, 0x05, 0xb4, 0x02, 0x4a, 0x44, 0xef, 0x03, 0x58, 0x02, 0x8c, 0x09,
    0x16, 0x01, 0x48, 0x45, 0x00, 0xbe, 0x00, 0x9e, 0x00, 0x04, 0x01, 0x18, 0x90, 0x00};

/* What comes behind the table of code lengths; those are set by symbol. */
static const uint8_t huffman_alphabet[] = {0xd8, 0x52, 0x3e, 0xd7, 0x94, 0x11, 0x5b,
                                           0xe9, 0x19, 0x5f, 0xf9, 0xd6, 0x7c, 0xdf,
                                           0x8d, 0x04, 0x00, 0x00, 0x00, 0x00};
static const uint8_t huffman_abc[] = {0xa8, 0xdc, 0x00, 0x00, 0xff, 0x26, 0x01};

struct packed {
    uint8_t data[ROOM];
    size_t size;
};

static void set_length(struct packed *packed, unsigned symbol, uint8_t length)
{
    packed->data[symbol / 2] |= (uint8_t)(symbol % 2 == 0 ? length : length << 4);
}

static void append(struct packed *packed, const void *data, size_t size)
{
    assert_true(size <= ROOM - packed->size);
    memcpy(packed->data + packed->size, data, size);
    packed->size += size;
}

static struct packed packed_alphabet(void)
{
    static const uint8_t lengths[] = {0x50, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55,
                                      0x55, 0x55, 0x55, 0x55, 0x45, 0x44, 0x04};
    struct packed packed = {.size = 256};
    memcpy(packed.data + 'a' / 2, lengths, sizeof lengths);
    set_length(&packed, 256, 4);
    append(&packed, huffman_alphabet, sizeof huffman_alphabet);
    return packed;
}

static struct packed packed_abc(void)
{
    struct packed packed = {.size = 256};
    set_length(&packed, 'a', 3);
    set_length(&packed, 'b', 3);
    set_length(&packed, 'c', 2);
    set_length(&packed, 256, 2);
    set_length(&packed, 287, 2);
    append(&packed, huffman_abc, sizeof huffman_abc);
    return packed;
}

static void hundred_abc(char text[300])
{
    for (size_t i = 0; i < 300; i++) {
        text[i] = "abc"[i % 3];
    }
}

/* Into memory of exactly the size, so that the sanitizer sees a byte too many. */
static void unpacks_to(decompressor *unpack, const void *packed, size_t size, const char *text,
                       size_t text_size)
{
    uint8_t *in = malloc(size);
    uint8_t *out = malloc(text_size);
    size_t written = 0;
    assert_non_null(in);
    assert_non_null(out);
    memcpy(in, packed, size);
    assert_int_equal(unpack(in, size, out, text_size, &written), ETWAS_OK);
    assert_int_equal(written, text_size);
    assert_memory_equal(out, text, text_size);
    free(in);
    free(out);
}

static void the_examples_of_plain_lz77_unpack(void **state)
{
    (void)state;
    char abc[300];
    uint8_t literals[4 + 26] = {0x3f, 0, 0, 0};
    hundred_abc(abc);
    for (size_t i = 0; i < 26; i++) {
        literals[4 + i] = (uint8_t)alphabet[i];
    }
    unpacks_to(decompress_lz77, literals, sizeof literals, alphabet, 26);
    unpacks_to(decompress_lz77, lz77_abc, sizeof lz77_abc, abc, sizeof abc);
}

static void the_examples_of_huffman_unpack(void **state)
{
    (void)state;
    char abc[300];
    hundred_abc(abc);
    const struct packed letters = packed_alphabet();
    const struct packed repeated = packed_abc();
    unpacks_to(decompress_huffman, letters.data, letters.size, alphabet, 26);
    unpacks_to(decompress_huffman, repeated.data, repeated.size, abc, sizeof abc);
}

static void the_example_of_lznt1_unpacks(void **state)
{
    (void)state;
    unpacks_to(decompress_lznt1, lznt1_tune, sizeof lznt1_tune, tune, sizeof tune);
}

static void a_plain_chunk_of_lznt1_is_copied(void **state)
{
    (void)state;
    static const uint8_t packed[] = {0x02, 0x30, 'x', 'y', 'z', 0, 0, 9};
    unpacks_to(decompress_lznt1, packed, sizeof packed, "xyz", 3);
}

/* Whatever is missing or wrong, nothing is read or written beyond; the sanitizer watches. */
static void try_damaged(decompressor *unpack, const uint8_t *packed, size_t size)
{
    for (size_t length = 0; length <= size; length++) {
        for (size_t room = 0; room <= 310; room += 31) {
            uint8_t *in = malloc(length == 0 ? 1 : length);
            uint8_t *out = malloc(room == 0 ? 1 : room);
            size_t written = 0;
            memcpy(in, packed, length);
            for (size_t bit = 0; bit < 8 && length > 0; bit++) {
                in[length - 1] ^= (uint8_t)(1U << bit);
                const enum etwas_status status = unpack(in, length, out, room, &written);
                assert_true(status == ETWAS_OK || status == ETWAS_MALFORMED ||
                            status == ETWAS_TOO_BIG);
                assert_true(written <= room);
            }
            free(in);
            free(out);
        }
    }
}

static void damage_stays_within_bounds(void **state)
{
    (void)state;
    const struct packed letters = packed_alphabet();
    const struct packed repeated = packed_abc();
    try_damaged(decompress_lz77, lz77_abc, sizeof lz77_abc);
    try_damaged(decompress_lznt1, lznt1_tune, sizeof lznt1_tune);
    try_damaged(decompress_huffman, letters.data, letters.size);
    try_damaged(decompress_huffman, repeated.data, repeated.size);
}

static void a_match_before_the_start_is_malformed(void **state)
{
    (void)state;
    static const uint8_t packed[] = {0, 0, 0, 0x40, 'a', 0x08, 0x00};
    uint8_t out[16];
    size_t written = 0;
    assert_int_equal(decompress_lz77(packed, sizeof packed, out, sizeof out, &written),
                     ETWAS_MALFORMED);
    assert_int_equal(written, 1);
}

static void what_does_not_fit_is_too_big(void **state)
{
    (void)state;
    uint8_t out[299];
    size_t written = 0;
    assert_int_equal(decompress_lz77(lz77_abc, sizeof lz77_abc, out, sizeof out, &written),
                     ETWAS_TOO_BIG);
    assert_int_equal(written, sizeof out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_of_plain_lz77_unpack),
        cmocka_unit_test(the_examples_of_huffman_unpack),
        cmocka_unit_test(the_example_of_lznt1_unpacks),
        cmocka_unit_test(a_plain_chunk_of_lznt1_is_copied),
        cmocka_unit_test(damage_stays_within_bounds),
        cmocka_unit_test(a_match_before_the_start_is_malformed),
        cmocka_unit_test(what_does_not_fit_is_too_big),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "monitor/spool/segment.h"

#include <stdlib.h>
#include <string.h>

#include "monitor/spool/checksum.h"
#include "monitor/spool/slots.h"
#include "tests/check.h"

enum { COUNT = 4, SALT = 0x1234567, TRACED = 7 };

static uint8_t data[4096];
static size_t ends[COUNT + 1]; /* where records end; the header first */
static char bodies[COUNT][64];
static struct segment_header header = {
    .stream = {1, 2, 3},
      .number = 9, .salt = SALT
};

/* Record i has i lanes, TRACED + 2 lines, two of them its own, and a body of 10 + 7 i bytes. */
static void put(size_t i)
{
    static struct source_position position;
    struct batch_head head = {.count = TRACED + 2, .own = 2};
    const struct segment_body body = {.data = bodies[i], .size = 10 + 7 * i};
    memset(bodies[i], 'a' + (int)i, sizeof bodies[i]);
    head.books = (struct batch_books){.produced = 100 + i, .filtered = i, .lost_kernel = 2 * i};
    head.books.lost_monitor = 3 * i;
    position.session = 4711;
    position.lane_count = (uint32_t)i;
    for (size_t lane = 0; lane < i; lane++) {
        position.lanes[lane] = (struct source_lane){.read = 10 * i + lane, .lost = i};
    }
    uint8_t *record = data + ends[i];
    uint8_t *place = segment_put_record(record, &head, &position, 1000 + (int64_t)i, &body);
    assert_memory_equal(place, bodies[i], body.size);
    segment_number(record, i + 1, i * TRACED);
    segment_seal(record, SALT);
    ends[i + 1] = ends[i] + segment_record_size(position.lane_count, body.size);
}

static int set_up(void **state)
{
    (void)state;
    memset(data, 0, sizeof data);
    segment_put_header(data, &header);
    ends[0] = SEGMENT_HEADER;
    for (size_t i = 0; i < COUNT; i++) {
        put(i);
    }
    return 0;
}

static void assert_record(const struct segment_record *record, size_t i)
{
    assert_int_equal(record->head.sequence, i + 1);
    assert_int_equal(record->head.count, TRACED + 2);
    assert_int_equal(record->head.books.before, i * TRACED);
    assert_int_equal(record->head.books.lost_monitor, 3 * i);
    assert_int_equal(record->made_ms, 1000 + i);
    assert_int_equal(record->offset, ends[i]);
    assert_int_equal(record->body_size, 10 + 7 * i);
    if (record->body != NULL) {
        assert_memory_equal(record->body, bodies[i], record->body_size);
    }
}

/* Walks over `size` bytes; every record must be one that was put. A bit for each with its body. */
static unsigned walk_all(struct segment_walk *walk, const uint8_t *bytes, size_t size)
{
    struct segment_record record;
    unsigned seen = 0;
    segment_walk_init(walk, bytes, size, SALT);
    while (segment_next(walk, &record)) {
        const size_t i = (size_t)record.head.sequence - 1;
        assert_in_range(i, 0, COUNT - 1);
        assert_int_equal(seen >> i, 0);
        assert_record(&record, i);
        seen |= record.body != NULL ? 1U << i : 0;
    }
    return seen;
}

static void the_checksum_is_xxh64(void **state)
{
    (void)state;
    const char *text = "Nobody inspects the spammish repetition";
    assert_true(checksum_of("", 0, 0) == UINT64_C(0xef46db3751d8e999));
    assert_true(checksum_of("a", 1, 0) == UINT64_C(0xd24ec4f1a98c6e5b));
    assert_true(checksum_of("abc", 3, 0) == UINT64_C(0x44bc2cf5ad770999));
    assert_true(checksum_of(text, strlen(text), 0) == UINT64_C(0xfbcea83c8a378bf1));
    assert_true(checksum_of("abc", 3, 1) != checksum_of("abc", 3, 0));
}

static void records_come_back_as_they_were_put(void **state)
{
    (void)state;
    struct segment_header read;
    struct segment_walk walk;
    struct segment_record record;
    static struct source_position position;
    assert_int_equal(segment_get_header(data, sizeof data, &read), ETWAS_OK);
    assert_memory_equal(read.stream, header.stream, BATCH_STREAM_SIZE);
    assert_int_equal(read.number, 9);
    assert_int_equal(read.salt, SALT);
    assert_int_equal(walk_all(&walk, data, ends[COUNT]), 15);
    assert_int_equal(walk.end, ends[COUNT]);
    assert_int_equal(walk.sequence, COUNT);
    assert_int_equal(walk.before, COUNT * TRACED);
    assert_int_equal(walk.damaged, 0);
    assert_false(walk.torn || walk.uncertain);
    segment_walk_init(&walk, data, ends[COUNT], SALT);
    for (size_t i = 0; i < COUNT; i++) {
        assert_true(segment_next(&walk, &record));
    }
    segment_position(&record, &position);
    assert_int_equal(position.session, 4711);
    assert_int_equal(position.lane_count, COUNT - 1);
    assert_int_equal(position.lanes[2].read, 32);
    assert_int_equal(position.lanes[2].lost, 3);
}

/* Copied, so that the sanitizer sees who reads further. */
static unsigned walk_copy(struct segment_walk *walk, size_t size)
{
    uint8_t *copy = malloc(size);
    assert_non_null(copy);
    memcpy(copy, data, size);
    const unsigned seen = walk_all(walk, copy, size);
    free(copy);
    return seen;
}

static void every_truncation_leaves_the_records_before_it(void **state)
{
    (void)state;
    struct segment_walk walk;
    size_t whole = 0;
    for (size_t size = SEGMENT_HEADER; size <= ends[COUNT]; size++) {
        whole += whole < COUNT && size >= ends[whole + 1];
        assert_int_equal(walk_copy(&walk, size), (1U << whole) - 1);
        assert_int_equal(walk.end, ends[whole]);
        assert_int_equal(walk.torn, size != ends[whole]);
        assert_false(walk.uncertain);
        assert_int_equal(walk.damaged, 0);
    }
    for (size_t size = 0; size < SEGMENT_HEADER; size++) {
        struct segment_header read;
        assert_int_equal(segment_get_header(data, size, &read), ETWAS_MALFORMED);
    }
}

static size_t record_at(size_t offset)
{
    size_t i = 0;
    while (offset >= ends[i + 1]) {
        i++;
    }
    return i;
}

static void a_byte_that_was_damaged_costs_its_record_and_is_noticed(void **state)
{
    (void)state;
    struct segment_walk walk;
    for (size_t at = SEGMENT_HEADER; at < ends[COUNT]; at++) {
        const size_t i = record_at(at);
        const size_t body = ends[i] + SEGMENT_RECORD + i * SEGMENT_LANE;
        const bool is_padding = at >= body + 10 + 7 * i;
        for (unsigned bit = 0; bit < 8; bit++) {
            data[at] ^= (uint8_t)(1U << bit);
            const unsigned seen = walk_copy(&walk, ends[COUNT]);
            data[at] ^= (uint8_t)(1U << bit);
            assert_int_equal(seen, is_padding ? 15 : 15U & ~(1U << i));
            /* Of the last one it is known that something was there. */
            assert_true(is_padding || walk.damaged == 1 || walk.uncertain);
            assert_true(!walk.uncertain || i == COUNT - 1);
            assert_false(walk.torn);
        }
    }
    for (size_t at = 0; at < SEGMENT_HEADER; at++) {
        struct segment_header read;
        data[at] ^= 1;
        assert_int_equal(segment_get_header(data, ends[COUNT], &read), ETWAS_MALFORMED);
        data[at] ^= 1;
    }
}

static void a_record_in_a_body_is_none(void **state)
{
    (void)state;
    struct segment_walk walk;
    struct segment_record record;
    static const struct source_position position;
    static uint8_t inner[256];
    static uint8_t outer[1024];
    const struct batch_head head = {.count = 1, .sequence = 99};
    struct segment_body body = {.data = "forged", .size = 6};
    (void)segment_put_record(inner, &head, &position, 1, &body);
    segment_number(inner, 99, 0);
    segment_seal(inner, 0); /* who does not know the salt */
    body = (struct segment_body){.data = inner, .size = segment_record_size(0, 6)};
    segment_put_header(outer, &header);
    (void)segment_put_record(outer + SEGMENT_HEADER, &head, &position, 1, &body);
    segment_number(outer + SEGMENT_HEADER, 1, 0);
    segment_seal(outer + SEGMENT_HEADER, SALT);
    outer[SEGMENT_HEADER + 20] ^= 1;
    segment_walk_init(&walk, outer, sizeof outer, SALT);
    assert_false(segment_next(&walk, &record));
    assert_true(walk.uncertain);
}

static void numbers_that_do_not_grow_are_no_records(void **state)
{
    (void)state;
    struct segment_walk walk;
    segment_number(data + ends[1], 1, TRACED); /* the first one's number again */
    segment_seal(data + ends[1], SALT);
    assert_int_equal(walk_all(&walk, data, ends[COUNT]), 13);
    segment_number(data + ends[1], 2, TRACED - 1); /* fewer events than were */
    segment_seal(data + ends[1], SALT);
    assert_int_equal(walk_all(&walk, data, ends[COUNT]), 13);
    assert_int_equal(walk.damaged, 1);
}

static void the_younger_good_slot_holds(void **state)
{
    (void)state;
    enum { ROOM = 64 };
    uint8_t file[2 * ROOM] = {0};
    size_t size = 0;
    uint64_t writing = 0;
    assert_null(slots_find(file, sizeof file, ROOM, &size, &writing));
    memset(file + ROOM + SLOT_HEAD, 1, 3);
    slots_seal(file + ROOM, 3, 1);
    assert_ptr_equal(slots_find(file, sizeof file, ROOM, &size, &writing), file + ROOM + SLOT_HEAD);
    memset(file + SLOT_HEAD, 2, 6);
    slots_seal(file, 6, 2);
    assert_ptr_equal(slots_find(file, sizeof file, ROOM, &size, &writing), file + SLOT_HEAD);
    assert_int_equal(size, 6);
    assert_int_equal(writing, 2);
    for (size_t at = 0; at < SLOT_HEAD + 6; at++) {
        file[at] ^= 1;
        assert_ptr_equal(slots_find(file, sizeof file, ROOM, &size, &writing),
                         file + ROOM + SLOT_HEAD);
        assert_int_equal(size, 3);
        file[at] ^= 1;
    }
    assert_null(slots_find(file, ROOM - 1, ROOM, &size, &writing));
}

#define CLAIM(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(the_checksum_is_xxh64),
        CLAIM(records_come_back_as_they_were_put),
        CLAIM(every_truncation_leaves_the_records_before_it),
        CLAIM(a_byte_that_was_damaged_costs_its_record_and_is_noticed),
        CLAIM(a_record_in_a_body_is_none),
        CLAIM(numbers_that_do_not_grow_are_no_records),
        CLAIM(the_younger_good_slot_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

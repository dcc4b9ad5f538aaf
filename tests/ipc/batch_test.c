/* SPDX-License-Identifier: MIT */
#include "ipc/batch.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/check.h"

#define STREAM "stream=\"0123456789abcdef0123456789abcdef\""

static const uint8_t stream[BATCH_STREAM_SIZE] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
                                                  0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};

static struct batch_head a_head(void)
{
    struct batch_head head = {.sequence = 42, .count = 1};
    memcpy(head.stream, stream, sizeof head.stream);
    return head;
}

/* Parses a copy of just its size. */
static enum etwas_status parse(const char *text, struct batch_head *head)
{
    const size_t size = strlen(text);
    char *copy = malloc(size + 1);
    assert_non_null(copy);
    for (size_t i = 0; i < size; i++) {
        copy[1 + i] = text[i];
    }
    const enum etwas_status status = batch_head_parse(copy + 1, size, head);
    free(copy);
    return status;
}

static void assert_same(const struct batch_head *left, const struct batch_head *right)
{
    assert_memory_equal(left->stream, right->stream, sizeof left->stream);
    assert_true(left->sequence == right->sequence && left->count == right->count);
    assert_true(left->own == right->own && left->after == right->after);
    assert_memory_equal(&left->books, &right->books, sizeof left->books);
}

static void the_shortest_head_says_three_things(void **state)
{
    (void)state;
    char text[BATCH_HEADER_SIZE];
    struct batch_head head = a_head();
    struct batch_head back;
    assert_int_equal(batch_head_format(&head, text, sizeof text), ETWAS_OK);
    assert_string_equal(text, STREAM ", seq=42, n=1");
    assert_int_equal(parse(text, &back), ETWAS_OK);
    assert_same(&head, &back);
    head.count = 0;
    assert_int_equal(batch_head_format(&head, text, sizeof text), ETWAS_OK);
    assert_string_equal(text, STREAM ", seq=42, n=0");
}

static void the_longest_fits_its_room(void **state)
{
    (void)state;
    char text[BATCH_HEADER_SIZE];
    const uint64_t most = BATCH_MAX_NUMBER;
    struct batch_head head = {
        .sequence = most,
        .count = most,
        .own = most,
        .after = most - 1,
        .books = {most, most, most, most, most},
    };
    struct batch_head back;
    assert_int_equal(batch_head_format(&head, text, sizeof text), ETWAS_OK);
    assert_int_equal(parse(text, &back), ETWAS_OK);
    assert_same(&head, &back);
    const size_t size = strlen(text);
    for (size_t room = 0; room <= size; room++) {
        assert_int_equal(batch_head_format(&head, text, room), ETWAS_TOO_BIG);
    }
    assert_int_equal(batch_head_format(&head, text, size + 1), ETWAS_OK);
    head.books.filtered = most + 1;
    assert_int_equal(batch_head_format(&head, text, sizeof text), ETWAS_TOO_BIG);
}

static void all_members_have_their_names(void **state)
{
    (void)state;
    char text[BATCH_HEADER_SIZE];
    struct batch_head head = a_head();
    struct batch_head back;
    head.count = 858;
    head.own = 2;
    head.after = 41;
    head.books = (struct batch_books){35120, 36000, 20, 3, 1};
    assert_int_equal(batch_head_format(&head, text, sizeof text), ETWAS_OK);
    assert_string_equal(text, STREAM ", seq=42, n=858, own=2, before=35120, produced=36000, "
                                     "filtered=20, lost-kernel=3, lost-monitor=1, after=41");
    assert_int_equal(parse(text, &back), ETWAS_OK);
    assert_same(&head, &back);
}

static void any_dictionary_is_read(void **state)
{
    (void)state;
    static const char *const good[] = {"n=1, seq=42, " STREAM,
                                       " seq=42,n=1,\t" STREAM ";x=1 ",
                                       STREAM ", seq=42, n=1, own=0",
                                       "new=(1 2);a, " STREAM
                                       ", seq=42, n=1;unit=\"lines\", other, o-1.x=?0",
                                       STREAM ", seq=042, n=1, after=0",
                                       "x, x, " STREAM ", seq=42, n=1"};
    struct batch_head back;
    const struct batch_head head = a_head();
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_int_equal(parse(good[i], &back), ETWAS_OK);
        assert_same(&head, &back);
    }
}

static const char *const bad_texts[] = {"",
                                        STREAM,
                                        STREAM ", seq=1",
                                        STREAM ", n=1",
                                        "seq=1, n=1",
                                        STREAM ", seq=0, n=1",
                                        STREAM ", seq=-1, n=1",
                                        STREAM ", seq=1.0, n=1",
                                        STREAM ", seq=\"1\", n=1",
                                        STREAM ", seq, n=1",
                                        STREAM ", seq=1, n=-1",
                                        STREAM ", seq=1, n=:AA==:",
                                        STREAM ", seq=1, n=(1)",
                                        STREAM ", seq=1, n=1, own=2",
                                        STREAM ", seq=1, n=1, own=-1",
                                        STREAM ", seq=1, n=1, after=1",
                                        STREAM ", seq=1, n=1, after=2",
                                        STREAM ", seq=1, n=1, before=x",
                                        STREAM ", seq=1, n=1, seq=1",
                                        STREAM ", " STREAM ", seq=1, n=1",
                                        STREAM ", seq=1, n=1, produced=1, produced=1",
                                        STREAM ", seq=1000000000000000, n=1",
                                        STREAM ", seq=1, n=1,",
                                        STREAM ", seq=1, n=1 x",
                                        STREAM ", seq=1, n=1, lost-kernel=-3",
                                        STREAM ", seq=1, n=1, lost-monitor=1.5",
                                        "stream=0123456789abcdef0123456789abcdef, seq=1, n=1",
                                        "stream=\"0123456789ABCDEF0123456789abcdef\", seq=1, n=1",
                                        "stream=\"0123456789abcdef0123456789abcde\", seq=1, n=1",
                                        "stream=\"0123456789abcdef0123456789abcdef0\", seq=1, n=1",
                                        "stream=\"0123456789abcdef0123456789abcdeg\", seq=1, n=1",
                                        "stream=\"\", seq=1, n=1",
                                        "stream=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA:, seq=1, n=1"};

static void what_lacks_type_or_range_is_refused(void **state)
{
    (void)state;
    struct batch_head head;
    for (size_t i = 0; i < sizeof bad_texts / sizeof bad_texts[0]; i++) {
        if (parse(bad_texts[i], &head) != ETWAS_MALFORMED) {
            fail_msg("taken: %s", bad_texts[i]);
        }
    }
}

/* Cut off behind a number or a name it is a dictionary of its own; elsewhere it is none. */
static void a_truncation_is_refused_or_whole(void **state)
{
    (void)state;
    const char text[] = STREAM ", seq=42, n=1, other=\"x\"";
    const size_t required = strlen(STREAM ", seq=42, n=1");
    const size_t named = strlen(STREAM ", seq=42, n=1, other");
    struct batch_head head;
    for (size_t size = 0; size < sizeof text; size++) {
        const bool whole =
            size == required || size == sizeof text - 1 || (size > required + 2 && size <= named);
        char part[sizeof text];
        (void)snprintf(part, sizeof part, "%.*s", (int)size, text);
        assert_int_equal(parse(part, &head), whole ? ETWAS_OK : ETWAS_MALFORMED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_shortest_head_says_three_things),
        cmocka_unit_test(the_longest_fits_its_room),
        cmocka_unit_test(all_members_have_their_names),
        cmocka_unit_test(any_dictionary_is_read),
        cmocka_unit_test(what_lacks_type_or_range_is_refused),
        cmocka_unit_test(a_truncation_is_refused_or_whole),
    };
    return cmocka_run_group_tests_name("ipc.batch", tests, NULL, NULL);
}

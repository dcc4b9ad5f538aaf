/* SPDX-License-Identifier: MIT */
#include "monitor/event/arena.h"

#include <string.h>

#include "tests/check.h"

#define KIB ((size_t)1024)

static void what_is_taken_is_aligned_and_apart(void **state)
{
    (void)state;
    struct arena *arena = arena_open(1 << 20);
    assert_non_null(arena);
    for (size_t size = 1; size < 200; size++) {
        uint8_t *left = arena_take(arena, size);
        uint8_t *right = arena_take(arena, 1);
        assert_non_null(left);
        assert_int_equal((uintptr_t)left % 16, 0);
        memset(left, 1, size);
        *right = 2;
        assert_int_equal(left[size - 1], 1);
    }
    arena_close(arena);
}

static void the_maximum_holds(void **state)
{
    (void)state;
    struct arena *arena = arena_open(100 * KIB);
    size_t taken = 0;
    assert_non_null(arena);
    assert_null(arena_take(arena, 1 << 20));
    assert_null(arena_take(arena, SIZE_MAX));
    assert_null(arena_take(arena, SIZE_MAX - 16));
    while (arena_take(arena, 1024) != NULL) {
        taken += 1024;
    }
    assert_in_range(taken, 100 * KIB, 128 * KIB);
    arena_close(arena);
}

static void a_reset_gives_everything_back(void **state)
{
    (void)state;
    struct arena *arena = arena_open(256 * KIB);
    assert_non_null(arena);
    for (int round = 0; round < 100; round++) {
        assert_non_null(arena_take(arena, 60 * KIB));
        assert_non_null(arena_take(arena, 60 * KIB));
        assert_non_null(arena_take(arena, 120 * KIB));
        arena_reset(arena);
    }
    arena_close(arena);
}

static void closing_nothing_is_fine(void **state)
{
    (void)state;
    arena_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_taken_is_aligned_and_apart),
        cmocka_unit_test(the_maximum_holds),
        cmocka_unit_test(a_reset_gives_everything_back),
        cmocka_unit_test(closing_nothing_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "monitor/plan/catalog.h"

#include <stdlib.h>
#include <string.h>

#include "monitor/plan/suggest.h"
#include "tests/check.h"

static struct catalog catalog;

static void read_catalog(const char *text)
{
    const size_t size = strlen(text);
    char *copy = malloc(size + 1);
    assert_non_null(copy);
    memcpy(copy, text, size + 1);
    assert_int_equal(catalog_init(&catalog, copy, size), ETWAS_OK);
}

static int clear(void **state)
{
    (void)state;
    catalog_clear(&catalog);
    return 0;
}

static void events_are_grouped_by_system(void **state)
{
    (void)state;
    read_catalog("sched:b\nnet:x\nsched:a\nsched_ext:c");
    const struct catalog_event *first = NULL;
    assert_int_equal(catalog_system(&catalog, "sched", &first), 2);
    assert_string_equal(first[0].event, "a");
    assert_string_equal(first[1].event, "b");
    assert_int_equal(catalog_system(&catalog, "sched_ext", &first), 1);
    assert_int_equal(catalog_system(&catalog, "zzz", &first), 0);
    assert_true(catalog_has(&catalog, "net", "x"));
    assert_false(catalog_has(&catalog, "net", "a"));
}

static void lines_that_are_no_events_are_passed_over(void **state)
{
    (void)state;
    read_catalog("\n:\na:\n:b\nnothing\na:b c\na:b:c\n../x:y\ngood:one\n");
    assert_int_equal(catalog.count, 1);
    assert_string_equal(catalog.events[0].system, "good");
}

static void an_empty_catalog_has_nothing(void **state)
{
    (void)state;
    read_catalog("");
    const struct catalog_event *first = NULL;
    char text[64];
    assert_int_equal(catalog_system(&catalog, "sched", &first), 0);
    assert_false(catalog_has(&catalog, "a", "b"));
    catalog_suggest(&catalog, NULL, "a", text, sizeof text);
    assert_string_equal(text, "");
}

static void distances_count_letters(void **state)
{
    (void)state;
    assert_int_equal(suggest_distance("sched", "sched"), 0);
    assert_int_equal(suggest_distance("shced", "sched"), 1);
    assert_int_equal(suggest_distance("sced", "sched"), 1);
    assert_int_equal(suggest_distance("schedd", "sched"), 1);
    assert_int_equal(suggest_distance("", "abc"), 3);
    assert_int_equal(suggest_distance("kitten", "sitting"), 3);
}

static void misspelt_names_are_guessed(void **state)
{
    (void)state;
    read_catalog("sched:sched_switch\nsched:sched_wakeup\nsched:sched_wakeup_new\nnet:netif_rx\n"
                 "timer:timer_start\n");
    char text[128];
    catalog_suggest(&catalog, NULL, "shced", text, sizeof text);
    assert_string_equal(text, "sched");
    catalog_suggest(&catalog, "sched", "sched_swich", text, sizeof text);
    assert_string_equal(text, "sched_switch");
    catalog_suggest(&catalog, "sched", "sched_wake", text, sizeof text);
    assert_string_equal(text, "sched_wakeup or sched_wakeup_new");
    catalog_suggest(&catalog, NULL, "quite_another", text, sizeof text);
    assert_string_equal(text, "");
}

static void suggestions_are_cut_off_where_there_is_no_room(void **state)
{
    (void)state;
    read_catalog("s:aaaa1\ns:aaaa2\ns:aaaa3\n");
    char text[8];
    catalog_suggest(&catalog, "s", "aaaa", text, sizeof text);
    assert_int_equal(strlen(text), 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(events_are_grouped_by_system, clear),
        cmocka_unit_test_teardown(lines_that_are_no_events_are_passed_over, clear),
        cmocka_unit_test_teardown(an_empty_catalog_has_nothing, clear),
        cmocka_unit_test(distances_count_letters),
        cmocka_unit_test_teardown(misspelt_names_are_guessed, clear),
        cmocka_unit_test_teardown(suggestions_are_cut_off_where_there_is_no_room, clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "monitor/options/source_spec.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "tests/check.h"

static struct source_spec spec;
static struct source_error error;

static void reads(const char *text)
{
    if (source_spec_parse(text, &spec, &error) != ETWAS_OK) {
        fail_msg("%s: %s at %zu", text, error.text, error.position);
    }
}

/* The source is refused, and the error points at byte `position`. */
static void fails_at(const char *text, size_t position)
{
    assert_int_equal(source_spec_parse(text, &spec, &error), ETWAS_MALFORMED);
    if (error.position != position) {
        fail_msg("%s: %s at %zu, not %zu", text, error.text, error.position, position);
    }
    assert_true(error.text[0] != 0);
}

static void a_word_is_a_source(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum source_kind kind;
    } words[] = {
        {"Ping",        SOURCE_PING       },
        {"stdout",      SOURCE_LINES      },
        {"cpu",         SOURCE_CPU        },
        {"process-cpu", SOURCE_PROCESS_CPU},
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        reads(words[i].text);
        assert_int_equal(spec.kind, words[i].kind);
    }
}

static void a_system_alone_means_all_its_events(void **state)
{
    (void)state;
    reads("sched");
    assert_int_equal(spec.kind, SOURCE_TRACEPOINT);
    assert_string_equal(spec.system, "sched");
    assert_int_equal(spec.event_count, 0);
}

static void events_are_separated_by_commas_and_named_once(void **state)
{
    (void)state;
    reads("tp:sched:sched_switch,sched_wakeup,sched_switch");
    assert_string_equal(spec.system, "sched");
    assert_int_equal(spec.event_count, 2);
    assert_string_equal(spec.events[0], "sched_switch");
    assert_string_equal(spec.events[1], "sched_wakeup");
}

static void an_event_may_be_a_pattern(void **state)
{
    (void)state;
    reads("sched:sched_w*,*");
    assert_string_equal(spec.events[0], "sched_w*");
    assert_string_equal(spec.events[1], "*");
    fails_at("sch*", 3);
}

static bool conflict(const char *one, const char *other)
{
    static struct source_spec first;
    reads(one);
    first = spec;
    reads(other);
    assert_int_equal(source_spec_conflicts(&first, &spec), source_spec_conflicts(&spec, &first));
    return source_spec_conflicts(&first, &spec);
}

static void different_filters_of_one_event_conflict(void **state)
{
    (void)state;
    assert_true(conflict("s:a?f=1", "s:a?f=2"));
    assert_true(conflict("s?f=1", "s:a?f=2"));
    assert_true(conflict("s:b,a?f=1", "s:a?g=1"));
    assert_true(conflict("s:a*?f=1", "s:abc?f=2"));
    assert_false(conflict("s:a?f=1", "s:a?f=1"));
    assert_false(conflict("s:a?f=1", "s:a"));
    assert_false(conflict("s:a?f=1", "s:b?f=2"));
    assert_false(conflict("s:a?f=1", "t:a?f=2"));
    assert_false(conflict("cpu", "cpu"));
}

static void a_prefix_makes_a_word_a_system(void **state)
{
    (void)state;
    reads("tp:cpu");
    assert_int_equal(spec.kind, SOURCE_TRACEPOINT);
    assert_string_equal(spec.system, "cpu");
}

static void names_that_are_none_are_pointed_at(void **state)
{
    (void)state;
    fails_at("", 0);
    fails_at("tp:", 3);
    fails_at("sched:", 6);
    fails_at("sched:a,", 8);
    fails_at("sched:,a", 6);
    fails_at("sched:a b", 7);
    fails_at("sch/ed", 3);
    fails_at("sched:a:b", 7);
    fails_at("a123456789b123456789c123456789d123456789e123456789f123456789g123", 0);
}

static void too_many_events_are_refused(void **state)
{
    (void)state;
    char text[1024] = "sched:";
    size_t size = strlen(text);
    for (int i = 0; i <= SOURCE_MAX_EVENTS; i++) {
        size += (size_t)snprintf(text + size, sizeof text - size, "%se%d", i == 0 ? "" : ",", i);
    }
    assert_int_equal(source_spec_parse(text, &spec, &error), ETWAS_MALFORMED);
}

static void etw_providers_are_not_here(void **state)
{
    (void)state;
    static const char *const texts[] = {"clr", "etw:Foo:5", "*My-Source",
                                        "{e13c0d23-ccbc-4e12-931b-d9cc2eee27e4}"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_int_equal(source_spec_parse(texts[i], &spec, &error), ETWAS_NOT_FOUND);
        assert_non_null(strstr(error.text, "Windows"));
        assert_non_null(error.hint);
    }
}

static void records(const char *text)
{
    if (source_spec_parse_recorded(text, &spec, &error) != ETWAS_OK) {
        fail_msg("%s: %s at %zu", text, error.text, error.position);
    }
    assert_int_equal(spec.kind, SOURCE_ETW);
}

static void recorded_fails_at(const char *text, size_t position)
{
    assert_int_equal(source_spec_parse_recorded(text, &spec, &error), ETWAS_MALFORMED);
    if (error.position != position) {
        fail_msg("%s: %s at %zu, not %zu", text, error.text, error.position, position);
    }
    assert_true(error.text[0] != 0);
}

static void of_recordings_every_source_is_a_provider(void **state)
{
    (void)state;
    records("cpu");
    assert_string_equal(spec.etw.name, "cpu");
    assert_int_equal(spec.etw.level, SOURCE_ANY_LEVEL);
    assert_int_equal(spec.etw.id_count, 0);
    records("etw:Microsoft-Windows-Kernel-Process");
    assert_string_equal(spec.etw.name, "Microsoft-Windows-Kernel-Process");
    records("{e13c0d23-ccbc-4e12-931b-d9cc2eee27e4}:5");
    assert_string_equal(spec.etw.name, "{e13c0d23-ccbc-4e12-931b-d9cc2eee27e4}");
    assert_int_equal(spec.etw.level, 5);
    records("*My-Source");
    assert_string_equal(spec.etw.name, "*My-Source");
    records("clr");
    assert_string_equal(spec.etw.name, "Microsoft-Windows-DotNETRuntime");
    assert_int_equal(source_spec_parse_recorded("tp:sched", &spec, &error), ETWAS_NOT_FOUND);
    assert_int_equal(source_spec_parse_recorded("usdt:/x", &spec, &error), ETWAS_NOT_FOUND);
}

static void level_ids_and_keywords_follow_the_name(void **state)
{
    (void)state;
    records("P:4:1,5-9:0x10:0x8000000000000000");
    assert_int_equal(spec.etw.level, 4);
    assert_int_equal(spec.etw.id_count, 2);
    assert_int_equal(spec.etw.ids[0].first, 1);
    assert_int_equal(spec.etw.ids[0].last, 1);
    assert_int_equal(spec.etw.ids[1].first, 5);
    assert_int_equal(spec.etw.ids[1].last, 9);
    assert_true(spec.etw.any == 0x10);
    assert_true(spec.etw.all == UINT64_C(0x8000000000000000));
    records("P::7::3");
    assert_int_equal(spec.etw.level, SOURCE_ANY_LEVEL);
    assert_int_equal(spec.etw.ids[0].first, 7);
    assert_true(spec.etw.any == 0);
    assert_true(spec.etw.all == 3);
    records("P:0");
    assert_int_equal(spec.etw.level, SOURCE_ANY_LEVEL);
}

static void they_may_be_named_too(void **state)
{
    (void)state;
    records("P?level=warning&ids=1&not-ids=2,3&any=7&all=1&pid=0");
    assert_int_equal(spec.etw.level, 3);
    assert_int_equal(spec.etw.id_count, 1);
    assert_int_equal(spec.etw.not_id_count, 2);
    assert_int_equal(spec.etw.not_ids[1].last, 3);
    assert_true(spec.etw.any == 7);
    assert_true(spec.etw.all == 1);
    assert_true(spec.etw.by_process);
    assert_int_equal(spec.etw.process_id, 0);
}

static void what_no_provider_has_is_pointed_at(void **state)
{
    (void)state;
    recorded_fails_at("", 0);
    recorded_fails_at("etw:", 4);
    recorded_fails_at("*", 0);
    recorded_fails_at("P:256", 2);
    recorded_fails_at("P:4:x", 4);
    recorded_fails_at("P:4:9-5", 4);
    recorded_fails_at("P:4:1,,2", 6);
    recorded_fails_at("P:4:65536", 4);
    recorded_fails_at("P:4:1:-1", 6);
    recorded_fails_at("P:4:1:1:1:", 10);
    recorded_fails_at("P?pid=-1", 6);
    recorded_fails_at("P?exe=x", 2);
}

static void a_program_may_be_narrowed_to_provider_and_probe(void **state)
{
    (void)state;
    reads("usdt:/usr/bin/x");
    assert_int_equal(spec.kind, SOURCE_USDT);
    assert_string_equal(spec.path, "/usr/bin/x");
    assert_string_equal(spec.provider, "");
    reads("usdt:./x:Prov:probe?text=1&text=12");
    assert_string_equal(spec.path, "./x");
    assert_string_equal(spec.provider, "Prov");
    assert_string_equal(spec.probe, "probe");
    assert_int_equal(spec.text_mask, 0x801);
    fails_at("usdt:", 5);
    fails_at("usdt::p", 5);
    fails_at("usdt:x:", 7);
    fails_at("usdt:x:p:", 9);
    fails_at("usdt:x?text=0", 12);
    fails_at("usdt:x?text=13", 12);
    fails_at("usdt:x?prev_pid=1", 7);
}

static void every_operator_is_known(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum message_operator operation;
    } cases[] = {
        {"s?f=-5",  OPERATOR_EQ  },
        {"s?f==-5", OPERATOR_EQ  },
        {"s?f!=-5", OPERATOR_NE  },
        {"s?f<-5",  OPERATOR_LT  },
        {"s?f<=-5", OPERATOR_LE  },
        {"s?f>-5",  OPERATOR_GT  },
        {"s?f>=-5", OPERATOR_GE  },
        {"s?f=&-5", OPERATOR_BITS},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        reads(cases[i].text);
        assert_int_equal(spec.filter_count, 1);
        assert_string_equal(spec.filters[0].field, "f");
        assert_int_equal(spec.filters[0].operation, cases[i].operation);
        assert_int_equal(spec.filters[0].is_text, 0);
        assert_int_equal(spec.filters[0].number, -5);
    }
}

static void values_that_are_no_numbers_are_text(void **state)
{
    (void)state;
    reads("s?comm=bash&next~123*&name=\"12&3\"&flags=0x10");
    assert_int_equal(spec.filter_count, 4);
    assert_string_equal(spec.filters[0].text, "bash");
    assert_int_equal(spec.filters[1].operation, OPERATOR_GLOB);
    assert_int_equal(spec.filters[1].is_text, 1);
    assert_string_equal(spec.filters[1].text, "123*");
    assert_int_equal(spec.filters[2].is_text, 1);
    assert_string_equal(spec.filters[2].text, "12&3");
    assert_int_equal(spec.filters[3].number, 16);
}

static void bits_end_where_the_next_option_begins(void **state)
{
    (void)state;
    reads("s?flags=&0x10&pid=3");
    assert_int_equal(spec.filter_count, 2);
    assert_int_equal(spec.filters[0].operation, OPERATOR_BITS);
    assert_int_equal(spec.filters[0].number, 16);
    assert_string_equal(spec.filters[1].field, "pid");
    assert_int_equal(spec.filters[1].operation, OPERATOR_EQ);
}

static void filters_that_are_none_are_pointed_at(void **state)
{
    (void)state;
    fails_at("s?", 2);
    fails_at("s?f", 3);
    fails_at("s?f=", 4);
    fails_at("s?f=1&", 6);
    fails_at("s?f<abc", 4);
    fails_at("s?f=&abc", 5);
    fails_at("s?f=a'b", 4);
    fails_at("s?f=\"ab", 4);
    fails_at("s?a=1&=2", 6);
    fails_at("s?f=a\x01", 4);
}

static void a_ninth_filter_is_refused(void **state)
{
    (void)state;
    reads("s?a=1&a=1&a=1&a=1&a=1&a=1&a=1&a=1");
    assert_int_equal(spec.filter_count, MESSAGE_MAX_FILTERS);
    fails_at("s?a=1&a=1&a=1&a=1&a=1&a=1&a=1&a=1&b=2", 34);
}

static void counters_have_options_of_their_own(void **state)
{
    (void)state;
    reads("cpu?interval=100");
    assert_int_equal(spec.interval_ms, 100);
    reads("process-cpu?interval=2s&name=chrom*&pid=77");
    assert_int_equal(spec.interval_ms, 2000);
    assert_string_equal(spec.name, "chrom*");
    assert_int_equal(spec.process_id, 77);
    fails_at("cpu?interval=5", 13);
    fails_at("cpu?interval=x", 13);
    fails_at("cpu?name=x", 4);
    fails_at("process-cpu?pid=0", 16);
    fails_at("process-cpu?name=", 17);
    fails_at("stdout?x=1", 7);
    fails_at("Ping?Number=1", 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_word_is_a_source),
        cmocka_unit_test(a_system_alone_means_all_its_events),
        cmocka_unit_test(events_are_separated_by_commas_and_named_once),
        cmocka_unit_test(an_event_may_be_a_pattern),
        cmocka_unit_test(different_filters_of_one_event_conflict),
        cmocka_unit_test(a_prefix_makes_a_word_a_system),
        cmocka_unit_test(names_that_are_none_are_pointed_at),
        cmocka_unit_test(too_many_events_are_refused),
        cmocka_unit_test(etw_providers_are_not_here),
        cmocka_unit_test(of_recordings_every_source_is_a_provider),
        cmocka_unit_test(level_ids_and_keywords_follow_the_name),
        cmocka_unit_test(they_may_be_named_too),
        cmocka_unit_test(what_no_provider_has_is_pointed_at),
        cmocka_unit_test(a_program_may_be_narrowed_to_provider_and_probe),
        cmocka_unit_test(every_operator_is_known),
        cmocka_unit_test(values_that_are_no_numbers_are_text),
        cmocka_unit_test(bits_end_where_the_next_option_begins),
        cmocka_unit_test(filters_that_are_none_are_pointed_at),
        cmocka_unit_test(a_ninth_filter_is_refused),
        cmocka_unit_test(counters_have_options_of_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

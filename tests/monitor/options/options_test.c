/* SPDX-License-Identifier: MIT */
#include "monitor/options/options.h"

#include <string.h>

#include "tests/check.h"

enum { MAX_ARGUMENTS = 80 };

static struct options options;
static char problem[OPTIONS_PROBLEM_SIZE];
static char line[2048];
static char *arguments[MAX_ARGUMENTS];

/* Parses a command line whose words are separated by single blanks. */
static enum etwas_status parse(const char *text)
{
    options_clear(&options);
    const size_t size = strlen(text);
    assert_true(size < sizeof line);
    memcpy(line, text, size + 1);
    int count = 0;
    arguments[count++] = line;
    for (char *blank = strchr(line, ' '); blank != NULL; blank = strchr(blank + 1, ' ')) {
        *blank = 0;
        arguments[count++] = blank + 1;
        assert_true(count < MAX_ARGUMENTS);
    }
    arguments[count] = NULL;
    return options_parse(&options, count, arguments, problem);
}

static void fine(const char *text)
{
    if (parse(text) != ETWAS_OK) {
        fail_msg("%s: %s", text, problem);
    }
}

static void wrong(const char *text, const char *says)
{
    assert_int_equal(parse(text), ETWAS_MALFORMED);
    if (strstr(problem, says) == NULL) {
        fail_msg("%s: \"%s\" lacks \"%s\"", text, problem, says);
    }
}

static int forget(void **state)
{
    (void)state;
    options_clear(&options);
    return 0;
}

static void no_arguments_ask_for_help(void **state)
{
    (void)state;
    fine("etwas");
    assert_int_equal(options.action, ACTION_HELP);
}

static void help_is_found_under_all_its_names(void **state)
{
    (void)state;
    static const char *const texts[] = {"etwas --help", "etwas -h", "etwas /h",
                                        "etwas /help",  "etwas /?", "etwas --nonsense --help"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        fine(texts[i]);
        assert_int_equal(options.action, ACTION_HELP);
    }
    fine("etwas --version");
    assert_int_equal(options.action, ACTION_VERSION);
}

static void the_command_keeps_its_own_help(void **state)
{
    (void)state;
    fine("etwas --source stdout -- ls --help");
    assert_int_equal(options.action, ACTION_RUN);
    assert_string_equal(options.command[0], "ls");
    assert_string_equal(options.command[1], "--help");
    assert_null(options.command[2]);
}

static void values_come_with_a_blank_or_an_equals_sign(void **state)
{
    (void)state;
    fine("etwas --source=cpu?interval=100 --duration 2s --max-events=7 --format json");
    assert_int_equal(options.source_count, 1);
    assert_int_equal(options.sources[0]->interval_ms, 100);
    assert_int_equal(options.duration_ms, 2000);
    assert_int_equal(options.max_events, 7);
    assert_int_equal(options.format, EVENT_JSON);
}

static void no_sink_means_standard_output(void **state)
{
    (void)state;
    fine("etwas --source cpu");
    assert_int_equal(options.sink_count, 1);
    assert_int_equal(options.sinks[0].kind, SINK_KIND_STDOUT);
}

static void sinks_are_named_once(void **state)
{
    (void)state;
    fine("etwas --source cpu --sink null --sink stdout --sink null --sink file:a.jsonl "
         "--sink file:b.jsonl --sink file:a.jsonl");
    assert_int_equal(options.sink_count, 4);
    assert_int_equal(options.sinks[0].kind, SINK_KIND_NULL);
    assert_string_equal(options.sinks[3].path, "b.jsonl");
}

static void relays_are_sinks_however_they_are_written(void **state)
{
    (void)state;
    fine("etwas --source cpu --sink http://LocalHost:8080 --sink http://localhost:8080/ "
         "--sink HTTP://relay:80 --sink http://relay --sink https://relay:443/ --sink role:web:in "
         "--sink role:web --sink role:web:in");
    assert_int_equal(options.sink_count, 5);
    assert_int_equal(options.sinks[0].kind, SINK_KIND_RELAY);
    assert_string_equal(options.sinks[0].path, "http://localhost:8080/");
    assert_string_equal(options.sinks[1].path, "http://relay/");
    assert_string_equal(options.sinks[2].path, "https://relay/");
    assert_string_equal(options.sinks[3].path, "role:web:in");
    assert_string_equal(options.sinks[4].path, "role:web");
}

static void what_is_no_relay_is_refused(void **state)
{
    (void)state;
    wrong("etwas --source cpu --sink ftp://relay/", "http://HOST");
    wrong("etwas --source cpu --sink http:///", "host");
    wrong("etwas --source cpu --sink http://relay:0/", "port");
    wrong("etwas --source cpu --sink http://user@relay/", "nothing but a /");
    wrong("etwas --source cpu --sink http://relay/path", "nothing but a /");
    wrong("etwas --source cpu --sink role:", "role:NAME");
    wrong("etwas --source cpu --sink role:a:b:c", "role:NAME");
}

static void sending_has_options_of_its_own(void **state)
{
    (void)state;
    fine("etwas --source cpu --sink http://a --spool d --spool-max 5MB --spool-age 2h --drop block "
         "--fsync batch --drain 0 --key k --ca c --discovery f");
    assert_string_equal(options.relay.spool, "d");
    assert_true(options.relay.spool_max == UINT64_C(5) << 20);
    assert_int_equal(options.relay.spool_age_s, 7200);
    assert_int_equal(options.relay.drop, SPOOL_BLOCK);
    assert_int_equal(options.relay.sync, SPOOL_SYNC_BATCH);
    assert_int_equal(options.relay.drain_ms, 0);
    assert_string_equal(options.relay.key, "k");
    assert_string_equal(options.relay.ca, "c");
    assert_string_equal(options.relay.discovery, "f");
    fine("etwas --source cpu --sink http://a");
    assert_int_equal(options.relay.drop, SPOOL_DROP_OLDEST);
    assert_int_equal(options.relay.sync, SPOOL_SYNC_INTERVAL);
    assert_int_equal(options.relay.drain_ms, 30000);
    fine("etwas --key-show --key k");
    assert_int_equal(options.action, ACTION_KEY_SHOW);
}

static void what_cannot_be_said_of_sending_is_refused(void **state)
{
    (void)state;
    wrong("etwas --source cpu --spool-max 1MB", "at least 2MB");
    wrong("etwas --source cpu --spool-max lots", "--spool-max");
    wrong("etwas --source cpu --spool-age 500ms", "--spool-age");
    wrong("etwas --source cpu --drop some", "oldest, newest and block");
    wrong("etwas --source cpu --fsync often", "batch, interval and never");
    wrong("etwas --source cpu --drain x", "--drain");
    wrong("etwas --source cpu --spool=", "path");
}

static void sources_are_named_once(void **state)
{
    (void)state;
    fine("etwas --source cpu --source sched --source cpu");
    assert_int_equal(options.source_count, 2);
}

static void unknown_things_are_refused(void **state)
{
    (void)state;
    wrong("etwas --bogus", "--bogus");
    wrong("etwas sched", "--source");
    wrong("etwas --source cpu --sink carrier-pigeon", "stdout, null");
    wrong("etwas --source cpu --format yaml", "table and csv");
    wrong("etwas --list everything", "providers");
    wrong("etwas --source sched:a:b", "at character 8");
    wrong("etwas --source", "wants a value");
    wrong("etwas --quiet=1 --source cpu", "no value");
    wrong("etwas --quiet", "no --source");
    wrong("etwas --list events", "name of a system");
    wrong("etwas --source cpu --", "command");
    wrong("etwas --source cpu -- ls", "--source stdout");
    wrong("etwas --stop --doctor", "cannot go with");
}

static void what_comes_later_is_said_so(void **state)
{
    (void)state;
    static const char *const texts[] = {"etwas --query x.kql", "etwas -q x.kql", "etwas --kql take",
                                        "etwas --self-test", "etwas -oc"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        wrong(texts[i], "not in this version");
        assert_null(strstr(options_help, "--query"));
    }
}

static void options_of_etw_sessions_say_so(void **state)
{
    (void)state;
    wrong("etwas --source sched --min-buffers 4", "ETW");
    wrong("etwas --source sched --flush 1", "ETW");
    wrong("etwas --source sched --clock qpc", "ETW");
    wrong("etwas --source sched --mode=circular", "ETW");
}

static void the_ring_is_the_buffers_of_a_cpu(void **state)
{
    (void)state;
    fine("etwas --source sched --buffer-size 16 --max-buffers 8");
    assert_int_equal(options.subbuffer_kib, 16);
    assert_int_equal(options.ring_kib, 128);
    fine("etwas --source sched --max-buffers 8");
    assert_int_equal(options.subbuffer_kib, 64);
    assert_int_equal(options.ring_kib, 512);
    fine("etwas --source sched --buffer-size 8");
    assert_int_equal(options.ring_kib, 0);
    wrong("etwas --source sched --buffer-size 5", "--buffer-size");
    wrong("etwas --source sched --buffer-size 128", "--buffer-size");
    wrong("etwas --source sched --max-buffers 1", "at least 2");
    wrong("etwas --source sched --max-buffers 16777216", "too big");
}

static void a_session_may_be_another_users_only_to_stop_it(void **state)
{
    (void)state;
    fine("etwas --stop");
    assert_false(options.session_named);
    fine("etwas --source sched");
    assert_string_equal(options.session, "Etwas-Trace-Session");
    assert_true(options.session_uid == MESSAGE_UID_SELF);
    fine("etwas --stop -s 1000/mine");
    assert_true(options.session_named);
    assert_int_equal(options.session_uid, 1000);
    assert_string_equal(options.session, "mine");
    wrong("etwas --source sched --session 1000/mine", "--stop");
    wrong("etwas --stop --session a/b", "UID/NAME");
    wrong("etwas --stop --session 4294967295/b", "UID/NAME");
    wrong("etwas --stop --session ../x", "UID/NAME");
    wrong("etwas --stop --session a12345678901234567890123456789012345678901234567x", "");
    wrong("etwas --stop --session=", "UID/NAME");
}

static void lingering_counts_whole_seconds_upwards(void **state)
{
    (void)state;
    fine("etwas --source sched");
    assert_true(options.linger_s == UINT32_MAX);
    fine("etwas --source sched --linger 1500ms");
    assert_int_equal(options.linger_s, 2);
    fine("etwas --source sched --linger 0");
    assert_int_equal(options.linger_s, 0);
}

static void other_actions_take_what_they_need(void **state)
{
    (void)state;
    fine("etwas --list events sched");
    assert_int_equal(options.action, ACTION_LIST_EVENTS);
    assert_string_equal(options.list_system, "sched");
    fine("etwas --list=events sched --controller /tmp/s");
    assert_string_equal(options.list_system, "sched");
    assert_string_equal(options.controller, "/tmp/s");
    fine("etwas --usdt-rule ./x?text=3 --who group:etwas");
    assert_string_equal(options.usdt_rule, "./x?text=3");
    assert_string_equal(options.who, "group:etwas");
    wrong("etwas --usdt-rule ./x --who=", "--who");
    fine("etwas --stop --source sched");
    assert_int_equal(options.action, ACTION_STOP);
}

static void traces_and_manifests_are_kept_as_typed(void **state)
{
    (void)state;
    fine("etwas --file a.etl -f b*.etl --manifest m --raw-values --keep-values --stacks --tmf t");
    assert_int_equal(options.trace.file_count, 2);
    assert_string_equal(options.trace.files[1], "b*.etl");
    assert_int_equal(options.trace.manifest_count, 1);
    assert_true(options.trace.raw_values);
    assert_true(options.trace.keep_values);
    assert_true(options.trace.stacks);
    assert_string_equal(options.trace.tmf, "t");
    assert_int_equal(options.source_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_arguments_ask_for_help),
        cmocka_unit_test(help_is_found_under_all_its_names),
        cmocka_unit_test(the_command_keeps_its_own_help),
        cmocka_unit_test(values_come_with_a_blank_or_an_equals_sign),
        cmocka_unit_test(no_sink_means_standard_output),
        cmocka_unit_test(sinks_are_named_once),
        cmocka_unit_test(relays_are_sinks_however_they_are_written),
        cmocka_unit_test(what_is_no_relay_is_refused),
        cmocka_unit_test(sending_has_options_of_its_own),
        cmocka_unit_test(what_cannot_be_said_of_sending_is_refused),
        cmocka_unit_test(sources_are_named_once),
        cmocka_unit_test(unknown_things_are_refused),
        cmocka_unit_test(what_comes_later_is_said_so),
        cmocka_unit_test(traces_and_manifests_are_kept_as_typed),
        cmocka_unit_test(options_of_etw_sessions_say_so),
        cmocka_unit_test(the_ring_is_the_buffers_of_a_cpu),
        cmocka_unit_test(a_session_may_be_another_users_only_to_stop_it),
        cmocka_unit_test(lingering_counts_whole_seconds_upwards),
        cmocka_unit_test(other_actions_take_what_they_need),
    };
    return cmocka_run_group_tests(tests, NULL, forget);
}

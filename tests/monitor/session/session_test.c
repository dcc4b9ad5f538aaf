/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "monitor/session/session.h"
#include "tests/check.h"
#include "tests/monitor/session/fake.h"

static struct fake fake;
static struct session *session;
static struct session_outcome outcome;
static struct refusal refusal;

static int set_up(void **state)
{
    (void)state;
    fake_init(&fake);
    session = NULL;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    session_close(session);
    fake_clear(&fake);
    return 0;
}

static void open_session(void)
{
    const struct session_options options = {.controller = fake.path, .linger_s = UINT32_MAX};
    fake_serve(&fake);
    assert_int_equal(session_open(&options, &session, &refusal), ETWAS_OK);
}

static enum etwas_status enable(const char *system, const char *event)
{
    struct message_enable wanted = {.filter_count = 0};
    (void)snprintf(wanted.system, sizeof wanted.system, "%s", system);
    (void)snprintf(wanted.event, sizeof wanted.event, "%s", event);
    return session_enable(session, &wanted, &outcome, &refusal);
}

static void assert_said(const char *expected)
{
    char text[REFUSAL_TEXT_SIZE];
    refusal_text(&refusal, text);
    assert_string_equal(text, expected);
}

static void a_controller_that_is_not_there_is_said(void **state)
{
    (void)state;
    const struct session_options options = {.controller = "/nonexistent/socket"};
    assert_int_equal(session_open(&options, &session, &refusal), ETWAS_NOT_FOUND);
    assert_null(session);
    assert_int_equal(refusal_exit(&refusal), 2);
    assert_said("cannot use the controller at /nonexistent/socket: it is not running: "
                "No such file or directory\nnext: start etwas-controller as the administrator");
}

static void a_denied_event_names_the_line_that_decided(void **state)
{
    (void)state;
    open_session();
    assert_int_equal(enable("fake", "secret"), ETWAS_DENIED);
    assert_int_equal(refusal_exit(&refusal), 3);
    assert_said("cannot trace fake:secret: line 7 of the policy denies it\n"
                "next: etwas --doctor says what you may trace and who can change it");
    assert_int_equal(enable("fake", "tick"), ETWAS_OK);
}

static void an_unknown_event_is_not_found(void **state)
{
    (void)state;
    open_session();
    assert_int_equal(enable("fake", "nothing"), ETWAS_NOT_FOUND);
    assert_int_equal(refusal_exit(&refusal), 4);
    assert_said("cannot trace fake:nothing: there is no such event or probe\n"
                "next: etwas --list shows what can be traced here");
    assert_int_equal(enable("fakes", "no*"), ETWAS_NOT_FOUND);
}

static void a_whole_system_is_what_the_policy_leaves_of_it(void **state)
{
    (void)state;
    open_session();
    assert_int_equal(enable("fake", ""), ETWAS_OK);
    assert_int_equal(outcome.enabled, 2);
    assert_int_equal(outcome.refused, 1);
    assert_int_equal(refusal.detail, 7);
    assert_string_equal(fake.enabled[0].event, "tick");
    assert_string_equal(fake.enabled[1].event, "tock");
}

static void a_pattern_enables_what_matches(void **state)
{
    (void)state;
    open_session();
    assert_int_equal(enable("fake", "t?ck"), ETWAS_OK);
    assert_int_equal(outcome.enabled, 2);
    assert_int_equal(outcome.refused, 0);
    assert_int_equal(enable("fake", "s*"), ETWAS_DENIED);
}

static void asking_too_often_waits_and_asks_again(void **state)
{
    (void)state;
    fake.rate_refusals = 2;
    open_session();
    assert_int_equal(enable("fake", "tick"), ETWAS_OK);
    assert_int_equal(fake.rate_refusals, 0);
}

static void a_controller_that_hangs_up_is_said(void **state)
{
    (void)state;
    fake.end_after_open = true;
    open_session();
    assert_int_equal(enable("fake", "tick"), ETWAS_CLOSED);
    assert_int_equal(refusal_exit(&refusal), 2);
    assert_said("cannot trace fake:tick: waiting for the controller's answer: the controller hung "
                "up\nnext: etwas --doctor");
}

static void names_too_long_never_reach_the_controller(void **state)
{
    (void)state;
    char name[MESSAGE_SESSION_SIZE + 1] = {0};
    memset(name, 'x', sizeof name - 1);
    const struct session_options options = {.controller = fake.path, .name = name};
    fake_serve(&fake);
    assert_int_equal(session_open(&options, &session, &refusal), ETWAS_TOO_BIG);
    assert_null(session);
}

static void a_program_that_cannot_be_probed_is_said(void **state)
{
    (void)state;
    open_session();
    struct session_probe wanted = {.path = "/nonexistent/program"};
    assert_int_equal(session_enable_usdt(session, &wanted, &outcome, &refusal), ETWAS_NOT_FOUND);
    assert_int_equal(refusal_exit(&refusal), 4);
    wanted.path = fake.folder;
    assert_int_equal(session_enable_usdt(session, &wanted, &outcome, &refusal), ETWAS_SYSTEM);
    wanted.path = "/proc/self/exe"; /* this test has no probes */
    assert_int_equal(session_enable_usdt(session, &wanted, &outcome, &refusal), ETWAS_NOT_FOUND);
    assert_int_equal(fake.usdt_count, 0);
}

/* Ends the stream of the session, whose events then were handed over. */
static void run(struct taken *taken)
{
    struct source *source = NULL;
    struct etwas_error error;
    assert_int_equal(session_start(session, &source, &refusal), ETWAS_OK);
    session = NULL;
    fake_join(&fake);
    fake_ticks(&fake, 0, 1000, 10); /* numbers 1000, 1010 ...: all even */
    struct pages pages = {.size = 0};
    pages_start(&pages, 5000);
    fake_record(&pages, 0, FAKE_TICK, 7);
    fake_record(&pages, 1, FAKE_TOCK, 8);
    pages_end(&pages, 0);
    fake_send(&fake, 0, &pages);
    fake_end(&fake, END_SHUTDOWN, 0);
    taken_init(taken);
    assert_int_equal(source->ops->pump(source, &taken->handler, &error), ETWAS_CLOSED);
    source->ops->close(source);
}

static struct taken taken;

static void enable_where(const char *field, enum message_operator operation, const char *text,
                         int64_t number)
{
    struct message_enable wanted = {.system = "fake", .event = "tick", .filter_count = 1};
    struct message_filter *filter = &wanted.filters[0];
    (void)snprintf(filter->field, sizeof filter->field, "%s", field);
    (void)snprintf(filter->text, sizeof filter->text, "%s", text != NULL ? text : "");
    filter->operation = operation;
    filter->is_text = text != NULL;
    filter->number = number;
    assert_int_equal(session_enable(session, &wanted, &outcome, &refusal), ETWAS_OK);
}

static void filters_hold_here_too(void **state)
{
    (void)state;
    static const struct {
        const char *field;
        enum message_operator operation;
        const char *text;
        int64_t number;
        size_t passing;
    } cases[] = {
        {"number",     OPERATOR_EQ,   NULL,   1010,     1 },
        {"number",     OPERATOR_NE,   NULL,   1010,     10},
        {"number",     OPERATOR_LT,   NULL,   1010,     2 },
        {"number",     OPERATOR_LE,   NULL,   1010,     3 },
        {"number",     OPERATOR_GT,   NULL,   1080,     1 },
        {"number",     OPERATOR_GE,   NULL,   1080,     2 },
        {"number",     OPERATOR_BITS, NULL,   1,        1 },
        {"number",     OPERATOR_LT,   NULL,   -1,       11},
        {"text",       OPERATOR_EQ,   "even", 0,        10},
        {"text",       OPERATOR_NE,   "even", 0,        1 },
        {"text",       OPERATOR_GLOB, "o?*",  0,        1 },
        {"text",       OPERATOR_GLOB, "*e*n", 0,        10},
        {"text",       OPERATOR_GLOB, "[x]",  0,        11},
        {"common_pid", OPERATOR_NE,   NULL,   FAKE_PID, 0 },
        {"nothing",    OPERATOR_EQ,   NULL,   1,        11},
        {"text",       OPERATOR_EQ,   NULL,   1,        11},
        {"number",     OPERATOR_EQ,   "even", 0,        11},
        {"text",       OPERATOR_EQ,   "eve",  0,        0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        open_session();
        enable_where(cases[i].field, cases[i].operation, cases[i].text, cases[i].number);
        run(&taken);
        assert_int_equal(taken.count, cases[i].passing);
        fake_clear(&fake);
        fake_init(&fake);
    }
}

static void an_event_asked_for_twice_passes_when_either_would(void **state)
{
    (void)state;
    open_session();
    enable_where("number", OPERATOR_EQ, NULL, 1010);
    enable_where("number", OPERATOR_EQ, NULL, 1020);
    run(&taken);
    assert_int_equal(taken.count, 2);
}

static void an_event_asked_for_without_filters_passes_whole(void **state)
{
    (void)state;
    open_session();
    enable_where("number", OPERATOR_EQ, NULL, 1010);
    assert_int_equal(enable("fake", "tick"), ETWAS_OK);
    enable_where("number", OPERATOR_EQ, NULL, 1010);
    run(&taken);
    assert_int_equal(taken.count, 11);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(a_controller_that_is_not_there_is_said),
        CLAIM(a_denied_event_names_the_line_that_decided),
        CLAIM(an_unknown_event_is_not_found),
        CLAIM(a_whole_system_is_what_the_policy_leaves_of_it),
        CLAIM(a_pattern_enables_what_matches),
        CLAIM(asking_too_often_waits_and_asks_again),
        CLAIM(a_controller_that_hangs_up_is_said),
        CLAIM(names_too_long_never_reach_the_controller),
        CLAIM(a_program_that_cannot_be_probed_is_said),
        CLAIM(filters_hold_here_too),
        CLAIM(an_event_asked_for_twice_passes_when_either_would),
        CLAIM(an_event_asked_for_without_filters_passes_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

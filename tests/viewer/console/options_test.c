/* SPDX-License-Identifier: MIT */
#include "viewer/console/options.h"

#include <string.h>

#include "tests/check.h"
#include "viewer/console/retry.h"

enum { NOW_S = 1795190400 }; /* 2026-11-20T16:00:00Z */

static struct options options;
static char problem[OPTIONS_PROBLEM_SIZE];

static enum etwas_status parse(int argc, const char *const *argv)
{
    union {
        const char *const *constant;
        char *const *plain;
    } arguments = {.constant = argv};
    return options_parse(&options, argc, arguments.plain, NOW_S, problem);
}

#define PARSE(...)                                                                                 \
    parse((int)(sizeof(const char *[]){"etwasc", __VA_ARGS__} / sizeof(const char *)),             \
          (const char *[]){"etwasc", __VA_ARGS__, NULL})

static void the_server_is_what_it_needs(void **state)
{
    (void)state;
    assert_int_equal(PARSE("--server", "http://localhost:8080/"), ETWAS_OK);
    assert_string_equal(options.server, "http://localhost:8080/");
    assert_false(options.json);
    assert_int_equal(options.since.kind, SINCE_NOW);
    assert_true(options.max_events == UINT64_MAX);
    assert_int_equal(PARSE("--server=https://h", "--format=json"), ETWAS_OK);
    assert_true(options.json);
    assert_int_equal(PARSE("--quiet"), ETWAS_MALFORMED);
    assert_non_null(strstr(problem, "--server"));
}

static void this_machine_is_told_from_what_looks_like_it(void **state)
{
    (void)state;
    static const char *const here[] = {"http://localhost", "https://localhost:8080/",
                                       "http://127.0.0.1:8080", "http://127.1.2.3/",
                                       "http://[::1]:8080/"};
    static const char *const elsewhere[] = {"http://localhost.example/",
                                            "http://127.0.0.1.example/",
                                            "http://localhost:x@example/",
                                            "http://127.0.0.1@example/",
                                            "http://example/localhost",
                                            "http://[::1.example/",
                                            "http://[::2]/",
                                            "http://relay:8080/",
                                            "http://127.example"};
    for (size_t i = 0; i < sizeof here / sizeof here[0]; i++) {
        assert_true(options_is_loopback(here[i]));
    }
    for (size_t i = 0; i < sizeof elsewhere / sizeof elsewhere[0]; i++) {
        assert_false(options_is_loopback(elsewhere[i]));
    }
}

static void what_is_wrong_is_said(void **state)
{
    (void)state;
    static const char *const wrong[][3] = {
        {"--server",     "localhost:8080", "http://HOST"  },
        {"--server",     "ftp://h/",       "http://HOST"  },
        {"--server",     "http:///x",      "http://HOST"  },
        {"--server",     "http://h/?a=b",  "http://HOST"  },
        {"--format",     "xml",            "text and json"},
        {"--max-events", "0",              "from 1"       },
        {"--max-events", "1x",             "from 1"       },
        {"--since",      "yesterday",      "--since wants"},
        {"--quiet=1",    "x",              "no value"     },
        {"--bogus",      "x",              "no option"    },
        {"x",            "--token",        "no option"    },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(PARSE(wrong[i][0], wrong[i][1]), ETWAS_MALFORMED);
        assert_non_null(strstr(problem, wrong[i][2]));
    }
    assert_int_equal(PARSE("--token"), ETWAS_MALFORMED);
    assert_non_null(strstr(problem, "wants a value"));
}

static void help_goes_before_anything_else(void **state)
{
    (void)state;
    static const char *const words[] = {"--help", "-h", "/h", "/help", "/?"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        assert_int_equal(PARSE("--bogus", words[i]), ETWAS_OK);
        assert_int_equal(options.action, ACTION_HELP);
    }
    assert_int_equal(PARSE("--version"), ETWAS_OK);
    assert_int_equal(options.action, ACTION_VERSION);
}

static void is_since(const char *text, enum since_kind kind, const char *meant)
{
    struct since since;
    assert_true(since_parse(text, NOW_S, &since));
    assert_int_equal(since.kind, kind);
    assert_string_equal(since.text, meant);
}

static void times_and_ids_say_where_to_begin(void **state)
{
    (void)state;
    is_since("17:3", SINCE_ID, "17:3");
    is_since("1:0", SINCE_ID, "1:0");
    is_since("10m", SINCE_TIME, "2026-11-20T15:50:00.0000000Z");
    is_since("90", SINCE_TIME, "2026-11-20T15:58:30.0000000Z");
    is_since("300d", SINCE_TIME, "2026-01-24T16:00:00.0000000Z");
    is_since("999999d", SINCE_TIME, "1970-01-01T00:00:00.0000000Z");
    is_since("2026-11-25", SINCE_TIME, "2026-11-25T00:00:00.0000000Z");
    is_since("2026-11-25T10:00Z", SINCE_TIME, "2026-11-25T10:00:00.0000000Z");
    is_since("2026-11-25T10:00:01.5Z", SINCE_TIME, "2026-11-25T10:00:01.5000000Z");
    is_since("2026-11-25T10:00:01.1234567Z", SINCE_TIME, "2026-11-25T10:00:01.1234567Z");
}

static void anything_else_does_not(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",
                                        ":",
                                        "17:",
                                        ":3",
                                        "17:3 ",
                                        "-1:3",
                                        "0:1",
                                        "01:1",
                                        "1:01",
                                        "1234567890123456789:1",
                                        "17:1234567890",
                                        "10x",
                                        "m",
                                        "10 m",
                                        "1.5m",
                                        "2026-11-25T10:00:00",
                                        "2026-1-25",
                                        "26-11-25",
                                        "2026-11-25T10:00:00.Z",
                                        "2026-11-25T10:00:00.12345678Z",
                                        "2026-11-25T10Z",
                                        "2026-11-25 10:00:00Z",
                                        "1234567890s"};
    struct since since;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_false(since_parse(wrong[i], NOW_S, &since));
    }
}

static void who_has_all_before_an_event_stands_there(void **state)
{
    (void)state;
    static const struct stand {
        uint64_t row;
        uint64_t index;
        const char *id;
    } stands[] = {
        {17, 3, "17:2"        },
        {17, 1, "17:0"        },
        {17, 0, "16:999999999"},
        {1,  0, "1:0"         }
    };
    char id[SINCE_TEXT_SIZE];
    for (size_t i = 0; i < sizeof stands / sizeof *stands; i++) {
        since_before(stands[i].row, stands[i].index, id);
        assert_string_equal(id, stands[i].id);
        assert_true(since_is_id(id, strlen(id)));
    }
}

static void waiting_doubles_and_has_an_end(void **state)
{
    (void)state;
    struct retry retry;
    retry_init(&retry, 42);
    int64_t wanted = RETRY_FIRST_MS;
    for (int i = 0; i < 100; i++) {
        const int64_t delay = retry_delay_ms(&retry, 0);
        assert_in_range(delay, wanted * 3 / 4, wanted);
        wanted = wanted * 2 > RETRY_MAX_MS ? RETRY_MAX_MS : wanted * 2;
    }
    retry_worked(&retry);
    assert_in_range(retry_delay_ms(&retry, 40), 30, 40);
    assert_in_range(retry_delay_ms(&retry, UINT32_MAX), RETRY_MAX_MS / 4 * 3, RETRY_MAX_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_server_is_what_it_needs),
        cmocka_unit_test(this_machine_is_told_from_what_looks_like_it),
        cmocka_unit_test(what_is_wrong_is_said),
        cmocka_unit_test(help_goes_before_anything_else),
        cmocka_unit_test(times_and_ids_say_where_to_begin),
        cmocka_unit_test(anything_else_does_not),
        cmocka_unit_test(who_has_all_before_an_event_stands_there),
        cmocka_unit_test(waiting_doubles_and_has_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "relay/parameters.h"

#include <stdio.h>
#include <string.h>

#include "tests/check.h"

static struct parameters parameters;
static struct parameters_fault fault;

static enum etwas_status parse(enum parameters_of of, const char *text)
{
    fault.text[0] = '\0';
    return parameters_parse(&parameters, of, text, strlen(text), &fault);
}

static void what_is_not_said_has_its_default(void **state)
{
    (void)state;
    assert_int_equal(parse(PARAMETERS_EVENTS, ""), ETWAS_OK);
    assert_true(parameters.from == INT64_MIN && parameters.to == INT64_MAX);
    assert_true(parameters.descending);
    assert_int_equal(parameters.limit, 1000);
    assert_int_equal(parameters.cursor.row, 0);
    assert_int_equal(parse(PARAMETERS_LIVE, "&&"), ETWAS_OK);
    assert_int_equal(parameters.after.row, 0);
    assert_int_equal(parameters.sample, 0);
}

static void all_that_is_said_is_read(void **state)
{
    (void)state;
    assert_int_equal(parse(PARAMETERS_EVENTS,
                           "from=2026-11-20T22%3A54%3a30.1234567Z&to=9999-12-31T00:00:00Z&"
                           "order=asc&limit=1000000&cursor=17%3A0"),
                     ETWAS_OK);
    assert_int_equal(parameters.from, INT64_C(134396888701234567));
    assert_int_equal(parameters.to, INT64_C(2650466880000000000));
    assert_false(parameters.descending);
    assert_int_equal(parameters.limit, 1000000);
    assert_int_equal(parameters.cursor.row, 17);
    assert_int_equal(parameters.cursor.index, 0);
    assert_int_equal(parse(PARAMETERS_LIVE, "after=9223372036854775807:4294967295&sample=2000"),
                     ETWAS_OK);
    assert_int_equal(parameters.after.row, INT64_MAX);
    assert_int_equal(parameters.after.index, UINT32_MAX);
    assert_int_equal(parameters.sample, 2000);
}

static void what_is_wrong_is_named(void **state)
{
    (void)state;
    static const struct {
        enum parameters_of of;
        const char *text;
        const char *named;
    } bad[] = {
        {PARAMETERS_EVENTS, "colour=red",                   "colour is no parameter"},
        {PARAMETERS_EVENTS, "sample=1",                     "sample is no parameter"},
        {PARAMETERS_LIVE,   "limit=1",                      "limit is no parameter" },
        {PARAMETERS_EVENTS, "=1",                           " is no parameter"      },
        {PARAMETERS_EVENTS, "limit=1&limit=1",              "limit is given twice"  },
        {PARAMETERS_EVENTS, "limit=0",                      "limit must"            },
        {PARAMETERS_EVENTS, "limit=1000001",                "limit must"            },
        {PARAMETERS_EVENTS, "limit=4294967297",             "limit must"            },
        {PARAMETERS_EVENTS, "limit=18446744073709551617",   "limit must"            },
        {PARAMETERS_EVENTS, "limit=",                       "limit must"            },
        {PARAMETERS_EVENTS, "limit",                        "limit must"            },
        {PARAMETERS_EVENTS, "limit=-1",                     "limit must"            },
        {PARAMETERS_EVENTS, "limit=%31%",                   "limit has"             },
        {PARAMETERS_EVENTS, "limit=1%00",                   "limit has"             },
        {PARAMETERS_EVENTS, "limit=1%3",                    "limit has"             },
        {PARAMETERS_EVENTS, "limit=1%3g",                   "limit has"             },
        {PARAMETERS_EVENTS, "limit=+1",                     "limit must"            },
        {PARAMETERS_EVENTS, "order=up",                     "order must"            },
        {PARAMETERS_EVENTS, "from=yesterday",               "from must"             },
        {PARAMETERS_EVENTS, "to=2026-11-20",                "to must"               },
        {PARAMETERS_EVENTS, "cursor=0:1",                   "cursor must"           },
        {PARAMETERS_EVENTS, "cursor=1",                     "cursor must"           },
        {PARAMETERS_EVENTS, "cursor=1:",                    "cursor must"           },
        {PARAMETERS_EVENTS, "cursor=:1",                    "cursor must"           },
        {PARAMETERS_EVENTS, "cursor=01:1",                  "cursor must"           },
        {PARAMETERS_EVENTS, "cursor=1:4294967296",          "cursor must"           },
        {PARAMETERS_EVENTS, "cursor=9223372036854775808:1", "cursor must"           },
        {PARAMETERS_LIVE,   "sample=2001",                  "sample must"           },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(parse(bad[i].of, bad[i].text), ETWAS_MALFORMED);
        assert_memory_equal(fault.text, bad[i].named, strlen(bad[i].named));
    }
}

static void a_query_is_refused_until_there_is_kql(void **state)
{
    (void)state;
    assert_int_equal(parse(PARAMETERS_EVENTS, "query=Event%20%7C%20where%20x"), ETWAS_MALFORMED);
    assert_non_null(strstr(fault.text, "KQL"));
    char text[600];
    memset(text, 'a', sizeof text);
    (void)snprintf(text, sizeof text, "query=");
    text[6] = 'a';
    assert_int_equal(parameters_parse(&parameters, PARAMETERS_LIVE, text, sizeof text, &fault),
                     ETWAS_MALFORMED);
    assert_non_null(strstr(fault.text, "KQL"));
}

static void a_hostile_name_is_harmless_in_the_answer(void **state)
{
    (void)state;
    assert_int_equal(parse(PARAMETERS_EVENTS, "%3Cb%3E%22%5C%0a%ff%26%1b=1"), ETWAS_MALFORMED);
    assert_memory_equal(fault.text, "?b??????? is no parameter", 25);
    char text[2000];
    memset(text, 'n', sizeof text);
    assert_int_equal(parameters_parse(&parameters, PARAMETERS_EVENTS, text, sizeof text, &fault),
                     ETWAS_MALFORMED);
    assert_true(strlen(fault.text) < sizeof fault.text);
}

static void one_at_a_time_is_the_same(void **state)
{
    (void)state;
    parameters_init(&parameters, PARAMETERS_EVENTS);
    assert_int_equal(parameters_set(&parameters, "limit", "7", &fault), ETWAS_OK);
    assert_int_equal(parameters_set(&parameters, "limit", "7", &fault), ETWAS_MALFORMED);
    assert_int_equal(parameters.limit, 7);
    assert_int_equal(parameters_set(&parameters, "to", "", &fault), ETWAS_MALFORMED);
}

static void an_identity_comes_back(void **state)
{
    (void)state;
    char text[IDENTITY_SIZE];
    struct identity back;
    const struct identity last = {.row = INT64_MAX, .index = UINT32_MAX};
    const size_t size = identity_format(last, text);
    assert_string_equal(text, "9223372036854775807:4294967295");
    assert_true(identity_parse(text, size, &back));
    assert_true(back.row == last.row && back.index == last.index);
    for (size_t cut = 0; cut < 20; cut++) {
        assert_false(identity_parse(text, cut, &back));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_said_has_its_default),
        cmocka_unit_test(all_that_is_said_is_read),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(a_query_is_refused_until_there_is_kql),
        cmocka_unit_test(a_hostile_name_is_harmless_in_the_answer),
        cmocka_unit_test(one_at_a_time_is_the_same),
        cmocka_unit_test(an_identity_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "monitor/forward/roles.h"

#include <stdio.h>
#include <string.h>

#include "tests/check.h"

static struct address list[ROLES_INSTANCES];
static size_t count;

static enum etwas_status parse(const char *text, const char *role_text)
{
    struct role role;
    assert_int_equal(role_parse(role_text, &role), ETWAS_OK);
    return roles_parse(text, strlen(text), &role, list, &count);
}

static const char file[] =
    "{\"roles\":{\"web\":{\"in\":[\"http://A:8080/\",\"http://b\",\"http://a:8080\"],"
    "\"out\":[\"https://c/\",\"ftp://d/\",7]},\"empty\":{}}}";

static void an_endpoint_has_its_places_once(void **state)
{
    (void)state;
    assert_int_equal(parse(file, "role:web:in"), ETWAS_OK);
    assert_int_equal(count, 2);
    assert_string_equal(list[0].url, "http://a:8080/");
    assert_string_equal(list[1].url, "http://b/");
}

static void a_role_has_the_places_of_all_its_endpoints(void **state)
{
    (void)state;
    assert_int_equal(parse(file, "role:web"), ETWAS_OK);
    assert_int_equal(count, 3);
    assert_int_equal(parse(file, "role:empty"), ETWAS_OK);
    assert_int_equal(count, 0);
}

static void what_is_not_there_is_not_found(void **state)
{
    (void)state;
    assert_int_equal(parse(file, "role:db"), ETWAS_NOT_FOUND);
    assert_int_equal(parse(file, "role:web:other"), ETWAS_NOT_FOUND);
}

static void what_is_no_such_file_is_malformed(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "", "{", "[]", "{\"roles\":[]}", "{\"role\":{}}", "{\"roles\":{},\"roles\":{}}"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(parse(wrong[i], "role:web"), ETWAS_MALFORMED);
        assert_int_equal(count, 0);
    }
}

static void there_are_only_so_many(void **state)
{
    (void)state;
    char text[4096];
    size_t used = (size_t)snprintf(text, sizeof text, "{\"roles\":{\"web\":{\"in\":[7");
    for (int i = 'a'; i <= 'z'; i++) {
        used += (size_t)snprintf(text + used, sizeof text - used, ",\"http://%c\"", i);
    }
    (void)snprintf(text + used, sizeof text - used, "]}}}");
    assert_int_equal(parse(text, "role:web"), ETWAS_OK);
    assert_int_equal(count, ROLES_INSTANCES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_endpoint_has_its_places_once),
        cmocka_unit_test(a_role_has_the_places_of_all_its_endpoints),
        cmocka_unit_test(what_is_not_there_is_not_found),
        cmocka_unit_test(what_is_no_such_file_is_malformed),
        cmocka_unit_test(there_are_only_so_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

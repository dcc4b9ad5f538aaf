/* SPDX-License-Identifier: MIT */
#include "monitor/forward/address.h"

#include <string.h>

#include "tests/check.h"

static struct address address;
static const char *problem;

static void one_place_is_written_in_one_way(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *url;
        const char *authority;
        bool loopback;
    } cases[] = {
        {"http://localhost:8080/",    "http://localhost:8080/", "localhost:8080", true },
        {"HTTP://LocalHost:08080",    "http://localhost:8080/", "localhost:8080", true },
        {"http://relay.example:80/",  "http://relay.example/",  "relay.example",  false},
        {"https://relay.example:443", "https://relay.example/", "relay.example",  false},
        {"https://relay:80/",         "https://relay:80/",      "relay:80",       false},
        {"http://[::1]:8080/",        "http://[::1]:8080/",     "[::1]:8080",     true },
        {"http://[2001:DB8::1]",      "http://[2001:db8::1]/",  "[2001:db8::1]",  false},
        {"http://127.0.0.2/",         "http://127.0.0.2/",      "127.0.0.2",      true },
        {"http://127.example/",       "http://127.example/",    "127.example",    false},
        {"http://x.localhost/",       "http://x.localhost/",    "x.localhost",    true },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(address_parse(cases[i].text, &address, &problem), ETWAS_OK);
        assert_string_equal(address.url, cases[i].url);
        assert_string_equal(address.authority, cases[i].authority);
        assert_int_equal(address.loopback, cases[i].loopback);
        assert_int_equal(address.secure, strncmp(cases[i].url, "https", 5) == 0);
    }
}

static void what_is_no_place_is_refused_with_a_reason(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",          "http",        "http:/a",       "http://",        "http:///",
        "ftp://a/",  "http://a:/",  "http://a:0/",   "http://a:65536", "http://a:99999999999/",
        "http://[]", "http://[::1", "http://a b/",   "http://u:p@a/",  "http://a/x",
        "http://a?", "http://a/#",  "http://a:80x/", "http://a\r\nX:", "http://[g]/",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        problem = NULL;
        assert_int_equal(address_parse(wrong[i], &address, &problem), ETWAS_MALFORMED);
        assert_non_null(problem);
    }
}

static void a_name_may_be_as_long_as_the_dns_allows(void **state)
{
    (void)state;
    char text[400] = "http://";
    memset(text + 7, 'a', ADDRESS_HOST_MAX);
    assert_int_equal(address_parse(text, &address, &problem), ETWAS_OK);
    text[7 + ADDRESS_HOST_MAX] = 'a';
    assert_int_equal(address_parse(text, &address, &problem), ETWAS_MALFORMED);
}

static void a_role_has_a_name_and_perhaps_an_endpoint(void **state)
{
    (void)state;
    struct role role;
    assert_int_equal(role_parse("role:web.eu-1_a:In", &role), ETWAS_OK);
    assert_string_equal(role.name, "web.eu-1_a");
    assert_string_equal(role.endpoint, "In");
    assert_int_equal(role_parse("role:web", &role), ETWAS_OK);
    assert_string_equal(role.endpoint, "");
    static const char *const wrong[] = {"role:",     "role",     "role:a:", "role::b",
                                        "role:a:b:", "role:a b", "Role:a",  "role:a/../b"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(role_parse(wrong[i], &role), ETWAS_MALFORMED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_place_is_written_in_one_way),
        cmocka_unit_test(what_is_no_place_is_refused_with_a_reason),
        cmocka_unit_test(a_name_may_be_as_long_as_the_dns_allows),
        cmocka_unit_test(a_role_has_a_name_and_perhaps_an_endpoint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

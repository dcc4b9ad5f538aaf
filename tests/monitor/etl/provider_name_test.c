/* SPDX-License-Identifier: MIT */
#include "monitor/etl/provider_name.h"

#include <stdio.h>
#include <string.h>

#include "monitor/etl/sha1.h"
#include "tests/check.h"

static void digest_is(const char *text, size_t repeated, const char *wanted)
{
    struct sha1 sha1;
    uint8_t digest[SHA1_SIZE];
    char hex[2 * SHA1_SIZE + 1];
    sha1_init(&sha1);
    for (size_t i = 0; i < repeated; i++) {
        sha1_add(&sha1, text, strlen(text));
    }
    sha1_end(&sha1, digest);
    for (size_t i = 0; i < SHA1_SIZE; i++) {
        (void)snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    }
    assert_string_equal(hex, wanted);
}

/* RFC 3174, section 7.3: TEST1 to TEST4. */
static void sha1_is_that_of_the_rfc(void **state)
{
    (void)state;
    digest_is("abc", 1, "a9993e364706816aba3e25717850c26c9cd0d89d");
    digest_is("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
              "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
    digest_is("a", 1000000, "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
    digest_is("0123456701234567012345670123456701234567012345670123456701234567", 10,
              "dea356a2cddd90c7a7ecedc5ebb563934f460452");
    digest_is("", 1, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
}

static void id_is(const char *name, const char *wanted)
{
    uint8_t id[PROVIDER_ID_SIZE];
    uint8_t parsed[PROVIDER_ID_SIZE];
    provider_id_of_name(name, id);
    assert_true(provider_id_parse(wanted, parsed));
    assert_memory_equal(id, parsed, sizeof id);
}

static void a_name_has_the_id_that_event_source_gives_it(void **state)
{
    (void)state;
    /* The example of TraceLoggingProvider.h's documentation. */
    id_is("MyCompany.MyComponent", "{ce5fa4ea-ab00-5402-8b76-9f76ac858fb5}");
    id_is("mycompany.MYCOMPONENT", "ce5fa4ea-ab00-5402-8b76-9f76ac858fb5");
    /* As real traces have it: PerfView's. */
    id_is("PerfView", "a8a71ac1-040f-54a2-07ca-00a89b5ab761");
}

static void names_beyond_ascii_have_ids_too(void **state)
{
    (void)state;
    uint8_t small[PROVIDER_ID_SIZE];
    uint8_t capital[PROVIDER_ID_SIZE];
    provider_id_of_name("\xc3\xa4", small);
    provider_id_of_name("\xc3\x84", capital);
    assert_memory_equal(small, capital, sizeof small);
    /* Cut off in a character, and with bytes that are none. */
    provider_id_of_name("\xf0\x9f", small);
    provider_id_of_name("\xff", capital);
    assert_memory_not_equal(small, capital, sizeof small);
}

static void what_is_no_guid_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",
                                        "{",
                                        "{}",
                                        "ce5fa4ea",
                                        "{ce5fa4ea-ab00-5402-8b76-9f76ac858fb5",
                                        "ce5fa4ea-ab00-5402-8b76-9f76ac858fb5}",
                                        "ce5fa4ea-ab00-5402-8b76-9f76ac858fb",
                                        "ce5fa4ea-ab00-5402-8b769-f76ac858fb5",
                                        "ce5fa4ea-ab00-5402-8b76-9f76ac858fbg",
                                        "{ce5fa4ea-ab00-5402-8b76-9f76ac858fb5}x"};
    uint8_t id[PROVIDER_ID_SIZE];
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(provider_id_parse(wrong[i], id));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha1_is_that_of_the_rfc),
        cmocka_unit_test(a_name_has_the_id_that_event_source_gives_it),
        cmocka_unit_test(names_beyond_ascii_have_ids_too),
        cmocka_unit_test(what_is_no_guid_is_refused),
    };
    return cmocka_run_group_tests_name("monitor.etl.provider_name", tests, NULL, NULL);
}

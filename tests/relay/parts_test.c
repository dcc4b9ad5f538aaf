/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/key.h"
#include "relay/http.h"
#include "relay/nonce.h"
#include "relay/options.h"
#include "relay/publishers.h"
#include "relay/sampler.h"
#include "relay/text.h"
#include "relay/typed.h"
#include "tests/check.h"

/* The relay's small parts, each by itself. */
static const uint8_t hash_key[NONCE_HASH_KEY_SIZE] = {1, 2, 3};

static bool take(struct nonces *nonces, unsigned number, int64_t until_s, int64_t now_s)
{
    char nonce[32];
    (void)snprintf(nonce, sizeof nonce, "nonce-%u", number);
    return nonces_take(nonces, nonce, hash_key, until_s, now_s);
}

static void a_nonce_is_new_once(void **state)
{
    (void)state;
    struct nonces nonces = {.count = 0};
    for (unsigned i = 0; i < 10000; i++) {
        assert_true(take(&nonces, i, 100, 1));
    }
    for (unsigned i = 0; i < 10000; i++) {
        assert_false(take(&nonces, i, 100, 1));
    }
    assert_int_equal(nonces.count, 10000);
    nonces_clear(&nonces);
}

static void a_nonce_that_expired_is_forgotten(void **state)
{
    (void)state;
    struct nonces nonces = {.count = 0};
    for (unsigned i = 0; i < 1000; i++) {
        assert_true(take(&nonces, i, 100, 1));
    }
    assert_true(take(&nonces, 5000, 300, 101));
    assert_int_equal(nonces.count, 1);
    for (unsigned i = 0; i < 1000; i++) {
        assert_true(take(&nonces, i, 300, 101));
        assert_false(take(&nonces, 5000, 300, 101));
    }
    nonces_clear(&nonces);
}

static void a_cache_that_was_full_becomes_small_again(void **state)
{
    (void)state;
    struct nonces nonces = {.count = 0};
    for (unsigned i = 0; i < NONCES_MAX; i++) {
        assert_true(take(&nonces, i, 100, 1));
    }
    assert_int_equal(nonces.capacity, NONCES_MAX);
    for (unsigned i = 0; i < 20; i++) {
        assert_true(take(&nonces, NONCES_MAX + i, 300, 101));
    }
    assert_true(nonces.capacity <= 256);
    for (unsigned i = 0; i < 20; i++) {
        assert_false(take(&nonces, NONCES_MAX + i, 300, 101));
    }
    nonces_clear(&nonces);
}

static void too_many_nonces_push_out_the_oldest(void **state)
{
    (void)state;
    struct nonces nonces = {.count = 0};
    for (unsigned i = 0; i < NONCES_MAX + 10; i++) {
        assert_true(take(&nonces, i, 100, 1));
    }
    assert_int_equal(nonces.count, NONCES_MAX);
    assert_false(take(&nonces, NONCES_MAX, 100, 1));
    assert_false(take(&nonces, 10, 100, 1));
    assert_true(take(&nonces, 3, 100, 1));
    nonces_clear(&nonces);
}

static void a_sample_of_everything_is_everything(void **state)
{
    (void)state;
    struct sampler sampler;
    struct sampler_rate rate;
    sampler_init(&sampler, 1000, 0);
    sampler_plan(&sampler, 200, 10);
    for (int i = 0; i < 200; i++) {
        assert_true(sampler_take(&sampler, false));
    }
    assert_true(sampler_wants_plan(&sampler));
    assert_false(sampler_rate(&sampler, 999, &rate));
    assert_true(sampler_rate(&sampler, 1000, &rate));
    assert_int_equal(rate.passed, 200);
    assert_int_equal(rate.shown, 200);
    assert_int_equal(rate.end, 1000);
}

static void a_sample_is_even_and_keeps_its_limit(void **state)
{
    (void)state;
    struct sampler sampler;
    struct sampler_rate rate;
    unsigned shown = 0;
    unsigned since = 0;
    unsigned longest = 0;
    sampler_init(&sampler, 100, 0);
    for (int64_t now = 0; now < 1000; now += 5) {
        sampler_plan(&sampler, 250, now);
        for (int i = 0; i < 250; i++) {
            since++;
            if (sampler_take(&sampler, false)) {
                shown++;
                longest = since > longest ? since : longest;
                since = 0;
            }
        }
    }
    assert_true(sampler_rate(&sampler, 1000, &rate));
    assert_int_equal(rate.passed, 50000);
    assert_int_equal(rate.shown, shown);
    assert_true(shown <= 100 && shown >= 95);
    assert_true(longest < 2000);
}

static void what_is_always_shown_does_not_count(void **state)
{
    (void)state;
    struct sampler sampler;
    struct sampler_rate rate;
    sampler_init(&sampler, 1, 0);
    sampler_plan(&sampler, 10, 0);
    for (int i = 0; i < 10; i++) {
        assert_true(sampler_take(&sampler, true));
    }
    sampler_plan(&sampler, 1, 0);
    assert_true(sampler_take(&sampler, false));
    assert_true(sampler_rate(&sampler, 1500, &rate));
    assert_int_equal(rate.shown, 11);
}

static void a_publisher_pays_what_it_sends(void **state)
{
    (void)state;
    const struct publishers_limits limits = {.batches_per_s = 10, .bytes_per_s = 1000};
    const uint8_t key[KEY_PUBLIC_SIZE] = {1};
    const uint8_t other[KEY_PUBLIC_SIZE] = {2};
    struct publishers *publishers = publishers_open(&limits);
    struct publisher *publisher = publishers_find(publishers, key, false, 1);
    assert_non_null(publisher);
    assert_ptr_equal(publishers_find(publishers, key, false, 1), publisher);
    assert_ptr_not_equal(publishers_find(publishers, other, false, 1), publisher);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(publishers_begin(publishers, publisher, 1, 1000), 0);
        publishers_end(publishers, publisher);
    }
    assert_int_equal(publishers_begin(publishers, publisher, 1, 1000), 1);
    assert_int_equal(publishers_begin(publishers, publisher, 1, 1200), 0);
    publishers_end(publishers, publisher);
    /* More at once than a second's worth is debt. */
    assert_int_equal(publishers_begin(publishers, publisher, 5000, 5000), 0);
    publishers_end(publishers, publisher);
    assert_true(publishers_begin(publishers, publisher, 1, 6000) > 1);
    assert_int_equal(publishers_begin(publishers, publisher, 1, 12000), 0);
    publishers_close(publishers);
}

static void a_rate_is_that_of_whole_seconds(void **state)
{
    (void)state;
    const struct publishers_limits limits = {.batches_per_s = 0};
    const uint8_t key[KEY_PUBLIC_SIZE] = {1};
    struct publishers *publishers = publishers_open(&limits);
    struct publisher *publisher = publishers_find(publishers, key, false, 1);
    for (int64_t second = 100; second < 120; second++) {
        publishers_stored(publishers, publisher, 50, second * 1000);
    }
    assert_true(publishers_rate(publishers, key, 120000) == 50.0);
    assert_true(publishers_rate(publishers, NULL, 125000) == 25.0);
    assert_true(publishers_rate(publishers, key, 131000) == 0.0);
    publishers_close(publishers);
}

/* Publisher `number`, who has not left yet. */
static struct publisher *enter(struct publishers *publishers, unsigned number, bool stranger,
                               int64_t now_ms)
{
    uint8_t key[KEY_PUBLIC_SIZE] = {0};
    memcpy(key, &number, sizeof number);
    return publishers_find(publishers, key, stranger, now_ms);
}

static void visit(struct publishers *publishers, unsigned number, bool stranger, int64_t now_ms)
{
    struct publisher *publisher = enter(publishers, number, stranger, now_ms);
    assert_non_null(publisher);
    publishers_leave(publishers, publisher);
}

static bool takes_nonce(struct publishers *publishers, unsigned number, bool stranger,
                        int64_t now_ms)
{
    struct publisher *publisher = enter(publishers, number, stranger, now_ms);
    assert_non_null(publisher);
    const bool fresh = publishers_take_nonce(publishers, publisher, "once", 1000, 1);
    publishers_leave(publishers, publisher);
    return fresh;
}

static void strangers_are_forgotten_for_others(void **state)
{
    (void)state;
    const struct publishers_limits limits = {.batches_per_s = 0};
    struct publishers *publishers = publishers_open(&limits);
    assert_true(takes_nonce(publishers, 1, false, 1)); /* named */
    assert_true(takes_nonce(publishers, 2, true, 2));
    assert_true(takes_nonce(publishers, 3, true, 3));
    struct publisher *busy = enter(publishers, 4, true, 4);
    for (unsigned i = 5; i <= PUBLISHERS_MAX; i++) {
        visit(publishers, i, true, 5);
    }
    visit(publishers, 2, true, 6); /* no longer the one that is silent longest */
    for (unsigned i = 1; i < PUBLISHERS_MAX; i++) {
        visit(publishers, PUBLISHERS_MAX + i, i % 2 == 0, 7);
    }
    assert_false(takes_nonce(publishers, 1, false, 8)); /* in mind still */
    assert_true(takes_nonce(publishers, 3, true, 8));   /* forgotten */
    publishers_end(publishers, busy);                   /* and this one was not moved */
    publishers_close(publishers);
}

static void strangers_wait_for_those_who_are_named(void **state)
{
    (void)state;
    const struct publishers_limits limits = {.batches_per_s = 0};
    struct publishers *publishers = publishers_open(&limits);
    for (unsigned i = 0; i < PUBLISHERS_MAX; i++) {
        visit(publishers, i, false, 1000);
    }
    assert_null(enter(publishers, PUBLISHERS_MAX, true, 2000));
    visit(publishers, PUBLISHERS_MAX, false, 2000); /* named, too: in place of the oldest */
    assert_null(enter(publishers, PUBLISHERS_MAX + 1, true, 2000));
    visit(publishers, PUBLISHERS_MAX + 1, true, 1000 + PUBLISHERS_IDLE_MS);
    publishers_close(publishers);
}

static size_t take_all(struct publishers *publishers, struct publisher *publisher)
{
    size_t count = 0;
    while (publishers_take_memory(publishers, publisher, (size_t)1024 * 1024)) {
        count++;
    }
    return count;
}

static void memory_is_shared_out(void **state)
{
    (void)state;
    const struct publishers_limits limits = {.batches_per_s = 0};
    struct publishers *publishers = publishers_open(&limits);
    struct publisher *first = enter(publishers, 1, false, 1);
    struct publisher *stranger = enter(publishers, 2, true, 1);
    assert_int_equal(take_all(publishers, first), 32);
    assert_int_equal(take_all(publishers, stranger), 21);
    for (unsigned i = 3; i < 30; i++) {
        struct publisher *other = enter(publishers, i, true, 1);
        (void)take_all(publishers, other);
    }
    /* Strangers have not more than half, whatever they do; and named ones get in. */
    assert_int_equal(publishers_memory(publishers), (32U + 48U) * 1024 * 1024);
    struct publisher *last = enter(publishers, 40, false, 1);
    assert_true(take_all(publishers, last) >= 4);
    assert_false(publishers_take_memory(publishers, first, 1));
    for (size_t i = 0; i < 32; i++) {
        publishers_give_memory(publishers, first, (size_t)1024 * 1024);
    }
    assert_true(publishers_take_memory(publishers, first, 1));
    /* One that is named meanwhile is a stranger no longer. */
    assert_ptr_equal(enter(publishers, 2, false, 2), stranger);
    struct publisher *newcomer = enter(publishers, 50, true, 2);
    assert_true(publishers_take_memory(publishers, newcomer, (size_t)1024 * 1024));
    publishers_close(publishers);
}

static void arguments_are_decoded(void **state)
{
    (void)state;
    char value[8];
    struct http_request request = {.query = "a=1&token=x%2By+z&b=%00&c=%4&d=123456789&ab=2"};
    assert_int_equal(http_argument(&request, "token", value, sizeof value), ETWAS_OK);
    assert_string_equal(value, "x+y z");
    assert_int_equal(http_argument(&request, "ab", value, sizeof value), ETWAS_OK);
    assert_string_equal(value, "2");
    assert_int_equal(http_argument(&request, "b", value, sizeof value), ETWAS_MALFORMED);
    assert_int_equal(http_argument(&request, "c", value, sizeof value), ETWAS_MALFORMED);
    assert_int_equal(http_argument(&request, "d", value, sizeof value), ETWAS_TOO_BIG);
    assert_int_equal(http_argument(&request, "e", value, sizeof value), ETWAS_NOT_FOUND);
}

static void text_that_does_not_fit_is_bad(void **state)
{
    (void)state;
    struct text text;
    text_init(&text, 16);
    text_add_json(&text, "a\"\n");
    assert_string_equal(text.data, "\"a\\\"\\u000a\"");
    text_print(&text, "%s", "too long");
    assert_true(text.bad);
    assert_string_equal(text.data, "\"a\\\"\\u000a\"");
    text_clear(&text);
}

static const struct options_environment user = {.home = "/home/me"};

static enum etwas_status parse(struct options *options, const char *first, const char *second,
                               const struct options_environment *environment)
{
    static char problem[OPTIONS_PROBLEM_SIZE];
    char texts[2][64];
    char *argv[4] = {(char[]){"etwass"}, NULL, NULL, NULL};
    int argc = 1;
    const char *const given[] = {first, second};
    for (size_t i = 0; i < 2 && given[i] != NULL; i++) {
        (void)snprintf(texts[i], sizeof texts[i], "%s", given[i]);
        argv[argc++] = texts[i];
    }
    return options_parse(options, argc, argv, environment, problem);
}

static void reports_without_end_are_sampled_as_others(void **state)
{
    (void)state;
    struct sampler sampler;
    struct sampler_rate rate;
    uint64_t shown = 0;
    sampler_init(&sampler, 100, 0);
    for (int64_t now = 0; now < 1000; now += 10) {
        sampler_plan(&sampler, 1000, now);
        for (size_t i = 0; i < 1000; i++) {
            shown += sampler_take(&sampler, true) ? 1 : 0;
        }
    }
    assert_in_range(shown, SAMPLER_SPARED, SAMPLER_SPARED + 100);
    assert_true(sampler_rate(&sampler, 1000, &rate));
    assert_int_equal(rate.passed, 100000);
    assert_int_equal(rate.shown, shown);
    sampler_plan(&sampler, 10, 1000);
    assert_true(sampler_take(&sampler, true));
}

static void without_arguments_there_are_defaults(void **state)
{
    (void)state;
    static struct options options;
    struct options_environment environment = user;
    assert_int_equal(parse(&options, NULL, NULL, &environment), ETWAS_OK);
    assert_int_equal(options.action, ACTION_RUN);
    assert_int_equal(options.port, 8080);
    assert_true(options.trust_local);
    assert_true(options.retain_bytes == UINT64_C(10) << 30U);
    assert_int_equal(options.retain_s, 0);
    assert_string_equal(options.data, "/home/me/.local/state/etwas/relay");
    environment.xdg_state_home = "/state";
    environment.port = "99";
    assert_int_equal(parse(&options, NULL, NULL, &environment), ETWAS_OK);
    assert_string_equal(options.data, "/state/etwas/relay");
    assert_int_equal(options.port, 99);
    assert_int_equal(parse(&options, "--port", "7", &environment), ETWAS_OK);
    assert_int_equal(options.port, 7);
    environment.root = true;
    assert_int_equal(parse(&options, NULL, NULL, &environment), ETWAS_OK);
    assert_string_equal(options.data, "/var/lib/etwas-relay");
    environment.state_directory = "/var/lib/a:/var/lib/b";
    assert_int_equal(parse(&options, NULL, NULL, &environment), ETWAS_OK);
    assert_string_equal(options.data, "/var/lib/a");
    environment.port = "http";
    assert_int_equal(parse(&options, NULL, NULL, &environment), ETWAS_MALFORMED);
}

static void sizes_and_times_have_units(void **state)
{
    (void)state;
    uint64_t number = 0;
    assert_true(typed_size("20G", 3, &number));
    assert_true(number == UINT64_C(20) << 30U);
    assert_true(typed_size("0", 1, &number));
    assert_int_equal(number, 0);
    assert_true(typed_age_s("30d", 3, &number));
    assert_int_equal(number, 30 * 86400);
    assert_false(typed_size("G", 1, &number));
    assert_false(typed_size("1X", 2, &number));
    assert_false(typed_size("99999999999T", 12, &number));
    assert_false(typed_age_s("-1d", 3, &number));
}

static void no_limit_of_size_is_had_by_asking(void **state)
{
    (void)state;
    static struct options options;
    assert_int_equal(parse(&options, "--retain-size", "0", &user), ETWAS_OK);
    assert_int_equal(options.retain_bytes, 0);
    assert_int_equal(parse(&options, "--retain-size", "500M", &user), ETWAS_OK);
    assert_int_equal(options.retain_bytes, 500 * 1024 * 1024);
}

static void a_rate_limit_counts_batches_or_bytes(void **state)
{
    (void)state;
    static struct options options;
    assert_int_equal(parse(&options, "--rate-limit", "100", &user), ETWAS_OK);
    assert_int_equal(options.max_batches_per_s, 100);
    assert_int_equal(options.max_bytes_per_s, 0);
    assert_int_equal(parse(&options, "--rate-limit", "10M", &user), ETWAS_OK);
    assert_int_equal(options.max_bytes_per_s, 10 * 1024 * 1024);
    assert_int_equal(parse(&options, "--rate-limit", "x", &user), ETWAS_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_nonce_is_new_once),
        cmocka_unit_test(a_nonce_that_expired_is_forgotten),
        cmocka_unit_test(a_cache_that_was_full_becomes_small_again),
        cmocka_unit_test(too_many_nonces_push_out_the_oldest),
        cmocka_unit_test(a_sample_of_everything_is_everything),
        cmocka_unit_test(a_sample_is_even_and_keeps_its_limit),
        cmocka_unit_test(reports_without_end_are_sampled_as_others),
        cmocka_unit_test(what_is_always_shown_does_not_count),
        cmocka_unit_test(a_publisher_pays_what_it_sends),
        cmocka_unit_test(a_rate_is_that_of_whole_seconds),
        cmocka_unit_test(strangers_are_forgotten_for_others),
        cmocka_unit_test(strangers_wait_for_those_who_are_named),
        cmocka_unit_test(memory_is_shared_out),
        cmocka_unit_test(arguments_are_decoded),
        cmocka_unit_test(text_that_does_not_fit_is_bad),
        cmocka_unit_test(without_arguments_there_are_defaults),
        cmocka_unit_test(sizes_and_times_have_units),
        cmocka_unit_test(no_limit_of_size_is_had_by_asking),
        cmocka_unit_test(a_rate_limit_counts_batches_or_bytes),
    };
    return key_library_open() == ETWAS_OK ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}

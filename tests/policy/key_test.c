/* SPDX-License-Identifier: MIT */
#include "policy/key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/check.h"

/* The key test-key-ed25519 of RFC 9421, B.1.4. */
static const uint8_t seed[KEY_SEED_SIZE] = {
    0x9f, 0x83, 0x62, 0xf8, 0x7a, 0x48, 0x4a, 0x95, 0x4e, 0x6e, 0x74, 0x0c, 0x5b, 0x4c, 0x0e, 0x84,
    0x22, 0x91, 0x39, 0xa2, 0x0a, 0xa8, 0xab, 0x56, 0xff, 0x66, 0x58, 0x6f, 0x6a, 0x7d, 0x29, 0xc5};
static const uint8_t public_key[KEY_PUBLIC_SIZE] = {
    0x26, 0xb4, 0x0b, 0x8f, 0x93, 0xff, 0xf3, 0xd8, 0x97, 0x11, 0x2f, 0x7e, 0xbc, 0x58, 0x2b, 0x23,
    0x2d, 0xbd, 0x72, 0x51, 0x7d, 0x08, 0x2f, 0xe8, 0x3c, 0xfb, 0x30, 0xdd, 0xce, 0x43, 0xd1, 0xbb};

#define PUBLIC_BASE64 "JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs="
#define SECRET_LINE   "etwas-secret-ed25519 n4Ni+HpISpVObnQMW0wOhCKROaIKqKtW/2ZYb2p9KcU=\n"

static int open_library(void **state)
{
    (void)state;
    const enum etwas_status first = key_library_open();
    return first == ETWAS_OK && key_library_open() == ETWAS_OK ? 0 : 1;
}

/* Parses a copy of just its size. */
static enum etwas_status parse(const char *text, size_t size, struct key_trust *trust,
                               struct etwas_error *error)
{
    char *copy = malloc(size + 1);
    assert_non_null(copy);
    memcpy(copy + 1, text, size);
    const enum etwas_status status = key_trust_parse(copy + 1, size, trust, error);
    free(copy);
    return status;
}

static void assert_same(const struct key_trust *left, const struct key_trust *right)
{
    assert_memory_equal(left->public_key, right->public_key, sizeof left->public_key);
    assert_string_equal(left->computer, right->computer);
    assert_int_equal(left->revoked, right->revoked);
}

static void the_key_of_the_rfc_comes_of_its_seed(void **state)
{
    (void)state;
    struct key_pair pair;
    char id[KEY_ID_SIZE];
    key_from_seed(&pair, seed);
    assert_memory_equal(pair.public_key, public_key, sizeof public_key);
    key_id(pair.public_key, id);
    assert_string_equal(id, "SHA256:sWwtG+rRJiY5dk/bDuTTd0WZM2vUk0BM2ksRNsWfIGI");
    key_wipe(&pair);
    const uint8_t zeros[KEY_SECRET_SIZE] = {0};
    assert_memory_equal(pair.secret, zeros, sizeof zeros);
    assert_memory_equal(pair.public_key, public_key, sizeof public_key);
}

static void no_two_keys_are_the_same(void **state)
{
    (void)state;
    struct key_pair one;
    struct key_pair other;
    key_make(&one);
    key_make(&other);
    assert_memory_not_equal(one.public_key, other.public_key, sizeof one.public_key);
    assert_memory_not_equal(one.secret, other.secret, sizeof one.secret);
    key_wipe(&one);
    key_wipe(&other);
}

static void a_secret_is_one_line(void **state)
{
    (void)state;
    struct key_pair pair;
    struct key_pair back;
    char text[KEY_LINE_SIZE];
    key_from_seed(&pair, seed);
    key_secret_format(&pair, text);
    assert_string_equal(text, SECRET_LINE);
    assert_int_equal(key_secret_parse(text, strlen(text), &back), ETWAS_OK);
    assert_memory_equal(&pair, &back, sizeof pair);
}

static void no_other_line_is_a_secret(void **state)
{
    (void)state;
    struct key_pair pair;
    const size_t size = strlen(SECRET_LINE);
    for (size_t part = 0; part < size; part++) {
        assert_int_equal(key_secret_parse(SECRET_LINE, part, &pair), ETWAS_MALFORMED);
    }
    assert_int_equal(key_secret_parse(SECRET_LINE "\n", size + 1, &pair), ETWAS_MALFORMED);
    assert_int_equal(key_secret_parse(SECRET_LINE, size + 1, &pair), ETWAS_MALFORMED);
    /* Any other byte is another seed, or no secret. */
    for (size_t i = 0; i < size; i++) {
        char text[KEY_LINE_SIZE];
        (void)snprintf(text, sizeof text, "%s", SECRET_LINE);
        text[i] = '~';
        assert_int_equal(key_secret_parse(text, size, &pair), ETWAS_MALFORMED);
    }
    /* What libsodium would take for a digit of base64 if it were asked alone. */
    const char *beyond = "etwas-secret-ed25519 n4Ni+HpISpVObnQMW0wOhCKROa\x81KqKtW/2ZYb2p9KcU=\n";
    assert_int_equal(key_secret_parse(beyond, size, &pair), ETWAS_MALFORMED);
    /* The last digit before the padding has bits that mean nothing: they must be 0. */
    const char *loose = "etwas-secret-ed25519 n4Ni+HpISpVObnQMW0wOhCKROaIKqKtW/2ZYb2p9KcV=\n";
    assert_int_equal(key_secret_parse(loose, size, &pair), ETWAS_MALFORMED);
}

static void a_trusted_key_is_one_line(void **state)
{
    (void)state;
    struct key_trust trust = {.computer = "web-1.example_x"};
    struct key_trust back;
    struct etwas_error error;
    char text[KEY_LINE_SIZE];
    memcpy(trust.public_key, public_key, sizeof public_key);
    key_trust_format(&trust, text);
    assert_string_equal(text, "etwas-ed25519 " PUBLIC_BASE64 " web-1.example_x");
    assert_int_equal(parse(text, strlen(text), &back, &error), ETWAS_OK);
    assert_same(&trust, &back);
    trust.revoked = 1;
    memset(trust.computer, 'x', KEY_COMPUTER_SIZE - 1);
    key_trust_format(&trust, text);
    assert_int_equal(strncmp(text, "revoked etwas-ed25519 " PUBLIC_BASE64 " xxxx", 70), 0);
    assert_int_equal(parse(text, strlen(text), &back, &error), ETWAS_OK);
    assert_same(&trust, &back);
}

static void blanks_and_ends_of_lines_are_passed_over(void **state)
{
    (void)state;
    static const char *const good[] = {"etwas-ed25519 " PUBLIC_BASE64 " a\n",
                                       "etwas-ed25519 " PUBLIC_BASE64 " a\r\n",
                                       " \tetwas-ed25519\t \t" PUBLIC_BASE64 "  a \t\n"};
    static const char *const none[] = {"", "\n", "\r\n", " \t\n", "#", "# etwas-ed25519 x", "  #x"};
    struct key_trust trust;
    struct etwas_error error;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_int_equal(parse(good[i], strlen(good[i]), &trust, &error), ETWAS_OK);
        assert_memory_equal(trust.public_key, public_key, sizeof public_key);
        assert_string_equal(trust.computer, "a");
        assert_int_equal(trust.revoked, 0);
    }
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        assert_int_equal(parse(none[i], strlen(none[i]), &trust, &error), ETWAS_NOT_FOUND);
    }
}

static void what_is_wrong_with_a_line_is_said(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *says;
    } bad[] = {
        {"ssh-ed25519 " PUBLIC_BASE64 " a",                              "kind"  },
        {"revoked",                                                      "kind"  },
        {"revoked revoked etwas-ed25519 " PUBLIC_BASE64 " a",            "kind"  },
        {"etwas-ed25519",                                                "base64"},
        {"etwas-ed25519 AAAA a",                                         "base64"},
        {"etwas-ed25519 " PUBLIC_BASE64 "= a",                           "base64"},
        {"etwas-ed25519 JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs= a", "base64"},
        {"etwas-ed25519 JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bt= a", "base64"},
        {"etwas-ed25519 JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0b== a", "base64"},
        {"etwas-ed25519 " PUBLIC_BASE64,                                 "name"  },
        {"etwas-ed25519 " PUBLIC_BASE64 " a/b",                          "name"  },
        {"etwas-ed25519 " PUBLIC_BASE64 " \"a\"",                        "name"  },
        {"etwas-ed25519 " PUBLIC_BASE64 " a\n\n",                        "name"  },
        {"etwas-ed25519 " PUBLIC_BASE64 " b\xc3\xbcro",                  "name"  },
        {"etwas-ed25519 " PUBLIC_BASE64 " a b",                          "behind"},
        {"etwas-ed25519 " PUBLIC_BASE64 " a #b",                         "behind"},
        {"etwas-ed25519 " PUBLIC_BASE64
         " xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
         "xxxxxxxxx",                                           "name"  },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct key_trust trust;
        struct etwas_error error = {.doing = ""};
        assert_int_equal(parse(bad[i].text, strlen(bad[i].text), &trust, &error), ETWAS_MALFORMED);
        assert_int_equal(error.status, ETWAS_MALFORMED);
        if (strstr(error.doing, bad[i].says) == NULL) {
            fail_msg("%s: %s", bad[i].text, error.doing);
        }
    }
}

static void a_line_cut_off_is_not_taken(void **state)
{
    (void)state;
    const char *text = "revoked etwas-ed25519 " PUBLIC_BASE64 " web1";
    struct key_trust trust;
    struct etwas_error error;
    const size_t named = strlen(text) - strlen("web1");
    assert_int_equal(parse(text, 0, &trust, &error), ETWAS_NOT_FOUND);
    for (size_t size = 1; size <= named; size++) {
        assert_int_equal(parse(text, size, &trust, &error), ETWAS_MALFORMED);
    }
    assert_int_equal(parse(text, named + 1, &trust, &error), ETWAS_OK);
    assert_int_equal(parse(text, strlen(text) + 1, &trust, &error), ETWAS_MALFORMED); /* a zero */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_key_of_the_rfc_comes_of_its_seed),
        cmocka_unit_test(no_two_keys_are_the_same),
        cmocka_unit_test(a_secret_is_one_line),
        cmocka_unit_test(no_other_line_is_a_secret),
        cmocka_unit_test(a_trusted_key_is_one_line),
        cmocka_unit_test(blanks_and_ends_of_lines_are_passed_over),
        cmocka_unit_test(what_is_wrong_with_a_line_is_said),
        cmocka_unit_test(a_line_cut_off_is_not_taken),
    };
    return cmocka_run_group_tests_name("policy.key", tests, open_library, NULL);
}

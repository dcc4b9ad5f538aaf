/* SPDX-License-Identifier: MIT */
#include "policy/signature.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/check.h"
#include "tests/policy/vectors.h"

static struct key_pair pair;

static int make_key(void **state)
{
    (void)state;
    if (key_library_open() != ETWAS_OK) {
        return 1;
    }
    key_from_seed(&pair, vector_seed);
    return 0;
}

static struct signature_input input_of(const char *text)
{
    struct signature_input input;
    assert_int_equal(signature_input_parse(text, strlen(text), &input), ETWAS_OK);
    return input;
}

/* The whole way of a relay, but for the look-up of the key. */
static enum signature_verdict verify(const struct signature_message *message,
                                     const char *input_text, const char *signature_text,
                                     int64_t now_s)
{
    struct signature_input input;
    uint8_t signature[SIGNATURE_SIZE];
    if (signature_input_parse(input_text, strlen(input_text), &input) != ETWAS_OK ||
        signature_value_parse(signature_text, strlen(signature_text), input.label, signature) !=
            ETWAS_OK) {
        return SIGNATURE_MALFORMED;
    }
    enum signature_verdict verdict = signature_check_profile(&input);
    if (verdict == SIGNATURE_GOOD) {
        verdict = signature_check_clock(&input, now_s);
    }
    return verdict == SIGNATURE_GOOD
               ? signature_check_key(message, &input, signature, pair.public_key)
               : verdict;
}

static enum signature_verdict verify_vector(const struct signature_message *message)
{
    return verify(message, BATCH_INPUT, BATCH_SIGNATURE, BATCH_CREATED);
}

/* Signs a base of any form, as another program may. */
static void sign(const struct signature_message *message, const struct signature_input *input,
                 uint8_t signature[SIGNATURE_SIZE])
{
    char base[SIGNATURE_MAX_BASE];
    size_t size = 0;
    assert_int_equal(signature_base(message, input, base, sizeof base, &size), ETWAS_OK);
    (void)crypto_sign_detached(signature, NULL, (const unsigned char *)base, size, pair.secret);
}

static void the_rfcs_example_is_met_byte_for_byte(void **state)
{
    (void)state;
    const struct signature_message message = rfc_message();
    const struct signature_input input = input_of(RFC_INPUT);
    char base[SIGNATURE_MAX_BASE];
    size_t size = 0;
    uint8_t expected[SIGNATURE_SIZE];
    uint8_t signature[SIGNATURE_SIZE];
    assert_string_equal(input.label, "sig-b26");
    assert_string_equal(input.key_id, "test-key-ed25519");
    assert_true(input.created == 1618884473 && input.expires == -1);
    assert_int_equal(signature_base(&message, &input, base, sizeof base, &size), ETWAS_OK);
    assert_string_equal(base, RFC_BASE);
    assert_int_equal(size, strlen(RFC_BASE));
    assert_int_equal(
        signature_value_parse(RFC_SIGNATURE, strlen(RFC_SIGNATURE), "sig-b26", expected), ETWAS_OK);
    sign(&message, &input, signature);
    assert_memory_equal(signature, expected, sizeof signature);
    /* It leaves out the query, which a batch must not; without one it is good. */
    assert_int_equal(signature_check_key(&message, &input, signature, pair.public_key),
                     SIGNATURE_INCOMPLETE);
    struct signature_message plain = message;
    plain.query = NULL;
    assert_int_equal(signature_check_key(&plain, &input, signature, pair.public_key),
                     SIGNATURE_GOOD);
    assert_int_equal(signature_check_profile(&input), SIGNATURE_INCOMPLETE);
}

static void a_batch_is_signed_byte_for_byte(void **state)
{
    (void)state;
    const struct signature_message message = batch_message();
    struct signature_headers headers;
    char base[SIGNATURE_MAX_BASE];
    size_t size = 0;
    assert_int_equal(signature_make(&message, &pair, BATCH_CREATED, batch_nonce, &headers),
                     ETWAS_OK);
    assert_string_equal(headers.input, BATCH_INPUT);
    assert_string_equal(headers.signature, BATCH_SIGNATURE);
    const struct signature_input input = input_of(headers.input);
    assert_int_equal(signature_base(&message, &input, base, sizeof base, &size), ETWAS_OK);
    assert_string_equal(base, BATCH_BASE);
    assert_string_equal(input.label, "sig1");
    assert_string_equal(input.nonce, "AAECAwQFBgcICQoLDA0ODw");
    assert_string_equal(input.algorithm, "ed25519");
    assert_string_equal(input.tag, "etwas-batch-v1");
    assert_true(input.created == BATCH_CREATED && input.expires == BATCH_CREATED + 60);
    assert_int_equal(verify_vector(&message), SIGNATURE_GOOD);
}

static void what_was_altered_is_forged(void **state)
{
    (void)state;
    struct signature_message message = batch_message();
    message.method = "PUT";
    assert_int_equal(verify_vector(&message), SIGNATURE_FORGED);
    message = batch_message();
    message.authority = "relay.example";
    assert_int_equal(verify_vector(&message), SIGNATURE_FORGED);
    message = batch_message();
    message.path = "/v1/batches/";
    assert_int_equal(verify_vector(&message), SIGNATURE_FORGED);
    for (size_t i = 0; i < 4; i++) {
        char value[256];
        message = batch_message();
        (void)snprintf(value, sizeof value, "%s", message.headers[i].value);
        value[strlen(value) / 2]++;
        message.headers[i].value = value;
        assert_int_equal(verify_vector(&message), SIGNATURE_FORGED);
        /* A second header of the name is a longer value. */
        message = batch_message();
        message.headers[4] = message.headers[i];
        message.header_count = 5;
        assert_int_equal(verify_vector(&message), SIGNATURE_FORGED);
        /* Left out it is missing. */
        message = batch_message();
        message.headers[i] = message.headers[3];
        message.header_count = 3;
        assert_int_equal(verify_vector(&message), SIGNATURE_INCOMPLETE);
    }
    /* What is not covered may change, a query may not come. */
    message = batch_message();
    message.headers[4] = (struct signature_header){"user-agent", "x"};
    message.header_count = 5;
    assert_int_equal(verify_vector(&message), SIGNATURE_GOOD);
    message.query = "?x";
    assert_int_equal(verify_vector(&message), SIGNATURE_INCOMPLETE);
}

/* No byte of either header can be another one: refused, or not what was signed. */
static void no_byte_of_the_headers_can_change(void **state)
{
    (void)state;
    const struct signature_message message = batch_message();
    for (size_t i = 0; i < strlen(BATCH_INPUT); i++) {
        char text[sizeof BATCH_INPUT] = BATCH_INPUT;
        text[i] = (char)(text[i] ^ 1);
        assert_int_not_equal(verify(&message, text, BATCH_SIGNATURE, BATCH_CREATED),
                             SIGNATURE_GOOD);
    }
    for (size_t i = 0; i < strlen(BATCH_SIGNATURE); i++) {
        char text[sizeof BATCH_SIGNATURE] = BATCH_SIGNATURE;
        text[i] = (char)(text[i] ^ 1);
        assert_int_not_equal(verify(&message, BATCH_INPUT, text, BATCH_CREATED), SIGNATURE_GOOD);
    }
}

static void no_truncation_is_good(void **state)
{
    (void)state;
    const struct signature_message message = batch_message();
    for (size_t size = 0; size < strlen(BATCH_INPUT); size++) {
        char text[sizeof BATCH_INPUT];
        (void)snprintf(text, sizeof text, "%.*s", (int)size, BATCH_INPUT);
        assert_int_not_equal(verify(&message, text, BATCH_SIGNATURE, BATCH_CREATED),
                             SIGNATURE_GOOD);
    }
    for (size_t size = 0; size < strlen(BATCH_SIGNATURE); size++) {
        char text[sizeof BATCH_SIGNATURE];
        (void)snprintf(text, sizeof text, "%.*s", (int)size, BATCH_SIGNATURE);
        assert_int_equal(verify(&message, BATCH_INPUT, text, BATCH_CREATED), SIGNATURE_MALFORMED);
    }
}

static void another_key_has_not_signed(void **state)
{
    (void)state;
    const struct signature_message message = batch_message();
    const struct signature_input input = input_of(BATCH_INPUT);
    uint8_t signature[SIGNATURE_SIZE];
    struct key_pair other;
    key_make(&other);
    sign(&message, &input, signature);
    assert_int_equal(signature_check_key(&message, &input, signature, pair.public_key),
                     SIGNATURE_GOOD);
    assert_int_equal(signature_check_key(&message, &input, signature, other.public_key),
                     SIGNATURE_FORGED);
    /* The neutral element: with it, anything would be signed by anybody. */
    const uint8_t neutral[KEY_PUBLIC_SIZE] = {1};
    memset(signature, 0, sizeof signature);
    signature[0] = 1;
    assert_int_equal(signature_check_key(&message, &input, signature, neutral), SIGNATURE_FORGED);
}

/* The order of components and of parameters is the signer's; blanks are the carrier's. */
static void the_signers_order_counts(void **state)
{
    (void)state;
    const struct signature_message message = batch_message();
    uint8_t signature[SIGNATURE_SIZE];
    const char *text =
        "sig1=(  \"etwas-batch\"   \"@path\" \"content-type\" \"@authority\" \"content-digest\" "
        "\"content-encoding\" \"@method\" );  tag=\"etwas-batch-v1\";nonce=\"x\";"
        "expires=01795191019;alg=\"ed25519\";x=-0.50;y=?0;z=?1;b=:AAEC:;t=tok;created=1795190959;"
        "keyid=\"k\"";
    const struct signature_input input = input_of(text);
    assert_string_equal(
        input.parameters,
        "(\"etwas-batch\" \"@path\" \"content-type\" \"@authority\" \"content-digest\" "
        "\"content-encoding\" \"@method\");tag=\"etwas-batch-v1\";nonce=\"x\";expires=1795191019;"
        "alg=\"ed25519\";x=-0.5;y=?0;z;b=:AAEC:;t=tok;created=1795190959;keyid=\"k\"");
    assert_int_equal(signature_check_profile(&input), SIGNATURE_GOOD);
    sign(&message, &input, signature);
    assert_int_equal(signature_check_key(&message, &input, signature, pair.public_key),
                     SIGNATURE_GOOD);
    /* Signed in that order, it does not hold in ours. */
    const struct signature_input ours = input_of(BATCH_INPUT);
    assert_int_equal(signature_check_key(&message, &ours, signature, pair.public_key),
                     SIGNATURE_FORGED);
}

static void the_target_may_stand_for_its_parts(void **state)
{
    (void)state;
    const char *text =
        "sig1=(\"@method\" \"@target-uri\" \"content-type\" \"content-encoding\" "
        "\"content-digest\" \"etwas-batch\");created=1;expires=2;nonce=\"x\";alg=\"ed25519\";"
        "keyid=\"k\";tag=\"etwas-batch-v1\"";
    struct signature_message message = batch_message();
    const struct signature_input input = input_of(text);
    uint8_t signature[SIGNATURE_SIZE];
    char base[SIGNATURE_MAX_BASE];
    size_t size = 0;
    assert_int_equal(signature_check_profile(&input), SIGNATURE_GOOD);
    message.query = "?a=b";
    assert_int_equal(signature_base(&message, &input, base, sizeof base, &size), ETWAS_OK);
    assert_non_null(
        strstr(base, "\n\"@target-uri\": http://relay.example:8080/v1/batches?a=b\n\"content-"));
    sign(&message, &input, signature);
    assert_int_equal(signature_check_key(&message, &input, signature, pair.public_key),
                     SIGNATURE_GOOD);
    message.query = "?a=c";
    assert_int_equal(signature_check_key(&message, &input, signature, pair.public_key),
                     SIGNATURE_FORGED);
    message.query = "?a=b";
    message.scheme = "https";
    assert_int_equal(signature_check_key(&message, &input, signature, pair.public_key),
                     SIGNATURE_FORGED);
    message.scheme = NULL;
    assert_int_equal(signature_check_key(&message, &input, signature, pair.public_key),
                     SIGNATURE_INCOMPLETE);
}

static void a_query_is_signed(void **state)
{
    (void)state;
    struct signature_message message = batch_message();
    struct signature_headers headers;
    message.query = "?a=b";
    assert_int_equal(signature_make(&message, &pair, BATCH_CREATED, batch_nonce, &headers),
                     ETWAS_OK);
    assert_non_null(strstr(headers.input, "\"@path\" \"@query\" \"content-type\""));
    assert_int_equal(verify(&message, headers.input, headers.signature, BATCH_CREATED),
                     SIGNATURE_GOOD);
    message.query = "?a=c";
    assert_int_equal(verify(&message, headers.input, headers.signature, BATCH_CREATED),
                     SIGNATURE_FORGED);
    message.query = NULL;
    assert_int_equal(verify(&message, headers.input, headers.signature, BATCH_CREATED),
                     SIGNATURE_FORGED);
}

/* `text` without the first `part` in it. */
static void cut(char *room, size_t size, const char *text, const char *part)
{
    const char *at = strstr(text, part);
    assert_non_null(at);
    (void)snprintf(room, size, "%.*s%s", (int)(at - text), text, at + strlen(part));
}

static void each_demand_of_the_profile_counts(void **state)
{
    (void)state;
    static const char *const parts[] = {
        "\"@method\" ",
        "\"@authority\" ",
        "\"@path\" ",
        "\"content-type\" ",
        "\"content-encoding\" ",
        "\"content-digest\" ",
        " \"etwas-batch\"",
        ";created=1795190959",
        ";expires=1795191019",
        ";nonce=\"AAECAwQFBgcICQoLDA0ODw\"",
        ";alg=\"ed25519\"",
        ";tag=\"etwas-batch-v1\"",
        ";keyid=\"SHA256:sWwtG+rRJiY5dk/bDuTTd0WZM2vUk0BM2ksRNsWfIGI\"",
        "AAECAwQFBgcICQoLDA0ODw",
        "ed25519",
        "-v1",
        "SHA256:sWwtG+rRJiY5dk/bDuTTd0WZM2vUk0BM2ksRNsWfIGI"};
    struct signature_input input = input_of(BATCH_INPUT);
    assert_int_equal(signature_check_profile(&input), SIGNATURE_GOOD);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        char text[sizeof BATCH_INPUT];
        cut(text, sizeof text, BATCH_INPUT, parts[i]);
        input = input_of(text);
        assert_int_equal(signature_check_profile(&input), SIGNATURE_INCOMPLETE);
    }
}

static void the_clock_has_bounds(void **state)
{
    (void)state;
    struct signature_input input = {.created = 1000, .expires = 1060};
    static const struct {
        int64_t now_s;
        int64_t expires;
        enum signature_verdict verdict;
    } cases[] = {
        {1000,            1060, SIGNATURE_GOOD   },
        {970,             1060, SIGNATURE_GOOD   },
        {969,             1060, SIGNATURE_CLOCK  },
        {1030,            1060, SIGNATURE_GOOD   },
        {1031,            1060, SIGNATURE_CLOCK  },
        {1005,            1005, SIGNATURE_EXPIRED},
        {1004,            1005, SIGNATURE_GOOD   },
        {1000,            1300, SIGNATURE_GOOD   },
        {1000,            1301, SIGNATURE_EXPIRED},
        {1000,            1000, SIGNATURE_EXPIRED},
        {1000,            999,  SIGNATURE_EXPIRED},
        {999999999999999, 1060, SIGNATURE_CLOCK  },
        {0,               1060, SIGNATURE_CLOCK  },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        input.expires = cases[i].expires;
        assert_int_equal(signature_check_clock(&input, cases[i].now_s), cases[i].verdict);
    }
    input = (struct signature_input){.created = 0, .expires = 999999999999999};
    assert_int_equal(signature_check_clock(&input, 0), SIGNATURE_EXPIRED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rfcs_example_is_met_byte_for_byte),
        cmocka_unit_test(a_batch_is_signed_byte_for_byte),
        cmocka_unit_test(what_was_altered_is_forged),
        cmocka_unit_test(no_byte_of_the_headers_can_change),
        cmocka_unit_test(no_truncation_is_good),
        cmocka_unit_test(another_key_has_not_signed),
        cmocka_unit_test(the_signers_order_counts),
        cmocka_unit_test(the_target_may_stand_for_its_parts),
        cmocka_unit_test(a_query_is_signed),
        cmocka_unit_test(each_demand_of_the_profile_counts),
        cmocka_unit_test(the_clock_has_bounds),
    };
    return cmocka_run_group_tests_name("policy.signature", tests, make_key, NULL);
}

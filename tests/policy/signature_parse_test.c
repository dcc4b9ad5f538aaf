/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/signature.h"
#include "tests/check.h"
#include "tests/policy/vectors.h"

#define ZEROS                                                                                      \
    ":AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==:"

/* Parses a copy of just its size. */
static enum etwas_status parse(const char *text, struct signature_input *input)
{
    const size_t size = strlen(text);
    char *copy = malloc(size + 1);
    assert_non_null(copy);
    for (size_t i = 0; i < size; i++) {
        copy[1 + i] = text[i];
    }
    const enum etwas_status status = signature_input_parse(copy + 1, size, input);
    free(copy);
    return status;
}

static const char *const bad_inputs[] = {
    "",
    " ",
    "sig1",
    "sig1=",
    "sig1=1",
    "sig1=\"@method\"",
    "sig1=tok",
    "sig1=:AAAA:",
    "sig1=(",
    "sig1=(\"@method\"",
    "sig1=(\"@method\");",
    "sig1=(\"@method\");created",
    "Sig1=(\"a\")",
    "sig1=(@method)",
    "sig1=(a)",
    "sig1=(1)",
    "sig1=(\"\")",
    "sig1=(\"@\")",
    "sig1=(\"a b\")",
    "sig1=(\"a:b\")",
    "sig1=(\"a\\\"b\")",
    "sig1=(\"Content-Type\")",
    "sig1=(\"@Method\")",
    "sig1=(\"a\" \"a\")",
    "sig1=(\"@path\" \"b\" \"@path\")",
    "sig1=(\"@signature-params\")",
    "sig1=(\"a\";sf)",
    "sig1=(\"a\";bs=?1)",
    "sig1=(\"@query-param\";name=\"a\")",
    "sig1=(\"@method\";req)",
    "sig1=(\"a\"),sig1=(\"a\")",
    "sig1=(\"a\");created=1;created=1",
    "sig1=(\"a\");x;x",
    "sig1=(\"a\");tag=\"etwas-batch-v1\";tag=\"etwas-batch-v1\"",
    "sig1=(\"a\");created=\"1\"",
    "sig1=(\"a\");created=-1",
    "sig1=(\"a\");created=1.0",
    "sig1=(\"a\");created=1000000000000000",
    "sig1=(\"a\");expires=?1",
    "sig1=(\"a\");nonce=1",
    "sig1=(\"a\");nonce=tok",
    "sig1=(\"a\");keyid=:AAAA:",
    "sig1=(\"a\");alg=ed25519",
    "sig1=(\"a\");tag=?0",
    "sig1=(\"a\");nonce=\"\n\"",
    "sig1=(\"a\");nonce=\"\xc3\xa9\"",
    "sig1=(\"a\");Created=1",
    "sig1=(\"a\") ;created=1",
    "sig1=(\"a\"\n \"b\")",
    "sig1=(\"a\");\r\n created=1",
    "sig1=(\"a\")\r\n",
    "sig1=(\"a\"),",
    "sig1=(\"a\"), b",
    "sig1=(\"a\"), b=1",
    "sig1=(\"a\"\t\"b\")",
    "sig1=(\"a\",\"b\")",
    "sig1=((\"a\"))"};

static void what_is_no_signature_input_is_refused(void **state)
{
    (void)state;
    struct signature_input input;
    for (size_t i = 0; i < sizeof bad_inputs / sizeof bad_inputs[0]; i++) {
        if (parse(bad_inputs[i], &input) != ETWAS_MALFORMED) {
            fail_msg("not refused: %s", bad_inputs[i]);
        }
    }
}

static void of_several_ours_is_taken(void **state)
{
    (void)state;
    struct signature_input input;
    assert_int_equal(parse("a=(\"x\"), b=(\"y\");tag=\"z\"", &input), ETWAS_OK);
    assert_string_equal(input.label, "a");
    assert_int_equal(input.component_count, 1);
    assert_string_equal(input.components[0], "x");
    assert_string_equal(input.nonce, "");
    assert_true(input.created == -1 && input.expires == -1);
    /* Those of others may have what we do not know. */
    assert_int_equal(parse("a=(\"x\";sf);tag=\"p\";created=\"no\", b=();tag=\"q\", "
                           "c=(\"y\");tag=\"etwas-batch-v1\", d=(\"z\");tag=\"etwas-batch-v1\"",
                           &input),
                     ETWAS_OK);
    assert_string_equal(input.label, "c");
    assert_string_equal(input.parameters, "(\"y\");tag=\"etwas-batch-v1\"");
    assert_int_equal(parse("a=();tag=\"etwas-batch-v1\"", &input), ETWAS_OK);
    assert_int_equal(input.component_count, 0);
    /* A tag is a string. */
    assert_int_equal(parse("a=(\"x\"), b=(\"y\");tag=etwas-batch-v1", &input), ETWAS_OK);
    assert_string_equal(input.label, "a");
}

static void escapes_stay_in_the_parameters(void **state)
{
    (void)state;
    struct signature_input input;
    assert_int_equal(parse("a=(\"x\");nonce=\"q\\\"\\\\\"", &input), ETWAS_OK);
    assert_string_equal(input.nonce, "q\"\\");
    assert_string_equal(input.parameters, "(\"x\");nonce=\"q\\\"\\\\\"");
}

/* "a=(" and `count` components of `length` characters, and a nonce of so many. */
static void build(char *text, size_t room, size_t count, size_t length, size_t nonce)
{
    size_t size = (size_t)snprintf(text, room, "a=(");
    for (size_t i = 0; i < count; i++) {
        size += (size_t)snprintf(text + size, room - size, "%s\"%0*zu\"", i == 0 ? "" : " ",
                                 (int)length, i);
    }
    (void)snprintf(text + size, room - size, ");nonce=\"%0*d\"", (int)nonce, 0);
}

static void more_than_there_is_room_for_is_too_big(void **state)
{
    (void)state;
    char text[4096];
    struct signature_input input;
    build(text, sizeof text, SIGNATURE_MAX_COMPONENTS, 31, SIGNATURE_NONCE_MAX);
    assert_int_equal(parse(text, &input), ETWAS_OK);
    assert_int_equal(input.component_count, SIGNATURE_MAX_COMPONENTS);
    assert_int_equal(strlen(input.nonce), SIGNATURE_NONCE_MAX);
    build(text, sizeof text, SIGNATURE_MAX_COMPONENTS + 1, 2, 1);
    assert_int_equal(parse(text, &input), ETWAS_TOO_BIG);
    build(text, sizeof text, 1, 32, 1);
    assert_int_equal(parse(text, &input), ETWAS_TOO_BIG);
    build(text, sizeof text, 1, 1, SIGNATURE_NONCE_MAX + 1);
    assert_int_equal(parse(text, &input), ETWAS_TOO_BIG);
    (void)snprintf(text, sizeof text, "%033d=()", 0);
    text[0] = 'a';
    assert_int_equal(parse(text, &input), ETWAS_TOO_BIG);
    (void)snprintf(text, sizeof text, "a=();x=\"%01024d\"", 0);
    assert_int_equal(parse(text, &input), ETWAS_TOO_BIG);
    (void)snprintf(text, sizeof text, "a=();x=\"%0*d\"", SIGNATURE_MAX_INPUT, 0);
    assert_int_equal(parse(text, &input), ETWAS_TOO_BIG);
}

static void many_parameters_or_signatures_are_too_big(void **state)
{
    (void)state;
    char text[1024] = "a=()";
    struct signature_input input;
    size_t size = strlen(text);
    for (size_t i = 0; i < 17; i++) {
        assert_int_equal(parse(text, &input), ETWAS_OK);
        size += (size_t)snprintf(text + size, sizeof text - size, ";p%zu", i);
    }
    assert_int_equal(parse(text, &input), ETWAS_TOO_BIG);
    size = (size_t)snprintf(text, sizeof text, "s=()");
    for (size_t i = 0; i < 16; i++) {
        assert_int_equal(parse(text, &input), ETWAS_OK);
        size += (size_t)snprintf(text + size, sizeof text - size, ",s%zu=()", i);
    }
    assert_int_equal(parse(text, &input), ETWAS_TOO_BIG);
}

static void a_signature_is_found_by_its_label(void **state)
{
    (void)state;
    uint8_t signature[SIGNATURE_SIZE];
    static const struct {
        const char *text;
        enum etwas_status status;
    } cases[] = {
        {"sig1=" ZEROS,                      ETWAS_OK       },
        {"a=:AAAA:, sig1=" ZEROS ";x, b=::", ETWAS_OK       },
        {"sig=" ZEROS,                       ETWAS_NOT_FOUND},
        {"sig11=" ZEROS,                     ETWAS_NOT_FOUND},
        {"",                                 ETWAS_NOT_FOUND},
        {"sig1=" ZEROS ", sig1=" ZEROS,      ETWAS_MALFORMED},
        {"sig1=" ZEROS ", sig2=1",           ETWAS_MALFORMED},
        {"sig1=" ZEROS ",",                  ETWAS_MALFORMED},
        {"sig1=" ZEROS " x",                 ETWAS_MALFORMED},
        {"sig1=" ZEROS "\r\n",               ETWAS_MALFORMED},
        {"Sig1=" ZEROS,                      ETWAS_MALFORMED},
        {"sig1=::",                          ETWAS_MALFORMED},
        {"sig1=:AAAA:",                      ETWAS_MALFORMED},
        {"sig1=(" ZEROS ")",                 ETWAS_MALFORMED},
        {"sig1=:AAAA"
         "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
         "AAAAAAA=:",               ETWAS_MALFORMED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(
            signature_value_parse(cases[i].text, strlen(cases[i].text), "sig1", signature),
            cases[i].status);
    }
    char text[SIGNATURE_MAX_INPUT + 2];
    memset(text, ' ', sizeof text);
    assert_int_equal(signature_value_parse(text, sizeof text, "sig1", signature), ETWAS_TOO_BIG);
}

static enum etwas_status base_with(const char *component, struct signature_message message,
                                   const char *expected)
{
    struct signature_input input = {.component_count = 1, .parameters = "()"};
    char base[SIGNATURE_MAX_BASE];
    char line[256];
    size_t size = 0;
    (void)snprintf(input.components[0], sizeof input.components[0], "%s", component);
    const enum etwas_status status = signature_base(&message, &input, base, sizeof base, &size);
    if (status == ETWAS_OK) {
        (void)snprintf(line, sizeof line, "\"%s\": %s\n\"@signature-params\": ()", component,
                       expected);
        assert_string_equal(base, line);
    }
    return status;
}

static void each_component_has_its_value(void **state)
{
    (void)state;
    struct signature_message message = rfc_message();
    assert_int_equal(base_with("@method", message, "POST"), ETWAS_OK);
    assert_int_equal(base_with("@authority", message, "example.com"), ETWAS_OK);
    assert_int_equal(base_with("@scheme", message, "https"), ETWAS_OK);
    assert_int_equal(base_with("@path", message, "/foo"), ETWAS_OK);
    assert_int_equal(base_with("@query", message, "?param=Value&Pet=dog"), ETWAS_OK);
    assert_int_equal(
        base_with("@target-uri", message, "https://example.com/foo?param=Value&Pet=dog"), ETWAS_OK);
    assert_int_equal(base_with("@status", message, ""), ETWAS_NOT_FOUND);
    assert_int_equal(base_with("@request-target", message, ""), ETWAS_NOT_FOUND);
    assert_int_equal(base_with("cookie", message, ""), ETWAS_NOT_FOUND);
    message.path = "";
    message.query = NULL;
    assert_int_equal(base_with("@path", message, "/"), ETWAS_OK);
    assert_int_equal(base_with("@query", message, "?"), ETWAS_OK);
    assert_int_equal(base_with("@target-uri", message, "https://example.com/"), ETWAS_OK);
    message.method = NULL;
    assert_int_equal(base_with("@method", message, ""), ETWAS_NOT_FOUND);
}

static void values_are_trimmed_and_joined(void **state)
{
    (void)state;
    struct signature_message message = {
        .header_count = 4, .headers = {{"a", " \tx  y\t "}, {"b", ""}, {"a", ""}, {"a", "z"}}
    };
    assert_int_equal(base_with("a", message, "x  y, , z"), ETWAS_OK);
    assert_int_equal(base_with("b", message, ""), ETWAS_OK);
    assert_int_equal(base_with("A", message, ""), ETWAS_NOT_FOUND);
}

static void no_value_can_make_a_line(void **state)
{
    (void)state;
    static const char *const bad[] = {"x\n\"@path\": /", "x\r\n y", "x\r", "\x7f", "\x01",
                                      "\xc3\xa9"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct signature_message message = {
            .method = bad[i], .path = bad[i], .header_count = 1, .headers = {{"a", bad[i]}}};
        assert_int_equal(base_with("a", message, ""), ETWAS_MALFORMED);
        assert_int_equal(base_with("@method", message, ""), ETWAS_MALFORMED);
        assert_int_equal(base_with("@path", message, ""), ETWAS_MALFORMED);
        struct signature_headers headers;
        struct key_pair pair;
        key_from_seed(&pair, vector_seed);
        message = batch_message();
        message.headers[3].value = bad[i];
        assert_int_equal(signature_make(&message, &pair, 1, batch_nonce, &headers),
                         ETWAS_MALFORMED);
        message.header_count = 3;
        assert_int_equal(signature_make(&message, &pair, 1, batch_nonce, &headers),
                         ETWAS_NOT_FOUND);
    }
}

static void a_base_needs_its_room(void **state)
{
    (void)state;
    const struct signature_message message = batch_message();
    struct signature_input input;
    char *base = malloc(SIGNATURE_MAX_BASE);
    assert_non_null(base);
    size_t size = 0;
    assert_int_equal(parse(BATCH_INPUT, &input), ETWAS_OK);
    for (size_t room = 0; room <= strlen(BATCH_BASE); room++) {
        char *exact = malloc(room + 1);
        assert_non_null(exact);
        assert_int_equal(signature_base(&message, &input, exact + 1, room, &size), ETWAS_TOO_BIG);
        assert_int_equal(size, 0);
        free(exact);
    }
    assert_int_equal(signature_base(&message, &input, base, strlen(BATCH_BASE) + 1, &size),
                     ETWAS_OK);
    assert_string_equal(base, BATCH_BASE);
    free(base);
}

static void a_digest_is_of_the_body_in_any_parts(void **state)
{
    (void)state;
    static const char *const bodies[] = {RFC_BODY, BATCH_BODY};
    static const char *const texts[] = {RFC_DIGEST, BATCH_DIGEST};
    for (size_t i = 0; i < 2; i++) {
        for (size_t part = 1; part < 40; part++) {
            struct signature_digest digest;
            uint8_t hash[SIGNATURE_DIGEST_SIZE];
            uint8_t back[SIGNATURE_DIGEST_SIZE];
            char text[SIGNATURE_DIGEST_TEXT];
            const size_t size = strlen(bodies[i]);
            signature_digest_init(&digest);
            for (size_t at = 0; at < size; at += part) {
                signature_digest_add(&digest, bodies[i] + at, part < size - at ? part : size - at);
            }
            signature_digest_end(&digest, hash);
            signature_digest_format(hash, text);
            assert_string_equal(text, texts[i]);
            assert_int_equal(signature_digest_parse(text, strlen(text), back), ETWAS_OK);
            assert_memory_equal(hash, back, sizeof hash);
        }
    }
}

static void a_digest_may_stand_among_others(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum etwas_status status;
    } cases[] = {
        {"sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:, " RFC_DIGEST, ETWAS_OK       },
        {"sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:",              ETWAS_NOT_FOUND},
        {RFC_DIGEST ", " RFC_DIGEST,                                            ETWAS_MALFORMED},
        {"sha-512=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:",              ETWAS_MALFORMED},
        {"SHA-512=" ZEROS,                                                      ETWAS_MALFORMED},
        {"sha-512=WZDP",                                                        ETWAS_MALFORMED},
        {"sha-512",                                                             ETWAS_MALFORMED},
        {"",                                                                    ETWAS_NOT_FOUND},
    };
    uint8_t hash[SIGNATURE_DIGEST_SIZE];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(signature_digest_parse(cases[i].text, strlen(cases[i].text), hash),
                         cases[i].status);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_signature_input_is_refused),
        cmocka_unit_test(of_several_ours_is_taken),
        cmocka_unit_test(escapes_stay_in_the_parameters),
        cmocka_unit_test(more_than_there_is_room_for_is_too_big),
        cmocka_unit_test(many_parameters_or_signatures_are_too_big),
        cmocka_unit_test(a_signature_is_found_by_its_label),
        cmocka_unit_test(each_component_has_its_value),
        cmocka_unit_test(values_are_trimmed_and_joined),
        cmocka_unit_test(no_value_can_make_a_line),
        cmocka_unit_test(a_base_needs_its_room),
        cmocka_unit_test(a_digest_is_of_the_body_in_any_parts),
        cmocka_unit_test(a_digest_may_stand_among_others),
    };
    return cmocka_run_group_tests_name("policy.signature_parse", tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "ipc/field.h"

#include <stdlib.h>
#include <string.h>

#include "tests/check.h"

/* Walks all of a dictionary, in a block of just its size. */
static enum etwas_status walk(const char *text, size_t size)
{
    char *copy = malloc(size + 1);
    assert_non_null(copy);
    memcpy(copy + 1, text, size);
    struct field_walker walker = field_dictionary(copy + 1, size);
    struct field_value name;
    struct field_value value;
    while (field_member(&walker, &name, &value)) {
        struct field_walker inside = field_parameters(&value);
        struct field_value inner;
        while (field_parameter(&inside, &name, &inner)) {
        }
        assert_int_equal(field_end(&inside), ETWAS_OK);
        inside = field_list(&value);
        while (field_item(&inside, &inner)) {
        }
        assert_int_equal(field_end(&inside), value.type == FIELD_LIST ? ETWAS_OK : ETWAS_MALFORMED);
    }
    const enum etwas_status status = field_end(&walker);
    free(copy);
    return status;
}

static void expect(const char *text, bool good)
{
    if ((walk(text, strlen(text)) == ETWAS_OK) != good) {
        fail_msg("%s: %s", good ? "refused" : "taken", text);
    }
}

/* The value of the member "a", the only one of the text. */
static struct field_value value_of(const char *text)
{
    struct field_walker walker = field_dictionary(text, strlen(text));
    struct field_value name;
    struct field_value value = {.data = NULL};
    assert_true(field_member(&walker, &name, &value));
    assert_true(field_is(&name, "a"));
    assert_int_equal(field_end(&walker), ETWAS_OK);
    return value;
}

static void assert_number(const char *text, enum field_type type, int64_t number)
{
    const struct field_value value = value_of(text);
    assert_int_equal(value.type, type);
    assert_true(value.number == number);
}

static void each_kind_of_item_is_read(void **state)
{
    (void)state;
    assert_number("a=0", FIELD_INTEGER, 0);
    assert_number("a=-0", FIELD_INTEGER, 0);
    assert_number("a=042", FIELD_INTEGER, 42);
    assert_number("a=999999999999999", FIELD_INTEGER, 999999999999999);
    assert_number("a=-999999999999999", FIELD_INTEGER, -999999999999999);
    assert_number("a=1.5", FIELD_DECIMAL, 1500);
    assert_number("a=-0.125", FIELD_DECIMAL, -125);
    assert_number("a=123456789012.12", FIELD_DECIMAL, 123456789012120);
    assert_number("a=?0", FIELD_BOOLEAN, 0);
    assert_number("a=?1", FIELD_BOOLEAN, 1);
    assert_number("a", FIELD_BOOLEAN, 1);
    assert_number("a;b=1", FIELD_BOOLEAN, 1);

    struct field_value value = value_of("a=*To:k/e-n!#$%&'*+.^_`|~9");
    assert_int_equal(value.type, FIELD_TOKEN);
    assert_true(field_is(&value, "*To:k/e-n!#$%&'*+.^_`|~9"));
    value = value_of("a=:aGVsbG8=:");
    assert_int_equal(value.type, FIELD_BYTES);
    assert_int_equal(value.size, 8);
    assert_memory_equal(value.data, "aGVsbG8=", 8);
    assert_false(field_is(&value, "aGVsbG8="));
    value = value_of("a=::");
    assert_int_equal(value.size, 0);
}

static void strings_are_unescaped(void **state)
{
    (void)state;
    char text[16];
    struct field_value value = value_of("a=\"x \\\"y\\\\\"");
    assert_int_equal(value.type, FIELD_STRING);
    assert_true(value.escaped);
    assert_true(field_is(&value, "x \"y\\"));
    assert_false(field_is(&value, "x \"y\\z"));
    assert_false(field_is(&value, "x \"y"));
    assert_int_equal(field_copy(&value, text, 6), ETWAS_OK);
    assert_string_equal(text, "x \"y\\");
    for (size_t room = 0; room < 6; room++) {
        assert_int_equal(field_copy(&value, text, room), ETWAS_TOO_BIG);
    }
    value = value_of("a=\"\"");
    assert_true(field_is(&value, ""));
    assert_int_equal(field_copy(&value, text, 1), ETWAS_OK);
    value = value_of("a=1");
    assert_false(field_is(&value, "1"));
    assert_int_equal(field_copy(&value, text, sizeof text), ETWAS_MALFORMED);
}

static void a_list_has_items_with_parameters(void **state)
{
    (void)state;
    struct field_value list = value_of("a=( \"x\";p;q=2  tok  3.5 );r=\"s\";  t=?0");
    struct field_value value;
    struct field_value name;
    assert_int_equal(list.type, FIELD_LIST);
    struct field_walker walker = field_list(&list);
    assert_true(field_item(&walker, &value));
    assert_true(field_is(&value, "x"));
    struct field_walker parameters = field_parameters(&value);
    assert_true(field_parameter(&parameters, &name, &value));
    assert_true(field_is(&name, "p") && value.type == FIELD_BOOLEAN && value.number == 1);
    assert_true(field_parameter(&parameters, &name, &value));
    assert_true(field_is(&name, "q") && value.type == FIELD_INTEGER && value.number == 2);
    assert_false(field_parameter(&parameters, &name, &value));
    assert_int_equal(field_end(&parameters), ETWAS_OK);
    assert_true(field_item(&walker, &value));
    assert_true(value.type == FIELD_TOKEN && field_is(&value, "tok"));
    assert_true(field_item(&walker, &value));
    assert_true(value.type == FIELD_DECIMAL && value.number == 3500);
    assert_false(field_item(&walker, &value));
    assert_int_equal(field_end(&walker), ETWAS_OK);

    parameters = field_parameters(&list);
    assert_true(field_parameter(&parameters, &name, &value));
    assert_true(field_is(&name, "r") && field_is(&value, "s"));
    assert_int_equal(field_end(&parameters), ETWAS_MALFORMED);
    assert_true(field_parameter(&parameters, &name, &value));
    assert_true(field_is(&name, "t") && value.number == 0);
    assert_int_equal(field_end(&parameters), ETWAS_OK);
}

static void what_the_rfc_allows_is_taken(void **state)
{
    (void)state;
    static const char *const good[] = {"",
                                       "   ",
                                       "a",
                                       "  a=1  ",
                                       "a=1\t",
                                       "a=1 \t, \tb=2",
                                       "a,b,c",
                                       "*a._-*9=1",
                                       "a=()",
                                       "a=(  )",
                                       "a=1;b",
                                       "a=1;  b=2;c",
                                       "a=(1 2);x, b",
                                       "a=1,a=2",
                                       "a=(\"x\";y=1 z)",
                                       "a=:AA==:",
                                       "a=:AAA=:",
                                       "a=\"~ !\"",
                                       "a=x, b=-1.0",
                                       "a;x=1;y=?0,b=?0"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        expect(good[i], true);
    }
}

static const char *const bad_texts[] = {",",
                                        "a,",
                                        "a, ",
                                        ",a",
                                        "a,,b",
                                        "a b",
                                        "a=",
                                        "a= 1",
                                        "a =1",
                                        "=1",
                                        "A=1",
                                        "1=1",
                                        "\ta=1",
                                        "-a=1",
                                        "a=1;",
                                        "a=1; ",
                                        "a=1;B=1",
                                        "a=1 ;b",
                                        "a=1;b=",
                                        "a=1;b=()",
                                        "a=-",
                                        "a=+1",
                                        "a=--1",
                                        "a=1.",
                                        "a=.5",
                                        "a=1.2345",
                                        "a=1.2.3",
                                        "a=1234567890123.1",
                                        "a=1234567890123456",
                                        "a=1-",
                                        "a=1e3",
                                        "a=\"",
                                        "a=\"x",
                                        "a=\"\\\"",
                                        "a=\"\\x\"",
                                        "a=\"\t\"",
                                        "a=\"\x7f\"",
                                        "a=\"\xc3\xa9\"",
                                        "a='x'",
                                        "a=:",
                                        "a=:AA==",
                                        "a=:A:",
                                        "a=:AA:",
                                        "a=:A===:",
                                        "a=:=AAA:",
                                        "a=:AA=A:",
                                        "a=:AA A:",
                                        "a=:-_==:",
                                        "a=?",
                                        "a=?2",
                                        "a=?T",
                                        "a=?10",
                                        "a=(",
                                        "a=(1",
                                        "a=(1 ",
                                        "a=)",
                                        "a=(1,2)",
                                        "a=(1\t2)",
                                        "a=(\"x\"\"y\")",
                                        "a=((1))",
                                        "a=(1 2) 3",
                                        "a=(1;)",
                                        "a=@1",
                                        "a=%\"x\"",
                                        "a=x\x01",
                                        "a\x80=1",
                                        "a=1\n",
                                        "a=1\r\n",
                                        "\na=1",
                                        "a={}",
                                        "a=1,\x0b b=2"};

static void what_it_does_not_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad_texts / sizeof bad_texts[0]; i++) {
        expect(bad_texts[i], false);
    }
    assert_int_equal(walk("a", 2), ETWAS_MALFORMED); /* a zero behind */
    assert_int_equal(walk("a=x\0y", 5), ETWAS_MALFORMED);
    assert_int_equal(walk("a=\"x\0\"", 6), ETWAS_MALFORMED);
}

/* Cut off behind a name or a value it is a dictionary of its own; elsewhere it is none. */
static void a_truncation_is_refused_or_whole(void **state)
{
    (void)state;
    const char text[] = "s=(\"@m\";req \"x\");cr;n=\"a\\\"b\";k=:AAA=:";
    const char ends[] = "1000000000000001011010000001010000001";
    assert_int_equal(sizeof ends, sizeof text);
    for (size_t size = 1; size < sizeof text; size++) {
        assert_int_equal(walk(text, size), ends[size - 1] == '1' ? ETWAS_OK : ETWAS_MALFORMED);
    }
}

static void the_first_error_stays(void **state)
{
    (void)state;
    const char *text = "a=1, b=, c=1";
    struct field_walker walker = field_dictionary(text, strlen(text));
    struct field_value name;
    struct field_value value;
    assert_true(field_member(&walker, &name, &value));
    assert_false(field_member(&walker, &name, &value));
    assert_false(field_member(&walker, &name, &value));
    assert_int_equal(field_end(&walker), ETWAS_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_of_item_is_read),
        cmocka_unit_test(strings_are_unescaped),
        cmocka_unit_test(a_list_has_items_with_parameters),
        cmocka_unit_test(what_the_rfc_allows_is_taken),
        cmocka_unit_test(what_it_does_not_is_refused),
        cmocka_unit_test(a_truncation_is_refused_or_whole),
        cmocka_unit_test(the_first_error_stays),
    };
    return cmocka_run_group_tests_name("ipc.field", tests, NULL, NULL);
}

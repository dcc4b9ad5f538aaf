/* SPDX-License-Identifier: MIT */
#include "ipc/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/check.h"

/* Walks all of it, in a block of just its size. */
static enum etwas_status walk(const char *text, size_t size)
{
    char *copy = malloc(size + 1);
    assert_non_null(copy);
    memcpy(copy + 1, text, size);
    struct json_piece name;
    struct json_piece value;
    const size_t spaces = strspn(text, " \t\r\n");
    const bool array = spaces < size && text[spaces] == '[';
    struct json_walker walker =
        array ? json_walk_array(copy + 1, size) : json_walk_object(copy + 1, size);
    while (array ? json_item(&walker, &value) : json_member(&walker, &name, &value)) {
        assert_true(value.data >= copy + 1 && value.data + value.size <= copy + 1 + size);
    }
    const enum etwas_status status = json_end(&walker);
    free(copy);
    return status;
}

static void expect(const char *text, bool good)
{
    if ((walk(text, strlen(text)) == ETWAS_OK) != good) {
        fail_msg("%s: %s", good ? "refused" : "taken", text);
    }
}

static struct json_piece first_of(const char *text)
{
    struct json_piece value = {.data = NULL};
    struct json_walker walker = json_walk_array(text, strlen(text));
    assert_true(json_item(&walker, &value));
    return value;
}

static void members_come_one_after_the_other(void **state)
{
    (void)state;
    const char *text =
        " { \"a\" : \"x\\ny\" ,\"\":-12.5e+3,\"c\":[1,{}] , \"d\":{\"e\":null},\"f\":"
        "true,\"g\":false,\"h\":null}\r\n";
    static const struct {
        const char *name;
        const char *value;
        enum json_type type;
    } expected[] = {
        {"a", "x\\ny",        JSON_IS_STRING},
        {"",  "-12.5e+3",     JSON_IS_NUMBER},
        {"c", "[1,{}]",       JSON_IS_ARRAY },
        {"d", "{\"e\":null}", JSON_IS_OBJECT},
        {"f", "true",         JSON_IS_TRUE  },
        {"g", "false",        JSON_IS_FALSE },
        {"h", "null",         JSON_IS_NULL  },
    };
    struct json_walker walker = json_walk_object(text, strlen(text));
    struct json_piece name;
    struct json_piece value;
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        assert_int_equal(json_end(&walker), ETWAS_MALFORMED);
        assert_true(json_member(&walker, &name, &value));
        assert_true(json_is(&name, expected[i].name));
        assert_int_equal(value.type, expected[i].type);
        assert_int_equal(value.size, strlen(expected[i].value));
        assert_memory_equal(value.data, expected[i].value, value.size);
        assert_int_equal(value.escaped, i == 0);
    }
    assert_false(json_member(&walker, &name, &value));
    assert_int_equal(json_end(&walker), ETWAS_OK);
}

static void a_piece_is_walked_as_the_whole_is(void **state)
{
    (void)state;
    struct json_piece value = first_of("[{\"a\":[1,\"two\"]}]");
    struct json_walker object = json_walk_object(value.data, value.size);
    struct json_piece name;
    assert_true(json_member(&object, &name, &value));
    struct json_walker array = json_walk_array(value.data, value.size);
    assert_true(json_item(&array, &value));
    assert_true(json_item(&array, &value));
    assert_true(json_is(&value, "two"));
    assert_false(json_item(&array, &value));
    assert_int_equal(json_end(&array), ETWAS_OK);
}

static void what_the_rfc_allows_is_taken(void **state)
{
    (void)state;
    static const char *const good[] = {
        "{}",
        "[]",
        " \t\r\n{ } ",
        "[ ]",
        "[0]",
        "[-0]",
        "[1.0,-2.25,1e5,1E+5,1e-5,0.0e0,10]",
        "[\"\"]",
        "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\uabCD\"]",
        "[\"\\ud83d\\ude00\"]",
        "[\"\x7f\"]",
        "[\"\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf\"]",
        "[\"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"]",
        "{\"a\":1,\"a\":2}",
        "[[],{},[{}],{\"a\":[]}]",
        "[123456789012345678901234567890]",
        "[1 , 2 ]",
        "{\"a\\u0062\" :1}",
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        expect(good[i], true);
    }
}

static const char *const bad_texts[] = {
    "",
    " ",
    "1",
    "\"a\"",
    "null",
    "{",
    "[",
    "}",
    "{]",
    "[}",
    "{}x",
    "[]]",
    "[],",
    "{}{}",
    "[1,]",
    "[,1]",
    "[,]",
    "[1 2]",
    "{\"a\":1,}",
    "{,}",
    "{\"a\"}",
    "{\"a\":}",
    "{\"a\" 1}",
    "{a:1}",
    "{1:1}",
    "{'a':1}",
    "{\"a\":1 \"b\":2}",
    "{\"a\"::1}",
    "[01]",
    "[-]",
    "[+1]",
    "[1.]",
    "[.5]",
    "[1e]",
    "[1e+]",
    "[0x1]",
    "[1.e1]",
    "[--1]",
    "[-a]",
    "[00]",
    "[NaN]",
    "[Infinity]",
    "[-Infinity]",
    "[tru]",
    "[True]",
    "[nulll]",
    "[truefalse]",
    "[\"]",
    "[\"a]",
    "[\"\\\"]",
    "[\"\\x\"]",
    "[\"\\u12\"]",
    "[\"\\u12g4\"]",
    "[\"\\U0041\"]",
    "[\"\\ud800\"]",
    "[\"\\udc00\"]",
    "[\"\\ud800\\u0041\"]",
    "[\"\\ud800\\ud800\"]",
    "[\"\\udc00\\ud800\"]",
    "[\"\\ud800x\"]",
    "[\"\n\"]",
    "[\"\t\"]",
    "[\"\x1f\"]",
    "[\"\x80\"]",
    "[\"\xc1\xbf\"]",
    "[\"\xc2\"]",
    "[\"\xe0\x9f\xbf\"]",
    "[\"\xed\xa0\x80\"]",
    "[\"\xf0\x8f\xbf\xbf\"]",
    "[\"\xf4\x90\x80\x80\"]",
    "[\"\xf5\x80\x80\x80\"]",
    "[\"\xff\"]",
    "[\"\xe2\x82\"]",
    "[\"\xc2\x41\"]",
    "\xef\xbb\xbf[]",
    "[1]//",
    "[/**/1]",
    "[1]\v",
    "[1\f]",
    "{\"\xff\":1}",
    "{\"a\":{\"b\"}}",
    "{\"a\":{1:2}}",
    "{\"a\":[1,]}",
    "{\"a\":{\"b\":1,}}",
    "{\"a\":[}",
    "{\"a\":{]}",
    "[{\"a\":1]]",
    "[[1}]",
    "[[1 2]]",
    "[{\"a\":\"\n\"}]",
};

static void what_it_does_not_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad_texts / sizeof bad_texts[0]; i++) {
        expect(bad_texts[i], false);
    }
    const char zero[] = "[\"a\0b\"]";
    assert_int_equal(walk(zero, sizeof zero - 1), ETWAS_MALFORMED);
    assert_int_equal(walk("[]", 3), ETWAS_MALFORMED); /* a zero behind */
}

static void every_truncation_is_refused(void **state)
{
    (void)state;
    const char text[] = "{\"Provider\":\"Ping\\u00e9\",\"EventData\":{\"Number\":-1.5e3,\"Text\":"
                        "\"h\xc3\xa9 \xf0\x9f\x98\x80 \\ud83d\\ude00\",\"List\":[true,false,null,"
                        "[],{}]}}";
    assert_int_equal(walk(text, sizeof text - 1), ETWAS_OK);
    for (size_t size = 0; size < sizeof text - 1; size++) {
        assert_int_equal(walk(text, size), ETWAS_MALFORMED);
    }
}

/* Strings are looked at by eights: what stops them is found wherever it is. */
static void each_byte_counts_at_each_place(void **state)
{
    (void)state;
    for (size_t size = 1; size < 26; size++) {
        for (size_t place = 0; place < size; place++) {
            for (unsigned byte = 0; byte < 256; byte++) {
                char text[32] = "[\"";
                memset(text + 2, 'x', size);
                text[2 + place] = (char)byte;
                (void)snprintf(text + 2 + size, sizeof text - 2 - size, "\"]");
                const bool plain = byte >= ' ' && byte < 0x80 && byte != '"' && byte != '\\';
                /* A backslash makes no escape with an "x", and of the last quote no end. */
                assert_int_equal(walk(text, size + 4), plain ? ETWAS_OK : ETWAS_MALFORMED);
            }
        }
    }
}

static void a_quote_at_each_place_ends_the_string(void **state)
{
    (void)state;
    for (size_t size = 0; size < 40; size++) {
        char text[64] = "[\"";
        memset(text + 2, '!', size);
        (void)snprintf(text + 2 + size, sizeof text - 2 - size, "\",1]");
        struct json_piece value = first_of(text);
        assert_int_equal(value.size, size);
        assert_false(value.escaped);
    }
}

static void the_first_error_stays(void **state)
{
    (void)state;
    const char *text = "[1,x,2]";
    struct json_walker walker = json_walk_array(text, strlen(text));
    struct json_piece value;
    assert_true(json_item(&walker, &value));
    assert_false(json_item(&walker, &value));
    assert_false(json_item(&walker, &value));
    assert_int_equal(json_end(&walker), ETWAS_MALFORMED);
    /* An object is not an array, and its members are no items. */
    walker = json_walk_object("[1]", 3);
    assert_false(json_item(&walker, &value));
    assert_int_equal(json_end(&walker), ETWAS_MALFORMED);
    walker = json_walk_object("{\"a\":1}", 7);
    assert_false(json_item(&walker, &value));
    assert_int_equal(json_end(&walker), ETWAS_MALFORMED);
}

static void deep(char *text, size_t levels, char open, char close)
{
    for (size_t i = 0; i < levels; i++) {
        text[i] = open;
        text[2 * levels - 1 - i] = close;
    }
    text[2 * levels] = '\0';
}

static void nesting_has_a_limit(void **state)
{
    (void)state;
    static char text[20001]; /* MinGW's gcc 12 cannot have that much on the stack */
    deep(text, JSON_MAX_DEPTH, '[', ']');
    expect(text, true);
    deep(text, JSON_MAX_DEPTH + 1, '[', ']');
    expect(text, false);
    deep(text, 10000, '[', ']');
    expect(text, false);
    memset(text, '[', sizeof text - 1);
    expect(text, false);
    /* What was closed does not count. */
    char flat[1100] = "[";
    size_t size = 1;
    while (size < 1000) {
        size += (size_t)snprintf(flat + size, sizeof flat - size, "[[{}],[]],");
    }
    (void)snprintf(flat + size, sizeof flat - size, "1]");
    expect(flat, true);
}

static void names_are_compared_unescaped(void **state)
{
    (void)state;
    struct json_piece value = first_of("[\"\\u0043omp\\u0075ter\"]");
    assert_true(value.escaped);
    assert_true(json_is(&value, "Computer"));
    assert_false(json_is(&value, "Compute"));
    assert_false(json_is(&value, "Computers"));
    value = first_of("[\"Id\"]");
    assert_true(json_is(&value, "Id"));
    assert_false(json_is(&value, "I"));
    assert_false(json_is(&value, "Idx"));
    value = first_of("[\"Id\\u0000\"]");
    assert_false(json_is(&value, "Id"));
    value = first_of("[\"\"]");
    assert_true(json_is(&value, ""));
    value = first_of("[true]");
    assert_false(json_is(&value, "true"));
}

static void strings_are_unescaped(void **state)
{
    (void)state;
    struct json_piece value =
        first_of("[\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u20ac\\ud83d\\ude00z\"]");
    const char expected[] = "a\"\\/\b\f\n\r\tA\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z";
    char text[64];
    const size_t size = sizeof expected - 1;
    assert_int_equal(json_unescape(&value, text, sizeof text), size);
    assert_memory_equal(text, expected, size);
    for (size_t room = 0; room < size; room++) {
        memset(text, '#', sizeof text);
        assert_int_equal(json_unescape(&value, text, room), size);
        assert_memory_equal(text, expected, room);
        assert_int_equal(text[room], '#');
    }
    value = first_of("[\"plain\"]");
    assert_int_equal(json_unescape(&value, text, sizeof text), 5);
    assert_memory_equal(text, "plain", 5);
}

static void only_whole_numbers_that_fit_are_numbers(void **state)
{
    (void)state;
    uint64_t number = 1;
    struct json_piece value = first_of("[0]");
    assert_true(json_u64(&value, &number));
    assert_true(number == 0);
    value = first_of("[18446744073709551615]");
    assert_true(json_u64(&value, &number));
    assert_true(number == UINT64_MAX);
    static const char *const bad[] = {"[18446744073709551616]",
                                      "[99999999999999999999]",
                                      "[-1]",
                                      "[1.0]",
                                      "[1e3]",
                                      "[\"1\"]",
                                      "[null]",
                                      "[\"\"]"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        value = first_of(bad[i]);
        assert_false(json_u64(&value, &number));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_come_one_after_the_other),
        cmocka_unit_test(a_piece_is_walked_as_the_whole_is),
        cmocka_unit_test(what_the_rfc_allows_is_taken),
        cmocka_unit_test(what_it_does_not_is_refused),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(each_byte_counts_at_each_place),
        cmocka_unit_test(a_quote_at_each_place_ends_the_string),
        cmocka_unit_test(the_first_error_stays),
        cmocka_unit_test(nesting_has_a_limit),
        cmocka_unit_test(names_are_compared_unescaped),
        cmocka_unit_test(strings_are_unescaped),
        cmocka_unit_test(only_whole_numbers_that_fit_are_numbers),
    };
    return cmocka_run_group_tests_name("ipc.json", tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "monitor/forward/srv.h"

#include <stdlib.h>
#include <string.h>

#include "tests/check.h"

/* The start of a record of type SRV and class IN; after it come size, priority, weight, port. */
#define SRV "\0\x21\0\1\0\0\0\x3c\0"

/* _etwas._tcp.web: a CNAME and two SRV records, the second of the better priority. */
static const char two[] = "\x12\x34\x81\x80\0\1\0\3\0\0\0\0" /* 1 question, 3 answers */
                          "\6_etwas\4_tcp\3web\0\0\x21\0\1"
                          "\xc0\x0c\0\5\0\1\0\0\0\x3c\0\2\xc0\x0c"
                          "\xc0\x0c" SRV "\x0a\0\x14\0\5\x1f\x90" /* 8080 */
                          "\1a\xc0\x18"                           /* compressed: a.web */
                          "\xc0\x0c" SRV "\x0c\0\x0a\0\5\1\xbb"   /* 443 */
                          "\1B\2ex";                              /* and the literal's zero */

static struct srv_record records[SRV_MAX];
static size_t count;

static enum etwas_status parse(const char *data, size_t size)
{
    /* In memory of its own size, so that the sanitizer sees every byte that is read too much. */
    uint8_t *copy = malloc(size == 0 ? 1 : size);
    assert_non_null(copy);
    memcpy(copy, data, size);
    const enum etwas_status status = srv_parse(copy, size, records, &count);
    free(copy);
    return status;
}

static void records_come_in_the_order_of_their_priority(void **state)
{
    (void)state;
    assert_int_equal(parse(two, sizeof two), ETWAS_OK);
    assert_int_equal(count, 2);
    assert_string_equal(records[0].target, "b.ex");
    assert_int_equal(records[0].port, 443);
    assert_string_equal(records[1].target, "a.web");
    assert_int_equal(records[1].port, 8080);
}

static void a_part_of_an_answer_is_malformed(void **state)
{
    (void)state;
    for (size_t size = 0; size < sizeof two; size++) {
        assert_int_equal(parse(two, size), ETWAS_MALFORMED);
    }
}

static void of_an_answer_that_was_cut_off_what_is_there_counts(void **state)
{
    (void)state;
    char cut[sizeof two];
    memcpy(cut, two, sizeof two);
    cut[2] = (char)0x83;
    assert_int_equal(parse(cut, sizeof two - 1), ETWAS_OK);
    assert_int_equal(count, 1);
}

static void what_the_server_says_is_told_apart(void **state)
{
    (void)state;
    char answer[sizeof two];
    memcpy(answer, two, sizeof two);
    answer[3] = (char)0x83;
    assert_int_equal(parse(answer, sizeof two), ETWAS_NOT_FOUND);
    answer[3] = (char)0x82;
    assert_int_equal(parse(answer, sizeof two), ETWAS_AGAIN);
    answer[2] = 0x01; /* a question */
    assert_int_equal(parse(answer, sizeof two), ETWAS_MALFORMED);
}

static void a_name_that_points_to_itself_ends(void **state)
{
    (void)state;
    static const char loop[] = "\0\1\x80\0\0\0\0\1\0\0\0\0" /* 1 answer */
                               "\xc0\x0c" SRV "\x08\0\1\0\1\0\x50\xc0\x1e";
    assert_int_equal(parse(loop, sizeof loop), ETWAS_NOT_FOUND);
    assert_int_equal(count, 0);
}

static void what_names_no_host_is_passed_over(void **state)
{
    (void)state;
    static const char odd[] = "\0\1\x80\0\0\0\0\3\0\0\0\0"        /* 3 answers */
                              "\0" SRV "\7\0\1\0\1\0\x50\0"       /* "." */
                              "\0" SRV "\x0a\0\1\0\1\0\x50\2/x\0" /* of no host */
                              "\0" SRV "\x09\0\1\0\1\0\0\1x";     /* port 0 */
    assert_int_equal(parse(odd, sizeof odd), ETWAS_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_come_in_the_order_of_their_priority),
        cmocka_unit_test(a_part_of_an_answer_is_malformed),
        cmocka_unit_test(of_an_answer_that_was_cut_off_what_is_there_counts),
        cmocka_unit_test(what_the_server_says_is_told_apart),
        cmocka_unit_test(a_name_that_points_to_itself_ends),
        cmocka_unit_test(what_names_no_host_is_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

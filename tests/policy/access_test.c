/* SPDX-License-Identifier: MIT */
#include "tests/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/access.h"

static struct access_policy policy;
static struct access_fault fault;

/* The system's users for these tests: alice and her group, and the group etwas. */
static bool resolve(const char *name, bool is_group, uint32_t *id)
{
    if (!is_group && strcmp(name, "alice") == 0) {
        *id = 1000;
        return true;
    }
    if (is_group && strcmp(name, "etwas") == 0) {
        *id = 900;
        return true;
    }
    return false;
}

/* In a block of exactly this size, so that a byte read or written behind it is noticed. */
static bool parse_bytes(const char *text, size_t size)
{
    char *copy = malloc(size != 0 ? size : 1);
    assert_non_null(copy);
    memcpy(copy, text, size);
    const bool good = access_parse(&policy, copy, size, resolve, &fault);
    free(copy);
    return good;
}

static void parse(const char *text)
{
    if (!parse_bytes(text, strlen(text))) {
        fail_msg("%" PRIu32 ":%" PRIu32 ": %s", fault.line, fault.column, fault.what);
    }
}

static void assert_fault(const char *text, uint32_t line, uint32_t column, const char *what)
{
    if (parse_bytes(text, strlen(text))) {
        fail_msg("taken: %s", text);
    }
    if (fault.line != line || fault.column != column || strcmp(fault.what, what) != 0) {
        fail_msg("%" PRIu32 ":%" PRIu32 ": %s; expected %" PRIu32 ":%" PRIu32 ": %s of: %s",
                 fault.line, fault.column, fault.what, line, column, what, text);
    }
}

/* The line that allowed it; 0: refused by none; negative: the line that refused. */
static int decide(uint32_t uid, const char *what)
{
    const struct access_subject subject = {.uid = uid, .gid = 5000 + uid};
    uint32_t line = 77;
    const bool allowed = access_allows(&policy, &subject, what, &line);
    assert_true(!allowed || line != 0);
    return allowed ? (int)line : -(int)line;
}

static void assert_decision(uint32_t uid, const char *what, int decision)
{
    const int got = decide(uid, what);
    if (got != decision) {
        fail_msg("uid %" PRIu32 " %s: %d, expected %d", uid, what != NULL ? what : "anything", got,
                 decision);
    }
}

static void what_no_rule_names_is_denied(void **state)
{
    (void)state;
    parse("");
    assert_decision(0, "sched:sched_switch", 0);
    assert_decision(0, NULL, 0);
    parse("allow uid:1 sched:*\n");
    assert_decision(1, "sched:sched_switch", 1);
    assert_decision(2, "sched:sched_switch", 0);
    assert_decision(1, "irq:irq_entry", 0);
}

static void the_first_match_decides(void **state)
{
    (void)state;
    parse("deny uid:1 sched:sched_switch\n"
          "allow uid:1 sched:*\n"
          "deny * *\n"
          "allow * *\n");
    assert_decision(1, "sched:sched_switch", -1);
    assert_decision(1, "sched:sched_wakeup", 2);
    assert_decision(1, "irq:irq_entry", -3);
    assert_decision(2, "sched:sched_switch", -3);
}

static void comments_blanks_and_tabs_are_nothing(void **state)
{
    (void)state;
    parse("# all of it\n"
          "\n"
          " \t \n"
          "\t allow \t uid:1\tsched:*  # and why\n"
          "allow uid:2 irq#:*\n");
    assert_int_equal(policy.rule_count, 2);
    assert_decision(1, "sched:a", 4);
    assert_decision(2, "irq:a", 5);
}

static void names_are_resolved_and_numbers_taken(void **state)
{
    (void)state;
    parse("allow user:alice a\nallow uid:0x7d0 b\nallow group:etwas c\nallow gid:901 d\n"
          "allow * e\nallow uid:4294967294 f\n");
    assert_decision(1000, "a:x", 1);
    assert_decision(1001, "a:x", 0);
    assert_decision(2000, "b:x", 2);
    assert_decision(77, "e:x", 5);
    assert_decision(UINT32_MAX - 1, "f:x", 6);
    assert_decision(900, "c:x", 0); /* a user's number is not a group's */
}

static void groups_count_primary_and_supplementary(void **state)
{
    (void)state;
    const uint32_t groups[] = {7, 900};
    struct access_subject subject = {.uid = 1, .gid = 901, .groups = groups, .group_count = 2};
    uint32_t line = 0;
    parse("allow group:etwas c\nallow gid:901 d\n");
    assert_true(access_allows(&policy, &subject, "c:x", &line));
    assert_int_equal(line, 1);
    assert_true(access_allows(&policy, &subject, "d:x", &line));
    assert_int_equal(line, 2);
    subject.group_count = 1;
    assert_false(access_allows(&policy, &subject, "c:x", &line));
    assert_int_equal(line, 0);
}

static void globs_match_whole_names(void **state)
{
    (void)state;
    parse("allow uid:1 sched:sched_*\nallow uid:2 s?hed:*w*tch\nallow uid:3 *\n"
          "allow uid:4 *:sys_enter_**open*\nallow uid:5 sched:\n");
    assert_decision(1, "sched:sched_switch", 1);
    assert_decision(1, "sched:sched_", 1);
    assert_decision(1, "sched:sched", 0);
    assert_decision(1, "sched2:sched_switch", 0);
    assert_decision(1, "xsched:sched_switch", 0);
    assert_decision(2, "sched:sched_switch", 2);
    assert_decision(2, "sched:sched_switch2", 0);
    assert_decision(2, "shed:sched_switch", 0);
    assert_decision(2, "sched:wwtctch", 2);
    assert_decision(3, "a:b", 3);
    assert_decision(4, "syscalls:sys_enter_openat", 4);
    assert_decision(4, "syscalls:sys_enter_close", 0);
    assert_decision(5, "sched:", 5);
    assert_decision(5, "sched:a", 0);
}

static void a_glob_of_many_stars_takes_no_time(void **state)
{
    (void)state;
    char text[400] = "allow uid:1 ";
    char what[300] = "a:";
    for (int i = 0; i < 100; i++) {
        memcpy(text + strlen(text), "*a", 3);
    }
    memcpy(text + strlen(text), "b\n", 3);
    memset(what + 2, 'a', sizeof what - 3);
    parse(text);
    assert_decision(1, what, 0);
}

static void a_pattern_without_colon_is_a_system(void **state)
{
    (void)state;
    parse("deny uid:1 sched\nallow uid:1 s*\nallow uid:2 sched_*\n");
    assert_decision(1, "sched:sched_switch", -1);
    assert_decision(1, "skb:kfree_skb", 2);
    assert_decision(1, "sched", -1);
    assert_decision(2, "sched:sched_switch", 0);
    assert_decision(2, "sched_ext:x", 3);
}

static const char probe[] = "usdt:42:0x1139:0x3010:arg1=%di:u64,arg2=+0(%si):string";

static void probes_are_allowed_by_their_own_text_only(void **state)
{
    (void)state;
    parse("allow * *\nallow * *:*\nallow * usdt\nallow * usdt:*\nallow uid:1 usdt:own\n"
          "allow uid:2 usdt:42:0x1139:0x3010:arg1=%di:u64,arg2=+0(%si):string\n");
    assert_decision(1, "usdt:own", 5);
    assert_decision(2, "usdt:own", 0);
    assert_decision(2, probe, 6);
    assert_decision(1, probe, 0);
    assert_decision(2, "usdt:42:0x1139:0x3010:arg1=%di:u64", 0);
    assert_decision(2, "usdt:43:0x1139:0x3010:arg1=%di:u64,arg2=+0(%si):string", 0);
}

static void probes_are_denied_by_any_pattern(void **state)
{
    (void)state;
    parse("deny uid:1 usdt:42:*\ndeny uid:2 *\ndeny uid:3 usdt\nallow * usdt:own\n"
          "allow * usdt:42:0x1139:0x3010:arg1=%di:u64,arg2=+0(%si):string\n");
    assert_decision(1, probe, -1);
    assert_decision(1, "usdt:own", 4);
    assert_decision(2, "usdt:own", -2);
    assert_decision(3, "usdt:own", -3);
    assert_decision(4, probe, 5);
}

static void a_star_in_a_probe_rule_is_no_pattern(void **state)
{
    (void)state;
    parse("allow uid:1 usdt:42:*:*:*\nallow uid:1 usdt:42:0x1139:0x3010:?\n");
    assert_decision(1, probe, 0);
    assert_decision(1, "usdt:42:0x1139:0x3010:-", 0);
    assert_decision(1, "usdt:own", 0);
}

static void whoever_may_anything_has_something(void **state)
{
    (void)state;
    parse("deny uid:1 *\nallow uid:2 sched:*\nallow uid:3 usdt:own\n");
    assert_decision(1, NULL, 0);
    assert_decision(2, NULL, 2);
    assert_decision(3, NULL, 3);
}

static void what_is_malformed_is_told_with_line_and_column(void **state)
{
    (void)state;
    static const char kind[] = "expected allow, deny or limit";
    static const char who[] = "expected user:, group:, uid:, gid: or *";
    static const char number[] = "no such user or group";
    static const char unknown[] = "no such user or group";
    static const char what[] = "expected what may be traced, up to 319 characters";
    static const char limit[] = "expected sessions, ring, ring-total, requests or linger";
    static const char value[] = "expected a number, or a size with k, m or g";
    assert_fault("permit * *\n", 1, 1, kind);
    assert_fault("# a\n\n  Allow * *\n", 3, 3, kind);
    assert_fault("allow\n", 1, 6, who);
    assert_fault("allow alice *\n", 1, 7, who);
    assert_fault("allow owner:alice *\n", 1, 7, who);
    assert_fault("allow :1 *\n", 1, 7, who);
    assert_fault("allow ** *\n", 1, 7, who);
    assert_fault("allow user:bob *\n", 1, 12, unknown);
    assert_fault("allow user:etwas *\n", 1, 12, unknown);
    assert_fault("allow group:alice *\n", 1, 13, unknown);
    assert_fault("allow user: *\n", 1, 12, unknown);
    assert_fault("allow uid: *\n", 1, 11, number);
    assert_fault("allow uid:-1 *\n", 1, 11, number);
    assert_fault("allow uid:+1 *\n", 1, 11, number);
    assert_fault("allow uid:1x *\n", 1, 11, number);
    assert_fault("allow uid:1k *\n", 1, 11, number);
    assert_fault("allow uid:0x *\n", 1, 11, number);
    assert_fault("allow uid:4294967295 *\n", 1, 11, number);
    assert_fault("allow gid:4294967296 *\n", 1, 11, number);
    assert_fault("allow gid:99999999999999999999999 *\n", 1, 11, number);
    assert_fault("deny uid:1\n", 1, 11, what);
    assert_fault("deny uid:1 # all\n", 1, 12, what);
    assert_fault("deny uid:1 a b\n", 1, 14, "more than three words");
    assert_fault("limit\n", 1, 6, limit);
    assert_fault("limit rings 4\n", 1, 7, limit);
    assert_fault("limit ring\n", 1, 11, value);
    assert_fault("limit ring 4t\n", 1, 12, value);
    assert_fault("limit ring 4kk\n", 1, 12, value);
    assert_fault("limit ring k\n", 1, 12, value);
    assert_fault("limit ring -4\n", 1, 12, value);
    assert_fault("limit ring 99999999999g\n", 1, 12, value);
    assert_fault("limit ring 18446744073709551615\n", 1, 12, value);
    assert_fault("limit ring 4 k\n", 1, 14, "more than one value");
    assert_fault("allow * a\nallow * b", 1, 1, "the last line has no end");
}

static void only_printable_ascii_is_text(void **state)
{
    (void)state;
    static const char what[] = "neither printable ASCII nor a tab";
    assert_fault("allow * a\nallow * \xc3\xa4\n", 2, 9, what);
    assert_fault("allow * a\r\n", 1, 10, what);
    assert_fault("allow * a\x1b\n", 1, 10, what);
    static const char zero[] = "allow * a\0\n";
    assert_false(parse_bytes(zero, sizeof zero - 1));
    assert_int_equal(fault.column, 10);
    parse("allow * a # f\xc3\xbcr alle\n"); /* remarks may be anything */
}

static void limits_have_defaults_and_units(void **state)
{
    (void)state;
    parse("");
    assert_int_equal(policy.limits[ACCESS_SESSIONS], 4);
    assert_int_equal(policy.limits[ACCESS_RING], 0);
    assert_int_equal(policy.limits[ACCESS_RING_TOTAL], 0);
    assert_int_equal(policy.limits[ACCESS_REQUESTS], 1000);
    assert_int_equal(policy.limits[ACCESS_LINGER], 600);
    parse("limit sessions 9\nlimit ring 64m\nlimit ring-total 0x2g\nlimit requests 3k\n"
          "limit linger 0\nlimit linger 5\n");
    assert_int_equal(policy.limits[ACCESS_SESSIONS], 9);
    assert_int_equal(policy.limits[ACCESS_RING], 64 << 20);
    assert_int_equal(policy.limits[ACCESS_RING_TOTAL], UINT64_C(2) << 30);
    assert_int_equal(policy.limits[ACCESS_REQUESTS], 3 << 10);
    assert_int_equal(policy.limits[ACCESS_LINGER], 5); /* the last one holds */
    assert_int_equal(policy.rule_count, 0);
}

static void nothing_of_an_earlier_policy_stays(void **state)
{
    (void)state;
    parse("allow * *\nlimit linger 1\n");
    parse("deny * a\n");
    assert_decision(1, "b:c", 0);
    assert_int_equal(policy.limits[ACCESS_LINGER], 600);
}

static void rules_beyond_the_room_are_refused(void **state)
{
    (void)state;
    char text[(ACCESS_MAX_RULES + 1) * 10 + 1];
    for (size_t i = 0; i <= ACCESS_MAX_RULES; i++) {
        memcpy(text + i * 10, "allow * a\n", 11);
    }
    assert_true(parse_bytes(text, ACCESS_MAX_RULES * (size_t)10));
    assert_int_equal(policy.rule_count, ACCESS_MAX_RULES);
    assert_decision(1, "a:b", 1);
    assert_fault(text, ACCESS_MAX_RULES + 1, 1, "more than 512 rules");
}

static void a_pattern_that_is_too_long_is_refused(void **state)
{
    (void)state;
    char text[8 + ACCESS_WHAT_SIZE + 2] = "allow * ";
    memset(text + 8, 'a', ACCESS_WHAT_SIZE - 1);
    memcpy(text + 8 + ACCESS_WHAT_SIZE - 1, "\n", 2);
    parse(text);
    assert_int_equal(strlen(policy.rules[0].what), ACCESS_WHAT_SIZE - 1);
    memcpy(text + 8 + ACCESS_WHAT_SIZE - 1, "a\n", 3);
    assert_fault(text, 1, 9, "expected what may be traced, up to 319 characters");
}

static void a_file_that_is_too_large_is_refused(void **state)
{
    (void)state;
    static char text[ACCESS_MAX_FILE + 1];
    memset(text, '\n', sizeof text);
    assert_true(parse_bytes(text, ACCESS_MAX_FILE));
    assert_false(parse_bytes(text, sizeof text));
    assert_int_equal(fault.line, 1);
    assert_int_equal(fault.column, 1);
    assert_string_equal(fault.what, "larger than 64 KiB");
}

/* A file cut off anywhere is refused, or it ends with a whole line. */
static void a_truncated_file_is_whole_lines_or_refused(void **state)
{
    (void)state;
    static const char text[] = "# who\nallow user:alice sched:sched_* # why\n"
                               "deny gid:0x10 *\nlimit ring 64m\n"
                               "allow * usdt:42:0x1139:0x0:arg1=%di:u64\n";
    for (size_t size = 0; size < sizeof text; size++) {
        const bool whole = size == 0 || text[size - 1] == '\n';
        assert_int_equal(parse_bytes(text, size), whole);
    }
}

static void assert_taken_or_told(const char *text, size_t size)
{
    if (!parse_bytes(text, size)) {
        assert_in_range(fault.line, 1, 5);
        assert_in_range(fault.column, 1, size + 1);
        assert_true(fault.what[0] != '\0');
    }
}

/* Each byte in turn becomes something else: never a crash, and a fault points into the file. */
static void a_changed_byte_is_taken_or_told(void **state)
{
    (void)state;
    static const char good[] = "allow user:alice sched:* #\nlimit ring 64m\ndeny gid:0x10 *\n";
    static const char changes[] = {'\0', '\n', ' ', ':', '*', '#', '9', 'x', '\x80'};
    for (size_t i = 0; i < sizeof good - 1; i++) {
        for (size_t j = 0; j < sizeof changes; j++) {
            char text[sizeof good];
            memcpy(text, good, sizeof good);
            text[i] = changes[j];
            assert_taken_or_told(text, sizeof good - 1);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_no_rule_names_is_denied),
        cmocka_unit_test(the_first_match_decides),
        cmocka_unit_test(comments_blanks_and_tabs_are_nothing),
        cmocka_unit_test(names_are_resolved_and_numbers_taken),
        cmocka_unit_test(groups_count_primary_and_supplementary),
        cmocka_unit_test(globs_match_whole_names),
        cmocka_unit_test(a_glob_of_many_stars_takes_no_time),
        cmocka_unit_test(a_pattern_without_colon_is_a_system),
        cmocka_unit_test(probes_are_allowed_by_their_own_text_only),
        cmocka_unit_test(probes_are_denied_by_any_pattern),
        cmocka_unit_test(a_star_in_a_probe_rule_is_no_pattern),
        cmocka_unit_test(whoever_may_anything_has_something),
        cmocka_unit_test(what_is_malformed_is_told_with_line_and_column),
        cmocka_unit_test(only_printable_ascii_is_text),
        cmocka_unit_test(limits_have_defaults_and_units),
        cmocka_unit_test(nothing_of_an_earlier_policy_stays),
        cmocka_unit_test(rules_beyond_the_room_are_refused),
        cmocka_unit_test(a_pattern_that_is_too_long_is_refused),
        cmocka_unit_test(a_file_that_is_too_large_is_refused),
        cmocka_unit_test(a_truncated_file_is_whole_lines_or_refused),
        cmocka_unit_test(a_changed_byte_is_taken_or_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

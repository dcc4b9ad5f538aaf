/* SPDX-License-Identifier: MIT */
#include "policy/access.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_WORDS = 4 };

/* The line in hand, cut up into words; the words that are missing are "". */
struct line {
    struct access_policy *policy;
    access_resolver *resolver;
    struct access_fault *fault;
    char *start;
    char *words[MAX_WORDS];
};

static bool refuse(struct line *line, const char *at, const char *what)
{
    line->fault->column = (uint32_t)(at - line->start) + 1;
    line->fault->what = what;
    return false;
}

/* All of the text: a decimal or 0x number and one of the units, if any, each 1024 times the last.
 */
static bool parse_number(const char *text, const char *units, uint64_t *number)
{
    char *end = NULL;
    errno = 0;
    *number = strtoull(text, &end, strncmp(text, "0x", 2) == 0 ? 16 : 10);
    const char *unit = *end != '\0' ? strchr(units, *end) : NULL;
    const unsigned shift = unit != NULL ? 10U * (unsigned)(unit - units + 1) : 0;
    const bool good = text[0] >= '0' && text[0] <= '9' && errno == 0 && end[unit != NULL] == '\0' &&
                      *number <= UINT64_MAX >> shift;
    *number <<= shift;
    return good;
}

static bool parse_who(struct line *line, const char *word, struct access_rule *rule)
{
    static const char *const kinds[] = {"uid:", "gid:", "user:", "group:"};
    uint64_t number = ACCESS_ANYONE;
    rule->id = ACCESS_ANYONE;
    for (size_t i = 0; i < 4; i++) {
        const char *value = word + strlen(kinds[i]);
        if (strncmp(word, kinds[i], strlen(kinds[i])) == 0) {
            rule->is_group = i % 2 == 1;
            const bool good = i < 2 ? parse_number(value, "", &number) && number < ACCESS_ANYONE
                                    : line->resolver(value, rule->is_group, &rule->id);
            rule->id = i < 2 ? (uint32_t)number : rule->id;
            return good || refuse(line, value, "no such user or group");
        }
    }
    return strcmp(word, "*") == 0 || refuse(line, word, "expected user:, group:, uid:, gid: or *");
}

static bool parse_rule(struct line *line, bool allow)
{
    struct access_policy *policy = line->policy;
    if (policy->rule_count == ACCESS_MAX_RULES) {
        return refuse(line, line->start, "more than 512 rules");
    }
    struct access_rule *rule = &policy->rules[policy->rule_count++];
    *rule = (struct access_rule){.line = line->fault->line, .allow = allow};
    if (!parse_who(line, line->words[1], rule)) {
        return false;
    }
    const size_t size = strlen(line->words[2]);
    if (size == 0 || size >= sizeof rule->what) {
        return refuse(line, line->words[2], "expected what may be traced, up to 319 characters");
    }
    memcpy(rule->what, line->words[2], size);
    return line->words[3][0] == '\0' || refuse(line, line->words[3], "more than three words");
}

static bool parse_limit(struct line *line)
{
    static const char *const names[ACCESS_LIMITS] = {"sessions", "ring", "ring-total", "requests",
                                                     "linger"};
    for (size_t i = 0; i < ACCESS_LIMITS; i++) {
        if (strcmp(line->words[1], names[i]) != 0) {
            continue;
        }
        uint64_t *limit = &line->policy->limits[i];
        if (!parse_number(line->words[2], "kmg", limit) || *limit >> 44 != 0) {
            return refuse(line, line->words[2], "expected a number, or a size with k, m or g");
        }
        return line->words[3][0] == '\0' || refuse(line, line->words[3], "more than one value");
    }
    return refuse(line, line->words[1], "expected sessions, ring, ring-total, requests or linger");
}

/* `end` is the line's, where there is room for a zero. */
static bool parse_line(struct line *line, char *end)
{
    char *at = line->start;
    for (char *c = at; c < end; c++) {
        if ((*c < ' ' && *c != '\t') || *c > '~') {
            return refuse(line, c, "neither printable ASCII nor a tab");
        }
        end = *c == '#' ? c : end;
    }
    *end = '\0';
    for (size_t i = 0; i < MAX_WORDS; i++) {
        at += strspn(at, " \t");
        line->words[i] = at;
        at += strcspn(at, " \t");
        if (at < end) {
            *at++ = '\0';
        }
    }
    const char *first = line->words[0];
    if (strcmp(first, "limit") == 0) {
        return parse_limit(line);
    }
    const bool allow = strcmp(first, "allow") == 0;
    if (allow || strcmp(first, "deny") == 0) {
        return parse_rule(line, allow);
    }
    return first[0] == '\0' || refuse(line, first, "expected allow, deny or limit");
}

bool access_parse(struct access_policy *policy, char *text, size_t size, access_resolver *resolver,
                  struct access_fault *fault)
{
    struct line line = {.policy = policy, .resolver = resolver, .fault = fault, .start = text};
    *fault = (struct access_fault){.line = 1, .column = 1, .what = ""};
    policy->rule_count = 0;
    memcpy(policy->limits, (const uint64_t[ACCESS_LIMITS]){4, 0, 0, 1000, 600},
           sizeof policy->limits);
    if (size > ACCESS_MAX_FILE || (size != 0 && text[size - 1] != '\n')) {
        fault->what = size > ACCESS_MAX_FILE ? "larger than 64 KiB" : "the last line has no end";
        return false;
    }
    for (; line.start < text + size; fault->line++) {
        char *end = memchr(line.start, '\n', (size_t)(text + size - line.start));
        if (!parse_line(&line, end)) {
            return false;
        }
        line.start = end + 1;
    }
    return true;
}

/* `*` stands for any text, `?` for any character. */
static bool glob_matches(const char *pattern, const char *text, const char *end)
{
    const char *star = NULL;
    const char *retry = NULL;
    while (text < end) {
        if (*pattern == '*') {
            star = ++pattern;
            retry = text;
        } else if (*pattern == '?' || *pattern == *text) {
            pattern++;
            text++;
        } else if (star != NULL) {
            pattern = star;
            text = ++retry;
        } else {
            return false;
        }
    }
    return pattern[strspn(pattern, "*")] == '\0';
}

/* A pattern without a colon speaks of providers: of what stands before the colon alone. */
static bool is_about(const struct access_rule *rule, const char *what)
{
    if (what == NULL || (rule->allow && strncmp(what, "usdt:", 5) == 0)) {
        return what == NULL ? rule->allow : strcmp(rule->what, what) == 0;
    }
    const char *end = strchr(rule->what, ':') != NULL ? NULL : strchr(what, ':');
    return glob_matches(rule->what, what, end != NULL ? end : what + strlen(what));
}

static bool is_for(const struct access_rule *rule, const struct access_subject *subject)
{
    bool member = rule->id == (rule->is_group ? subject->gid : subject->uid);
    for (size_t i = 0; i < subject->group_count && rule->is_group; i++) {
        member = member || rule->id == subject->groups[i];
    }
    return member || rule->id == ACCESS_ANYONE;
}

bool access_allows(const struct access_policy *policy, const struct access_subject *subject,
                   const char *what, uint32_t *line)
{
    for (size_t i = 0; i < policy->rule_count; i++) {
        const struct access_rule *rule = &policy->rules[i];
        if (is_about(rule, what) && is_for(rule, subject)) {
            *line = rule->line;
            return rule->allow;
        }
    }
    *line = 0;
    return false;
}

/* SPDX-License-Identifier: MIT */
#include "policy/access.h"

#include <string.h>

/* A word of the line that is being parsed; borrows the file's text. */
struct word {
    const char *at;
    size_t size;
};

struct parser {
    struct access_policy *policy;
    const struct access_resolver *resolver;
    struct access_fault *fault;
    const char *line; /* its start */
    const char *at;
    const char *end; /* of the line */
    uint32_t number;
};

static enum etwas_status refuse(struct parser *parser, const char *at, const char *what)
{
    *parser->fault = (struct access_fault){
        .line = parser->number, .column = (uint32_t)(at - parser->line) + 1, .what = what};
    return ETWAS_MALFORMED;
}

/* An empty word at the end of the line; its `at` then still says where that is. */
static struct word next_word(struct parser *parser)
{
    while (parser->at < parser->end && (*parser->at == ' ' || *parser->at == '\t')) {
        parser->at++;
    }
    struct word word = {.at = parser->at};
    while (parser->at < parser->end && *parser->at != ' ' && *parser->at != '\t') {
        parser->at++;
    }
    word.size = (size_t)(parser->at - word.at);
    return word;
}

static bool word_is(struct word word, const char *text)
{
    return word.size == strlen(text) && memcmp(word.at, text, word.size) == 0;
}

/* Cuts `prefix` off; false, and nothing cut, when the word begins otherwise. */
static bool cut_prefix(struct word *word, const char *prefix)
{
    const size_t size = strlen(prefix);
    if (word->size < size || memcmp(word->at, prefix, size) != 0) {
        return false;
    }
    word->at += size;
    word->size -= size;
    return true;
}

static bool copy_word(struct word word, char *text, size_t size)
{
    if (word.size == 0 || word.size >= size) {
        return false;
    }
    memcpy(text, word.at, word.size);
    text[word.size] = '\0';
    return true;
}

static unsigned digit_of(char c)
{
    if (c >= '0' && c <= '9') {
        return (unsigned)(c - '0');
    }
    if (c >= 'a' && c <= 'f') {
        return (unsigned)(c - 'a') + 10;
    }
    return c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10 : 99;
}

/* All of the word, decimal or 0x hex, at most `maximum`. */
static bool parse_number(struct word word, uint64_t maximum, uint64_t *number)
{
    const unsigned base = cut_prefix(&word, "0x") ? 16 : 10;
    *number = 0;
    for (size_t i = 0; i < word.size; i++) {
        const unsigned digit = digit_of(word.at[i]);
        if (digit >= base || *number > (maximum - digit) / base) {
            return false;
        }
        *number = *number * base + digit;
    }
    return word.size != 0;
}

/* A number and one of the units k, m, g (KiB, MiB, GiB). */
static bool parse_size(struct word word, uint64_t *size)
{
    unsigned shift = 0;
    if (word.size != 0) {
        const char unit = word.at[word.size - 1];
        shift = unit == 'k' ? 10 : unit == 'm' ? 20 : unit == 'g' ? 30 : 0;
        word.size -= shift != 0;
    }
    if (!parse_number(word, UINT64_MAX >> shift, size)) {
        return false;
    }
    *size <<= shift;
    return true;
}

static bool parse_id(struct word word, uint32_t *id)
{
    uint64_t number = 0;
    /* The highest number means "nobody" to the system's calls. */
    const bool good = parse_number(word, UINT32_MAX - 1, &number);
    *id = (uint32_t)number;
    return good;
}

static enum etwas_status parse_who(struct parser *parser, struct access_rule *rule)
{
    struct word word = next_word(parser);
    const char *at = word.at;
    char name[64];
    rule->who = ACCESS_UID;
    if (word_is(word, "*")) {
        rule->who = ACCESS_ANYONE;
        return ETWAS_OK;
    }
    if (cut_prefix(&word, "user:")) {
        return copy_word(word, name, sizeof name) && parser->resolver->user(name, &rule->id)
                   ? ETWAS_OK
                   : refuse(parser, at, "no such user");
    }
    if (cut_prefix(&word, "uid:")) {
        return parse_id(word, &rule->id) ? ETWAS_OK : refuse(parser, at, "not a uid");
    }
    rule->who = ACCESS_GID;
    if (cut_prefix(&word, "group:")) {
        return copy_word(word, name, sizeof name) && parser->resolver->group(name, &rule->id)
                   ? ETWAS_OK
                   : refuse(parser, at, "no such group");
    }
    if (cut_prefix(&word, "gid:")) {
        return parse_id(word, &rule->id) ? ETWAS_OK : refuse(parser, at, "not a gid");
    }
    rule->who = ACCESS_SID;
    if (cut_prefix(&word, "sid:") && copy_word(word, rule->sid, sizeof rule->sid)) {
        return ETWAS_OK;
    }
    return refuse(parser, at, "expected user:, group:, uid:, gid:, sid: or *");
}

static enum etwas_status parse_rule(struct parser *parser, bool allow)
{
    struct access_policy *policy = parser->policy;
    if (policy->rule_count == ACCESS_MAX_RULES) {
        return refuse(parser, parser->line, "too many rules");
    }
    struct access_rule *rule = &policy->rules[policy->rule_count];
    *rule = (struct access_rule){
        .line = parser->number, .allow = allow, .max_level = UINT32_MAX, .keywords = UINT64_MAX};
    const enum etwas_status status = parse_who(parser, rule);
    if (status != ETWAS_OK) {
        return status;
    }
    struct word word = next_word(parser);
    if (!copy_word(word, rule->what, sizeof rule->what)) {
        return refuse(parser, word.at, "expected what may be traced, at most 319 characters");
    }
    for (word = next_word(parser); word.size != 0; word = next_word(parser)) {
        const char *at = word.at;
        uint64_t number = 0;
        if (cut_prefix(&word, "level<=") && parse_number(word, 255, &number)) {
            rule->max_level = (uint32_t)number;
        } else if (cut_prefix(&word, "keywords=") && parse_number(word, UINT64_MAX, &number)) {
            rule->keywords = number;
        } else {
            return refuse(parser, at, "expected level<=N or keywords=MASK");
        }
    }
    policy->rule_count++;
    return ETWAS_OK;
}

static enum etwas_status parse_limit(struct parser *parser)
{
    struct access_policy *policy = parser->policy;
    const struct word name = next_word(parser);
    const struct word value = next_word(parser);
    const struct word rest = next_word(parser);
    uint64_t number = 0;
    if (!parse_size(value, &number)) {
        return refuse(parser, value.at, "expected a number, or a size with k, m or g");
    }
    if (rest.size != 0) {
        return refuse(parser, rest.at, "more than one value");
    }
    if (word_is(name, "ring")) {
        policy->ring_per_user = number;
        return ETWAS_OK;
    }
    if (word_is(name, "ring-total")) {
        policy->ring_total = number;
        return ETWAS_OK;
    }
    if (number > INT32_MAX) {
        return refuse(parser, value.at, "number too large");
    }
    if (word_is(name, "sessions")) {
        policy->sessions_per_user = (uint32_t)number;
    } else if (word_is(name, "requests")) {
        policy->requests_per_second = (uint32_t)number;
    } else if (word_is(name, "linger")) {
        policy->linger_s = (uint32_t)number;
    } else {
        return refuse(parser, name.at, "expected sessions, ring, ring-total, requests or linger");
    }
    return ETWAS_OK;
}

static enum etwas_status parse_line(struct parser *parser)
{
    for (const char *c = parser->line; c < parser->end; c++) {
        if ((*c < ' ' && *c != '\t') || *c > '~') {
            return refuse(parser, c, "neither printable ASCII nor a tab");
        }
        if (*c == '#') {
            parser->end = c;
        }
    }
    const struct word word = next_word(parser);
    if (word.size == 0) {
        return ETWAS_OK;
    }
    if (word_is(word, "limit")) {
        return parse_limit(parser);
    }
    const bool allow = word_is(word, "allow");
    if (!allow && !word_is(word, "deny")) {
        return refuse(parser, word.at, "expected allow, deny or limit");
    }
    return parse_rule(parser, allow);
}

enum etwas_status access_parse(struct access_policy *policy, const char *text, size_t size,
                               const struct access_resolver *resolver, struct access_fault *fault)
{
    memset(policy, 0, sizeof *policy);
    policy->sessions_per_user = 4;
    policy->requests_per_second = 1000;
    policy->linger_s = 600;
    struct parser parser = {
        .policy = policy, .resolver = resolver, .fault = fault, .line = text, .number = 1};
    if (size > ACCESS_MAX_FILE) {
        return refuse(&parser, text, "the file is larger than 64 KiB");
    }
    const char *end = text + size;
    while (parser.line < end) {
        const char *newline = memchr(parser.line, '\n', (size_t)(end - parser.line));
        const char *line_end = newline != NULL ? newline : end;
        parser.at = parser.line;
        parser.end = line_end;
        const enum etwas_status status = parse_line(&parser);
        if (status != ETWAS_OK) {
            return status;
        }
        parser.line = newline != NULL ? line_end + 1 : end;
        parser.number++;
    }
    return ETWAS_OK;
}

/* `*` stands for any text, `?` for any character. Linear but for the one star it returns to. */
static bool glob_matches(const char *pattern, const char *text)
{
    const char *star = NULL;
    const char *retry = NULL;
    while (*text != '\0') {
        if (*pattern == '*') {
            star = pattern++;
            retry = text;
        } else if (*pattern == '?' || *pattern == *text) {
            pattern++;
            text++;
        } else if (star != NULL) {
            pattern = star + 1;
            text = ++retry;
        } else {
            return false;
        }
    }
    while (*pattern == '*') {
        pattern++;
    }
    return *pattern == '\0';
}

/* A pattern without a colon speaks of providers: of the system's name alone. */
static bool pattern_matches(const char *pattern, const char *what)
{
    char system[ACCESS_WHAT_SIZE];
    const char *colon = strchr(what, ':');
    if (strchr(pattern, ':') != NULL || colon == NULL) {
        return glob_matches(pattern, what);
    }
    const size_t size = (size_t)(colon - what);
    if (size >= sizeof system) {
        return false;
    }
    memcpy(system, what, size);
    system[size] = '\0';
    return glob_matches(pattern, system);
}

static bool is_about(const struct access_rule *rule, const struct access_subject *subject)
{
    switch (rule->who) {
    case ACCESS_ANYONE:
        return true;
    case ACCESS_UID:
        return rule->id == subject->uid;
    case ACCESS_SID:
        return subject->sid != NULL && strcmp(rule->sid, subject->sid) == 0;
    case ACCESS_GID:
        break;
    }
    bool member = rule->id == subject->gid;
    for (size_t i = 0; i < subject->group_count; i++) {
        member = member || rule->id == subject->groups[i];
    }
    return member;
}

bool access_allows(const struct access_policy *policy, const struct access_subject *subject,
                   const char *what, uint32_t *line)
{
    for (size_t i = 0; i < policy->rule_count; i++) {
        const struct access_rule *rule = &policy->rules[i];
        if (is_about(rule, subject) && pattern_matches(rule->what, what)) {
            *line = rule->line;
            return rule->allow;
        }
    }
    *line = 0;
    return false;
}

bool access_allows_usdt(const struct access_policy *policy, const struct access_subject *subject,
                        const char *what, uint32_t *line)
{
    for (size_t i = 0; i < policy->rule_count; i++) {
        const struct access_rule *rule = &policy->rules[i];
        const bool matches =
            rule->allow ? strcmp(rule->what, what) == 0 : pattern_matches(rule->what, what);
        if (matches && is_about(rule, subject)) {
            *line = rule->line;
            return rule->allow;
        }
    }
    *line = 0;
    return false;
}

bool access_allows_anything(const struct access_policy *policy,
                            const struct access_subject *subject)
{
    for (size_t i = 0; i < policy->rule_count; i++) {
        const struct access_rule *rule = &policy->rules[i];
        if (rule->allow && is_about(rule, subject)) {
            return true;
        }
    }
    return false;
}

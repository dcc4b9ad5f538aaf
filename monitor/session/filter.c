/* SPDX-License-Identifier: MIT */
#include "monitor/session/filter.h"

#include <string.h>

void filter_bind(struct filter_set *set, const struct format *format,
                 const struct message_enable *enable)
{
    set->count =
        enable->filter_count < MESSAGE_MAX_FILTERS ? enable->filter_count : MESSAGE_MAX_FILTERS;
    for (uint32_t i = 0; i < set->count; i++) {
        const char *name = enable->filters[i].field;
        set->rules[i].filter = enable->filters[i];
        set->rules[i].field = format_field_find(format, name, strlen(name));
    }
}

bool filter_glob(const char *pattern, const char *text, size_t size)
{
    const char *star = NULL; /* the last one met, and where the text stood then */
    size_t star_at = 0;
    size_t at = 0;
    while (at < size) {
        if (*pattern == '*') {
            star = ++pattern;
            star_at = at;
        } else if (*pattern != '\0' && (*pattern == '?' || *pattern == text[at])) {
            pattern++;
            at++;
        } else if (star != NULL) {
            pattern = star;
            at = ++star_at;
        } else {
            return false;
        }
    }
    while (*pattern == '*') {
        pattern++;
    }
    return *pattern == '\0';
}

/* Less than 0, 0, more than 0: as the field's signedness says. */
static int compare(const struct format_field *field, uint64_t number, int64_t constant)
{
    if (field->is_signed) {
        const int64_t value = (int64_t)number;
        return (value > constant) - (value < constant);
    }
    const uint64_t other = (uint64_t)constant;
    return (number > other) - (number < other);
}

static bool number_passes(const struct filter_rule *rule, uint64_t number)
{
    const int order = compare(rule->field, number, rule->filter.number);
    switch ((enum message_operator)rule->filter.operation) {
    case OPERATOR_EQ:
        return order == 0;
    case OPERATOR_NE:
        return order != 0;
    case OPERATOR_LT:
        return order < 0;
    case OPERATOR_LE:
        return order <= 0;
    case OPERATOR_GT:
        return order > 0;
    case OPERATOR_GE:
        return order >= 0;
    case OPERATOR_BITS:
        return (number & (uint64_t)rule->filter.number) != 0;
    case OPERATOR_GLOB:
    default:
        return true;
    }
}

static bool text_passes(const struct filter_rule *rule, const struct value *text)
{
    const char *wanted = rule->filter.text;
    const size_t size = text->as.text.size;
    const bool same =
        size == strlen(wanted) && (size == 0 || memcmp(wanted, text->as.text.data, size) == 0);
    switch ((enum message_operator)rule->filter.operation) {
    case OPERATOR_EQ:
        return same;
    case OPERATOR_NE:
        return !same;
    case OPERATOR_GLOB:
        /* The kernel knows sets in brackets, too. */
        return strchr(wanted, '[') != NULL || filter_glob(wanted, text->as.text.data, size);
    case OPERATOR_LT:
    case OPERATOR_LE:
    case OPERATOR_GT:
    case OPERATOR_GE:
    case OPERATOR_BITS:
    default:
        return true;
    }
}

static bool rule_passes(const struct filter_rule *rule, const uint8_t *record, size_t size)
{
    if (rule->field == NULL) {
        return true;
    }
    if (rule->filter.is_text) {
        struct value text = {.type = VALUE_NULL};
        return !format_field_text(rule->field, record, size, &text) || text_passes(rule, &text);
    }
    uint64_t number = 0;
    return !format_field_number(rule->field, record, size, &number) || number_passes(rule, number);
}

bool filter_passes(const struct filter_set *set, const uint8_t *record, size_t size)
{
    for (uint32_t i = 0; i < set->count; i++) {
        if (!rule_passes(&set->rules[i], record, size)) {
            return false;
        }
    }
    return true;
}

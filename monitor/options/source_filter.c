/* SPDX-License-Identifier: MIT */
#include "monitor/options/source_filter.h"

#include <stdbool.h>
#include <string.h>

#include "monitor/options/typed.h"

/* The & of the operator =&, which separates nothing. */
static bool is_bits_operator(const char *text, size_t at)
{
    return at > 1 && text[at - 1] == '=' && strchr("=!<>", text[at - 2]) == NULL;
}

size_t source_filter_extent(const char *text)
{
    bool quoted = false;
    size_t size = 0;
    for (; text[size] != 0; size++) {
        if (text[size] == '"') {
            quoted = !quoted;
        } else if (text[size] == '&' && !quoted && !is_bits_operator(text, size)) {
            break;
        }
    }
    return size;
}

/* Longer operators come first. */
static const struct {
    const char *text;
    enum message_operator operation;
} operators[] = {
    {"==", OPERATOR_EQ  },
    {"=&", OPERATOR_BITS},
    {"!=", OPERATOR_NE  },
    {"<=", OPERATOR_LE  },
    {">=", OPERATOR_GE  },
    {"=",  OPERATOR_EQ  },
    {"<",  OPERATOR_LT  },
    {">",  OPERATOR_GT  },
    {"~",  OPERATOR_GLOB},
};

static size_t operator_at(const char *text, size_t size, enum message_operator *operation)
{
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++) {
        const size_t length = strlen(operators[i].text);
        if (length <= size && memcmp(text, operators[i].text, length) == 0) {
            *operation = operators[i].operation;
            return length;
        }
    }
    return 0;
}

static bool is_field_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* What the controller lets into a filter of the kernel's. */
static bool is_plain_text(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (text[i] < ' ' || text[i] > '~' || text[i] == '"' || text[i] == '\'' ||
            text[i] == '\\') {
            return false;
        }
    }
    return true;
}

static const char *take_text(const char *text, size_t size, struct message_filter *filter)
{
    if (filter->operation != OPERATOR_EQ && filter->operation != OPERATOR_NE &&
        filter->operation != OPERATOR_GLOB) {
        return "this operator wants a number";
    }
    if (size >= sizeof filter->text) {
        return "text in a filter has at most 63 bytes";
    }
    if (!is_plain_text(text, size)) {
        return "text in a filter is printable ASCII without quotes and backslashes";
    }
    filter->is_text = 1;
    memcpy(filter->text, text, size);
    return NULL;
}

static const char *take_value(const char *text, size_t size, struct message_filter *filter)
{
    if (size == 0) {
        return "a value is missing";
    }
    if (text[0] == '"') {
        return size > 1 && text[size - 1] == '"' ? take_text(text + 1, size - 2, filter)
                                                 : "the closing quote is missing";
    }
    if (filter->operation != OPERATOR_GLOB && typed_number(text, size, &filter->number)) {
        return NULL;
    }
    return take_text(text, size, filter);
}

enum etwas_status source_filter_parse(const char *text, size_t size, struct message_filter *filter,
                                      size_t *position, const char **problem)
{
    memset(filter, 0, sizeof *filter);
    size_t at = 0;
    while (at < size && is_field_character(text[at])) {
        at++;
    }
    *position = 0;
    if (at == 0 || at >= sizeof filter->field) {
        *problem =
            at == 0 ? "the name of a field or an option is missing" : "this name is too long";
        return ETWAS_MALFORMED;
    }
    memcpy(filter->field, text, at);
    enum message_operator operation = OPERATOR_EQ;
    const size_t length = operator_at(text + at, size - at, &operation);
    *position = at;
    if (length == 0) {
        *problem = "an operator is missing";
        return ETWAS_MALFORMED;
    }
    filter->operation = (uint32_t)operation;
    *position = at + length;
    *problem = take_value(text + *position, size - *position, filter);
    return *problem == NULL ? ETWAS_OK : ETWAS_MALFORMED;
}

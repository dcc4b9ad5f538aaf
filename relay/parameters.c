/* SPDX-License-Identifier: MIT */
#include "relay/parameters.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "relay/moment.h"

static bool set_number(const char *value, uint32_t limit, uint32_t *number)
{
    const size_t size = strlen(value);
    uint64_t sum = 0;
    for (size_t i = 0; i < size; i++) {
        const unsigned digit = (unsigned)(uint8_t)value[i] - '0';
        if (digit > 9 || sum > limit) {
            return false;
        }
        sum = sum * 10 + digit;
    }
    *number = (uint32_t)sum;
    return size != 0 && value[0] != '0' && sum <= limit;
}

static bool set_from(struct parameters *parameters, const char *value)
{
    return moment_parse(value, strlen(value), &parameters->from);
}

static bool set_to(struct parameters *parameters, const char *value)
{
    return moment_parse(value, strlen(value), &parameters->to);
}

static bool set_order(struct parameters *parameters, const char *value)
{
    parameters->descending = strcmp(value, "desc") == 0;
    return parameters->descending || strcmp(value, "asc") == 0;
}

static bool set_limit(struct parameters *parameters, const char *value)
{
    return set_number(value, PARAMETERS_MAX_LIMIT, &parameters->limit);
}

static bool set_cursor(struct parameters *parameters, const char *value)
{
    return identity_parse(value, strlen(value), &parameters->cursor);
}

static bool set_after(struct parameters *parameters, const char *value)
{
    return identity_parse(value, strlen(value), &parameters->after);
}

static bool set_sample(struct parameters *parameters, const char *value)
{
    return set_number(value, PARAMETERS_MAX_SAMPLE, &parameters->sample);
}

static bool refuse_query(struct parameters *parameters, const char *value)
{
    (void)parameters;
    (void)value;
    return false;
}

#define MOMENT_RULE "must be a time in UTC, as 2026-11-25T10:00:00.1234567Z"
#define ID_RULE     "must be the Id of an event, as 17:3"
#define QUERY_RULE                                                                                 \
    "is not to be had yet: this relay knows no KQL. Leave it out and filter what comes"

/* Everything that may be asked. */
static const struct rule {
    const char *name;
    enum parameters_of of;
    bool (*set)(struct parameters *parameters, const char *value);
    const char *must;
} rules[] = {
    {"from",   PARAMETERS_EVENTS, set_from,     MOMENT_RULE                         },
    {"to",     PARAMETERS_EVENTS, set_to,       MOMENT_RULE                         },
    {"order",  PARAMETERS_EVENTS, set_order,    "must be asc or desc"               },
    {"limit",  PARAMETERS_EVENTS, set_limit,    "must be a number from 1 to 1000000"},
    {"cursor", PARAMETERS_EVENTS, set_cursor,   ID_RULE                             },
    {"query",  PARAMETERS_EVENTS, refuse_query, QUERY_RULE                          },
    {"after",  PARAMETERS_LIVE,   set_after,    ID_RULE                             },
    {"sample", PARAMETERS_LIVE,   set_sample,   "must be a number from 1 to 2000"   },
    {"query",  PARAMETERS_LIVE,   refuse_query, QUERY_RULE                          },
};

enum { RULE_COUNT = sizeof rules / sizeof rules[0] };

/* What others wrote is shown as far as it is harmless everywhere. */
static void show_name(const char *name, char shown[33])
{
    size_t size = 0;
    while (name[size] != '\0' && size < 32) {
        const char c = name[size];
        shown[size] = '?';
        if (c > ' ' && c < 0x7f && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&') {
            shown[size] = c;
        }
        size++;
    }
    shown[size] = '\0';
}

static enum etwas_status refuse(struct parameters_fault *fault, const char *name, const char *why)
{
    char shown[33];
    show_name(name, shown);
    (void)snprintf(fault->text, sizeof fault->text, "%s %s", shown, why);
    return ETWAS_MALFORMED;
}

void parameters_init(struct parameters *parameters, enum parameters_of of)
{
    *parameters = (struct parameters){.of = of,
                                      .from = INT64_MIN,
                                      .to = INT64_MAX,
                                      .descending = true,
                                      .limit = PARAMETERS_LIMIT};
}

enum etwas_status parameters_set(struct parameters *parameters, const char *name, const char *value,
                                 struct parameters_fault *fault)
{
    unsigned index = 0;
    while (index < RULE_COUNT &&
           (rules[index].of != parameters->of || strcmp(rules[index].name, name) != 0)) {
        index++;
    }
    if (index == RULE_COUNT) {
        return refuse(fault, name,
                      parameters->of == PARAMETERS_EVENTS
                          ? "is no parameter: there are from, to, order, limit, cursor"
                          : "is no parameter: there are after, sample");
    }
    if ((parameters->given & 1U << index) != 0) {
        return refuse(fault, name, "is given twice");
    }
    parameters->given |= 1U << index;
    if (!rules[index].set(parameters, value)) {
        return refuse(fault, name, rules[index].must);
    }
    return ETWAS_OK;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    const char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

enum { TEXT_SIZE = PARAMETERS_MAX_VALUE + 1 };

/* The byte that two digits stand for; the zero if they are none, or too few. */
static char decode_byte(const char *digits, size_t size)
{
    const int high = size >= 2 ? hex_digit(digits[0]) : -1;
    const int low = size >= 2 ? hex_digit(digits[1]) : -1;
    if (high < 0 || low < 0) {
        return '\0';
    }
    return (char)(high * 16 + low);
}

/*
 * False: it does not fit, and no name or value is as long as that, or what stands behind
 * a "%" is no byte, or is the zero. What came before is there.
 */
static bool decode(const char *text, size_t size, char decoded[TEXT_SIZE])
{
    size_t used = 0;
    for (size_t i = 0; i < size && used < TEXT_SIZE; i++) {
        char c = text[i];
        if (c == '%') {
            c = decode_byte(text + i + 1, size - i - 1);
            i += 2;
        } else if (c == '+') {
            c = ' ';
        }
        decoded[used] = c;
        if (c == '\0') {
            return false;
        }
        used++;
    }
    decoded[used < TEXT_SIZE ? used : TEXT_SIZE - 1] = '\0';
    return used < TEXT_SIZE;
}

static enum etwas_status parse_one(struct parameters *parameters, const char *text, size_t size,
                                   struct parameters_fault *fault)
{
    char name[TEXT_SIZE];
    char value[TEXT_SIZE];
    const char *equals = memchr(text, '=', size);
    const size_t name_size = equals != NULL ? (size_t)(equals - text) : size;
    const bool named = decode(text, name_size, name);
    if (!named) {
        return refuse(fault, name, "is no parameter");
    }
    const bool whole =
        equals == NULL ? decode("", 0, value) : decode(equals + 1, size - name_size - 1, value);
    if (!whole && strcmp(name, "query") != 0) {
        return refuse(fault, name, "has a value that is too long or no text");
    }
    return parameters_set(parameters, name, value, fault);
}

enum etwas_status parameters_parse(struct parameters *parameters, enum parameters_of of,
                                   const char *text, size_t size, struct parameters_fault *fault)
{
    parameters_init(parameters, of);
    enum etwas_status status = ETWAS_OK;
    while (size > 0 && status == ETWAS_OK) {
        const char *mark = memchr(text, '&', size);
        const size_t part = mark != NULL ? (size_t)(mark - text) : size;
        if (part != 0) {
            status = parse_one(parameters, text, part, fault);
        }
        const size_t used = part + (mark != NULL ? 1 : 0);
        text += used;
        size -= used;
    }
    return status;
}

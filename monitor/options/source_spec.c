/* SPDX-License-Identifier: MIT */
#include "monitor/options/source_spec.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "monitor/options/source_filter.h"
#include "monitor/options/source_parts.h"
#include "monitor/options/typed.h"

enum etwas_status source_fail(struct source_parse *parse, enum etwas_status status, const char *at,
                              const char *hint, const char *format, ...)
{
    parse->error->position = (size_t)(at - parse->text);
    parse->error->hint = hint;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(parse->error->text, sizeof parse->error->text, format, arguments);
    va_end(arguments);
    return status;
}

bool source_piece_is(struct source_piece piece, const char *word)
{
    return piece.size == strlen(word) && memcmp(piece.at, word, piece.size) == 0;
}

struct source_piece source_piece_until(struct source_piece *rest, char mark)
{
    const char *end = memchr(rest->at, mark, rest->size);
    const size_t size = end == NULL ? rest->size : (size_t)(end - rest->at);
    const struct source_piece piece = {rest->at, size};
    const size_t passed = end == NULL ? size : size + 1;
    rest->at += passed;
    rest->size -= passed;
    return piece;
}

static bool is_name_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

/* With `also`, if it is not 0, among its characters. */
static enum etwas_status take_name(struct source_parse *parse, struct source_piece piece,
                                   const char *what, char also, char *name)
{
    if (piece.size == 0) {
        return source_fail(parse, ETWAS_MALFORMED, piece.at, NULL, "the name of the %s is missing",
                           what);
    }
    for (size_t i = 0; i < piece.size; i++) {
        if (!is_name_character(piece.at[i]) && (also == 0 || piece.at[i] != also)) {
            return source_fail(parse, ETWAS_MALFORMED, piece.at + i,
                               "names are made of letters, digits, _ and -",
                               "the name of the %s cannot hold this character", what);
        }
    }
    if (piece.size >= MESSAGE_NAME_SIZE) {
        return source_fail(parse, ETWAS_MALFORMED, piece.at, NULL, "the name of the %s is too long",
                           what);
    }
    memset(name, 0, MESSAGE_NAME_SIZE);
    memcpy(name, piece.at, piece.size);
    return ETWAS_OK;
}

static enum etwas_status parse_event(struct source_parse *parse, struct source_piece piece)
{
    struct source_spec *spec = parse->spec;
    if (spec->event_count == SOURCE_MAX_EVENTS) {
        return source_fail(parse, ETWAS_MALFORMED, piece.at, "use several --source",
                           "one source names at most %d events", SOURCE_MAX_EVENTS);
    }
    char *name = spec->events[spec->event_count];
    const enum etwas_status status = take_name(parse, piece, "event", '*', name);
    if (status != ETWAS_OK) {
        return status;
    }
    for (uint32_t i = 0; i < spec->event_count; i++) {
        if (strcmp(spec->events[i], name) == 0) {
            return ETWAS_OK;
        }
    }
    spec->event_count++;
    return ETWAS_OK;
}

static enum etwas_status parse_tracepoint(struct source_parse *parse, struct source_piece target)
{
    parse->spec->kind = SOURCE_TRACEPOINT;
    struct source_piece rest = target;
    const struct source_piece system = source_piece_until(&rest, ':');
    enum etwas_status status = take_name(parse, system, "event system", 0, parse->spec->system);
    bool more = system.size < target.size;
    while (status == ETWAS_OK && more) {
        const struct source_piece before = rest;
        const struct source_piece event = source_piece_until(&rest, ',');
        more = event.size < before.size;
        if (memchr(event.at, ':', event.size) != NULL) {
            return source_fail(parse, ETWAS_MALFORMED, memchr(event.at, ':', event.size),
                               "write SYSTEM:EVENT,EVENT; levels and keywords are for ETW",
                               "only one colon stands between system and events");
        }
        status = parse_event(parse, event);
    }
    return status;
}

static enum etwas_status parse_usdt(struct source_parse *parse, struct source_piece target)
{
    static const char form[] = "write usdt:PATH[:PROVIDER[:PROBE]]";
    parse->spec->kind = SOURCE_USDT;
    struct source_piece rest = target;
    const struct source_piece path = source_piece_until(&rest, ':');
    if (path.size == 0 || path.size >= sizeof parse->spec->path) {
        return source_fail(parse, ETWAS_MALFORMED, path.at, form,
                           path.size == 0 ? "the path is missing" : "the path is too long");
    }
    memcpy(parse->spec->path, path.at, path.size);
    if (path.size == target.size) {
        return ETWAS_OK;
    }
    const size_t left = rest.size;
    const struct source_piece provider = source_piece_until(&rest, ':');
    const enum etwas_status status =
        take_name(parse, provider, "provider", 0, parse->spec->provider);
    if (status != ETWAS_OK || provider.size == left) {
        return status;
    }
    return take_name(parse, rest, "probe", 0, parse->spec->probe);
}

static const struct {
    const char *word;
    enum source_kind kind;
} words[] = {
    {"Ping",        SOURCE_PING       },
    {"stdout",      SOURCE_LINES      },
    {"cpu",         SOURCE_CPU        },
    {"process-cpu", SOURCE_PROCESS_CPU},
};

static bool starts_with(struct source_piece piece, const char *prefix)
{
    const size_t length = strlen(prefix);
    return piece.size >= length && memcmp(piece.at, prefix, length) == 0;
}

static enum etwas_status parse_target(struct source_parse *parse, struct source_piece target)
{
    if (target.size == 0) {
        return source_fail(parse, ETWAS_MALFORMED, target.at,
                           "for example --source sched:sched_switch", "the source is empty");
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (source_piece_is(target, words[i].word)) {
            parse->spec->kind = words[i].kind;
            return ETWAS_OK;
        }
    }
    if (source_piece_is(target, "clr") || starts_with(target, "etw:") || target.at[0] == '{' ||
        target.at[0] == '*') {
        return source_fail(
            parse, ETWAS_NOT_FOUND, target.at,
            "here a source is an event system of the kernel, such as sched, or a "
            "program's probes, usdt:PATH",
            "this is an ETW provider, which needs Windows or a recorded file (--file)");
    }
    if (starts_with(target, "usdt:")) {
        return parse_usdt(parse, (struct source_piece){target.at + 5, target.size - 5});
    }
    if (starts_with(target, "tp:")) {
        return parse_tracepoint(parse, (struct source_piece){target.at + 3, target.size - 3});
    }
    return parse_tracepoint(parse, target);
}

static enum etwas_status option_interval(struct source_parse *parse, struct source_piece value)
{
    uint32_t *interval_ms = &parse->spec->interval_ms;
    if (!typed_time_ms(value.at, value.size, 1, interval_ms) || *interval_ms < 10) {
        return source_fail(parse, ETWAS_MALFORMED, value.at,
                           "for example interval=500ms or interval=2s",
                           "an interval is a time of at least 10 milliseconds");
    }
    return ETWAS_OK;
}

static enum etwas_status option_name(struct source_parse *parse, struct source_piece value)
{
    if (value.size == 0 || value.size >= sizeof parse->spec->name) {
        return source_fail(parse, ETWAS_MALFORMED, value.at, "for example name=chrom*",
                           "a process name has 1 to 63 bytes");
    }
    memset(parse->spec->name, 0, sizeof parse->spec->name);
    memcpy(parse->spec->name, value.at, value.size);
    return ETWAS_OK;
}

static enum etwas_status option_pid(struct source_parse *parse, struct source_piece value)
{
    uint64_t number = 0;
    if (!typed_decimal(value.at, value.size, INT32_MAX, &number) || number == 0) {
        return source_fail(parse, ETWAS_MALFORMED, value.at, "for example pid=1234",
                           "this is no process id");
    }
    parse->spec->process_id = (uint32_t)number;
    return ETWAS_OK;
}

static enum etwas_status option_text(struct source_parse *parse, struct source_piece value)
{
    uint64_t number = 0;
    if (!typed_decimal(value.at, value.size, USDT_MAX_ARGUMENTS, &number) || number == 0) {
        return source_fail(parse, ETWAS_MALFORMED, value.at,
                           "for example text=3 when the third argument is a char pointer",
                           "the number of an argument is 1 to %d", USDT_MAX_ARGUMENTS);
    }
    parse->spec->text_mask |= UINT32_C(1) << (number - 1);
    return ETWAS_OK;
}

#define KIND_BIT(kind) (1U << (unsigned)(kind))

/* `kinds` has the bit of every enum source_kind that knows the option. */
static const struct {
    const char *name;
    unsigned kinds;
    enum etwas_status (*take)(struct source_parse *parse, struct source_piece value);
} source_options[] = {
    {"interval", KIND_BIT(SOURCE_CPU) | KIND_BIT(SOURCE_PROCESS_CPU), option_interval},
    {"name",     KIND_BIT(SOURCE_PROCESS_CPU),                        option_name    },
    {"pid",      KIND_BIT(SOURCE_PROCESS_CPU),                        option_pid     },
    {"text",     KIND_BIT(SOURCE_USDT),                               option_text    },
};

static enum etwas_status parse_filter(struct source_parse *parse, struct source_piece option)
{
    struct source_spec *spec = parse->spec;
    if (spec->filter_count == MESSAGE_MAX_FILTERS) {
        return source_fail(parse, ETWAS_MALFORMED, option.at, NULL,
                           "a source has at most %d filters", MESSAGE_MAX_FILTERS);
    }
    size_t position = 0;
    const char *problem = NULL;
    const enum etwas_status status = source_filter_parse(
        option.at, option.size, &spec->filters[spec->filter_count], &position, &problem);
    if (status != ETWAS_OK) {
        return source_fail(parse, status, option.at + position,
                           "a filter is FIELD OPERATOR VALUE with one of = != < <= > >= ~ =&, "
                           "for example prev_pid=1 or comm~bash*",
                           "%s", problem);
    }
    spec->filter_count++;
    return ETWAS_OK;
}

static const char *option_hint(enum source_kind kind)
{
    switch (kind) {
    case SOURCE_CPU:
        return "cpu knows interval=";
    case SOURCE_PROCESS_CPU:
        return "process-cpu knows interval=, name= and pid=";
    case SOURCE_USDT:
        return "usdt: knows text=";
    case SOURCE_TRACEPOINT:
    case SOURCE_PING:
    case SOURCE_LINES:
    case SOURCE_ETW:
        break;
    }
    return NULL;
}

static enum etwas_status parse_option(struct source_parse *parse, struct source_piece option)
{
    if (parse->spec->kind == SOURCE_TRACEPOINT) {
        return parse_filter(parse, option);
    }
    if (parse->spec->kind == SOURCE_ETW) {
        return source_etw_option(parse, option);
    }
    struct source_piece value = option;
    const struct source_piece name = source_piece_until(&value, '=');
    for (size_t i = 0; i < sizeof source_options / sizeof source_options[0]; i++) {
        if (name.size < option.size && source_piece_is(name, source_options[i].name) &&
            (source_options[i].kinds & KIND_BIT(parse->spec->kind)) != 0) {
            return source_options[i].take(parse, value);
        }
    }
    return source_fail(parse, ETWAS_MALFORMED, option.at, option_hint(parse->spec->kind),
                       "this source has no such option");
}

static enum etwas_status parse_options(struct source_parse *parse, const char *text)
{
    const char *at = text;
    for (;;) {
        const size_t size = source_filter_extent(at);
        const enum etwas_status status = parse_option(parse, (struct source_piece){at, size});
        if (status != ETWAS_OK || at[size] == 0) {
            return status;
        }
        at += size + 1;
    }
}

static enum etwas_status
parse_text(const char *text, struct source_spec *spec, struct source_error *error,
           enum etwas_status (*target)(struct source_parse *parse, struct source_piece target))
{
    memset(spec, 0, sizeof *spec);
    memset(error, 0, sizeof *error);
    struct source_parse parse = {.text = text, .spec = spec, .error = error};
    const char *mark = strchr(text, '?');
    const size_t size = mark == NULL ? strlen(text) : (size_t)(mark - text);
    const enum etwas_status status = target(&parse, (struct source_piece){text, size});
    if (status != ETWAS_OK || mark == NULL) {
        return status;
    }
    return parse_options(&parse, mark + 1);
}

enum etwas_status source_spec_parse(const char *text, struct source_spec *spec,
                                    struct source_error *error)
{
    return parse_text(text, spec, error, parse_target);
}

enum etwas_status source_spec_parse_recorded(const char *text, struct source_spec *spec,
                                             struct source_error *error)
{
    return parse_text(text, spec, error, source_etw_target);
}

static bool same_filters(const struct source_spec *a, const struct source_spec *b)
{
    return a->filter_count == b->filter_count &&
           memcmp(a->filters, b->filters, sizeof a->filters) == 0;
}

/* Patterns are taken to match each other. */
static bool same_event(const char *a, const char *b)
{
    return strcmp(a, b) == 0 || strchr(a, '*') != NULL || strchr(b, '*') != NULL;
}

static bool names_event(const struct source_spec *spec, const char *event)
{
    for (uint32_t i = 0; i < spec->event_count; i++) {
        if (same_event(spec->events[i], event)) {
            return true;
        }
    }
    return spec->event_count == 0;
}

bool source_spec_conflicts(const struct source_spec *a, const struct source_spec *b)
{
    if (a->kind != SOURCE_TRACEPOINT || b->kind != SOURCE_TRACEPOINT || a->filter_count == 0 ||
        b->filter_count == 0 || strcmp(a->system, b->system) != 0 || same_filters(a, b)) {
        return false;
    }
    for (uint32_t i = 0; i < b->event_count; i++) {
        if (names_event(a, b->events[i])) {
            return true;
        }
    }
    return b->event_count == 0;
}

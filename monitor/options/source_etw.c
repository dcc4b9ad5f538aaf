/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "monitor/options/source_parts.h"
#include "monitor/options/typed.h"

static const char form[] = "write NAME, {GUID} or *NAME, then [:level[:ids[:any[:all]]]]";

static enum etwas_status take_level(struct source_parse *parse, struct source_piece value)
{
    static const char *const names[] = {"always",  "critical",    "error",
                                        "warning", "information", "verbose"};
    uint64_t number = 0;
    struct source_etw *etw = &parse->spec->etw;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (source_piece_is(value, names[i])) {
            etw->level = (uint8_t)i;
            return ETWAS_OK;
        }
    }
    if (!typed_decimal(value.at, value.size, UINT8_MAX, &number)) {
        return source_fail(parse, ETWAS_MALFORMED, value.at, "for example level=4 or level=warning",
                           "a level is 0 to 255, or critical, error, warning, information, "
                           "verbose");
    }
    etw->level = number == 0 ? (uint8_t)SOURCE_ANY_LEVEL : (uint8_t)number;
    return ETWAS_OK;
}

static bool take_range(struct source_piece piece, struct trace_ids *range)
{
    struct source_piece rest = piece;
    const struct source_piece first = source_piece_until(&rest, '-');
    uint64_t from = 0;
    uint64_t to = 0;
    if (!typed_decimal(first.at, first.size, UINT16_MAX, &from)) {
        return false;
    }
    to = from;
    if (first.size < piece.size &&
        (!typed_decimal(rest.at, rest.size, UINT16_MAX, &to) || to < from)) {
        return false;
    }
    *range = (struct trace_ids){(uint16_t)from, (uint16_t)to};
    return true;
}

static enum etwas_status take_list(struct source_parse *parse, struct source_piece value,
                                   struct trace_ids *ids, uint32_t *count)
{
    struct source_piece rest = value;
    bool more = true;
    *count = 0;
    while (more) {
        const size_t before = rest.size;
        const struct source_piece piece = source_piece_until(&rest, ',');
        more = piece.size < before;
        if (*count == SOURCE_MAX_EVENTS) {
            return source_fail(parse, ETWAS_MALFORMED, piece.at, "use several --source",
                               "one source has at most %d numbers of events", SOURCE_MAX_EVENTS);
        }
        if (!take_range(piece, &ids[*count])) {
            return source_fail(parse, ETWAS_MALFORMED, piece.at, "for example ids=1,2,10-19",
                               "numbers of events are 0 to 65535, with commas between them");
        }
        (*count)++;
    }
    return ETWAS_OK;
}

static enum etwas_status take_ids(struct source_parse *parse, struct source_piece value)
{
    return take_list(parse, value, parse->spec->etw.ids, &parse->spec->etw.id_count);
}

static enum etwas_status take_not_ids(struct source_parse *parse, struct source_piece value)
{
    return take_list(parse, value, parse->spec->etw.not_ids, &parse->spec->etw.not_id_count);
}

static enum etwas_status take_keywords(struct source_parse *parse, struct source_piece value,
                                       uint64_t *keywords)
{
    int64_t number = 0;
    if (!typed_number(value.at, value.size, &number) || (number < 0 && value.at[0] == '-')) {
        return source_fail(parse, ETWAS_MALFORMED, value.at, "for example any=0x8000000000000010",
                           "keywords are a number");
    }
    *keywords = (uint64_t)number;
    return ETWAS_OK;
}

static enum etwas_status take_any(struct source_parse *parse, struct source_piece value)
{
    return take_keywords(parse, value, &parse->spec->etw.any);
}

static enum etwas_status take_all(struct source_parse *parse, struct source_piece value)
{
    return take_keywords(parse, value, &parse->spec->etw.all);
}

static enum etwas_status take_process(struct source_parse *parse, struct source_piece value)
{
    uint64_t number = 0;
    if (!typed_decimal(value.at, value.size, UINT32_MAX, &number)) {
        return source_fail(parse, ETWAS_MALFORMED, value.at, "for example pid=1234",
                           "this is no process id");
    }
    parse->spec->etw.by_process = true;
    parse->spec->etw.process_id = (uint32_t)number;
    return ETWAS_OK;
}

static const struct {
    const char *name;
    enum etwas_status (*take)(struct source_parse *parse, struct source_piece value);
} etw_options[] = {
    {"level",   take_level  },
    {"ids",     take_ids    },
    {"any",     take_any    },
    {"all",     take_all    }, /* up to here also by their place behind the name */
    {"not-ids", take_not_ids},
    {"pid",     take_process},
};

enum { PLACES = 4 };

enum etwas_status source_etw_option(struct source_parse *parse, struct source_piece option)
{
    struct source_piece value = option;
    const struct source_piece name = source_piece_until(&value, '=');
    for (size_t i = 0; i < sizeof etw_options / sizeof etw_options[0]; i++) {
        if (name.size < option.size && source_piece_is(name, etw_options[i].name)) {
            return etw_options[i].take(parse, value);
        }
    }
    return source_fail(parse, ETWAS_MALFORMED, option.at,
                       "providers know level=, ids=, not-ids=, any=, all= and pid=",
                       "this source has no such option");
}

static enum etwas_status take_name(struct source_parse *parse, struct source_piece name)
{
    char *to = parse->spec->etw.name;
    if (source_piece_is(name, "clr")) {
        name.at = "Microsoft-Windows-DotNETRuntime";
        name.size = strlen(name.at);
    }
    if (name.size == 0 || source_piece_is(name, "*")) {
        return source_fail(parse, ETWAS_MALFORMED, name.at, form,
                           "the name of the provider is missing");
    }
    if (name.size >= SOURCE_ETW_NAME_SIZE) {
        return source_fail(parse, ETWAS_MALFORMED, name.at, NULL,
                           "the name of the provider is too long");
    }
    memcpy(to, name.at, name.size);
    return ETWAS_OK;
}

static bool starts_with(struct source_piece piece, const char *prefix)
{
    const size_t length = strlen(prefix);
    return piece.size >= length && memcmp(piece.at, prefix, length) == 0;
}

enum etwas_status source_etw_target(struct source_parse *parse, struct source_piece target)
{
    parse->spec->kind = SOURCE_ETW;
    parse->spec->etw.level = SOURCE_ANY_LEVEL;
    if (starts_with(target, "tp:") || starts_with(target, "usdt:")) {
        return source_fail(parse, ETWAS_NOT_FOUND, target.at, form,
                           "a recorded trace has ETW providers, neither event systems nor probes");
    }
    struct source_piece rest = target;
    if (starts_with(target, "etw:")) {
        rest = (struct source_piece){target.at + 4, target.size - 4};
    }
    const size_t all = rest.size;
    const struct source_piece name = source_piece_until(&rest, ':');
    enum etwas_status status = take_name(parse, name);
    bool more = name.size < all;
    for (size_t i = 0; status == ETWAS_OK && more; i++) {
        if (i == PLACES) {
            return source_fail(parse, ETWAS_MALFORMED, rest.at, form,
                               "there is too much behind it");
        }
        const size_t before = rest.size;
        const struct source_piece piece = source_piece_until(&rest, ':');
        more = piece.size < before;
        if (piece.size != 0) { /* what is left out is not asked for */
            status = etw_options[i].take(parse, piece);
        }
    }
    return status;
}

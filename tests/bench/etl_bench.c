/* SPDX-License-Identifier: MIT */
/*
 * Decodes every field of every event of traces, the way etwas does, and folds the values into
 * one checksum instead of writing them:
 *
 *     etl_bench [--manifest PATH] [--raw-values] FILE ...
 *
 * etl_checksum.py makes the same number from the JSON that etwas writes of the same files, so that
 * what was decoded here can be held against it. For that a value counts as what JSON has of it: a
 * number for 0x with the digits of one, bytes, GUIDs and times for strings that look like them. (A
 * text in a trace that looks like a time of ours is the one thing in which the two would differ.)
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ipc/load.h"
#include "monitor/etw/trace_source.h"
#include "monitor/event/arena.h"
#include "monitor/event/text.h"

enum {
    ARENA_MAXIMUM = 8 * 1024 * 1024,
    MAXIMUM_DEPTH = 8, /* deeper ones are null in JSON */
    MAXIMUM_PATHS = 32,
    GUID_SIZE = 16,
    GUID_TEXT = 36,
    HEX_DIGITS = 16, /* of a number */
};

/* What a word of the checksum is about. */
enum kind { KIND_NULL = 1, KIND_TRUTH, KIND_NUMBER, KIND_FLOAT, KIND_TEXT, KIND_BYTES, KIND_LIST };

#define PRIME     UINT64_C(0x9e3779b97f4a7c15)
#define LAST_TIME INT64_C(2650467743999999999) /* 9999-12-31T23:59:59.9999999 */

struct checksum {
    struct event_handler handler; /* first */
    struct arena *arena;
    uint64_t state;
    uint64_t words;
    uint64_t events;
    uint64_t values;
};

static void fold(struct checksum *sum, enum kind kind, uint64_t word)
{
    /* Where it stands counts, and no step waits for the one before. */
    const uint64_t product = (word ^ (uint64_t)kind << 56 ^ ++sum->words) * PRIME;
    sum->state += product ^ product >> 32;
}

/* Eight bytes at a time; the last ones filled up with zeros, and their number. */
static uint64_t mixed(const uint8_t *data, size_t size)
{
    uint64_t state = size;
    size_t at = 0;
    for (; size - at >= sizeof state; at += sizeof state) {
        state = (state ^ load_u64(data + at)) * PRIME;
        state ^= state >> 29;
    }
    uint64_t last = 0;
    for (size_t i = at; i < size; i++) {
        last |= (uint64_t)data[i] << 8 * (i - at);
    }
    state = (state ^ last) * PRIME;
    return state ^ state >> 29;
}

static void add_bytes(struct checksum *sum, const uint8_t *data, size_t size)
{
    uint64_t number = 0;
    if (size == 0 || size > sizeof number || data[0] < 0x10) {
        fold(sum, KIND_BYTES, mixed(data, size));
        return;
    }
    for (size_t i = 0; i < size; i++) {
        number = number << 8 | data[i];
    }
    fold(sum, KIND_NUMBER, number); /* as text it looks like one */
}

static int digit_of(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* 0x and at least as many digits as it takes to be bytes. False: no such text. */
static bool add_as_hex(struct checksum *sum, const char *text, size_t size)
{
    static uint8_t data[UINT16_MAX];
    uint64_t number = 0;
    const size_t digits = size >= 2 && memcmp(text, "0x", 2) == 0 ? size - 2 : SIZE_MAX;
    if (digits > 2 * sizeof data) {
        return false;
    }
    for (size_t i = 0; i < digits; i++) {
        const int digit = digit_of(text[2 + i]);
        if (digit < 0) {
            return false;
        }
        number = number << 4 | (unsigned)digit;
        data[i / 2] = (uint8_t)number;
    }
    const bool is_number = digits != 0 && digits <= HEX_DIGITS && (text[2] != '0' || digits == 1);
    if (!is_number && digits % 2 != 0) {
        return false;
    }
    fold(sum, is_number ? KIND_NUMBER : KIND_BYTES, is_number ? number : mixed(data, digits / 2));
    return true;
}

/* False: it is not what sink_put_guid() writes. */
static bool add_as_guid(struct checksum *sum, const char *text, size_t size)
{
    static const uint8_t order[GUID_SIZE] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
    uint8_t guid[GUID_SIZE];
    size_t at = 0;
    for (size_t i = 0; i < GUID_SIZE && size == GUID_TEXT; i++) {
        const bool dash = i == 4 || i == 6 || i == 8 || i == 10;
        if (dash && text[at++] != '-') {
            return false;
        }
        const int high = digit_of(text[at++]);
        const int low = digit_of(text[at++]);
        if (high < 0 || low < 0) {
            return false;
        }
        guid[order[i]] = (uint8_t)(high << 4 | low);
    }
    if (size == GUID_TEXT) {
        fold(sum, KIND_BYTES, mixed(guid, sizeof guid));
    }
    return size == GUID_TEXT;
}

/* A text that JSON shows as it shows another kind of value counts as that. */
static bool add_as_other(struct checksum *sum, const char *text, size_t size)
{
    return add_as_hex(sum, text, size) || add_as_guid(sum, text, size);
}

/* Invalid UTF-8 is U+FFFD in JSON. */
static void add_unclean(struct checksum *sum, const char *text, size_t size)
{
    static char clean[3 * UINT16_MAX];
    size_t used = 0;
    for (size_t at = 0; at < size && used < sizeof clean - 4;) {
        const struct character next = text_character(text + at, size - at);
        const bool bad = next.code == 0xfffd;
        memcpy(clean + used, bad ? "\xef\xbf\xbd" : text + at, bad ? 3 : next.size);
        used += bad ? 3 : next.size;
        at += next.size;
    }
    fold(sum, KIND_TEXT, mixed((const uint8_t *)clean, used));
}

static bool is_ascii(const char *text, size_t size)
{
    uint64_t all = 0;
    size_t at = 0;
    for (; size - at >= sizeof all; at += sizeof all) {
        uint64_t eight = 0;
        memcpy(&eight, text + at, sizeof eight);
        all |= eight;
    }
    for (; at < size; at++) {
        all |= (uint8_t)text[at];
    }
    return (all & UINT64_C(0x8080808080808080)) == 0;
}

static void add_text(struct checksum *sum, const char *text, size_t size)
{
    const bool doubtful = size == GUID_TEXT || (size >= 2 && memcmp(text, "0x", 2) == 0);
    if (!is_ascii(text, size)) {
        add_unclean(sum, text, size);
    } else if (!doubtful || !add_as_other(sum, text, size)) {
        fold(sum, KIND_TEXT, mixed((const uint8_t *)text, size));
    }
}

static void add_float(struct checksum *sum, double number)
{
    uint64_t bits = 0;
    if (isnan(number)) {
        add_text(sum, "NaN", 3);
    } else if (isinf(number)) {
        add_text(sum, number < 0 ? "-Infinity" : "Infinity", number < 0 ? 9 : 8);
    } else if (trunc(number) == number && fabs(number) < 0x1p63) {
        fold(sum, KIND_NUMBER, (uint64_t)(int64_t)number);
    } else {
        memcpy(&bits, &number, sizeof bits);
        fold(sum, KIND_FLOAT, bits);
    }
}

/* Nearly all values are. */
static bool is_number(const struct value *value)
{
    return value->type == VALUE_INT || value->type == VALUE_UINT || value->type == VALUE_HEX;
}

/* The numbers that values begin with; how many they are. */
static size_t add_numbers(struct checksum *sum, const struct value *values, size_t count)
{
    uint64_t state = sum->state;
    uint64_t words = sum->words;
    size_t i = 0;
    for (; i < count && is_number(&values[i]); i++) {
        const uint64_t product = (values[i].as.u ^ (uint64_t)KIND_NUMBER << 56 ^ ++words) * PRIME;
        state += product ^ product >> 32;
    }
    sum->state = state;
    sum->words = words;
    sum->values += i;
    return i;
}

static void add_other(struct checksum *sum, const struct value *value, unsigned depth);

static void add_values(struct checksum *sum, const struct value *values, size_t count,
                       unsigned depth)
{
    for (size_t i = 0; i < count; i++) {
        i += add_numbers(sum, values + i, count - i);
        if (i < count) {
            add_other(sum, &values[i], depth);
        }
    }
}

static void add_list(struct checksum *sum, const struct value *value, unsigned depth)
{
    const bool is_array = value->type == VALUE_ARRAY;
    const size_t count = is_array ? value->as.array.count : value->as.object.count;
    if (depth == MAXIMUM_DEPTH) {
        fold(sum, KIND_NULL, 0);
        return;
    }
    fold(sum, KIND_LIST, count);
    if (is_array) {
        add_values(sum, value->as.array.items, count, depth + 1);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        add_values(sum, &value->as.object.members[i].value, 1, depth + 1);
    }
}

static void add_other(struct checksum *sum, const struct value *value, unsigned depth)
{
    sum->values++;
    switch (value->type) {
    case VALUE_NULL:
    case VALUE_ABSENT:
        fold(sum, KIND_NULL, 0);
        return;
    case VALUE_BOOL:
        fold(sum, KIND_TRUTH, value->as.truth ? 1 : 0);
        return;
    case VALUE_INT:
    case VALUE_UINT:
    case VALUE_HEX:
        fold(sum, KIND_NUMBER, value->as.u);
        return;
    case VALUE_TIME:
        fold(sum, KIND_NUMBER,
             value->as.i < 0           ? 0
             : value->as.i > LAST_TIME ? (uint64_t)LAST_TIME
                                       : value->as.u);
        return;
    case VALUE_FLOAT:
        add_float(sum, value->as.number);
        return;
    case VALUE_TEXT:
        add_text(sum, value->as.text.data, value->as.text.size);
        return;
    case VALUE_GUID:
        fold(sum, KIND_BYTES, mixed(value->as.bytes.data, GUID_SIZE));
        return;
    case VALUE_BYTES:
        add_bytes(sum, value->as.bytes.data, value->as.bytes.size);
        return;
    case VALUE_ARRAY:
    case VALUE_OBJECT:
        add_list(sum, value, depth);
        return;
    }
}

static enum etwas_status handle(struct event_handler *handler, const struct event *events,
                                size_t count)
{
    struct checksum *sum = (struct checksum *)(void *)handler;
    for (size_t i = 0; i < count; i++) {
        const struct value *values = event_values(&events[i], sum->arena);
        const size_t fields = values != NULL ? events[i].schema->field_count : 0;
        const bool has_rest = fields != 0 && values[fields - 1].type != VALUE_ABSENT;
        add_values(sum, values, has_rest || fields == 0 ? fields : fields - 1, 0);
        arena_reset(sum->arena);
    }
    sum->events += count;
    return ETWAS_OK;
}

static int run(const struct trace_source_options *options)
{
    struct checksum sum = {.handler = {handle}, .arena = arena_open(ARENA_MAXIMUM)};
    struct source *source = NULL;
    struct etwas_error error = {.doing = "making room"};
    size_t failed = 0;
    if (sum.arena == NULL || trace_source_open(options, &source, &failed, &error) != ETWAS_OK) {
        (void)fprintf(stderr, "%s: %s\n", options->paths[failed], error.doing);
        arena_close(sum.arena);
        return 1;
    }
    enum etwas_status status = ETWAS_OK;
    while (status == ETWAS_OK) {
        status = source->ops->pump(source, &sum.handler, &error);
    }
    (void)printf("%016" PRIx64 " %" PRIu64 " values of %" PRIu64 " events\n", sum.state, sum.values,
                 sum.events);
    source->ops->close(source);
    arena_close(sum.arena);
    return status == ETWAS_CLOSED ? 0 : 2;
}

int main(int argc, char **argv)
{
    const char *paths[MAXIMUM_PATHS];
    const char *manifests[MAXIMUM_PATHS];
    struct trace_source_options options = {.paths = paths, .schemas = {.manifests = manifests}};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--raw-values") == 0) {
            options.schemas.raw_values = true;
        } else if (strcmp(argv[i], "--manifest") == 0 && i + 1 < argc &&
                   options.schemas.manifest_count < MAXIMUM_PATHS) {
            manifests[options.schemas.manifest_count++] = argv[++i];
        } else if (options.path_count < MAXIMUM_PATHS) {
            paths[options.path_count++] = argv[i];
        }
    }
    if (options.path_count == 0) {
        (void)fprintf(stderr, "usage: etl_bench [--manifest PATH] [--raw-values] FILE ...\n");
        return 1;
    }
    return run(&options);
}

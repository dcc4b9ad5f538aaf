/* SPDX-License-Identifier: MIT */
#include "monitor/etw/message.h"

#include <stdio.h>
#include <string.h>

#include "monitor/etw/decode_parts.h"
#include "monitor/event/encode_format.h"
#include "monitor/event/number.h"
#include "monitor/event/text.h"

enum {
    MOST = 99,    /* fields that can be named */
    WIDEST = 512, /* what a format may ask for; more is taken for this */
    LONGEST_FORMAT = 16,
    NUMBER_ROOM = WIDEST + 32,
    FIRST_ROOM = 256, /* for the sentence; four times as much again and again, to MESSAGE_MAX */
};

struct making {
    const struct event *event;
    struct arena *arena;
    const struct value *decoded; /* what is shown of the event, or NULL */
    struct encoder encoder;
    struct sink sink;
    unsigned count;              /* of fields that can be named */
    const struct value **values; /* by their numbers, less one, where none was decoded before */
};

/* printf's way of a field: "08x", "-20.3s". */
struct format {
    bool left;
    bool zeros;
    bool plus;
    bool prefix;    /* # */
    unsigned stars; /* fields that say width and precision, before the one that is shown */
    int width;
    int precision; /* -1: none is asked for */
    char letter;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A field of the top, which may be one that is not shown. NULL: no memory. */
static const struct value *decode(struct making *making, unsigned index)
{
    const size_t room = making->count * sizeof(const struct value *);
    if (making->values == NULL) {
        making->values = arena_take(making->arena, room);
        if (making->values == NULL) {
            return NULL;
        }
        memset(making->values, 0, room);
    }
    if (making->values[index] == NULL) {
        struct value *value = arena_take(making->arena, sizeof *value);
        if (value == NULL) {
            return NULL;
        }
        *value = etw_top_value(making->event, (uint16_t)index, making->arena);
        making->values[index] = value;
    }
    return making->values[index];
}

static const struct value *value_of(struct making *making, unsigned number)
{
    if (number == 0 || number > making->count) {
        return NULL;
    }
    const struct etw_layout *layout =
        (const struct etw_layout *)(const void *)making->event->schema;
    const bool is_decoded = making->decoded != NULL && number < layout->schema.field_count &&
                            layout->shown[number - 1] == number - 1;
    const struct value *value =
        is_decoded ? &making->decoded[number - 1] : decode(making, number - 1);
    return value != NULL && value->type != VALUE_NULL && value->type != VALUE_ABSENT ? value : NULL;
}

/* As much as there is room for, and only whole characters. */
static void put_text(struct sink *sink, const char *data, size_t size)
{
    const size_t room = (size_t)(sink->end - sink->at);
    if (size > room) {
        size = room;
        while (size > 0 && ((uint8_t)data[size] & 0xc0U) == 0x80) {
            size--;
        }
        sink_put(sink, data, size);
        (void)sink_room(sink, room + 1); /* says that it is full */
        return;
    }
    sink_put(sink, data, size);
}

static void put_value(struct making *making, const struct value *value)
{
    if (value->type == VALUE_TEXT) {
        put_text(&making->sink, value->as.text.data, value->as.text.size);
    } else {
        encode_text_value(&making->sink, &making->encoder, value);
    }
}

/* --- printf's formats --- */

/* A number, or * for the next field's. */
static int take_number(struct making *making, const char **at, unsigned number,
                       struct format *format)
{
    int taken = 0;
    if (**at == '*') {
        const struct value *value = value_of(making, number + format->stars++);
        (*at)++;
        const bool is_number = value != NULL &&
                               (value->type == VALUE_UINT || value->type == VALUE_INT) &&
                               value->as.u <= WIDEST;
        return is_number ? (int)value->as.u : 0;
    }
    for (; is_digit(**at); (*at)++) {
        taken = taken < WIDEST ? taken * 10 + (**at - '0') : WIDEST;
    }
    return taken < WIDEST ? taken : WIDEST;
}

static void take_flags(const char **at, struct format *format)
{
    for (;; (*at)++) {
        switch (**at) {
        case '-':
            format->left = true;
            break;
        case '0':
            format->zeros = true;
            break;
        case '+':
            format->plus = true;
            break;
        case '#':
            format->prefix = true;
            break;
        case ' ':
            break;
        default:
            return;
        }
    }
}

/* What is between the exclamation marks at `*at`; false: it is no format. */
static bool take_format(struct making *making, const char **at, unsigned number,
                        struct format *format)
{
    const char *text = *at + 1;
    *format = (struct format){.precision = -1};
    take_flags(&text, format);
    format->width = take_number(making, &text, number, format);
    if (*text == '.') {
        text++;
        format->precision = take_number(making, &text, number, format);
    }
    /* How big it is, the field itself says. */
    text += strspn(text, "hlwqLjzt");
    if (strncmp(text, "I64", 3) == 0 || strncmp(text, "I32", 3) == 0) {
        text += 3;
    } else if (*text == 'I') {
        text++;
    }
    format->letter = *text;
    if (*text == '\0' || strchr("diuxXopcCsS", *text) == NULL || text[1] != '!' ||
        text - *at > LONGEST_FORMAT) {
        return false;
    }
    if (format->letter == 'p' && format->precision < 0) {
        /* All digits of an address are shown. */
        const struct etw_layout *layout =
            (const struct etw_layout *)(const void *)making->event->schema;
        format->precision = 2 * layout->pointer_size;
    }
    *at = text + 2;
    return true;
}

static void put_blanks(struct sink *sink, size_t used, int width)
{
    for (size_t i = used; i < (size_t)width; i++) {
        SINK_PUT(sink, " ");
    }
}

/* Bytes of the first `most` characters, and how many there are. */
static size_t measure(const char *text, size_t size, size_t most, size_t *characters)
{
    size_t at = 0;
    for (*characters = 0; at < size && *characters < most; (*characters)++) {
        at += text_character(text + at, size - at).size;
    }
    return at;
}

static void put_formatted_text(struct making *making, const struct format *format, const char *text,
                               size_t size)
{
    const size_t most = format->precision >= 0 ? (size_t)format->precision : SIZE_MAX;
    size_t characters = 0;
    const size_t shown = measure(text, size, most, &characters);
    if (!format->left) {
        put_blanks(&making->sink, characters, format->width);
    }
    put_text(&making->sink, text, shown);
    if (format->left) {
        put_blanks(&making->sink, characters, format->width);
    }
}

static bool is_hex(char letter)
{
    return letter == 'x' || letter == 'X' || letter == 'p';
}

/* How many digits there are at least, zeros in front. */
static int digits_of(const struct format *format, const char *sign)
{
    int digits = format->precision;
    if (digits < 0) {
        digits = format->zeros && !format->left ? format->width - (int)strlen(sign) : 1;
    }
    return digits < 1 ? 1 : digits;
}

static int print_number(char *text, size_t room, const struct format *format,
                        const struct value *value)
{
    const unsigned long long number = (unsigned long long)value->as.u;
    const bool negative = value->type == VALUE_INT && value->as.i < 0 && !is_hex(format->letter);
    const char *sign = negative ? "-" : format->plus ? "+" : "";
    const int digits = digits_of(format, sign);
    switch (format->letter) {
    case 'p':
    case 'X':
        return snprintf(text, room, format->prefix ? "0X%.*llX" : "%.*llX", digits, number);
    case 'x':
        return snprintf(text, room, format->prefix ? "0x%.*llx" : "%.*llx", digits, number);
    case 'o':
        return snprintf(text, room, "%.*llo", digits, number);
    default:
        return snprintf(text, room, "%s%.*llu", sign, digits, negative ? 0 - number : number);
    }
}

static void put_formatted(struct making *making, const struct format *format,
                          const struct value *value)
{
    char text[NUMBER_ROOM];
    const bool is_number =
        value->type == VALUE_INT || value->type == VALUE_UINT || value->type == VALUE_HEX;
    if (value->type == VALUE_TEXT) {
        put_formatted_text(making, format, value->as.text.data, value->as.text.size);
    } else if (is_number && strchr("diuxXop", format->letter) != NULL) {
        const struct format padding = {
            .left = format->left, .width = format->width, .precision = -1};
        const int size = print_number(text, sizeof text, format, value);
        put_formatted_text(making, &padding, text, size > 0 ? (size_t)size : 0);
    } else {
        put_value(making, value);
    }
}

/* --- the sentence --- */

/* The field at `at`, a percent sign with a digit behind it; what is behind all that. */
static const char *put_field(struct making *making, const char *at)
{
    const char *end = at + 2;
    unsigned number = (unsigned)(at[1] - '0');
    struct format format;
    if (is_digit(*end)) {
        number = number * 10 + (unsigned)(*end++ - '0');
    }
    const char *behind = end;
    const bool formatted = *end == '!' && take_format(making, &behind, number, &format);
    const struct value *value = value_of(making, number + (formatted ? format.stars : 0));
    if (value == NULL) {
        behind = formatted ? behind : end;
        put_text(&making->sink, at, (size_t)(behind - at));
    } else if (formatted) {
        put_formatted(making, &format, value);
    } else {
        put_value(making, value);
    }
    return formatted ? behind : end;
}

/* Of two characters; what is behind them. */
static const char *put_escape(struct making *making, const char *at)
{
    struct sink *sink = &making->sink;
    switch (at[1]) {
    case 'n':
        SINK_PUT(sink, "\n");
        return at + 2;
    case 't':
        SINK_PUT(sink, "\t");
        return at + 2;
    case 'r':
        SINK_PUT(sink, "\r");
        return at + 2;
    case 'b':
        SINK_PUT(sink, " ");
        return at + 2;
    case '%':
    case '.':
    case '!':
    case ' ':
        sink_put(sink, at + 1, 1);
        return at + 2;
    case '\\': /* the end of the line itself follows */
        return at + (at[2] == '\n' ? 2 : 0);
    default:
        return at;
    }
}

static void put_sentence(struct making *making, const char *at)
{
    while (*at != '\0' && making->sink.status == ETWAS_OK) {
        const size_t plain = strcspn(at, "%");
        put_text(&making->sink, at, plain);
        at += plain;
        if (at[0] == '\0' || (at[0] == '%' && at[1] == '0')) {
            return;
        }
        if (is_digit(at[1])) {
            at = put_field(making, at);
            continue;
        }
        const char *behind = put_escape(making, at);
        if (behind == at) {
            SINK_PUT(&making->sink, "%");
            behind = at + 1;
        }
        at = behind;
    }
}

/* Into that much room. False: that was too little. */
static bool fill(struct making *making, char *text, size_t room)
{
    struct output output = {.data = text, .capacity = room, .maximum = room};
    const struct etw_layout *layout =
        (const struct etw_layout *)(const void *)making->event->schema;
    sink_start(&making->sink, &output);
    put_sentence(making, layout->message);
    const bool whole = making->sink.status == ETWAS_OK;
    size_t size = (size_t)(making->sink.at - text);
    while (size > 0 && (text[size - 1] == '\n' || text[size - 1] == '\r')) {
        size--;
    }
    text[size] = '\0';
    return whole;
}

const char *etw_message_format(const char *text, struct arena *arena)
{
    char *format = arena_take(arena, strlen(text) + 1);
    size_t size = 0;
    for (const char *at = text; format != NULL && *at != '\0'; at++) {
        if (at[0] != '\r' || at[1] != '\n') {
            format[size++] = *at;
        }
    }
    if (format != NULL) {
        format[size] = '\0';
    }
    return format;
}

const char *etw_message(const struct event *event, const struct value *values, struct arena *arena)
{
    const struct schema *schema = event->schema;
    const struct etw_layout *layout = (const struct etw_layout *)(const void *)schema;
    if (layout->message == NULL) {
        return NULL;
    }
    struct making making = {.event = event,
                            .arena = arena,
                            .decoded = values,
                            .count = layout->top_count < MOST ? layout->top_count : MOST};
    encoder_init(&making.encoder);
    for (size_t room = FIRST_ROOM;; room *= 4) {
        char *text = arena_take(arena, room + 1);
        if (text == NULL) {
            return NULL;
        }
        if (fill(&making, text, room) || room * 4 > MESSAGE_MAX) {
            return text;
        }
    }
}

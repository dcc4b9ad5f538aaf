/* SPDX-License-Identifier: MIT */
#include "tests/monitor/tracefs/print_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void put(struct print_text *text, const char *data, size_t size)
{
    if (size >= sizeof text->text - text->size) {
        text->overflow = true;
        return;
    }
    memcpy(text->text + text->size, data, size);
    text->size += size;
    text->text[text->size] = 0;
}

static void put_repeated(struct print_text *text, char c, size_t count)
{
    while (count-- != 0) {
        put(text, &c, 1);
    }
}

static void skip(struct print_text *text, size_t argument)
{
    text->skipped[argument < PRINT_ARGUMENTS ? argument : PRINT_ARGUMENTS - 1] = true;
    put_repeated(text, PRINT_TEXT_ANY, 1);
}

/* A conversion, taken apart. */
struct conversion {
    bool left;
    bool zeros;
    bool alternate;
    bool plus;
    size_t width;
    size_t precision; /* SIZE_MAX: none */
    unsigned bits;    /* of a number */
    char letter;
    bool known;
};

static struct conversion conversion_of(const struct print_piece *piece)
{
    struct conversion result = {.precision = SIZE_MAX, .bits = 32, .known = true};
    const char *at = piece->spec + 1;
    const char *end = piece->spec + piece->spec_size;
    for (; at < end && strchr("-0#+ ", *at) != NULL; at++) {
        result.left |= *at == '-';
        result.zeros |= *at == '0';
        result.alternate |= *at == '#';
        result.plus |= *at == '+';
    }
    for (; at < end && *at >= '0' && *at <= '9'; at++) {
        result.width = result.width * 10 + (size_t)(*at - '0');
    }
    if (at < end && *at == '.') {
        result.precision = 0;
        for (at++; at < end && *at >= '0' && *at <= '9'; at++) {
            result.precision = result.precision * 10 + (size_t)(*at - '0');
        }
    }
    for (; at < end && strchr("hlLqjzt", *at) != NULL; at++) {
        result.bits = *at == 'h' ? result.bits / 2 : 64;
    }
    result.known = at + 1 == end;
    if (at < end) {
        result.letter = *at;
    }
    return result;
}

static void put_padded(struct print_text *text, const struct conversion *how, const char *data,
                       size_t size)
{
    const size_t fill = how->width > size ? how->width - size : 0;
    put_repeated(text, ' ', how->left ? 0 : fill);
    put(text, data, size);
    put_repeated(text, ' ', how->left ? fill : 0);
}

static const char *prefix_of(const struct conversion *how, bool is_signed, bool negative)
{
    if (is_signed) {
        return negative ? "-" : how->plus ? "+" : "";
    }
    return !how->alternate ? "" : how->letter == 'x' ? "0x" : how->letter == 'o' ? "0" : "";
}

static int digits_of(char *digits, size_t size, char letter, uint64_t value)
{
    switch (letter) {
    case 'x':
        return snprintf(digits, size, "%" PRIx64, value);
    case 'X':
        return snprintf(digits, size, "%" PRIX64, value);
    case 'o':
        return snprintf(digits, size, "%" PRIo64, value);
    default:
        return snprintf(digits, size, "%" PRIu64, value);
    }
}

/* How many zeros stand before that many characters of digits and prefix. */
static int zeros_of(const struct conversion *how, size_t digits, size_t prefix)
{
    size_t wanted = 0;
    if (how->precision != SIZE_MAX) {
        wanted = how->precision;
    } else if (how->zeros && !how->left && how->width > prefix) {
        wanted = how->width - prefix;
    }
    return wanted > digits && wanted < 100 ? (int)(wanted - digits) : 0;
}

static void put_number(struct print_text *text, const struct conversion *how, uint64_t number)
{
    static const char ZEROS[] = "00000000000000000000000000000000000000000000000000"
                                "00000000000000000000000000000000000000000000000000";
    char digits[32];
    char whole[256];
    const unsigned cut = 64 - how->bits;
    const int64_t signed_value = (int64_t)(number << cut) >> cut;
    const bool is_signed = how->letter == 'd' || how->letter == 'i';
    const bool negative = is_signed && signed_value < 0;
    const uint64_t value = negative ? 0 - (uint64_t)signed_value : number << cut >> cut;
    const char *prefix = prefix_of(how, is_signed, negative);
    const int size = digits_of(digits, sizeof digits, how->letter, value);
    const int zeros = zeros_of(how, (size_t)size, strlen(prefix));
    const int made = snprintf(whole, sizeof whole, "%s%.*s%s", prefix, zeros, ZEROS, digits);
    put_padded(text, how, whole, made < 0 ? 0 : (size_t)made);
}

/* A plain REC->field as event_field() gives it, to test that and not only the number below. */
static bool decoded(const struct print_node *node, const struct format *format,
                    const struct event *event, struct arena *arena, struct print_value *value)
{
    const int index = event_field_index(&format->schema, node->field->name);
    if (index < 0) {
        return false;
    }
    const struct value found = event_field(event, (uint16_t)index, arena);
    if (found.type == VALUE_TEXT && value->is_text) {
        value->text = found;
    } else if (found.type == VALUE_INT || found.type == VALUE_UINT || found.type == VALUE_HEX) {
        value->number = node->field->kind == FIELD_REGISTER ? value->number : found.as.u;
    }
    return found.type != VALUE_NULL;
}

static bool put_argument(struct print_text *text, const struct conversion *how,
                         const struct print_value *value)
{
    if (how->letter == 's' && value->is_text) {
        size_t size = value->text.as.text.size;
        size = how->precision < size ? how->precision : size;
        put_padded(text, how, value->text.as.text.data, size);
        return true;
    }
    if (value->is_text) {
        return false;
    }
    if (how->letter == 'c') {
        const char c = (char)value->number;
        put_padded(text, how, &c, 1);
        return true;
    }
    if (how->letter == 'p') {
        const struct conversion pointer = {
            .letter = 'x', .bits = 64, .width = 16, .zeros = true, .precision = SIZE_MAX};
        put_number(text, &pointer, value->number);
        return true;
    }
    if (strchr("diuxXo", how->letter) != NULL) {
        put_number(text, how, value->number);
        return true;
    }
    return false;
}

void print_text_make(const struct format *format, const struct event *event, struct arena *arena,
                     struct print_text *text)
{
    const struct print_format *print = format->print;
    *text = (struct print_text){0};
    for (size_t i = 0; i < print->piece_count; i++) {
        const struct print_piece *piece = &print->pieces[i];
        put(text, piece->before, piece->before_size);
        if (piece->spec_size == 0) {
            continue;
        }
        if (piece->spec[1] == '%') {
            put(text, "%", 1);
            continue;
        }
        const struct conversion how = conversion_of(piece);
        const struct print_node *node =
            piece->argument < print->argument_count ? print->arguments[piece->argument] : NULL;
        struct print_value value;
        if (!how.known || how.letter == 0 || node == NULL ||
            !print_evaluate(node, event, arena, &value) ||
            (node->kind == PRINT_FIELD && !decoded(node, format, event, arena, &value)) ||
            !put_argument(text, &how, &value)) {
            skip(text, piece->argument);
        }
    }
}

static bool is_text(const struct print_node *node)
{
    switch (node->kind) {
    case PRINT_LITERAL:
    case PRINT_FLAGS:
    case PRINT_SYMBOLIC:
        return true;
    case PRINT_FIELD:
        return node->field->kind == FIELD_TEXT;
    case PRINT_CHOICE:
        return is_text(node->left) && is_text(node->right);
    case PRINT_NUMBER:
    case PRINT_ITEM:
    case PRINT_UNARY:
    case PRINT_BINARY:
    case PRINT_CAST:
        break;
    }
    return false;
}

void print_text_skips(const struct format *format, bool skipped[PRINT_ARGUMENTS])
{
    const struct print_format *print = format->print;
    for (size_t i = 0; i < print->piece_count; i++) {
        const struct print_piece *piece = &print->pieces[i];
        if (piece->spec_size == 0 || piece->spec[1] == '%' || piece->argument >= PRINT_ARGUMENTS) {
            continue;
        }
        const struct conversion how = conversion_of(piece);
        const struct print_node *node =
            piece->argument < print->argument_count ? print->arguments[piece->argument] : NULL;
        skipped[piece->argument] =
            node == NULL || !how.known || is_text(node) != (how.letter == 's');
    }
}

void print_text_syscall(const struct format *format, const struct event *event,
                        struct print_text *text)
{
    const char *name = format->schema.event_name;
    const bool enter = strncmp(name, "sys_enter_", strlen("sys_enter_")) == 0;
    char piece[256];
    *text = (struct print_text){0};
    name += strlen(enter ? "sys_enter_" : "sys_exit_");
    int size = snprintf(piece, sizeof piece, "sys_%s%s", name, enter ? "(" : " -> ");
    put(text, piece, (size_t)size);
    for (uint16_t i = 1; i < format->field_count; i++) {
        const struct format_field *field = &format->fields[i];
        uint64_t number = 0;
        if (!format_field_number(field, event->payload, event->payload_size, &number)) {
            skip(text, i);
        } else if (enter) {
            size = snprintf(piece, sizeof piece, "%s%s: %s%" PRIx64, i == 1 ? "" : ", ",
                            field->name, number < 10 ? "" : "0x", number);
            put(text, piece, (size_t)size);
        } else {
            size = snprintf(piece, sizeof piece, "0x%" PRIx64, number);
            put(text, piece, (size_t)size);
        }
    }
    put(text, ")", enter ? 1 : 0);
}

bool print_text_matches(const char *text, const char *line)
{
    const char *any = NULL; /* behind the last PRINT_TEXT_ANY */
    const char *retry = NULL;
    while (*line != 0) {
        if (*text == PRINT_TEXT_ANY) {
            any = ++text;
            retry = line;
        } else if (*text == *line) {
            text++;
            line++;
        } else if (any != NULL) {
            text = any;
            line = ++retry;
        } else {
            return false;
        }
    }
    while (*text == PRINT_TEXT_ANY) {
        text++;
    }
    return *text == 0;
}

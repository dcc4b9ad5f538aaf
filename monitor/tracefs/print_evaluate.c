/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "monitor/event/number.h"
#include "monitor/event/sink.h"
#include "monitor/tracefs/print_format.h"

static bool integer(struct print_value *value, uint64_t number, bool is_signed)
{
    *value = (struct print_value){.number = number, .is_signed = is_signed};
    return true;
}

static bool text(struct print_value *value, const char *data, size_t size)
{
    *value = (struct print_value){.is_text = true, .text.type = VALUE_TEXT};
    value->text.as.text.data = data;
    value->text.as.text.size = size;
    return true;
}

static bool field(const struct print_node *node, const struct event *event,
                  struct print_value *value)
{
    uint64_t number = 0;
    struct value found;
    if (event == NULL) {
        return false;
    }
    if (format_field_number(node->field, event->payload, event->payload_size, &number)) {
        /* What is smaller than an int becomes one. */
        return integer(value, number, node->field->is_signed || node->field->size < 4);
    }
    if (format_field_text(node->field, event->payload, event->payload_size, &found)) {
        return text(value, found.as.text.data, found.as.text.size);
    }
    return false;
}

static bool item(const struct print_node *node, const struct event *event,
                 struct print_value *value)
{
    size_t size = 0;
    const uint8_t *data =
        event == NULL ? NULL
                      : format_field_bytes(node->field, event->payload, event->payload_size, &size);
    const size_t item_size = node->field->kind == FIELD_INTEGERS
                                 ? node->field->item_size
                                 : (node->field->kind == FIELD_BYTES ? 1 : 0);
    if (data == NULL || item_size == 0 || node->number >= size / item_size) {
        return false;
    }
    const struct format_field one = {
        .offset = (uint32_t)(node->number * item_size),
        .size = (uint32_t)item_size,
        .kind = FIELD_INTEGER,
        .is_signed = node->field->is_signed,
    };
    uint64_t number = 0;
    return format_field_number(&one, data, size, &number) &&
           integer(value, number, node->field->is_signed || item_size < 4);
}

static bool unary(char op, struct print_value *value)
{
    const uint64_t number = value->number;
    return integer(value,
                   op == '!'   ? number == 0
                   : op == '~' ? ~number
                               : 0 - number,
                   value->is_signed || op == '!');
}

static bool less(uint64_t a, uint64_t b, bool is_signed)
{
    return is_signed ? (int64_t)a < (int64_t)b : a < b;
}

static bool divide(char op, const struct print_value *left, const struct print_value *right,
                   struct print_value *value)
{
    const bool is_signed = left->is_signed && right->is_signed;
    const int64_t a = (int64_t)left->number;
    const int64_t b = (int64_t)right->number;
    if (b == 0 || (is_signed && a == INT64_MIN && b == -1)) {
        return false;
    }
    if (!is_signed) {
        return integer(
            value, op == '/' ? left->number / right->number : left->number % right->number, false);
    }
    return integer(value, (uint64_t)(op == '/' ? a / b : a % b), true);
}

static bool shift(char op, const struct print_value *left, const struct print_value *right,
                  struct print_value *value)
{
    if (right->number > 63) {
        return false;
    }
    const unsigned by = (unsigned)right->number;
    if (op == PRINT_SHIFT_LEFT) {
        return integer(value, left->number << by, left->is_signed);
    }
    const uint64_t sign = left->is_signed && (int64_t)left->number < 0 ? UINT64_MAX : 0;
    /* Two shifts, for one by 64 is undefined. */
    return integer(value, left->number >> by | (sign << 1 << (63 - by)), left->is_signed);
}

static bool compare(char op, const struct print_value *left, const struct print_value *right,
                    struct print_value *value)
{
    const bool is_signed = left->is_signed && right->is_signed;
    bool result = false;
    switch (op) {
    case '<':
        result = less(left->number, right->number, is_signed);
        break;
    case '>':
        result = less(right->number, left->number, is_signed);
        break;
    case PRINT_NOT_LESS:
        result = !less(left->number, right->number, is_signed);
        break;
    case PRINT_NOT_GREATER:
        result = !less(right->number, left->number, is_signed);
        break;
    case PRINT_EQUAL:
        result = left->number == right->number;
        break;
    case PRINT_UNEQUAL:
        result = left->number != right->number;
        break;
    case PRINT_BOTH:
        result = left->number != 0 && right->number != 0;
        break;
    case PRINT_EITHER:
        result = left->number != 0 || right->number != 0;
        break;
    default:
        return false;
    }
    return integer(value, result, true);
}

static bool combine(char op, const struct print_value *left, const struct print_value *right,
                    struct print_value *value)
{
    const bool is_signed = left->is_signed && right->is_signed;
    switch (op) {
    case '|':
        return integer(value, left->number | right->number, is_signed);
    case '&':
        return integer(value, left->number & right->number, is_signed);
    case '^':
        return integer(value, left->number ^ right->number, is_signed);
    case '+':
        return integer(value, left->number + right->number, is_signed);
    case '-':
        return integer(value, left->number - right->number, is_signed);
    case '*':
        return integer(value, left->number * right->number, is_signed);
    case '/':
    case '%':
        return divide(op, left, right, value);
    case PRINT_SHIFT_LEFT:
    case PRINT_SHIFT_RIGHT:
        return shift(op, left, right, value);
    default:
        return compare(op, left, right, value);
    }
}

static bool cast(const struct print_node *node, struct print_value *value)
{
    const unsigned cut = 64U - 8U * node->size;
    const uint64_t low = value->number << cut;
    const uint64_t number = node->is_signed ? (uint64_t)((int64_t)low >> cut) : low >> cut;
    return integer(value, number, node->is_signed || node->size < 4);
}

static bool hex_text(uint64_t number, struct arena *arena, struct print_value *value)
{
    char *room = arena == NULL ? NULL : arena_take(arena, 18);
    if (room == NULL) {
        return false;
    }
    struct output output = {.data = room, .capacity = 18, .maximum = 18};
    struct sink sink;
    sink_start(&sink, &output);
    sink_put_hex(&sink, number);
    return sink_finish(&sink) == ETWAS_OK && text(value, room, output.size);
}

static bool symbol(const struct print_node *node, uint64_t number, struct arena *arena,
                   struct print_value *value)
{
    for (size_t i = 0; i < node->name_count; i++) {
        if (node->names[i].number == number) {
            return text(value, node->names[i].text, strlen(node->names[i].text));
        }
    }
    return hex_text(number, arena, value);
}

/* What joins the pieces of a text of flags. */
static void join(struct sink *sink, const char *start, const char *delimiter)
{
    if (sink->at != start) {
        sink_put(sink, delimiter, strlen(delimiter));
    }
}

/* As the kernel's trace_print_flags_seq(): a name whose bits are all set takes them. */
static bool flags(const struct print_node *node, uint64_t number, struct arena *arena,
                  struct print_value *value)
{
    size_t room = 20 + strlen(node->text);
    for (size_t i = 0; i < node->name_count; i++) {
        if ((number & node->names[i].number) == node->names[i].number) {
            room += strlen(node->names[i].text) + strlen(node->text);
        }
    }
    char *start = arena == NULL ? NULL : arena_take(arena, room);
    if (start == NULL) {
        return false;
    }
    struct output output = {.data = start, .capacity = room, .maximum = room};
    struct sink sink;
    sink_start(&sink, &output);
    for (size_t i = 0; i < node->name_count && number != 0; i++) {
        const struct print_name *name = &node->names[i];
        if ((number & name->number) == name->number) {
            number &= ~name->number;
            join(&sink, start, node->text);
            sink_put(&sink, name->text, strlen(name->text));
        }
    }
    if (number != 0) {
        join(&sink, start, node->text);
        sink_put_hex(&sink, number);
    }
    return sink_finish(&sink) == ETWAS_OK && text(value, start, output.size);
}

/* What has one operand, a number. */
static bool of_number(const struct print_node *node, const struct event *event, struct arena *arena,
                      struct print_value *value)
{
    struct print_value left;
    if (!print_evaluate(node->left, event, arena, &left) || left.is_text) {
        return false;
    }
    switch (node->kind) {
    case PRINT_UNARY:
        *value = left;
        return unary(node->op, value);
    case PRINT_CAST:
        *value = left;
        return cast(node, value);
    case PRINT_FLAGS:
        return flags(node, left.number, arena, value);
    case PRINT_SYMBOLIC:
        return symbol(node, left.number, arena, value);
    case PRINT_NUMBER:
    case PRINT_LITERAL:
    case PRINT_FIELD:
    case PRINT_ITEM:
    case PRINT_BINARY:
    case PRINT_CHOICE:
        break;
    }
    return false;
}

bool print_evaluate(const struct print_node *node, const struct event *event, struct arena *arena,
                    struct print_value *value)
{
    struct print_value left;
    struct print_value right;
    switch (node->kind) {
    case PRINT_NUMBER:
        return integer(value, node->number, node->is_signed);
    case PRINT_LITERAL:
        return text(value, node->text, strlen(node->text));
    case PRINT_FIELD:
        return field(node, event, value);
    case PRINT_ITEM:
        return item(node, event, value);
    case PRINT_BINARY:
        return print_evaluate(node->left, event, arena, &left) && !left.is_text &&
               print_evaluate(node->right, event, arena, &right) && !right.is_text &&
               combine(node->op, &left, &right, value);
    case PRINT_CHOICE:
        return print_evaluate(node->condition, event, arena, &left) && !left.is_text &&
               print_evaluate(left.number != 0 ? node->left : node->right, event, arena, value);
    case PRINT_UNARY:
    case PRINT_CAST:
    case PRINT_FLAGS:
    case PRINT_SYMBOLIC:
        return of_number(node, event, arena, value);
    }
    return false;
}

bool print_constant(const struct print_node *node, struct print_value *value)
{
    return print_evaluate(node, NULL, NULL, value);
}

/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "monitor/event/number.h"
#include "monitor/tracefs/print_format.h"

enum { MAXIMUM_PARTS = 4 /* adjacent %s of one field */ };

struct print_names {
    const struct print_node *parts[MAXIMUM_PARTS];
    size_t count;
    uint64_t mask; /* the bits that are printed */
};

/* `field`, cast or masked or not: which of its bits are looked at? 0: it is something else. */
static uint64_t bits_of(const struct print_node *node, const struct format_field *field)
{
    if (node->kind == PRINT_FIELD) {
        return node->field == field && field->kind <= FIELD_REGISTER ? UINT64_MAX : 0;
    }
    if (node->kind == PRINT_CAST && node->size >= field->size) {
        return bits_of(node->left, field);
    }
    if (node->kind == PRINT_BINARY && node->op == '&' && node->right->kind == PRINT_NUMBER) {
        return bits_of(node->left, field) & node->right->number;
    }
    return 0;
}

static bool is_names(const struct print_node *node)
{
    return node->kind == PRINT_FLAGS || node->kind == PRINT_SYMBOLIC;
}

/* The bits of `field` that `node` prints as a text, and whether by names; 0: it does not. */
static uint64_t printed_bits(const struct print_node *node, const struct format_field *field,
                             bool *named)
{
    if (is_names(node)) {
        *named = true;
        return bits_of(node->left, field);
    }
    if (node->kind != PRINT_CHOICE) {
        return 0;
    }
    uint64_t bits = bits_of(node->condition, field);
    const struct print_node *const branches[] = {node->left, node->right};
    for (size_t i = 0; i < 2 && bits != 0; i++) {
        if (is_names(branches[i])) {
            const uint64_t more = printed_bits(branches[i], field, named);
            bits = more == 0 ? 0 : bits | more;
        } else if (branches[i]->kind != PRINT_LITERAL) {
            bits = 0;
        }
    }
    return bits;
}

static const struct print_node *text_argument(const struct print_format *print, size_t index)
{
    const struct print_piece *piece = &print->pieces[index];
    const bool plain = piece->spec_size == 2 && piece->spec[1] == 's';
    return plain && piece->argument < print->argument_count ? print->arguments[piece->argument]
                                                            : NULL;
}

/* The adjacent %s of `field` from the piece `index` on. */
static struct print_names names_at(const struct print_format *print, size_t index,
                                   const struct format_field *field)
{
    struct print_names names = {0};
    bool named = false;
    for (size_t i = index; i < print->piece_count && names.count < MAXIMUM_PARTS; i++) {
        const struct print_node *node = text_argument(print, i);
        if (node == NULL || (i != index && print->pieces[i].before_size != 0)) {
            break;
        }
        const uint64_t bits = printed_bits(node, field, &named);
        if (bits == 0) {
            break;
        }
        names.parts[names.count++] = node;
        names.mask |= bits;
    }
    names.count = named ? names.count : 0;
    return names;
}

const struct print_names *print_names_find(const struct print_format *print,
                                           const struct format_field *field, struct arena *arena)
{
    struct print_names found = {0};
    for (size_t i = 0; found.count == 0 && i < print->piece_count; i++) {
        found = names_at(print, i, field);
    }
    struct print_names *names = found.count == 0 ? NULL : arena_take(arena, sizeof *names);
    if (names != NULL) {
        *names = found;
    }
    return names;
}

bool print_names_text(const struct print_names *names, const struct event *event, uint64_t number,
                      struct arena *arena, struct value *text)
{
    struct print_value parts[MAXIMUM_PARTS];
    size_t room = sizeof "|0x" + 16;
    for (size_t i = 0; i < names->count; i++) {
        if (!print_evaluate(names->parts[i], event, arena, &parts[i]) || !parts[i].is_text) {
            return false;
        }
        room += parts[i].text.as.text.size;
    }
    const uint64_t rest = number & ~names->mask;
    if (names->count == 1 && rest == 0) {
        *text = parts[0].text;
        return true;
    }
    char *start = arena_take(arena, room);
    if (start == NULL) {
        return false;
    }
    struct output output = {.data = start, .capacity = room, .maximum = room};
    struct sink sink;
    sink_start(&sink, &output);
    for (size_t i = 0; i < names->count; i++) {
        sink_put(&sink, parts[i].text.as.text.data, parts[i].text.as.text.size);
    }
    if (rest != 0) {
        SINK_PUT(&sink, "|");
        sink_put_hex(&sink, rest);
    }
    *text = (struct value){.type = VALUE_TEXT};
    text->as.text.data = start;
    text->as.text.size = (size_t)(sink.at - start);
    return sink_finish(&sink) == ETWAS_OK;
}

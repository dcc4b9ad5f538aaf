/* SPDX-License-Identifier: MIT */
#include "monitor/tracefs/print_format.h"
#include "monitor/tracefs/scan.h"

struct parser {
    struct scan text;
    struct arena *arena;
    const struct format *format;
    unsigned depth;
};

static const struct print_node *conditional(struct parser *parser);

static struct print_node *node_of(struct parser *parser, enum print_kind kind)
{
    struct print_node *node = arena_take(parser->arena, sizeof *node);
    if (node != NULL) {
        *node = (struct print_node){.kind = kind};
    }
    return node;
}

/* Steps over `word` when it comes next. */
static bool accept(struct parser *parser, const char *word)
{
    scan_spaces(&parser->text);
    if (!scan_starts(parser->text, word)) {
        return false;
    }
    scan_skip(&parser->text, strlen(word));
    return true;
}

static struct scan name_ahead(struct parser *parser)
{
    scan_spaces(&parser->text);
    struct scan name = parser->text;
    name.left = 0;
    while (name.left < parser->text.left && scan_is_name(name.at[name.left])) {
        name.left++;
    }
    return name;
}

/* An operation on constants becomes one, for tables and masks must be. */
static const struct print_node *folded(struct parser *parser, struct print_node *node)
{
    struct print_value value;
    if (node == NULL || (node->left != NULL && node->left->kind != PRINT_NUMBER) ||
        (node->right != NULL && node->right->kind != PRINT_NUMBER) ||
        !print_constant(node, &value) || value.is_text) {
        return node;
    }
    struct print_node *constant = node_of(parser, PRINT_NUMBER);
    if (constant != NULL) {
        constant->number = value.number;
        constant->is_signed = value.is_signed;
    }
    return constant;
}

static int digit_of(char c, unsigned base)
{
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : 99;
    return digit < (int)base ? digit : -1;
}

static const struct print_node *number(struct parser *parser)
{
    struct scan digits = name_ahead(parser);
    scan_skip(&parser->text, digits.left);
    struct print_node *node = node_of(parser, PRINT_NUMBER);
    if (node == NULL) {
        return NULL;
    }
    unsigned base = 10;
    if (scan_starts(digits, "0x") || scan_starts(digits, "0X")) {
        base = 16;
        scan_skip(&digits, 2);
    } else if (scan_starts(digits, "0")) {
        base = 8;
    }
    node->is_signed = true;
    for (; digits.left != 0 && digit_of(*digits.at, base) >= 0; scan_skip(&digits, 1)) {
        node->number = node->number * base + (uint64_t)digit_of(*digits.at, base);
    }
    for (; digits.left != 0; scan_skip(&digits, 1)) {
        if (strchr("uUlL", *digits.at) == NULL) {
            return NULL;
        }
        node->is_signed = node->is_signed && (*digits.at == 'l' || *digits.at == 'L');
    }
    return node;
}

/* 'c', without escapes: they do not occur. */
static const struct print_node *character(struct parser *parser)
{
    struct print_node *node = node_of(parser, PRINT_NUMBER);
    if (node == NULL || parser->text.left < 3 || parser->text.at[2] != '\'' ||
        parser->text.at[1] == '\\') {
        return NULL;
    }
    node->number = (uint8_t)parser->text.at[1];
    node->is_signed = true;
    scan_skip(&parser->text, 3);
    return node;
}

/* One character of a C string. */
static char literal_character(struct scan *text)
{
    char c = *text->at;
    scan_skip(text, 1);
    if (c == '\\' && text->left != 0) {
        c = *text->at;
        scan_skip(text, 1);
        return (char)(c == 'n' ? '\n' : c == 't' ? '\t' : c);
    }
    return c;
}

/* One or more C strings in a row, as one; NULL when there is none. */
static char *literal(struct parser *parser)
{
    char *text = NULL;
    size_t size = 0;
    while (accept(parser, "\"")) {
        text = text != NULL ? text : arena_take(parser->arena, parser->text.left + 1);
        if (text == NULL) {
            return NULL;
        }
        while (parser->text.left != 0 && *parser->text.at != '"') {
            text[size++] = literal_character(&parser->text);
        }
        if (parser->text.left == 0) {
            return NULL;
        }
        scan_skip(&parser->text, 1);
        text[size] = 0;
    }
    return text;
}

/* Tables grow from 16 names by doubling: when the count is such a size, it is full. */
static bool room_for_name(struct parser *parser, struct print_node *node)
{
    const size_t count = node->name_count;
    if (count != 0 && (count < 16 || (count & (count - 1)) != 0)) {
        return true;
    }
    struct print_name *more =
        arena_take(parser->arena, (count == 0 ? 16 : 2 * count) * sizeof *more);
    if (more == NULL) {
        return false;
    }
    if (count != 0) {
        memcpy(more, node->names, count * sizeof *more);
    }
    node->names = more;
    return true;
}

/* { number, "name" }, ... up to the closing parenthesis. */
static bool names(struct parser *parser, struct print_node *node)
{
    while (!accept(parser, ")")) {
        if (node->name_count == PRINT_NAMES || !accept(parser, "{")) {
            return false;
        }
        const struct print_node *value = conditional(parser);
        const bool comma = accept(parser, ",");
        if (comma && accept(parser, "((void *)0)") && accept(parser, "}")) {
            continue; /* the end of a table, as some write it themselves */
        }
        const char *text = comma ? literal(parser) : NULL;
        if (value == NULL || value->kind != PRINT_NUMBER || text == NULL || !accept(parser, "}")) {
            return false;
        }
        if (!room_for_name(parser, node)) {
            return false;
        }
        node->names[node->name_count++] = (struct print_name){value->number, text};
        (void)accept(parser, ",");
    }
    return true;
}

/* __print_flags(value, "|", {...}, ...) and its like, behind the name. */
static const struct print_node *named(struct parser *parser, enum print_kind kind)
{
    struct print_node *node = node_of(parser, kind);
    if (node == NULL || !accept(parser, "(")) {
        return NULL;
    }
    node->left = conditional(parser);
    if (node->left == NULL || !accept(parser, ",")) {
        return NULL;
    }
    if (kind == PRINT_FLAGS) {
        node->text = literal(parser);
        if (node->text == NULL || !accept(parser, ",")) {
            return NULL;
        }
    }
    return names(parser, node) ? node : NULL;
}

static const struct print_node *field_called(struct parser *parser, struct scan name)
{
    struct print_node *node = node_of(parser, PRINT_FIELD);
    if (node == NULL) {
        return NULL;
    }
    node->field = format_field_find(parser->format, name.at, name.left);
    return node->field != NULL ? node : NULL;
}

/* What stands behind "REC->": a field or an item of one. */
static const struct print_node *record_field(struct parser *parser)
{
    const struct scan name = name_ahead(parser);
    scan_skip(&parser->text, name.left);
    const struct print_node *field = field_called(parser, name);
    if (field == NULL || !accept(parser, "[")) {
        return field;
    }
    const struct print_node *index = conditional(parser);
    struct print_node *item = node_of(parser, PRINT_ITEM);
    if (item == NULL || index == NULL || index->kind != PRINT_NUMBER || !accept(parser, "]")) {
        return NULL;
    }
    item->field = field->field;
    item->number = index->number;
    return item;
}

static const struct print_node *function(struct parser *parser, struct scan name)
{
    scan_skip(&parser->text, name.left);
    if (scan_is(name, "__print_flags") || scan_is(name, "__print_flags_u64")) {
        return named(parser, PRINT_FLAGS);
    }
    if (scan_is(name, "__print_symbolic") || scan_is(name, "__print_symbolic_u64")) {
        return named(parser, PRINT_SYMBOLIC);
    }
    if ((scan_is(name, "__get_str") || scan_is(name, "__get_rel_str")) && accept(parser, "(")) {
        const struct scan field = name_ahead(parser);
        scan_skip(&parser->text, field.left);
        return accept(parser, ")") ? field_called(parser, field) : NULL;
    }
    if (scan_is(name, "REC") && accept(parser, "->")) {
        return record_field(parser);
    }
    return NULL;
}

struct cast {
    uint8_t size;
    bool is_signed;
};

/*
 * The type in "(type)", or a size of 0: then it is an expression. Types that are
 * not known are taken for 64 bits.
 */
static struct cast cast_of(struct scan type)
{
    static const struct {
        const char *word;
        struct cast cast;
    } TYPES[] = {
        {"u8",                 {1, false}},
        {"__u8",               {1, false}},
        {"unsigned char",      {1, false}},
        {"bool",               {1, false}},
        {"s8",                 {1, true} },
        {"char",               {1, true} },
        {"u16",                {2, false}},
        {"__u16",              {2, false}},
        {"unsigned short",     {2, false}},
        {"s16",                {2, true} },
        {"short",              {2, true} },
        {"u32",                {4, false}},
        {"__u32",              {4, false}},
        {"unsigned int",       {4, false}},
        {"unsigned",           {4, false}},
        {"gfp_t",              {4, false}},
        {"uint",               {4, false}},
        {"__kernel_rwf_t",     {4, true} },
        {"int",                {4, true} },
        {"s32",                {4, true} },
        {"long",               {8, true} },
        {"long long",          {8, true} },
        {"s64",                {8, true} },
        {"loff_t",             {8, true} },
        {"int64_t",            {8, true} },
        {"unsigned long",      {8, false}},
        {"unsigned long long", {8, false}},
        {"u64",                {8, false}},
        {"__u64",              {8, false}},
    };
    scan_spaces(&type);
    while (type.left != 0 && type.at[type.left - 1] == ' ') {
        type.left--;
    }
    for (size_t i = 0; i < sizeof TYPES / sizeof TYPES[0]; i++) {
        if (scan_is(type, TYPES[i].word)) {
            return TYPES[i].cast;
        }
    }
    /* A pointer, or a type name as the kernel spells them. */
    char last = 0;
    if (type.left > 2) {
        last = type.at[type.left - 1];
    }
    const bool is_type = last == '*' || (last == 't' && type.at[type.left - 2] == '_');
    for (size_t i = 0; i < type.left; i++) {
        if (!scan_is_name(type.at[i]) && type.at[i] != ' ' && type.at[i] != '*') {
            return (struct cast){0};
        }
    }
    return is_type ? (struct cast){8, false} : (struct cast){0};
}

static const struct print_node *operand(struct parser *parser);

/* After "(": a cast and its operand, or an expression and ")". */
static const struct print_node *parenthesis(struct parser *parser)
{
    scan_spaces(&parser->text);
    struct scan ahead = parser->text;
    const struct scan type = scan_until(&ahead, ')');
    const struct cast cast = cast_of(type);
    if (cast.size != 0) {
        parser->text = ahead;
        struct print_node *node = node_of(parser, PRINT_CAST);
        const struct print_node *left = operand(parser);
        if (node == NULL || left == NULL) {
            return NULL;
        }
        node->size = cast.size;
        node->is_signed = cast.is_signed;
        node->left = left;
        return folded(parser, node);
    }
    const struct print_node *inner = conditional(parser);
    return accept(parser, ")") ? inner : NULL;
}

/* What is behind ! ~ - */
static const struct print_node *unary(struct parser *parser)
{
    struct print_node *node = node_of(parser, PRINT_UNARY);
    const char op = *parser->text.at;
    scan_skip(&parser->text, 1);
    const struct print_node *left = operand(parser);
    if (node == NULL || left == NULL) {
        return NULL;
    }
    node->op = op;
    node->left = left;
    return folded(parser, node);
}

static const struct print_node *text_constant(struct parser *parser)
{
    struct print_node *node = node_of(parser, PRINT_LITERAL);
    const char *text = literal(parser);
    if (node == NULL || text == NULL) {
        return NULL;
    }
    node->text = text;
    return node;
}

static const struct print_node *any_operand(struct parser *parser)
{
    switch (*parser->text.at) {
    case '(':
        scan_skip(&parser->text, 1);
        return parenthesis(parser);
    case '!':
    case '~':
    case '-':
        return unary(parser);
    case '"':
        return text_constant(parser);
    case '\'':
        return character(parser);
    default:
        break;
    }
    if (digit_of(*parser->text.at, 10) >= 0) {
        return number(parser);
    }
    const struct scan name = name_ahead(parser);
    return name.left == 0 ? NULL : function(parser, name);
}

static const struct print_node *operand(struct parser *parser)
{
    scan_spaces(&parser->text);
    if (parser->text.left == 0 || parser->depth == PRINT_DEPTH) {
        return NULL;
    }
    parser->depth++;
    const struct print_node *result = any_operand(parser);
    parser->depth--;
    return result;
}

struct infix {
    const char *text;
    char name;
    unsigned rank; /* the higher binds the tighter */
};

/* Longer ones first. */
static const struct infix OPERATORS[] = {
    {"||", PRINT_EITHER,      1 },
    {"&&", PRINT_BOTH,        2 },
    {"==", PRINT_EQUAL,       6 },
    {"!=", PRINT_UNEQUAL,     6 },
    {">=", PRINT_NOT_LESS,    7 },
    {"<=", PRINT_NOT_GREATER, 7 },
    {"<<", PRINT_SHIFT_LEFT,  8 },
    {">>", PRINT_SHIFT_RIGHT, 8 },
    {"|",  '|',               3 },
    {"^",  '^',               4 },
    {"&",  '&',               5 },
    {"<",  '<',               7 },
    {">",  '>',               7 },
    {"+",  '+',               9 },
    {"-",  '-',               9 },
    {"*",  '*',               10},
    {"/",  '/',               10},
    {"%",  '%',               10},
};

static const struct infix *operator_ahead(struct parser *parser)
{
    scan_spaces(&parser->text);
    for (size_t i = 0; i < sizeof OPERATORS / sizeof OPERATORS[0]; i++) {
        if (scan_starts(parser->text, OPERATORS[i].text)) {
            return &OPERATORS[i];
        }
    }
    return NULL;
}

/* Operands and operators of at least `rank`, those of equal rank from the left. */
static const struct print_node *binary(struct parser *parser, unsigned rank)
{
    const struct print_node *left = operand(parser);
    const struct infix *ahead = operator_ahead(parser);
    while (left != NULL && ahead != NULL && ahead->rank >= rank) {
        scan_skip(&parser->text, strlen(ahead->text));
        struct print_node *node = node_of(parser, PRINT_BINARY);
        const struct print_node *right = binary(parser, ahead->rank + 1);
        if (node == NULL || right == NULL) {
            return NULL;
        }
        node->op = ahead->name;
        node->left = left;
        node->right = right;
        left = folded(parser, node);
        ahead = operator_ahead(parser);
    }
    return left;
}

static const struct print_node *conditional(struct parser *parser)
{
    if (parser->depth == PRINT_DEPTH) {
        return NULL;
    }
    const struct print_node *condition = binary(parser, 1);
    if (condition == NULL || !accept(parser, "?")) {
        return condition;
    }
    struct print_node *node = node_of(parser, PRINT_CHOICE);
    parser->depth++;
    const struct print_node *left = conditional(parser);
    const struct print_node *right = accept(parser, ":") ? conditional(parser) : NULL;
    parser->depth--;
    if (node == NULL || left == NULL || right == NULL) {
        return NULL;
    }
    node->condition = condition;
    node->left = left;
    node->right = right;
    return node;
}

/* Over an argument that was not understood, to the comma behind it. */
static void skip_argument(struct scan *text)
{
    int depth = 0;
    bool quoted = false;
    for (; text->left != 0; scan_skip(text, 1)) {
        const char c = *text->at;
        if (quoted && c == '\\') {
            scan_skip(text, 1);
        } else if (c == '"') {
            quoted = !quoted;
        } else if (!quoted && (c == '(' || c == '{' || c == '[')) {
            depth++;
        } else if (!quoted && (c == ')' || c == '}' || c == ']')) {
            depth--;
        } else if (!quoted && c == ',' && depth == 0) {
            return;
        }
    }
}

static bool all_arguments(struct parser *parser, struct print_format *print)
{
    const struct print_node *arguments[PRINT_ARGUMENTS];
    while (accept(parser, ",")) {
        if (print->argument_count == PRINT_ARGUMENTS) {
            return false;
        }
        const struct scan start = parser->text;
        parser->depth = 0;
        const struct print_node *node = conditional(parser);
        scan_spaces(&parser->text);
        if (parser->text.left != 0 && *parser->text.at != ',') {
            node = NULL;
        }
        if (node == NULL) {
            parser->text = start;
            skip_argument(&parser->text);
        }
        arguments[print->argument_count++] = node;
    }
    const size_t size = print->argument_count * sizeof(const struct print_node *);
    const struct print_node **kept = arena_take(parser->arena, size + 1);
    if (kept != NULL) {
        memcpy(kept, arguments, size);
        print->arguments = kept;
    }
    return kept != NULL;
}

const struct print_format *print_format_parse(const struct format *format, const char *text,
                                              size_t size, struct arena *arena)
{
    struct parser parser = {
        .text = {.at = text, .left = size},
        .arena = arena,
        .format = format,
    };
    struct print_format *print = arena_take(arena, sizeof *print);
    const char *format_text = literal(&parser);
    if (print == NULL || format_text == NULL) {
        return NULL;
    }
    *print = (struct print_format){0};
    if (!print_pieces(format_text, arena, print) || !all_arguments(&parser, print)) {
        return NULL;
    }
    return print;
}

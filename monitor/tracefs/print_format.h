/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_TRACEFS_PRINT_FORMAT_H
#define ETWAS_MONITOR_TRACEFS_PRINT_FORMAT_H

#include "monitor/tracefs/format.h"

/*
 * The `print fmt` of a tracefs format: a printf text and C expressions over the
 * record (`REC->field`). It is read for the names that the kernel gives to
 * numbers, with __print_flags() and __print_symbolic(). An argument that is not
 * understood (a function of the kernel's, an enum the kernel left unresolved)
 * costs only itself.
 *
 * Everything lives in the arena of the format.
 */
enum {
    PRINT_ARGUMENTS = 256,
    PRINT_NAMES = 1024, /* of one __print_flags() */
    PRINT_DEPTH = 200,  /* of parentheses */
};

enum print_kind {
    PRINT_NUMBER,
    PRINT_LITERAL,
    PRINT_FIELD,    /* REC->field, a number or a text; __get_str(field) */
    PRINT_ITEM,     /* REC->field[number] */
    PRINT_UNARY,    /* ! ~ - left */
    PRINT_BINARY,   /* left op right */
    PRINT_CHOICE,   /* condition ? left : right */
    PRINT_CAST,     /* to an integer of `size` bytes */
    PRINT_FLAGS,    /* __print_flags(left, text, names) */
    PRINT_SYMBOLIC, /* __print_symbolic(left, names) */
};

/* Binary operators of two characters are named by these, the others by their own. */
enum {
    PRINT_SHIFT_LEFT = 'l',
    PRINT_SHIFT_RIGHT = 'r',
    PRINT_NOT_LESS = 'g',
    PRINT_NOT_GREATER = 's',
    PRINT_EQUAL = 'e',
    PRINT_UNEQUAL = 'n',
    PRINT_BOTH = 'b',
    PRINT_EITHER = 'o',
};

struct print_name {
    uint64_t number;
    const char *text;
};

struct print_node {
    enum print_kind kind;
    char op;
    uint8_t size;
    bool is_signed; /* of numbers and casts */
    uint64_t number;
    const char *text;
    const struct format_field *field;
    const struct print_node *condition;
    const struct print_node *left;
    const struct print_node *right;
    struct print_name *names;
    size_t name_count;
};

/* One conversion of the text, with what stands before it. */
struct print_piece {
    const char *before;
    size_t before_size;
    const char *spec; /* "%08lx"; empty for the end of the text */
    size_t spec_size;
    size_t argument; /* the index of its own, behind those of its stars */
};

struct print_format {
    const struct print_piece *pieces;          /* the last one has no conversion */
    const struct print_node *const *arguments; /* NULL: not understood */
    size_t piece_count;
    size_t argument_count;
};

/* NULL when it is no print fmt at all, or the arena is full. */
const struct print_format *print_format_parse(const struct format *format, const char *text,
                                              size_t size, struct arena *arena);

/* The part of print_format_parse() that cuts the text, which must live as long. */
bool print_pieces(const char *text, struct arena *arena, struct print_format *print);

struct print_value {
    bool is_text;
    bool is_signed;
    uint64_t number;
    struct value text;
};

/* The value of an argument for one record; false when it cannot be told. */
bool print_evaluate(const struct print_node *node, const struct event *event, struct arena *arena,
                    struct print_value *value);

/* For constants: the same without a record. */
bool print_constant(const struct print_node *node, struct print_value *value);

/*
 * How a field is printed by name, or NULL: it is the only field in one or more
 * adjacent %s, of which one is made of flags or symbols of the whole number, or
 * of some of its bits. Bits that are not printed are added in hex, so that no
 * number is hidden by its names.
 */
const struct print_names *print_names_find(const struct print_format *print,
                                           const struct format_field *field, struct arena *arena);

/* `number` is the value of the field in the record of `event`. */
bool print_names_text(const struct print_names *names, const struct event *event, uint64_t number,
                      struct arena *arena, struct value *text);

#endif

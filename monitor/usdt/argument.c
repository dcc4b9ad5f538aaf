/* SPDX-License-Identifier: MIT */
#include "monitor/usdt/argument.h"

#include <string.h>

/* The text that is left, borrowed. */
struct span {
    const char *at;
    size_t size;
};

struct register_name {
    enum usdt_register reg;
    uint8_t width; /* bytes */
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool take(struct span *span, char c)
{
    if (span->size == 0 || *span->at != c) {
        return false;
    }
    span->at++;
    span->size--;
    return true;
}

static int digit_value(char c, unsigned base)
{
    if (is_digit(c)) {
        return c - '0';
    }
    if (base == 16 && c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (base == 16 && c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

static bool take_digits(struct span *span, unsigned base, uint64_t *value)
{
    size_t before = span->size;
    *value = 0;
    while (span->size > 0) {
        int digit = digit_value(*span->at, base);
        if (digit < 0) {
            break;
        }
        if (*value > (UINT64_MAX - (uint64_t)digit) / base) {
            return false;
        }
        *value = *value * base + (uint64_t)digit;
        span->at++;
        span->size--;
    }
    return span->size < before;
}

/* "-12", "12" or "0x1f"; two's complement, so that $0xffffffffffffffff is -1. */
static bool take_number(struct span *span, int64_t *value)
{
    bool negative = take(span, '-');
    unsigned base = 10;
    if (span->size > 2 && span->at[0] == '0' && span->at[1] == 'x') {
        base = 16;
        span->at += 2;
        span->size -= 2;
    }
    uint64_t magnitude;
    if (!take_digits(span, base, &magnitude)) {
        return false;
    }
    if (negative && magnitude > (uint64_t)1 << 63) {
        return false;
    }
    magnitude = negative ? 0 - magnitude : magnitude;
    memcpy(value, &magnitude, sizeof *value);
    return true;
}

static bool span_is(struct span span, const char *text)
{
    return span.size == strlen(text) && memcmp(span.at, text, span.size) == 0;
}

/* The second bytes (%ah ...) are not here: the kernel cannot fetch them. */
static bool find_old_register(struct span name, struct register_name *found)
{
    static const char *const names[8][4] = {
        {"rax", "eax", "ax", "al" },
        {"rbx", "ebx", "bx", "bl" },
        {"rcx", "ecx", "cx", "cl" },
        {"rdx", "edx", "dx", "dl" },
        {"rsi", "esi", "si", "sil"},
        {"rdi", "edi", "di", "dil"},
        {"rbp", "ebp", "bp", "bpl"},
        {"rsp", "esp", "sp", "spl"},
    };
    for (unsigned i = 0; i < 32; i++) {
        if (span_is(name, names[i / 4][i % 4])) {
            found->reg = (enum usdt_register)(i / 4);
            found->width = (uint8_t)(8U >> (i % 4));
            return true;
        }
    }
    return false;
}

/* r8 .. r15, with d, w or b for their lower parts. */
static bool find_new_register(struct span name, struct register_name *found)
{
    uint64_t number;
    bool named = take(&name, 'r') && take_digits(&name, 10, &number);
    if (!named || number < 8 || number > 15) {
        return false;
    }
    found->reg = (enum usdt_register)number;
    found->width = 8;
    if (take(&name, 'd')) {
        found->width = 4;
    } else if (take(&name, 'w')) {
        found->width = 2;
    } else if (take(&name, 'b')) {
        found->width = 1;
    }
    return name.size == 0;
}

static bool take_register(struct span *span, struct register_name *found)
{
    if (!take(span, '%')) {
        return false;
    }
    struct span name = {span->at, 0};
    while (name.size < span->size && (is_digit(name.at[name.size]) ||
                                      (name.at[name.size] >= 'a' && name.at[name.size] <= 'z'))) {
        name.size++;
    }
    span->at += name.size;
    span->size -= name.size;
    return find_old_register(name, found) || find_new_register(name, found);
}

static bool parse_constant(struct span span, struct usdt_argument *argument)
{
    int64_t value;
    if (!take(&span, '$') || !take_number(&span, &value) || span.size != 0) {
        return false;
    }
    argument->operand = USDT_CONSTANT;
    argument->value = value;
    return true;
}

static bool parse_register(struct span span, struct usdt_argument *argument)
{
    struct register_name found;
    if (!take_register(&span, &found) || span.size != 0) {
        return false;
    }
    argument->operand = USDT_REGISTER;
    argument->reg = (uint8_t)found.reg;
    return true;
}

/* "-20(%rbp)". A base narrower than an address would be cut first: not for us. */
static bool parse_memory(struct span span, uint8_t word, struct usdt_argument *argument)
{
    struct register_name base;
    int64_t displacement = 0;
    if (span.size > 0 && *span.at != '(' && !take_number(&span, &displacement)) {
        return false;
    }
    if (!take(&span, '(') || !take_register(&span, &base) || !take(&span, ')') || span.size != 0 ||
        base.width != word) {
        return false;
    }
    argument->operand = USDT_MEMORY;
    argument->reg = (uint8_t)base.reg;
    argument->value = displacement;
    return true;
}

/* Takes "-4@". False: there is a size, but none of an integer (as in "8f@%xmm0"). */
static bool take_size(struct span *word, struct usdt_argument *argument)
{
    const char *at = memchr(word->at, '@', word->size);
    if (at == NULL) {
        return true;
    }
    struct span size = {word->at, (size_t)(at - word->at)};
    word->size -= size.size + 1;
    word->at = at + 1;
    bool is_signed = take(&size, '-');
    if (size.size != 1 || strchr("1248", *size.at) == NULL || *size.at == '\0') {
        return false;
    }
    argument->is_signed = is_signed;
    argument->size = (uint8_t)(*size.at - '0');
    return true;
}

static void parse_argument(struct span word, struct argument_dialect dialect,
                           struct usdt_argument *argument)
{
    *argument = (struct usdt_argument){.operand = USDT_UNSUPPORTED, .size = dialect.word};
    if (!take_size(&word, argument) || !dialect.x86) {
        return;
    }
    if (!parse_constant(word, argument) && !parse_register(word, argument)) {
        (void)parse_memory(word, dialect.word, argument); /* else it stays unsupported */
    }
}

/* ARM writes spaces inside brackets: "8@[sp, 16]". */
static struct span take_word(struct span *text)
{
    while (take(text, ' ')) {
    }
    struct span word = {text->at, 0};
    bool bracket = false;
    while (word.size < text->size && (bracket || word.at[word.size] != ' ')) {
        char c = word.at[word.size];
        bracket = c == '[' || (bracket && c != ']');
        word.size++;
    }
    text->at += word.size;
    text->size -= word.size;
    return word;
}

enum etwas_status argument_parse(const char *text, size_t size, struct argument_dialect dialect,
                                 struct usdt_argument *arguments, uint8_t *count)
{
    struct span left = {text, size};
    *count = 0;
    for (;;) {
        struct span word = take_word(&left);
        if (word.size == 0) {
            return ETWAS_OK;
        }
        if (*count == USDT_MAX_ARGUMENTS) {
            return ETWAS_TOO_BIG;
        }
        parse_argument(word, dialect, &arguments[(*count)++]);
    }
}

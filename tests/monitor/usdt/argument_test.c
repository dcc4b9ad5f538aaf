/* SPDX-License-Identifier: MIT */
#include "monitor/usdt/argument.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/check.h"

static const struct argument_dialect x86_64 = {.word = 8, .x86 = true};
static const struct argument_dialect x86_32 = {.word = 4, .x86 = true};

static uint8_t parse(const char *text, struct argument_dialect dialect,
                     struct usdt_argument *arguments)
{
    uint8_t count;
    /* Without its zero, so that a sanitizer sees a read past it. */
    size_t size = strlen(text);
    char *exact = malloc(size > 0 ? size : 1);
    assert_non_null(exact);
    for (size_t i = 0; i < size; i++) {
        exact[i] = text[i];
    }
    assert_int_equal(argument_parse(exact, size, dialect, arguments, &count), ETWAS_OK);
    free(exact);
    return count;
}

static struct usdt_argument parse_one(const char *text, struct argument_dialect dialect)
{
    struct usdt_argument arguments[USDT_MAX_ARGUMENTS];
    assert_int_equal(parse(text, dialect, arguments), 1);
    return arguments[0];
}

static void check_unsupported(const char *text, struct argument_dialect dialect)
{
    struct usdt_argument argument = parse_one(text, dialect);
    if (argument.operand != USDT_UNSUPPORTED || argument.reg != 0 || argument.value != 0) {
        fail_msg("%s should be unsupported", text);
    }
}

static void every_spelling_names_its_register(void **state)
{
    (void)state;
    static const char *const spellings[][4] = {
        {"rax", "eax",  "ax",   "al"  },
        {"rbx", "ebx",  "bx",   "bl"  },
        {"rcx", "ecx",  "cx",   "cl"  },
        {"rdx", "edx",  "dx",   "dl"  },
        {"rsi", "esi",  "si",   "sil" },
        {"rdi", "edi",  "di",   "dil" },
        {"rbp", "ebp",  "bp",   "bpl" },
        {"rsp", "esp",  "sp",   "spl" },
        {"r8",  "r8d",  "r8w",  "r8b" },
        {"r9",  "r9d",  "r9w",  "r9b" },
        {"r10", "r10d", "r10w", "r10b"},
        {"r11", "r11d", "r11w", "r11b"},
        {"r12", "r12d", "r12w", "r12b"},
        {"r13", "r13d", "r13w", "r13b"},
        {"r14", "r14d", "r14w", "r14b"},
        {"r15", "r15d", "r15w", "r15b"},
    };
    for (size_t reg = 0; reg < USDT_REGISTERS; reg++) {
        for (size_t width = 0; width < 4; width++) {
            char text[16];
            (void)snprintf(text, sizeof text, "4@%%%s", spellings[reg][width]);
            struct usdt_argument argument = parse_one(text, x86_64);
            assert_int_equal(argument.operand, USDT_REGISTER);
            assert_int_equal(argument.reg, reg);
            assert_int_equal(argument.size, 4);
            assert_false(argument.is_signed);
        }
    }
}

static void sizes_and_signs_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint8_t size;
        bool is_signed;
    } cases[] = {
        {"1@%al",   1, false},
        {"-1@%al",  1, true },
        {"2@%ax",   2, false},
        {"-2@%ax",  2, true },
        {"-4@%eax", 4, true },
        {"8@%rax",  8, false},
        {"-8@%rax", 8, true },
        {"%rax",    8, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct usdt_argument argument = parse_one(cases[i].text, x86_64);
        assert_int_equal(argument.operand, USDT_REGISTER);
        assert_int_equal(argument.size, cases[i].size);
        assert_int_equal(argument.is_signed, cases[i].is_signed);
    }
    assert_int_equal(parse_one("%eax", x86_32).size, 4);
}

static void memory_has_a_base_and_a_displacement(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum usdt_register reg;
        int64_t value;
    } cases[] = {
        {"8@(%rax)",                    USDT_AX,  0        },
        {"-4@-20(%rbp)",                USDT_BP,  -20      },
        {"4@16(%rsp)",                  USDT_SP,  16       },
        {"1@0x10(%r15)",                USDT_R15, 16       },
        {"8@-0x8(%r8)",                 USDT_R8,  -8       },
        {"8@-9223372036854775808(%r9)", USDT_R9,  INT64_MIN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct usdt_argument argument = parse_one(cases[i].text, x86_64);
        assert_int_equal(argument.operand, USDT_MEMORY);
        assert_int_equal(argument.reg, cases[i].reg);
        assert_true(argument.value == cases[i].value);
    }
    assert_int_equal(parse_one("4@-8(%ebp)", x86_32).operand, USDT_MEMORY);
}

static void constants_keep_their_bits(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t value;
    } cases[] = {
        {"4@$5",                    5        },
        {"-4@$-5",                  -5       },
        {"8@$0x1f",                 31       },
        {"8@$0xFFFFFFFFFFFFFFFF",   -1       },
        {"8@$18446744073709551615", -1       },
        {"8@$9223372036854775807",  INT64_MAX},
        {"-8@$0",                   0        },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct usdt_argument argument = parse_one(cases[i].text, x86_64);
        assert_int_equal(argument.operand, USDT_CONSTANT);
        assert_true(argument.value == cases[i].value);
    }
}

static void what_the_kernel_cannot_fetch_keeps_its_place(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "8@-8(%rax,%rbx,4)",
        "8@(,%rbx,8)",
        "8@counter(%rip)",
        "8@counter+4(%rip)",
        "4@1234",
        "8@%fs:16",
        "8@%ah",
        "8@%xmm0",
        "8f@%xmm0",
        "8@%rip",
        "8@%r7",
        "8@%r16",
        "8@%r8x",
        "8@%r",
        "8@%",
        "8@",
        "8@$",
        "8@$-",
        "8@$0x",
        "8@$1x",
        "8@$99999999999999999999",
        "8@$-9223372036854775809",
        "3@%rax",
        "16@%rax",
        "@%rax",
        "-@%rax",
        "8@8@%rax",
        "8@4(%eax)",
        "8@(%rax",
        "8@4(rax)",
        "8@x0",
        "8@[sp, 16]",
        "(%)",
        "-",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check_unsupported(cases[i], x86_64);
    }
    check_unsupported("8@%rax", (struct argument_dialect){.word = 8, .x86 = false});
    check_unsupported("8@$1", (struct argument_dialect){.word = 8, .x86 = false});
    struct usdt_argument arguments[USDT_MAX_ARGUMENTS];
    assert_int_equal(parse("8@%rdi 8@x(%rip) 8@%rdx", x86_64, arguments), 3);
    assert_int_equal(arguments[1].operand, USDT_UNSUPPORTED);
    assert_int_equal(arguments[2].reg, USDT_DX);
}

static void arguments_are_separated_by_spaces(void **state)
{
    (void)state;
    struct usdt_argument arguments[USDT_MAX_ARGUMENTS];
    assert_int_equal(parse("", x86_64, arguments), 0);
    assert_int_equal(parse("   ", x86_64, arguments), 0);
    assert_int_equal(parse(" 8@%rdi  4@%esi ", x86_64, arguments), 2);
    assert_int_equal(arguments[1].reg, USDT_SI);
    struct argument_dialect arm = {.word = 8, .x86 = false};
    assert_int_equal(parse("8@[sp, 16] 4@w1", arm, arguments), 2);
    assert_int_equal(arguments[1].size, 4);
}

static void twelve_arguments_fit_and_thirteen_do_not(void **state)
{
    (void)state;
    struct usdt_argument arguments[USDT_MAX_ARGUMENTS];
    uint8_t count;
    const char text[] = "$0 $1 $2 $3 $4 $5 $6 $7 $8 $9 $10 $11";
    assert_int_equal(parse(text, x86_64, arguments), 12);
    assert_true(arguments[11].value == 11);
    const char more[] = "$0 $1 $2 $3 $4 $5 $6 $7 $8 $9 $10 $11 $12";
    assert_int_equal(argument_parse(more, strlen(more), x86_64, arguments, &count), ETWAS_TOO_BIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_spelling_names_its_register),
        cmocka_unit_test(sizes_and_signs_are_told),
        cmocka_unit_test(memory_has_a_base_and_a_displacement),
        cmocka_unit_test(constants_keep_their_bits),
        cmocka_unit_test(what_the_kernel_cannot_fetch_keeps_its_place),
        cmocka_unit_test(arguments_are_separated_by_spaces),
        cmocka_unit_test(twelve_arguments_fit_and_thirteen_do_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_IPC_USDT_H
#define ETWAS_IPC_USDT_H

#include <stdint.h>

/*
 * How a user-space probe (USDT) hands over its arguments. The monitor reads it
 * from a program's notes, the controller renders it as the kernel's words; so
 * the values travel, and new ones go to the end.
 */
enum {
    USDT_MAX_ARGUMENTS = 12, /* what the note format itself allows */
    USDT_REGISTERS = 16,
};

enum usdt_operand {
    USDT_REGISTER = 0, /* the value of `reg` */
    USDT_MEMORY,       /* what lies at `reg` + `value` */
    USDT_CONSTANT,     /* `value` itself */
    USDT_UNSUPPORTED,  /* the argument exists, but the kernel cannot fetch it */
};

struct usdt_argument {
    enum usdt_operand operand;
    uint8_t size; /* bytes: 1, 2, 4 or 8 */
    uint8_t is_signed;
    uint8_t reg; /* x86-64, in the order ax bx cx dx si di bp sp r8 .. r15; 0 for none */
    uint8_t zero;
    int64_t value; /* displacement or constant; 0 where the operand has none */
};

#endif

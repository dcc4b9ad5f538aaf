/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_USDT_ARGUMENT_H
#define ETWAS_MONITOR_USDT_ARGUMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "ipc/status.h"
#include "ipc/usdt.h"

/* x86-64. The kernel calls them ax bx cx dx si di bp sp r8 .. r15. */
enum usdt_register {
    USDT_AX = 0,
    USDT_BX,
    USDT_CX,
    USDT_DX,
    USDT_SI,
    USDT_DI,
    USDT_BP,
    USDT_SP,
    USDT_R8,
    USDT_R9,
    USDT_R10,
    USDT_R11,
    USDT_R12,
    USDT_R13,
    USDT_R14,
    USDT_R15,
};

/*
 * The arguments of a probe, as the assembler wrote them into its note: words
 * like "8@%rdi -4@-20(%rbp) 4@$5", separated by spaces. Each is SIZE@OPERAND
 * (a negative size: signed), described on SystemTap's page
 * "UserSpaceProbeImplementation"; the operand is in the AT&T syntax.
 *
 * What the kernel's uprobe events cannot fetch (an indexed address, a symbol, a
 * float) becomes USDT_UNSUPPORTED and keeps its place.
 */

/* How operands are spelled in this program. */
struct argument_dialect {
    uint8_t word; /* bytes of an address: 4 or 8; also the size of an argument that names none */
    bool x86;     /* false: no operand can be told */
};

/*
 * Parses `size` bytes of text without its zero into `arguments`, which has room
 * for USDT_MAX_ARGUMENTS. ETWAS_TOO_BIG: there are more than that. Any text is
 * understood somehow: the worst is an unsupported argument.
 */
ETWAS_MUST_CHECK enum etwas_status argument_parse(const char *text, size_t size,
                                                  struct argument_dialect dialect,
                                                  struct usdt_argument *arguments, uint8_t *count);

#endif

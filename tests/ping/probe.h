/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_TESTS_PING_PROBE_H
#define ETWAS_TESTS_PING_PROBE_H

#include <stdint.h>

/*
 * A user-space probe (USDT) without a tracing library: a nop in the code, and a
 * note in the ELF section .note.stapsdt that says where the nop is and where
 * the arguments are. The note's layout is that of SystemTap's page
 * "UserSpaceProbeImplementation": type 3, owner "stapsdt"; then the address of
 * the nop, of .stapsdt.base (by which a prelinked file is recognised), of the
 * semaphore; then provider, name and arguments as texts with a zero.
 *
 * The section is not loaded, so that the linker fills in all addresses and a
 * probe costs no relocation. The arguments are forced into the registers in
 * which the calling convention has them anyway.
 */

/*
 * The counter that a tracer raises while it listens. Defines it, once for each
 * probe, in the section where tracers of old expect it.
 */
#define PROBE_SEMAPHORE(provider, name)                                                            \
    extern volatile unsigned short provider##_##name##_semaphore;                                  \
    volatile unsigned short provider##_##name##_semaphore __attribute__((section(".probes")))

#define PROBE_IS_LISTENED(provider, name) (__builtin_expect(provider##_##name##_semaphore, 0) != 0)

#define PROBE_NOTE(provider, name, arguments)                                                      \
    ".Lprobe%=: nop\n\t"                                                                           \
    ".pushsection .note.stapsdt, \"\", %%note\n\t"                                                 \
    ".p2align 2\n\t"                                                                               \
    ".long .Lowner_end%= - .Lowner%=, .Lbody_end%= - .Lbody%=, 3\n"                                \
    ".Lowner%=: .asciz \"stapsdt\"\n"                                                              \
    ".Lowner_end%=: .p2align 2\n"                                                                  \
    ".Lbody%=: .quad .Lprobe%=, _.stapsdt.base, " #provider "_" #name "_semaphore\n\t"             \
    ".asciz \"" #provider "\", \"" #name "\", \"" arguments "\"\n"                                 \
    ".Lbody_end%=: .p2align 2\n\t"                                                                 \
    ".popsection\n\t"                                                                              \
    ".ifndef _.stapsdt.base\n\t"                                                                   \
    ".pushsection .stapsdt.base, \"aG\", %%progbits, .stapsdt.base, comdat\n\t"                    \
    ".weak _.stapsdt.base\n\t"                                                                     \
    ".hidden _.stapsdt.base\n"                                                                     \
    "_.stapsdt.base: .space 1\n\t"                                                                 \
    ".size _.stapsdt.base, 1\n\t"                                                                  \
    ".popsection\n\t"                                                                              \
    ".endif\n"

/*
 * The probe itself: (uint64_t, uint32_t, const char *). Use it once, in a
 * function that is never inlined: each copy is a probe of its own.
 */
#if defined(__x86_64__)
#    define PROBE(provider, name, number, index, text)                                             \
        __asm__ volatile(PROBE_NOTE(provider, name, "8@%%rdi 4@%%esi 8@%%rdx")                     \
                         :                                                                         \
                         : "D"(number), "S"(index), "d"(text)                                      \
                         : "memory")
#elif defined(__aarch64__)
#    define PROBE(provider, name, number, index, text)                                             \
        do {                                                                                       \
            register uint64_t probe_x0 __asm__("x0") = (number);                                   \
            register uint32_t probe_w1 __asm__("w1") = (index);                                    \
            register const char *probe_x2 __asm__("x2") = (text);                                  \
            __asm__ volatile(PROBE_NOTE(provider, name, "8@x0 4@w1 8@x2")                          \
                             :                                                                     \
                             : "r"(probe_x0), "r"(probe_w1), "r"(probe_x2)                         \
                             : "memory");                                                          \
        } while (0)
#else
#    error "the probe knows the registers of x86-64 and aarch64 only"
#endif

#endif

/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_ETW_CLASSIC_H
#define ETWAS_MONITOR_ETW_CLASSIC_H

#include <stddef.h>
#include <stdint.h>

/*
 * The classic kernel events as tables (classic_tables*.c), made from the MOF classes in the SDK's
 * documentation of the NT Kernel Logger and checked against real traces.
 *
 * `fields` is a list of "type Name" with commas between them. Types:
 *
 *   i1 i2 i4 i8  u1 u2 u4 u8   signed, unsigned, bytes
 *   x1 x2 x4 x8                unsigned, shown in hex
 *   p  z                       as long as a pointer, in hex; in decimal
 *   f4 f8                      floating point
 *   w  a                       text that ends with a zero, UTF-16; ANSI
 *   t  st                      FILETIME; SYSTEMTIME
 *   g  s                       GUID; SID behind a TOKEN_USER
 *   ip4 ip6 port               addresses and ports in network order
 *   bN                         N bytes, not shown
 *   T*N                        N items of T; T*Name: as many as the field Name says; T*: to the end
 */
struct classic_event {
    uint8_t first_version;
    uint8_t last_version;
    const char *opcodes; /* "1 2 3-5": types of events */
    const char *name;    /* "Process/Start": task and opcode; or names for each opcode, with | */
    const char *fields;
};

struct classic_class {
    uint8_t id[16];
    const char *name; /* what people call the provider */
    const struct classic_event *events;
    size_t count;
};

extern const struct classic_class classic_classes[];
extern const size_t classic_class_count;

#endif

/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_ETW_TABLE_H
#define ETWAS_MONITOR_ETW_TABLE_H

#include "monitor/etl/record.h"
#include "monitor/etw/schemas_parts.h"

/*
 * Layouts written down as text, for the tables built in (classic_*.c, clr_events.c): a list of
 * "type Name" with commas between them. Types:
 *
 *   i1 i2 i4 i8  u1 u2 u4 u8   signed, unsigned, bytes
 *   x1 x2 x4 x8                unsigned, shown in hex
 *   p  z                       as long as a pointer, in hex; in decimal
 *   f4 f8                      floating point
 *   o1 o4                      true or false, bytes
 *   w  a                       text that ends with a zero, UTF-16; ANSI
 *   wN aN                      text in room for N characters
 *   t  st                      FILETIME; SYSTEMTIME
 *   g  s                       GUID; SID behind a TOKEN_USER
 *   ip4 ip6 port               addresses and ports in network order
 *   d                          all bytes that are left
 *   bN                         N bytes, not shown
 *   q4                         4 bytes, not shown, where pointers have 8: what aligns one
 *   {type Name, ...}           a structure of such fields, none of which is one itself
 *   T*N                        N items of T; T*Name: as many as the field Name says; T*: to the end
 */

/*
 * The layout of `fields`, into `layout`, which already says who it is; it and what is made for it
 * live in the arena. False: the text makes no sense, or no memory.
 */
bool table_layout(struct etw_layout *layout, const char *fields, struct arena *arena);

#endif

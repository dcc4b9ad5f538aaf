/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_ETW_STACKS_H
#define ETWAS_MONITOR_ETW_STACKS_H

#include "monitor/etl/record.h"
#include "monitor/event/arena.h"
#include "monitor/event/value.h"

/*
 * Which stack belongs to which event of a trace. Stacks are records of their own that come after
 * their event: the kernel's name its time stamp and thread, those of .NET runtimes belong to the
 * runtime's event before them on their thread. So a second reader of the same files runs ahead of
 * the first and keeps what it meets until the first has passed it; that it has read the whole trace
 * once before tells modules and the stacks that are only named by a key.
 *
 * Memory is bounded: how far ahead it reads (records and bytes of stacks), and how many keys and
 * modules it knows. Beyond that, events come without what was further away.
 */
struct stacks;

ETWAS_MUST_CHECK enum etwas_status stacks_open(const char *const *paths, size_t count,
                                               struct stacks **stacks, struct etwas_error *error);
void stacks_close(struct stacks *stacks); /* NULL is fine */

/* To be told of each record of the first reader, in order, before it is asked for. */
void stacks_pass(struct stacks *stacks);

/* Of the record that was passed last. ABSENT: it has no stack. The array lives in the arena. */
struct value stacks_find(struct stacks *stacks, const struct etl_record *record,
                         struct arena *arena);

/* The stack that a record carries itself (ETL_ITEM_STACK32, ETL_ITEM_STACK64); else ABSENT. */
struct value stacks_own(struct stacks *stacks, const struct etl_record *record,
                        struct arena *arena);

#endif

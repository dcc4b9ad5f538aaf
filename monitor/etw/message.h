/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_ETW_MESSAGE_H
#define ETWAS_MONITOR_ETW_MESSAGE_H

#include "monitor/event/event.h"

/*
 * The sentence about an event: the message of its layout, into which the fields are put as
 * FormatMessage (winbase.h) and the message compiler document it. Fields are counted from 1.
 *
 *     %1 to %99          the field, as text shows it; %1!08x! as printf does, of what type it may
 * be; %1!*.*s! takes its numbers from field 1 and 2, and shows field 3 %n %t %r %b        end of
 * line, tab, carriage return, blank; so is %\ before an end of line
 *     %% %. %! "% "      the character behind the percent sign; %\ at the end of a line is nothing
 *     %0                 the end
 *
 * What is none of these, and a field that is not there, stays as it is written. Line ends at the
 * end are left out. What is longer than MESSAGE_MAX bytes is cut.
 */
enum { MESSAGE_MAX = 64 * 1024 };

/* A message as the others here want it: lines end in "\n" alone. NULL: no memory. */
const char *etw_message_format(const char *text, struct arena *arena);

/*
 * UTF-8 as far as the fields are, in the arena; NULL: there is no message, or no memory. `values`
 * as in schema.message.
 */
const char *etw_message(const struct event *event, const struct value *values, struct arena *arena);

#endif

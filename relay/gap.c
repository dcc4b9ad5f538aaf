/* SPDX-License-Identifier: MIT */
#include "relay/gap.h"

#include <inttypes.h>
#include <stdio.h>

#include "relay/moment.h"

int64_t gap_time(const struct gap *gap)
{
    return gap->last != 0 ? gap->last : moment_from_unix_ms(gap->received_ms);
}

/* ,"NAME":"TIME", or nothing when it is not known. */
static const char *show_time(const char *name, int64_t time, char text[64])
{
    char moment[MOMENT_SIZE];
    moment_format(time, moment);
    text[0] = '\0';
    if (time != 0) {
        (void)snprintf(text, 64, ",\"%s\":\"%s\"", name, moment);
    }
    return text;
}

static const char *name_of(const struct gap *gap)
{
    return gap->damaged ? "Damaged" : gap->first_contact ? "Unseen" : "Lost";
}

size_t gap_show(const struct gap *gap, char *text, size_t room)
{
    char moment[MOMENT_SIZE];
    char first[64];
    char last[64];
    const char *where = gap->damaged         ? "\"Where\":\"store\","
                        : gap->first_contact ? ""
                                             : "\"Where\":\"spool\",";
    moment_format(gap_time(gap), moment);
    const int size = snprintf(
        text, room,
        "{\"Id\":\"%" PRId64 ":%d\",\"Computer\":\"%s\",\"TimeCreated\":\"%s\","
        "\"Provider\":\"Etwas\",\"EventId\":0,\"EventName\":\"%s\",\"ProcessId\":0,"
        "\"ThreadId\":0,\"Cpu\":0,\"EventData\":{%s\"Count\":%" PRIu64 "%s%s}}",
        gap->row, gap->damaged ? 1 : 0, gap->computer, moment, name_of(gap), where, gap->count,
        show_time("First", gap->first, first), show_time("Last", gap->last, last));
    return size > 0 ? (size_t)size : 0;
}

size_t gap_show_removed(const struct gap_removed *removed, char *text, size_t room)
{
    char moment[MOMENT_SIZE];
    char id[IDENTITY_SIZE];
    char after[IDENTITY_SIZE + 2] = "null";
    moment_format(removed->time, moment);
    if (removed->after.row != 0) {
        (void)identity_format(removed->after, id);
        (void)snprintf(after, sizeof after, "\"%s\"", id);
    }
    const int size = snprintf(
        text, room,
        "{\"Id\":\"%" PRId64 ":0\",\"Computer\":\"\",\"TimeCreated\":\"%s\","
        "\"Provider\":\"Etwas\",\"EventId\":0,\"EventName\":\"Missed\",\"ProcessId\":0,"
        "\"ThreadId\":0,\"Cpu\":0,\"EventData\":{\"Where\":\"retention\",\"Count\":null,"
        "\"After\":%s,\"Until\":\"%" PRId64 ":0\",\"Reason\":\"retention removed them while "
        "they were being read\"}}",
        removed->row, moment, after, removed->until);
    return size > 0 ? (size_t)size : 0;
}

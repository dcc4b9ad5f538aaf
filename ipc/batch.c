/* SPDX-License-Identifier: MIT */
#include "ipc/batch.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "ipc/field.h"

/* The members that are numbers, in the order in which they are written. */
struct member {
    const char *name;
    size_t offset;
    bool required; /* and written even if 0 */
};

static const struct member members[] = {
    {"seq",          offsetof(struct batch_head, sequence),           true },
    {"n",            offsetof(struct batch_head, count),              true },
    {"own",          offsetof(struct batch_head, own),                false},
    {"before",       offsetof(struct batch_head, books.before),       false},
    {"produced",     offsetof(struct batch_head, books.produced),     false},
    {"filtered",     offsetof(struct batch_head, books.filtered),     false},
    {"lost-kernel",  offsetof(struct batch_head, books.lost_kernel),  false},
    {"lost-monitor", offsetof(struct batch_head, books.lost_monitor), false},
    {"after",        offsetof(struct batch_head, after),              false},
};
enum { MEMBERS = sizeof members / sizeof members[0], STREAM = MEMBERS, STREAM_DIGITS = 32 };
_Static_assert(STREAM_DIGITS == 2 * BATCH_STREAM_SIZE, "two digits a byte");

static uint64_t number_of(const struct batch_head *head, const struct member *member)
{
    uint64_t number = 0;
    memcpy(&number, (const char *)head + member->offset, sizeof number);
    return number;
}

static enum etwas_status format_numbers(const struct batch_head *head, char *text, size_t room)
{
    for (size_t i = 0; i < MEMBERS; i++) {
        const uint64_t number = number_of(head, &members[i]);
        if (number > BATCH_MAX_NUMBER) {
            return ETWAS_TOO_BIG;
        }
        if (number == 0 && !members[i].required) {
            continue;
        }
        const int size = snprintf(text, room, ", %s=%" PRIu64, members[i].name, number);
        if (size < 0 || (size_t)size >= room) {
            return ETWAS_TOO_BIG;
        }
        text += size;
        room -= (size_t)size;
    }
    return ETWAS_OK;
}

enum etwas_status batch_head_format(const struct batch_head *head, char *text, size_t room)
{
    char digits[STREAM_DIGITS + 1];
    for (size_t i = 0; i < BATCH_STREAM_SIZE; i++) {
        (void)snprintf(digits + 2 * i, 3, "%02x", head->stream[i]);
    }
    const int size = snprintf(text, room, "stream=\"%s\"", digits);
    if (size < 0 || (size_t)size >= room) {
        return ETWAS_TOO_BIG;
    }
    return format_numbers(head, text + size, room - (size_t)size);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool parse_stream(const struct field_value *value, uint8_t stream[BATCH_STREAM_SIZE])
{
    if (value->type != FIELD_STRING || value->size != STREAM_DIGITS) {
        return false;
    }
    for (size_t i = 0; i < BATCH_STREAM_SIZE; i++) {
        const int high = hex_digit(value->data[2 * i]);
        const int low = hex_digit(value->data[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        stream[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

/* Where in the table; MEMBERS + 1: it is not known. */
static size_t index_of(const struct field_value *name)
{
    for (size_t i = 0; i < MEMBERS; i++) {
        if (field_is(name, members[i].name)) {
            return i;
        }
    }
    return field_is(name, "stream") ? STREAM : STREAM + 1;
}

/* A member that is known; `*seen` has a bit for each. */
static bool parse_member(size_t index, const struct field_value *value, struct batch_head *head,
                         unsigned *seen)
{
    if ((*seen >> index & 1) != 0) {
        return false;
    }
    *seen |= 1U << index;
    if (index == STREAM) {
        return parse_stream(value, head->stream);
    }
    if (value->type != FIELD_INTEGER || value->number < 0) {
        return false;
    }
    const uint64_t number = (uint64_t)value->number;
    memcpy((char *)head + members[index].offset, &number, sizeof number);
    return true;
}

enum etwas_status batch_head_parse(const char *text, size_t size, struct batch_head *head)
{
    struct field_walker walker = field_dictionary(text, size);
    struct field_value name;
    struct field_value value;
    unsigned seen = 0;
    bool good = true;
    *head = (struct batch_head){.sequence = 0};
    while (good && field_member(&walker, &name, &value)) {
        const size_t index = index_of(&name);
        good = index > STREAM || parse_member(index, &value, head, &seen);
    }
    good = good && field_end(&walker) == ETWAS_OK && (seen >> STREAM & 1) != 0;
    for (size_t i = 0; i < MEMBERS; i++) {
        good = good && (!members[i].required || (seen >> i & 1) != 0);
    }
    good = good && head->sequence != 0 && head->own <= head->count && head->after < head->sequence;
    return good ? ETWAS_OK : ETWAS_MALFORMED;
}

/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_POLICY_SIGNATURE_TEXT_H
#define ETWAS_POLICY_SIGNATURE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Text that is put together in a room of the caller, for the files of policy/signature.h. What
 * does not fit marks it full, and is asked once: text_size() is 0 then. There is always a zero
 * at its end.
 */
struct text_room {
    char *text;
    size_t room; /* > 0 */
    size_t size;
    bool full;
};

struct text_room text_room_of(char *text, size_t room);
void text_put(struct text_room *room, const char *data, size_t size);
void text_puts(struct text_room *room, const char *text);
void text_put_number(struct text_room *room, int64_t number);
size_t text_size(const struct text_room *room);

#endif

/* SPDX-License-Identifier: MIT */
#include "policy/signature_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct text_room text_room_of(char *text, size_t room)
{
    text[0] = '\0';
    return (struct text_room){.text = text, .room = room};
}

void text_put(struct text_room *room, const char *data, size_t size)
{
    if (room->full || size >= room->room - room->size) {
        room->full = true;
        return;
    }
    memcpy(room->text + room->size, data, size);
    room->size += size;
    room->text[room->size] = '\0';
}

void text_puts(struct text_room *room, const char *text)
{
    text_put(room, text, strlen(text));
}

void text_put_number(struct text_room *room, int64_t number)
{
    char digits[24];
    (void)snprintf(digits, sizeof digits, "%" PRId64, number);
    text_puts(room, digits);
}

size_t text_size(const struct text_room *room)
{
    return room->full ? 0 : room->size;
}

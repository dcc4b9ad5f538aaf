/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "monitor/tracefs/print_format.h"
#include "monitor/tracefs/scan.h"

/* The end of the conversion that starts at `text`, which is a '%'. */
static const char *conversion_end(const char *text)
{
    text++;
    text += strspn(text, "-+ #0123456789.*hlLqjzt");
    if (*text == 'p') {
        for (text++; scan_is_name(*text); text++) {
        }
        return text;
    }
    return *text == 0 ? text : text + 1;
}

static struct print_piece piece_at(const char *text, size_t *argument)
{
    struct print_piece piece = {.before = text};
    const char *percent = text;
    while (*percent != 0 && *percent != '%') {
        percent++;
    }
    piece.before_size = (size_t)(percent - text);
    piece.spec = percent;
    if (*percent == '%') {
        piece.spec_size = (size_t)(conversion_end(percent) - percent);
        for (size_t i = 0; i < piece.spec_size; i++) {
            *argument += percent[i] == '*';
        }
        piece.argument = *argument;
        *argument += percent[1] != '%';
    }
    return piece;
}

bool print_pieces(const char *text, struct arena *arena, struct print_format *print)
{
    struct print_piece pieces[PRINT_ARGUMENTS];
    size_t argument = 0;
    for (;;) {
        if (print->piece_count == PRINT_ARGUMENTS) {
            return false;
        }
        const struct print_piece piece = piece_at(text, &argument);
        pieces[print->piece_count++] = piece;
        if (piece.spec_size == 0) {
            break;
        }
        text = piece.spec + piece.spec_size;
    }
    const size_t size = print->piece_count * sizeof pieces[0];
    struct print_piece *kept = arena_take(arena, size);
    if (kept != NULL) {
        memcpy(kept, pieces, size);
        print->pieces = kept;
    }
    return kept != NULL;
}

/* SPDX-License-Identifier: MIT */
#include "relay/identity.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

size_t identity_format(struct identity identity, char text[IDENTITY_SIZE])
{
    (void)snprintf(text, IDENTITY_SIZE, "%" PRId64 ":%" PRIu32, identity.row, identity.index);
    return strlen(text);
}

/* Digits up to `end` that are at most `limit`. */
static bool parse_number(const char *text, const char *end, uint64_t limit, uint64_t *number)
{
    *number = 0;
    if (text == end || (*text == '0' && end - text > 1)) {
        return false;
    }
    for (; text < end; text++) {
        const unsigned digit = (unsigned)(uint8_t)*text - '0';
        if (digit > 9 || *number > (limit - digit) / 10) {
            return false;
        }
        *number = *number * 10 + digit;
    }
    return true;
}

bool identity_parse(const char *text, size_t size, struct identity *identity)
{
    uint64_t row = 0;
    uint64_t index = 0;
    const char *colon = size != 0 ? memchr(text, ':', size) : NULL;
    if (colon == NULL || !parse_number(text, colon, INT64_MAX, &row) || row == 0 ||
        !parse_number(colon + 1, text + size, UINT32_MAX, &index)) {
        return false;
    }
    *identity = (struct identity){.row = (int64_t)row, .index = (uint32_t)index};
    return true;
}

/* SPDX-License-Identifier: MIT */
#include "monitor/etl/provider_name.h"

#include <string.h>

#include "monitor/etl/sha1.h"

/* Upper case as the invariant culture has it, of Latin-1; names of providers know no more. */
static uint32_t upper(uint32_t code)
{
    const bool latin = code >= 0xe0 && code <= 0xfe && code != 0xf7;
    if ((code >= 'a' && code <= 'z') || latin) {
        return code - 0x20;
    }
    return code == 0xff ? 0x178 : code;
}

static void add_unit(struct sha1 *sha1, uint32_t unit)
{
    const uint8_t bytes[2] = {(uint8_t)(unit >> 8), (uint8_t)unit};
    sha1_add(sha1, bytes, sizeof bytes);
}

/* One character of UTF-8; what is malformed counts byte by byte. */
static uint32_t take_code(const uint8_t **at)
{
    const uint8_t *text = *at;
    const unsigned more = text[0] >= 0xf0 ? 3 : text[0] >= 0xe0 ? 2 : text[0] >= 0xc0 ? 1 : 0;
    uint32_t code = more == 0 ? text[0] : text[0] & (0x3fU >> more);
    for (unsigned i = 1; i <= more; i++) {
        if ((text[i] & 0xc0U) != 0x80) { /* also the zero at the end */
            *at = text + 1;
            return text[0];
        }
        code = code << 6 | (text[i] & 0x3fU);
    }
    *at = text + 1 + more;
    return code;
}

/* EventSource.GenerateGuidFromName() of .NET: a namespace, then the name in UTF-16BE. */
void provider_id_of_name(const char *name, uint8_t id[PROVIDER_ID_SIZE])
{
    static const uint8_t space[16] = {0x48, 0x2c, 0x2d, 0xb2, 0xc3, 0x90, 0x47, 0xc8,
                                      0x87, 0xf8, 0x1a, 0x15, 0xbf, 0xc1, 0x30, 0xfb};
    uint8_t digest[SHA1_SIZE];
    struct sha1 sha1;
    sha1_init(&sha1);
    sha1_add(&sha1, space, sizeof space);
    const uint8_t *at = (const uint8_t *)name;
    while (*at != 0) {
        const uint32_t code = upper(take_code(&at));
        if (code > 0xffff) {
            add_unit(&sha1, 0xd800U | ((code - 0x10000) >> 10 & 0x3ffU));
            add_unit(&sha1, 0xdc00U | (code & 0x3ffU));
        } else {
            add_unit(&sha1, code);
        }
    }
    sha1_end(&sha1, digest);
    memcpy(id, digest, PROVIDER_ID_SIZE);
    id[7] = (uint8_t)((id[7] & 0x0fU) | 0x50U); /* version 5 */
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    const char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool provider_id_parse(const char *text, uint8_t id[PROVIDER_ID_SIZE])
{
    /* Where the bytes of the text go: the first three parts are little-endian numbers. */
    static const uint8_t order[PROVIDER_ID_SIZE] = {3, 2, 1,  0,  5,  4,  7,  6,
                                                    8, 9, 10, 11, 12, 13, 14, 15};
    const bool braced = text[0] == '{';
    const char *at = text + (braced ? 1 : 0);
    for (size_t i = 0; i < PROVIDER_ID_SIZE; i++) {
        const bool dash = i == 4 || i == 6 || i == 8 || i == 10;
        if (dash && *at != '-') {
            return false;
        }
        at += dash ? 1 : 0;
        const int high = digit_of(at[0]);
        const int low = high < 0 ? -1 : digit_of(at[1]);
        if (low < 0) {
            return false;
        }
        id[order[i]] = (uint8_t)(high * 16 + low);
        at += 2;
    }
    return strcmp(at, braced ? "}" : "") == 0;
}

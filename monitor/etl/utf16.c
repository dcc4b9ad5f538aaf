/* SPDX-License-Identifier: MIT */
#include "monitor/etl/utf16.h"

#include <stdbool.h>

#include "ipc/load.h"
#include "ipc/store.h"

size_t utf8_put(char *out, uint32_t code)
{
    size_t size = 0;
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[size++] = (char)(0xc0U | code >> 6);
    } else if (code < 0x10000) {
        out[size++] = (char)(0xe0U | code >> 12);
        out[size++] = (char)(0x80U | (code >> 6 & 0x3fU));
    } else {
        out[size++] = (char)(0xf0U | code >> 18);
        out[size++] = (char)(0x80U | (code >> 12 & 0x3fU));
        out[size++] = (char)(0x80U | (code >> 6 & 0x3fU));
    }
    out[size++] = (char)(0x80U | (code & 0x3fU));
    return size;
}

/* Four units at a time while they are ASCII and none is zero. */
static size_t copy_ascii(const uint8_t *data, size_t units, char *out)
{
    size_t i = 0;
    for (; i + 4 <= units; i += 4) {
        const uint64_t word = load_u64(data + 2 * i);
        const uint64_t zeros = (word - UINT64_C(0x0001000100010001)) & ~word;
        if (((word & UINT64_C(0xff80ff80ff80ff80)) | (zeros & UINT64_C(0x8000800080008000))) != 0) {
            break;
        }
        /* The bytes that are zero go out: 0a0b0c0d, 00ab00cd, 0000abcd. */
        const uint64_t pairs = (word | word >> 8) & UINT64_C(0x0000ffff0000ffff);
        const uint32_t four = (uint32_t)(pairs | pairs >> 16);
        store_u32((uint8_t *)out + i, four);
    }
    return i;
}

/* One character that begins with the unit `c`, which is a surrogate; `*i` moves over the other
 * half. */
static uint32_t join(const uint8_t *data, size_t units, size_t *i, uint32_t c)
{
    const uint32_t low = *i < units ? load_u16(data + 2 * *i) : 0;
    if (c >= 0xdc00 || low < 0xdc00 || low >= 0xe000) {
        return 0xfffd;
    }
    (*i)++;
    return 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
}

size_t utf16_to_utf8(const uint8_t *data, size_t size, char *out)
{
    const size_t units = size / 2;
    size_t i = copy_ascii(data, units, out);
    size_t used = i;
    while (i < units) {
        const uint32_t unit = load_u16(data + 2 * i++);
        if (unit == 0) {
            break;
        }
        if (unit < 0x80) {
            out[used++] = (char)unit;
        } else {
            const bool surrogate = unit >= 0xd800 && unit < 0xe000;
            used += utf8_put(out + used, surrogate ? join(data, units, &i, unit) : unit);
        }
    }
    return used;
}

size_t utf16_size(const uint8_t *data, size_t size)
{
    size_t i = 0;
    /* Four units at a time: a borrow goes up only, so the answer "none of them" is exact. */
    for (; size - i >= 8; i += 8) {
        const uint64_t word = load_u64(data + i);
        if (((word - UINT64_C(0x0001000100010001)) & ~word & UINT64_C(0x8000800080008000)) != 0) {
            break;
        }
    }
    for (; size - i >= 2; i += 2) {
        if (data[i] == 0 && data[i + 1] == 0) {
            return i + 2;
        }
    }
    return size;
}

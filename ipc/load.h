/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_IPC_LOAD_H
#define ETWAS_IPC_LOAD_H

#include <stdint.h>

/* Little-endian numbers at any address; compilers make one load of each. */

static inline uint16_t load_u16(const uint8_t *at)
{
    return (uint16_t)(at[0] | at[1] << 8);
}

static inline uint32_t load_u32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static inline uint64_t load_u64(const uint8_t *at)
{
    return load_u32(at) | (uint64_t)load_u32(at + 4) << 32;
}

static inline int64_t load_i64(const uint8_t *at)
{
    return (int64_t)load_u64(at);
}

#endif

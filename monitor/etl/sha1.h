/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_ETL_SHA1_H
#define ETWAS_MONITOR_ETL_SHA1_H

#include <stddef.h>
#include <stdint.h>

/*
 * SHA-1 (RFC 3174), because the ids of EventSources are made with it. It is no protection of
 * anything.
 */
enum { SHA1_SIZE = 20 };

struct sha1 {
    uint32_t state[5];
    uint64_t size; /* bytes so far */
    uint8_t block[64];
};

void sha1_init(struct sha1 *sha1);
void sha1_add(struct sha1 *sha1, const void *data, size_t size);
void sha1_end(struct sha1 *sha1, uint8_t digest[SHA1_SIZE]);

#endif

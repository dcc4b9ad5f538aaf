/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_FORWARD_SRV_H
#define ETWAS_MONITOR_FORWARD_SRV_H

#include <stddef.h>
#include <stdint.h>

#include "ipc/status.h"

/*
 * The SRV records (RFC 2782) in an answer of the DNS (RFC 1035). Anybody may have sent
 * it; knows no system.
 */
enum { SRV_MAX = 16, SRV_TARGET_SIZE = 254 };

struct srv_record {
    uint16_t port;
    char target[SRV_TARGET_SIZE]; /* lower case, without the last dot: "a.example" */
};

/*
 * Up to SRV_MAX of them, in the order of their priority, else as they came. NOT_FOUND: there is no
 * such name, or no service (a target of "."); AGAIN: the server could not answer; MALFORMED.
 */
ETWAS_MUST_CHECK enum etwas_status srv_parse(const uint8_t *answer, size_t size,
                                             struct srv_record records[SRV_MAX], size_t *count);

#endif

/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/forward/srv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever the DNS says, what comes of it is names of hosts with ports. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-_.";
    struct srv_record records[SRV_MAX];
    size_t count = 0;
    const enum etwas_status status = srv_parse(data, size, records, &count);
    if (count > SRV_MAX || (status == ETWAS_OK) != (status == ETWAS_OK && count != 0)) {
        abort();
    }
    for (size_t i = 0; i < count; i++) {
        const size_t length = strspn(records[i].target, letters);
        if (records[i].port == 0 || length == 0 || records[i].target[length] != 0) {
            abort();
        }
    }
    return 0;
}

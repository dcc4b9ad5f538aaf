/* SPDX-License-Identifier: MIT */
#include "viewer/console/retry.h"

enum { MAX_DOUBLINGS = 16 };

void retry_init(struct retry *retry, uint64_t seed)
{
    *retry = (struct retry){.random = seed ^ UINT64_C(0x9e3779b97f4a7c15)};
}

void retry_worked(struct retry *retry)
{
    retry->tries = 0;
}

int64_t retry_delay_ms(struct retry *retry, uint64_t first_ms)
{
    uint64_t delay = first_ms == 0 ? RETRY_FIRST_MS : first_ms;
    for (uint32_t i = 0; i < retry->tries && delay < RETRY_MAX_MS; i++) {
        delay *= 2;
    }
    delay = delay > RETRY_MAX_MS ? RETRY_MAX_MS : delay;
    retry->tries += retry->tries < MAX_DOUBLINGS;
    retry->random = retry->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    /* Three quarters to all of it: many viewers of one relay shall not come at once. */
    return (int64_t)(delay - delay / 4 * (retry->random >> 33) / (UINT64_C(1) << 31));
}

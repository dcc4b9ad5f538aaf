/* SPDX-License-Identifier: MIT */
#include "tests/ping/emit.h"

#include "tests/ping/probe.h"

PROBE_SEMAPHORE(Ping, Ping);

/* Apart from the loop, which a compiler may unroll into several probes. */
__attribute__((noinline)) static void hit(uint64_t number, uint32_t thread, const char *text)
{
    PROBE(Ping, Ping, number, thread, text);
}

bool emit_is_listened(void)
{
    return PROBE_IS_LISTENED(Ping, Ping);
}

uint64_t emit_run(uint64_t first, uint64_t count, uint32_t thread, const char *text)
{
    uint64_t heard = 0;
    for (uint64_t i = 0; i < count; i++) {
        if (PROBE_IS_LISTENED(Ping, Ping)) {
            hit(first + i, thread, text);
            heard++;
        }
    }
    return heard;
}

/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "monitor/forward/sender_parts.h"
#include "monitor/local/moment.h"

#define MEGABYTE UINT64_C(1048576)
enum { PARKED_EVERY_MS = 10000, MAX_DOUBLINGS = 16 };

/* "12 MB", "340 KB". */
static void size_text(uint64_t bytes, char *text, size_t room)
{
    if (bytes >= 10 * MEGABYTE) {
        (void)snprintf(text, room, "%" PRIu64 " MB", bytes / MEGABYTE);
    } else {
        (void)snprintf(text, room, "%" PRIu64 " KB", (bytes + 1023) / 1024);
    }
}

void relay_failed(struct course *course, const char *state, const char *detail)
{
    struct relay *relay = course->relay;
    if (relay->failing_ms == 0) {
        relay->failing_ms = moment_steady_ms();
    }
    if (state == NULL || strcmp(relay->state, state) == 0) {
        return;
    }
    char size[32];
    struct spool_sink_stats stats;
    spool_sink_stats(course->stream->spool, course->sink, &stats);
    size_text(stats.waiting_bytes, size, sizeof size);
    relay->state = state;
    (void)fprintf(stderr, "etwas: %s: %s%s%s%s; events are kept, %s spooled\n", relay->address.url,
                  state, detail == NULL ? "" : " (", detail == NULL ? "" : detail,
                  detail == NULL ? "" : ")", size);
}

void relay_delivers(struct relay *relay)
{
    if (relay->state[0] != 0) {
        (void)fprintf(stderr, "etwas: %s: delivers again after %" PRId64 " s\n", relay->address.url,
                      (moment_steady_ms() - relay->failing_ms) / 1000);
    }
    relay->state = "";
    relay->failures = 0;
    relay->failing_ms = 0;
    relay->retry_ms = 0;
}

void relay_back_off(struct sender *sender, struct relay *relay, uint32_t at_least_ms)
{
    uint64_t most = sender->options.backoff_ms;
    for (unsigned i = 0; i < relay->failures && i < MAX_DOUBLINGS; i++) {
        most *= 2;
    }
    if (most > sender->options.backoff_max_ms) {
        most = sender->options.backoff_max_ms;
    }
    relay->failures++;
    const int64_t wait_ms = (int64_t)at_least_ms + randombytes_uniform((uint32_t)most + 1);
    const int64_t retry_ms = moment_steady_ms() + wait_ms;
    relay->retry_ms = retry_ms > relay->retry_ms ? retry_ms : relay->retry_ms;
}

void relay_say_parked(struct course *course, uint64_t sequence, const char *problem, bool kept)
{
    struct relay *relay = course->relay;
    const int64_t now_ms = moment_steady_ms();
    if (relay->parked_said_ms != 0 && now_ms - relay->parked_said_ms < PARKED_EVERY_MS) {
        return;
    }
    relay->parked_said_ms = now_ms;
    (void)fprintf(stderr, "etwas: %s: batch %" PRIu64 " will never be taken (%s); %s\n",
                  relay->address.url, sequence, problem,
                  kept ? "it is kept in the spool's folder \"parked\""
                       : "it is lost, as so many are parked already");
}

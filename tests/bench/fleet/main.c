/* SPDX-License-Identifier: MIT */
#include <curl/curl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/bench/fleet/fleet.h"

static const char usage[] =
    "usage: fleet PORT TOKEN [--publishers N] [--viewers N] [--sample N] [--rate EVENTS/S]\n"
    "             [--batch-ms N] [--batch EVENTS] [--seconds N] [--line BYTES]\n"
    "The rate is that of each publisher; 0: as fast as answers come.\n"
    "Prints what it saw as one line of JSON.\n";

int64_t fleet_now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void samples_add(struct samples *samples, int64_t us)
{
    if (samples->count == samples->room) {
        const size_t room = samples->room == 0 ? 1 << 16 : samples->room * 2;
        uint32_t *values = realloc(samples->values, room * sizeof *values);
        if (values == NULL) {
            return;
        }
        samples->values = values;
        samples->room = room;
    }
    samples->values[samples->count++] = us < 0 ? 0 : us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
}

static int compare(const void *a, const void *b)
{
    const uint32_t left = *(const uint32_t *)a;
    const uint32_t right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

uint32_t samples_at(struct samples *samples, unsigned part)
{
    if (samples->count == 0) {
        return 0;
    }
    qsort(samples->values, samples->count, sizeof *samples->values, compare);
    return samples->values[(samples->count - 1) * part / 1000];
}

static void print_samples(const char *name, struct samples *samples)
{
    (void)printf(", \"%s\": {\"p50\": %.1f, \"p99\": %.1f, \"max\": %.1f}", name,
                 samples_at(samples, 500) / 1e3, samples_at(samples, 990) / 1e3,
                 samples_at(samples, 1000) / 1e3);
}

static int compare_counts(const void *a, const void *b)
{
    const uint64_t left = *(const uint64_t *)a;
    const uint64_t right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

static void print(struct fleet *fleet)
{
    const size_t count = fleet->options.publishers;
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += fleet->stored[i];
    }
    qsort(fleet->stored, count, sizeof *fleet->stored, compare_counts);
    (void)printf("{\"stored\": %" PRIu64 ", \"batches\": %" PRIu64 ", \"busy\": %" PRIu64
                 ", \"errors\": %" PRIu64,
                 sum, fleet->batches, fleet->busy, fleet->errors);
    (void)printf(", \"each\": {\"least\": %" PRIu64 ", \"median\": %" PRIu64 ", \"most\": %" PRIu64
                 "}",
                 fleet->stored[0], fleet->stored[count / 2], fleet->stored[count - 1]);
    (void)printf(", \"seen\": %" PRIu64 ", \"missed\": %" PRIu64 ", \"viewer_errors\": %" PRIu64,
                 fleet->seen, fleet->missed, fleet->viewer_errors);
    print_samples("ingest_ms", &fleet->ingest);
    print_samples("event_to_viewer_ms", &fleet->from_event);
    print_samples("commit_to_viewer_ms", &fleet->from_commit);
    (void)printf("}\n");
}

static bool parse(struct fleet_options *options, int argc, char **argv)
{
    if (argc < 3 || argc % 2 == 0) {
        return false;
    }
    options->port = (uint16_t)strtoul(argv[1], NULL, 10);
    options->token = argv[2];
    for (int i = 3; i < argc; i += 2) {
        const unsigned long number = strtoul(argv[i + 1], NULL, 10);
        const struct known {
            const char *name;
            size_t *size;
            unsigned *small;
        } known[] = {
            {"--publishers", &options->publishers, NULL              },
            {"--viewers",    &options->viewers,    NULL              },
            {"--sample",     NULL,                 &options->sample  },
            {"--rate",       &options->rate,       NULL              },
            {"--batch-ms",   NULL,                 &options->batch_ms},
            {"--batch",      NULL,                 &options->batch   },
            {"--seconds",    NULL,                 &options->seconds },
            {"--line",       NULL,                 &options->line    },
        };
        size_t found = 0;
        while (found < sizeof known / sizeof *known && strcmp(known[found].name, argv[i]) != 0) {
            found++;
        }
        if (found == sizeof known / sizeof *known) {
            return false;
        }
        if (known[found].size != NULL) {
            *known[found].size = number;
        } else {
            *known[found].small = (unsigned)number;
        }
    }
    return options->publishers != 0;
}

int main(int argc, char **argv)
{
    static struct fleet fleet = {
        .options = {.publishers = 500,
                    .viewers = 50,
                    .sample = 1000,
                    .rate = 20,
                    .batch_ms = 200,
                    .batch = 100,
                    .seconds = 20,
                    .line = 300},
    };
    pthread_t viewers;
    if (!parse(&fleet.options, argc, argv)) {
        (void)fputs(usage, stderr);
        return 1;
    }
    fleet.stored = calloc(fleet.options.publishers, sizeof *fleet.stored);
    fleet.answered = calloc(fleet.options.publishers, sizeof *fleet.answered);
    if (fleet.stored == NULL || fleet.answered == NULL ||
        curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
        pthread_create(&viewers, NULL, viewers_run, &fleet) != 0) {
        (void)fputs("fleet: cannot start\n", stderr);
        return 2;
    }
    const bool good = publishers_run(&fleet);
    atomic_store(&fleet.over, true);
    (void)pthread_join(viewers, NULL);
    print(&fleet);
    return good ? 0 : 2;
}

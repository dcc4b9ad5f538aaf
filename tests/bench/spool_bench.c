/* SPDX-License-Identifier: MIT */
/*
 * What the spool costs a batch of 64 KiB: appending it, reading it from the cache and from files
 * and acknowledging it, in CPU time of the thread that does it; and in time appending it to the
 * disk and opening a spool of 256 MiB. In the folder given as the argument. Medians of seven runs;
 * prints, checks nothing.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "monitor/spool/checksum.h"
#include "monitor/spool/spool.h"

enum { RUNS = 7, BODY = 64 * 1024, COUNT = 1000, LARGE = 4096, CACHED = 200 };

static uint8_t body[BODY];
static struct source_position position = {.session = 1, .lane_count = 2};
static uint64_t sequence; /* of the last batch appended */

static double now_us(clockid_t clock)
{
    struct timespec time;
    (void)clock_gettime(clock, &time);
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static int compare(const void *one, const void *other)
{
    const double a = *(const double *)one;
    const double b = *(const double *)other;
    return (a > b) - (a < b);
}

static void print(const char *what, double *values, const char *unit)
{
    qsort(values, RUNS, sizeof *values, compare);
    printf("%-46s %8.1f %s (%.1f to %.1f)\n", what, values[RUNS / 2], unit, values[0],
           values[RUNS - 1]);
}

static struct spool *open_spool(const char *base, enum spool_sync sync)
{
    static const char *const sinks[] = {"http://localhost:8080/"};
    const struct spool_options options = {
        .base = base, .session = "", .sink_count = 1, .sinks = sinks, .sync = sync};
    struct spool *spool = NULL;
    struct etwas_error error;
    if (spool_open(&options, &spool, &error) != ETWAS_OK) {
        (void)fprintf(stderr, "%s: %s\n", base, strerror((int)error.os_code));
        exit(1);
    }
    sequence = spool_past(spool)->sequence;
    return spool;
}

static void append(struct spool *spool, size_t count)
{
    const struct batch_head head = {.count = 860};
    for (size_t i = 0; i < count; i++) {
        if (spool_append(spool, &head, &position, body, sizeof body) != ETWAS_OK) {
            exit(1);
        }
        sequence++;
    }
}

/* Reads `count` batches behind a number; the CPU time of one. */
static double read_all(struct spool *spool, uint64_t from, size_t count)
{
    const double start = now_us(CLOCK_THREAD_CPUTIME_ID);
    for (size_t i = 0; i < count; i++) {
        struct spool_batch *batch = NULL;
        if (spool_read(spool, from, &batch) != ETWAS_OK) {
            exit(1);
        }
        from = batch->head.sequence;
        spool_batch_free(batch);
    }
    return (now_us(CLOCK_THREAD_CPUTIME_ID) - start) / (double)count;
}

static void measure_batches(const char *base)
{
    double cpu[RUNS];
    double cached[RUNS];
    double stored[RUNS];
    double done[RUNS];
    for (size_t run = 0; run < RUNS; run++) {
        struct spool *spool = open_spool(base, SPOOL_SYNC_INTERVAL);
        const uint64_t first = sequence;
        const double start = now_us(CLOCK_THREAD_CPUTIME_ID);
        append(spool, COUNT);
        cpu[run] = (now_us(CLOCK_THREAD_CPUTIME_ID) - start) / COUNT;
        cached[run] = read_all(spool, sequence - CACHED, CACHED);
        spool_close(spool);
        spool = open_spool(base, SPOOL_SYNC_INTERVAL);
        stored[run] = read_all(spool, first, COUNT);
        const double before = now_us(CLOCK_THREAD_CPUTIME_ID);
        for (uint64_t i = first + 1; i <= sequence; i++) {
            spool_done(spool, 0, i);
        }
        done[run] = (now_us(CLOCK_THREAD_CPUTIME_ID) - before) / COUNT;
        spool_close(spool);
    }
    print("append, CPU", cpu, "us");
    print("read from the cache, with SHA-512, CPU", cached, "us");
    print("read from files, with SHA-512, CPU", stored, "us");
    print("acknowledge, CPU", done, "us");
}

static void measure_sync(const char *base)
{
    double synced[RUNS];
    for (size_t run = 0; run < RUNS; run++) {
        struct spool *spool = open_spool(base, SPOOL_SYNC_BATCH);
        const double start = now_us(CLOCK_MONOTONIC);
        append(spool, COUNT);
        synced[run] = (now_us(CLOCK_MONOTONIC) - start) / COUNT;
        spool_done(spool, 0, sequence);
        spool_close(spool);
    }
    print("append, until it is on disk (--fsync batch)", synced, "us");
}

static void measure_opening(const char *base)
{
    double opened[RUNS];
    struct spool *spool = open_spool(base, SPOOL_SYNC_NEVER);
    append(spool, LARGE);
    spool_close(spool);
    for (size_t run = 0; run < RUNS; run++) {
        const double start = now_us(CLOCK_MONOTONIC);
        spool = open_spool(base, SPOOL_SYNC_NEVER);
        opened[run] = (now_us(CLOCK_MONOTONIC) - start) / 1e3;
        spool_close(spool);
    }
    print("open, with 4096 batches of 64 KiB", opened, "ms");
    spool = open_spool(base, SPOOL_SYNC_NEVER);
    spool_done(spool, 0, sequence);
    spool_close(spool);
}

static void measure_checksum(void)
{
    double sums[RUNS];
    for (size_t run = 0; run < RUNS; run++) {
        uint64_t sum = run;
        const double start = now_us(CLOCK_THREAD_CPUTIME_ID);
        for (size_t i = 0; i < COUNT; i++) {
            sum = checksum_of(body, sizeof body, sum);
        }
        sums[run] = (now_us(CLOCK_THREAD_CPUTIME_ID) - start) / COUNT;
        body[0] = (uint8_t)sum;
    }
    print("checksum of 64 KiB, CPU", sums, "us");
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        (void)fprintf(stderr, "usage: spool_bench FOLDER\n");
        return 1;
    }
    for (size_t i = 0; i < sizeof body; i++) {
        body[i] = (uint8_t)(i * 2654435761U >> 13);
    }
    measure_checksum();
    measure_batches(argv[1]);
    measure_sync(argv[1]);
    measure_opening(argv[1]);
    return 0;
}

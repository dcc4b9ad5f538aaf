/* SPDX-License-Identifier: MIT */
/*
 * What an event costs from the ring's bytes to JSON, in ns: the walk over the
 * pages, the merge of several CPUs, and the encoder. Synthetic pages of
 * raw_syscalls:sys_enter, as the kernel fills them at full speed. Medians of
 * seven runs; prints, checks nothing.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "monitor/event/encode.h"
#include "monitor/tracefs/format.h"
#include "monitor/tracefs/merge.h"

enum {
    RUNS = 7,
    EVENT_DATA = 64,
    PAGE_EVENTS = 60,
    PAGE_SIZE = 16 + PAGE_EVENTS * (4 + EVENT_DATA),
    PAGES = 256, /* of a block */
    BLOCKS = 16,
    EVENTS = BLOCKS * PAGES * PAGE_EVENTS,
    ENCODED_EVENTS = EVENTS / 4,
    BATCH = 4096,
};

#define BLOCK_SIZE ((size_t)PAGES * PAGE_SIZE)

static const char FORMAT[] =
    "name: sys_enter\nID: 443\nformat:\n"
    "\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
    "\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"
    "\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n"
    "\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"
    "\tfield:long id;\toffset:8;\tsize:8;\tsigned:1;\n"
    "\tfield:unsigned long args[6];\toffset:16;\tsize:48;\tsigned:0;\n\n"
    "print fmt: \"NR %ld (%lx)\", REC->id, REC->args[0]\n";

static uint64_t now_ns(void)
{
    struct timespec time;
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000U + (uint64_t)time.tv_nsec;
}

static void put(uint8_t *at, uint64_t value, size_t size)
{
    memcpy(at, &value, size);
}

static void fill_event(uint8_t *at, uint64_t number, uint32_t delta)
{
    put(at, delta << 5 | EVENT_DATA / 4, 4);
    memset(at + 4, 0, EVENT_DATA);
    put(at + 4, 443, 2);
    put(at + 8, 12345, 4);
    put(at + 12, number % 335, 8);
    const uint64_t arguments[6] = {3, 0x7ffd12345678 + number, 4096, number & 7, 0, 0xffffffff};
    memcpy(at + 20, arguments, sizeof arguments);
}

static void fill_page(uint8_t *at, size_t seed, uint64_t *time)
{
    put(at, *time, 8);
    put(at + 8, PAGE_SIZE - 16, 8);
    for (size_t i = 0; i < PAGE_EVENTS; i++) {
        const uint32_t delta = 150 + (uint32_t)((i * 7919 + seed) % 61);
        fill_event(at + 16 + i * (4 + EVENT_DATA), seed + i, delta);
        *time += delta;
    }
}

/* One block of each CPU covers the same stretch of time. */
static uint8_t *make_blocks(unsigned cpus)
{
    uint8_t *blocks = malloc(BLOCKS * BLOCK_SIZE);
    for (size_t block = 0; blocks != NULL && block < BLOCKS; block++) {
        uint64_t time = 1000000 + (block / cpus) * PAGES * PAGE_EVENTS * 180U + block % cpus * 37;
        for (size_t page = 0; page < PAGES; page++) {
            fill_page(blocks + (block * PAGES + page) * PAGE_SIZE, page * 31 + block * 13, &time);
        }
    }
    return blocks;
}

static int by_value(const void *left, const void *right)
{
    const double a = *(const double *)left;
    const double b = *(const double *)right;
    return (a > b) - (a < b);
}

static void print_median(const char *what, double runs[RUNS])
{
    qsort(runs, RUNS, sizeof runs[0], by_value);
    (void)printf("%-28s %7.2f ns/event (%.2f..%.2f)\n", what, runs[RUNS / 2], runs[0],
                 runs[RUNS - 1]);
}

static void bench_walk(const uint8_t *blocks)
{
    double runs[RUNS];
    uint64_t sum = 0;
    for (size_t run = 0; run < RUNS; run++) {
        const uint64_t start = now_ns();
        struct page_walk walk;
        struct record record;
        page_walk_init(&walk, blocks, BLOCKS * BLOCK_SIZE);
        while (page_walk_next(&walk, &record)) {
            sum += record.time_ns ^ load_u16(record.data);
        }
        runs[run] = (double)(now_ns() - start) / EVENTS;
    }
    print_median("walk", runs);
    (void)fprintf(stderr, "%" PRIu64 "\n", sum);
}

static void bench_merge(const uint8_t *blocks, unsigned cpus)
{
    double runs[RUNS];
    char what[32];
    uint64_t sum = 0;
    for (size_t run = 0; run < RUNS; run++) {
        struct merge *merge = merge_open();
        const uint64_t start = now_ns();
        for (size_t i = 0; merge != NULL && i < BLOCKS; i++) {
            (void)!merge_push(merge, (uint32_t)(i % cpus), blocks + i * BLOCK_SIZE, BLOCK_SIZE,
                              NULL);
        }
        struct record record;
        uint32_t cpu = 0;
        while (merge != NULL && merge_next(merge, UINT64_MAX, &record, &cpu)) {
            sum += record.time_ns ^ load_u16(record.data) ^ cpu;
        }
        runs[run] = (double)(now_ns() - start) / EVENTS;
        merge_close(merge);
    }
    (void)snprintf(what, sizeof what, "walk + merge of %u CPUs", cpus);
    print_median(what, runs);
    (void)fprintf(stderr, "%" PRIu64 "\n", sum);
}

static uint64_t encode_all(const uint8_t *blocks, const struct format *format,
                           enum event_format how, struct arena *arena)
{
    struct output output;
    struct encoder encoder;
    struct page_walk walk;
    struct record record;
    uint64_t sum = 0;
    struct event event = {.process_name = "bash", .process_id = 12345, .cpu = 1};
    output_init(&output, 8 << 20);
    encoder_init(&encoder);
    page_walk_init(&walk, blocks, BLOCKS * BLOCK_SIZE);
    for (size_t i = 1; i <= ENCODED_EVENTS && page_walk_next(&walk, &record); i++) {
        format_event(format, record.data, record.size, &event);
        event.time = EVENT_UNIX_EPOCH + (int64_t)(record.time_ns / 100);
        (void)!encode_event(&encoder, &event, how, arena, &output);
        if (i % BATCH == 0) {
            sum += output.size;
            output.size = 0;
            arena_reset(arena);
        }
    }
    output_clear(&output);
    return sum;
}

static void bench_encode(const uint8_t *blocks, enum event_format how, const char *what)
{
    double runs[RUNS];
    struct arena *arena = arena_open(16 << 20);
    const struct format *format = NULL;
    uint64_t sum = 0;
    struct arena *formats = arena_open(1 << 20);
    if (arena != NULL && formats != NULL &&
        format_parse("raw_syscalls", FORMAT, sizeof FORMAT - 1, formats, &format) == ETWAS_OK) {
        for (size_t run = 0; run < RUNS; run++) {
            const uint64_t start = now_ns();
            sum = encode_all(blocks, format, how, arena);
            runs[run] = (double)(now_ns() - start) / ENCODED_EVENTS;
        }
        print_median(what, runs);
        (void)printf("%-28s %7.1f\n", "  bytes an event", (double)sum / ENCODED_EVENTS);
    }
    arena_close(arena);
    arena_close(formats);
}

int main(void)
{
    for (unsigned cpus = 1; cpus <= 8; cpus *= 2) {
        uint8_t *blocks = make_blocks(cpus);
        if (blocks == NULL) {
            return 1;
        }
        if (cpus == 1) {
            bench_walk(blocks);
            bench_encode(blocks, EVENT_JSON, "walk + decode + JSON");
            bench_encode(blocks, EVENT_TEXT, "walk + decode + text");
        }
        bench_merge(blocks, cpus);
        free(blocks);
    }
    return 0;
}

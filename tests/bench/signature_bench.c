/* SPDX-License-Identifier: MIT */
/*
 * What a batch costs beside its events, in processor time: its signature made and checked, its
 * header, its digest, and the walk over its lines. 256 KiB of lines of 300 bytes, 64 KiB when
 * compressed. Medians of seven runs; prints, checks nothing.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ipc/batch.h"
#include "ipc/json.h"
#include "policy/signature.h"

enum { RUNS = 7, BODY_SIZE = 64 * 1024, SIGNATURES = 2000, DIGESTS = 200, WALKS = 200 };

static double now_us(void)
{
    struct timespec time;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static int by_value(const void *left, const void *right)
{
    const double a = *(const double *)left;
    const double b = *(const double *)right;
    return (a > b) - (a < b);
}

/* What one turn of `turns` took; of all runs the median and the bounds. */
static double print_median(const char *what, double runs[RUNS])
{
    qsort(runs, RUNS, sizeof runs[0], by_value);
    (void)printf("%-34s %8.2f us (%.2f..%.2f)\n", what, runs[RUNS / 2], runs[0], runs[RUNS - 1]);
    return runs[RUNS / 2];
}

struct scene {
    struct key_pair pair;
    struct signature_message message;
    struct signature_headers headers;
    struct batch_head head;
    char digest[SIGNATURE_DIGEST_TEXT];
    char head_text[BATCH_HEADER_SIZE];
    char *body;
    char *lines;
    size_t lines_size;
    uint64_t sum; /* of what came out, so that nothing is left out */
};

static void make_one(struct scene *scene)
{
    const uint8_t nonce[16] = {1};
    scene->sum +=
        (uint64_t)signature_make(&scene->message, &scene->pair, 1795190959, nonce, &scene->headers);
}

static void check_one(struct scene *scene)
{
    struct signature_input input;
    uint8_t signature[SIGNATURE_SIZE];
    const struct signature_headers *headers = &scene->headers;
    if (signature_input_parse(headers->input, strlen(headers->input), &input) == ETWAS_OK &&
        signature_value_parse(headers->signature, strlen(headers->signature), input.label,
                              signature) == ETWAS_OK &&
        signature_check_profile(&input) == SIGNATURE_GOOD) {
        scene->sum += (uint64_t)signature_check_key(&scene->message, &input, signature,
                                                    scene->pair.public_key);
    }
}

/* All of it but the cryptography. */
static void parse_one(struct scene *scene)
{
    struct signature_input input;
    char base[SIGNATURE_MAX_BASE];
    size_t size = 0;
    const char *text = scene->headers.input;
    if (signature_input_parse(text, strlen(text), &input) == ETWAS_OK &&
        signature_base(&scene->message, &input, base, sizeof base, &size) == ETWAS_OK) {
        scene->sum += size;
    }
}

static void parse_head(struct scene *scene)
{
    struct batch_head head;
    scene->sum += (uint64_t)batch_head_parse(scene->head_text, strlen(scene->head_text), &head);
}

static void digest_one(struct scene *scene)
{
    struct signature_digest digest;
    uint8_t hash[SIGNATURE_DIGEST_SIZE];
    signature_digest_init(&digest);
    signature_digest_add(&digest, scene->body, BODY_SIZE);
    signature_digest_end(&digest, hash);
    scene->sum += hash[0];
}

static void walk_lines(struct scene *scene)
{
    const char *at = scene->lines;
    const char *end = at + scene->lines_size;
    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        struct json_walker walker = json_walk_object(at, (size_t)(stop - at));
        struct json_piece name;
        struct json_piece value;
        while (json_member(&walker, &name, &value)) {
            scene->sum += value.size;
        }
        scene->sum += (uint64_t)json_end(&walker);
        at = stop + 1;
    }
}

static double bench(struct scene *scene, void (*turn)(struct scene *scene), size_t turns,
                    const char *what)
{
    double runs[RUNS];
    for (size_t run = 0; run < RUNS; run++) {
        const double start = now_us();
        for (size_t i = 0; i < turns; i++) {
            turn(scene);
        }
        runs[run] = (now_us() - start) / (double)turns;
    }
    return print_median(what, runs);
}

static bool make_lines(struct scene *scene, const char *event_data)
{
    scene->lines_size = 0;
    for (size_t i = 0; scene->lines_size < BATCH_MAX_LINES - 1024; i++) {
        const int size = snprintf(
            scene->lines + scene->lines_size, BATCH_MAX_LINES - scene->lines_size,
            "{\"TimeCreated\":\"2026-11-25T10:00:00.%07zuZ\",\"Provider\":\"sched\",\"EventId\":0,"
            "\"EventName\":\"sched_switch\",\"Level\":null,\"Keywords\":null,\"ProcessId\":%zu,"
            "\"ThreadId\":%zu,\"ProcessName\":\"bash\",\"Cpu\":%zu,\"EventData\":{%s}}\n",
            i, 1000 + i, 2000 + i, i % 2, event_data);
        if (size < 0) {
            return false;
        }
        scene->lines_size += (size_t)size;
    }
    return true;
}

static void bench_lines(struct scene *scene, const char *event_data, const char *what)
{
    if (make_lines(scene, event_data)) {
        const double us = bench(scene, walk_lines, WALKS, what);
        (void)printf("%-34s %8.0f MB/s\n", "", (double)scene->lines_size / us);
    }
}

static bool set_scene(struct scene *scene)
{
    uint8_t hash[SIGNATURE_DIGEST_SIZE] = {1};
    scene->body = calloc(1, BODY_SIZE);
    scene->lines = malloc(BATCH_MAX_LINES);
    key_make(&scene->pair);
    signature_digest_format(hash, scene->digest);
    scene->head = (struct batch_head){
        .sequence = 1000, .count = 858, .books = {850000, 860000, 9000, 100, 10}
    };
    scene->message = (struct signature_message){
        .method = "POST",
        .authority = "relay.example:8080",
        .path = "/v1/batches",
        .header_count = 4,
        .headers = {{"content-type", "application/x-ndjson"},
                    {"content-encoding", "zstd"},
                    {"content-digest", scene->digest},
                    {"etwas-batch", scene->head_text}},
    };
    return scene->body != NULL && scene->lines != NULL &&
           batch_head_format(&scene->head, scene->head_text, sizeof scene->head_text) == ETWAS_OK;
}

int main(void)
{
    static struct scene scene;
    if (key_library_open() != ETWAS_OK || !set_scene(&scene)) {
        return 1;
    }
    (void)bench(&scene, make_one, SIGNATURES, "signature made");
    (void)bench(&scene, check_one, SIGNATURES, "signature checked");
    (void)bench(&scene, parse_one, SIGNATURES, "  of that without Ed25519");
    (void)bench(&scene, parse_head, SIGNATURES, "Etwas-Batch read");
    (void)bench(&scene, digest_one, DIGESTS, "SHA-512 of 64 KiB");
    bench_lines(&scene,
                "\"prev_comm\":\"bash\",\"prev_pid\":1234,\"prev_prio\":120,\"prev_state\":1,"
                "\"next_comm\":\"kworker/0:1\"",
                "256 KiB of sched_switch walked");
    bench_lines(&scene,
                "\"Path\":\"/usr/share/doc/a\\\"b/\xc3\xa9t\xc3\xa9/\\u00e9 text that is long "
                "enough to be read by words\"",
                "256 KiB with escapes and UTF-8");
    (void)fprintf(stderr, "%" PRIu64 "\n", scene.sum);
    key_wipe(&scene.pair);
    free(scene.body);
    free(scene.lines);
    return 0;
}
